import { join, resolve } from 'node:path';
import { type ArtifactReference, fetchDefinitions } from './definition-artifacts.ts';
import { RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import { type GivenDefinitions, type GivenFile, givenDefinitions } from './domain/given-definitions.ts';
import { SOURCE_BYTES } from './domain/limits.ts';
import { isInside, shownPath } from './domain/paths.ts';
import { parseChartReference } from './domain/published-chart.ts';
import type { Ports } from './ports.ts';
import { type Request, reaches } from './request.ts';
import { fault, quote } from './settings.ts';
import { readBounded } from './survey.ts';

/**
 * Finds and reads the files that `crd-schemas` names, and fetches its artifacts. What isn't there of the repository, or
 * lies outside it, is a RequestError; what a registry says or holds is a finding.
 */
export async function loadCrdSchemas(
  request: Request,
  { files, registry, host }: Pick<Ports, 'files' | 'registry' | 'host'>,
): Promise<GivenDefinitions> {
  const { paths, base } = request.crdSchemas;
  const root = (await files.real(files.root)) ?? files.root;
  const faults: Finding[] = [];
  const found = new Map<string, GivenFile>();
  const artifacts = new Map<string, ArtifactReference>();
  for (const path of paths) {
    const wrong = (message: string, hint: string): void => {
      faults.push(fault('crd-schemas', `crd-schemas ${quote(path)} ${message}`, { hint, ...placeOf(path) }));
    };
    if (/^[a-z]+:\/\//i.test(path)) {
      const reference = parseChartReference(path);
      if (reference.ok) artifacts.set(path, reference);
      else wrong('is no reference to an OCI artifact', 'Write it as oci://host/path:TAG or oci://host/path@sha256:….');
      continue;
    }
    const real = await files.real(resolve(base, path));
    if (real === undefined) wrong('is not there', 'Name a file or a folder with definitions in the repository.');
    else if (!isInside(root, real)) wrong('lies outside the repository', 'Nothing outside the repository is read.');
    else if ((await files.kind(real)) === 'file') await take(real);
    else await takeFolder(real);
  }
  if (faults.length > 0) throw new RequestError(faults);
  // Only who validates needs them, and files come first: they are nearer.
  const fetched = reaches(request, 'validate')
    ? await Promise.all(
        [...artifacts].map(([given, reference]) => fetchDefinitions(given, reference, { registry, host })),
      )
    : [];
  const definitions = givenDefinitions([...found.values(), ...fetched.flatMap((each) => each.files)]);
  const placed = fetched.flatMap(({ findings }, index) =>
    findings.map((finding) => ({ ...placeOf([...artifacts.keys()][index] ?? ''), ...finding })),
  );
  return { kinds: definitions.kinds, findings: () => [...placed, ...definitions.findings()] };

  /** Where chartship.yaml names it. */
  function placeOf(path: string): ReturnType<Request['place']> {
    const index = paths.indexOf(path);
    return { ...request.place(['crdSchemas']), ...request.place(['crdSchemas', index]) };
  }

  async function takeFolder(folder: string): Promise<void> {
    for (const entry of await files.list(folder)) {
      const path = join(folder, entry.path);
      // Links may lead anywhere.
      if (entry.kind === 'folder') await takeFolder(path);
      else if (entry.kind === 'file' && /\.(?:ya?ml|json)$/i.test(path)) await take(path);
    }
  }

  async function take(file: string): Promise<void> {
    const shown = shownPath(root, file);
    const bytes = await readBounded(files, file);
    if (bytes !== undefined) found.set(file, { shown, text: new TextDecoder().decode(bytes) });
    else {
      const message = `crd-schemas: ${shown} is larger than ${SOURCE_BYTES / 1024 / 1024} MiB`;
      faults.push(fault('crd-schemas', message, { file: shown }));
    }
  }
}
