import { readTarball } from './domain/archive.ts';
import { Refusal, segmentsOf } from './domain/archive-paths.ts';
import { CHART_TYPE } from './domain/chart.ts';
import type { Finding } from './domain/finding.ts';
import { type GivenFile, unusable } from './domain/given-definitions.ts';
import { ARCHIVE_LIMITS, SOURCE_BYTES } from './domain/limits.ts';
import type { ChartReference } from './domain/published-chart.ts';
import type { Location } from './domain/reference.ts';
import type { Manifest, Ports } from './ports.ts';

export type ArtifactReference = Extract<ChartReference, { ok: true }>;

export interface FetchedDefinitions {
  readonly files: readonly GivenFile[];
  readonly findings: readonly Finding[];
}

type Layer = Manifest['layers'][number];

/** Far more than anybody gives one by one: a folder is one layer. */
const MOST_LAYERS = 500;

/**
 * The definitions in an OCI artifact: files that `oras push` gave one by one, folders, which it packs, and the `crds/`
 * of a chart. Everything stays in memory; what can't be had, or isn't as it should be, is a finding.
 */
export async function fetchDefinitions(
  given: string,
  { host, repository, tagOrDigest }: ArtifactReference,
  {
    registry,
    host: watching,
  }: { readonly registry: Ports['registry']; readonly host: Pick<Ports['host'], 'progress'> },
): Promise<FetchedDefinitions> {
  const refused = (message: string, hint?: string): FetchedDefinitions => ({
    files: [],
    findings: [unusable(given, message, hint)],
  });
  const location: Location = { kind: 'registry', host, repository };
  const manifest = await registry.manifest(location, tagOrDigest);
  if (!manifest.ok) return refused(`could not be fetched: ${manifest.fault.message}`, manifest.fault.hint);
  if (manifest.value === undefined) return refused('is not there', 'Look at the name and the tag or digest.');
  const { digest } = manifest.value;
  watching.progress({ kind: 'note', text: `crd-schemas ${given} is ${digest}` });
  const layers = manifest.value.layers.filter(mayHoldDefinitions);
  if (layers.length > MOST_LAYERS) return refused(`has ${layers.length} layers, and at most ${MOST_LAYERS} are read`);
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  if (size > ARCHIVE_LIMITS.totalBytes) return refused(`is larger than ${mebibytes(ARCHIVE_LIMITS.totalBytes)}`);

  const read = await Promise.all(
    layers.map(async (layer): Promise<GivenFile[] | FetchedDefinitions> => {
      const limit = isPacked(layer) ? ARCHIVE_LIMITS.packedBytes : SOURCE_BYTES;
      const what = titleOf(layer) ?? layer.digest;
      if (layer.size > limit) return refused(`holds ${what}, which is larger than ${mebibytes(limit)}`);
      const blob = await registry.blob(location, layer.digest, limit);
      if (!blob.ok) return refused(`could not be fetched: ${blob.fault.message}`, blob.fault.hint);
      const files = await filesOf(layer, blob.value);
      if (typeof files === 'string') return refused(files);
      return files.map(({ path, text }) => ({ shown: `${given}/${path}`, text }));
    }),
  );
  const files = read.flatMap((each) => ('findings' in each ? [] : each));
  const findings = read.flatMap((each) => ('findings' in each ? each.findings : []));
  if (findings.length === 0 && files.length === 0) {
    return refused('holds no definitions', 'Push YAML or JSON files, or a folder of them: oras push REFERENCE crds/.');
  }
  return { files, findings };
}

function titleOf({ annotations }: Layer): string | undefined {
  const title = (annotations as Record<string, unknown> | null | undefined)?.['org.opencontainers.image.title'];
  return typeof title === 'string' ? title : undefined;
}

function isPacked({ mediaType }: Layer): boolean {
  return /\btar\+gzip$|\.tar\.gzip$/.test(mediaType);
}

function mayHoldDefinitions(layer: Layer): boolean {
  return isPacked(layer) || isDefinitionFile(titleOf(layer) ?? '');
}

function isDefinitionFile(path: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(path);
}

/** The files of a layer, or what is wrong with it: a phrase to follow the artifact's name. */
async function filesOf(layer: Layer, content: Uint8Array): Promise<{ path: string; text: string }[] | string> {
  const decoder = new TextDecoder();
  const title = titleOf(layer);
  if (!isPacked(layer)) {
    try {
      return [{ path: segmentsOf(title ?? '').join('/'), text: decoder.decode(content) }];
    } catch (error) {
      if (error instanceof Refusal) return error.message;
      throw error;
    }
  }
  const read = await readTarball(content);
  if (!read.ok) return `holds ${title ?? 'an archive'} that can't be used: it ${read.reason}`;
  // Of a chart's other files none is a definition before helm has rendered it.
  const isOne =
    layer.mediaType === CHART_TYPE ? /^[^/]+\/(?:charts\/[^/]+\/)*crds\/.*\.(?:ya?ml|json)$/i : /\.(?:ya?ml|json)$/i;
  return read.files
    .filter(({ path }) => isOne.test(path))
    .map(({ path, content }) => ({ path, text: decoder.decode(content) }));
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MiB`;
}
