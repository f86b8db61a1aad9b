import { resolve } from 'node:path';
import { readArchive } from '../domain/archive.ts';
import { normaliseFiles } from '../domain/archive-metadata.ts';
import { CHART_TYPE } from '../domain/chart.ts';
import type { Finding } from '../domain/finding.ts';
import { ARCHIVE_LIMITS } from '../domain/limits.ts';
import type { PublishOutcome } from '../domain/outcome.ts';
import { diffFiles, isSame, type PackageDiff } from '../domain/package-diff.ts';
import { type Location, locationOf, type Target, tagOf } from '../domain/reference.ts';
import type { ChartPackage } from '../domain/staged.ts';
import { together } from '../domain/together.ts';
import type { ValuesRecord } from '../domain/values-record.ts';
import type { Manifest, Ports, Registry } from '../ports.ts';
import { elsewhere, failed, finding, outcomeOf, type Published, refused } from './published-outcome.ts';
import { attachRecord } from './values-record.ts';

/**
 * Puts a package where it is to go, everywhere at once. What is there already with the same files is left as it is
 * and is a success; with other files it is refused and nothing is overwritten. What was pushed is read back.
 * `root` is what relative layout folders are relative to.
 */
export async function publish(
  pkg: ChartPackage,
  targets: readonly Target[],
  options: {
    readonly root: string;
    /** The values files outside the chart that it was checked with; none where all travel in the package. */
    readonly record?: ValuesRecord | undefined;
    /** Told of each registry as it is done with: what an interrupted run did publish must be known. */
    readonly told?: (outcome: PublishOutcome) => void;
  },
  ports: Pick<Ports, 'registry'>,
): Promise<{ findings: Finding[]; outcomes: PublishOutcome[] }> {
  const tried = await together(
    targets.map(async (target) => {
      const location = locationOf(target, pkg.name, (...parts) => resolve(options.root, ...parts));
      const published = await recorded(
        await publishTo(pkg, target, location, ports.registry),
        location,
        pkg,
        options.record,
        ports.registry,
      );
      options.told?.(outcomeOf(published, pkg));
      return published;
    }),
  );
  return {
    findings: tried.flatMap((one) => ('finding' in one ? [{ ...one.finding, ...elsewhere(one, tried, pkg) }] : [])),
    outcomes: tried.map((one) => outcomeOf(one, pkg)),
  };
}

async function publishTo(
  pkg: ChartPackage,
  target: Target,
  location: Location,
  registry: Registry,
): Promise<Published> {
  const tag = tagOf(pkg.version);
  const before = await registry.manifest(location, tag);
  if (!before.ok) return failed(pkg, target, before.fault);
  if (before.value !== undefined) return await compare(pkg, target, location, before.value, registry);

  const pushed = await registry.push(location, tag, {
    fileName: pkg.fileName,
    archive: pkg.archive,
    config: pkg.config,
    annotations: pkg.annotations,
  });
  if (!pushed.ok) return failed(pkg, target, pushed.fault);
  const after = await registry.manifest(location, tag);
  if (!after.ok) return failed(pkg, target, after.fault, 'It was uploaded, but could not be read back.');
  const isOurs =
    after.value?.digest === pushed.value && after.value.layers.some(({ digest }) => digest === layerOf(pkg));
  if (isOurs) return { outcome: 'pushed', target, digest: pushed.value };

  // Somebody else wrote this version between our look and our push. The same files are fine all the same.
  const theirs = after.value && (await compare(pkg, target, location, after.value, registry));
  if (theirs?.outcome === 'already-published') return theirs;
  const there = after.value === undefined ? 'nothing' : `another digest, ${after.value.digest}`;
  return {
    outcome: 'failed',
    target,
    finding: finding(
      pkg,
      'race',
      `somebody else wrote ${pkg.name} ${pkg.version} to ${target.text} at the same time: pushed was ${pushed.value}, and under the version there is ${there}`,
      'Let one workflow at a time publish a version ("concurrency" in GitHub Actions), then run again.',
    ),
  };
}

/** What is published has the record of its values files, too, or the next run has to attach it. */
async function recorded(
  published: Published,
  location: Location,
  pkg: ChartPackage,
  record: ValuesRecord | undefined,
  registry: Registry,
): Promise<Published> {
  if (record === undefined || !('digest' in published)) return published;
  const fault = await attachRecord(record, location, published.digest, registry);
  if (fault === undefined) return published;
  const also = `It is there as ${published.digest}, but without a record of its values files outside the chart.`;
  return failed(pkg, published.target, fault, also);
}

/** The version is there: is it this package? */
async function compare(
  pkg: ChartPackage,
  target: Target,
  location: Location,
  manifest: Manifest,
  registry: Registry,
): Promise<Published> {
  const same: Published = { outcome: 'already-published', target, digest: manifest.digest };
  const layer = manifest.layers.find(({ mediaType }) => mediaType === CHART_TYPE);
  if (layer === undefined) return refused(pkg, target, 'as something that is no Helm chart');
  if (layer.digest === layerOf(pkg)) return same;

  const blob = await registry.blob(location, layer.digest, ARCHIVE_LIMITS.packedBytes);
  if (!blob.ok)
    return failed(pkg, target, blob.fault, `${pkg.name} ${pkg.version} is there already, but could not be compared.`);
  const [theirs, ours] = await Promise.all([
    readArchive(blob.value, ARCHIVE_LIMITS),
    readArchive(pkg.archive, ARCHIVE_LIMITS),
  ]);
  if (!ours.ok) throw new Error(`the package of ${pkg.name} ${ours.reason}`);
  if (!theirs.ok) return refused(pkg, target, `with an archive that ${theirs.reason}`);
  const diff = diffFiles(normaliseFiles(theirs.files), normaliseFiles(ours.files));
  return isSame(diff) && theirs.root === ours.root ? same : refused(pkg, target, `with other files: ${listed(diff)}`);
}

function layerOf(pkg: ChartPackage): string {
  return `sha256:${pkg.sha256}`;
}

const MOST_LISTED = 20;

/** `changed values.yaml; added templates/x.yaml; and 3 more`: what this package does to what is published. */
function listed(diff: PackageDiff): string {
  const entries = (['changed', 'added', 'removed'] as const).flatMap((what) =>
    diff[what].map((path) => ({ what, path })),
  );
  if (entries.length === 0) return 'the folder in the archive has another name';
  const groups = new Map<string, string[]>();
  for (const { what, path } of entries.slice(0, MOST_LISTED)) {
    groups.set(what, [...(groups.get(what) ?? []), path.replace(/[\x00-\x1f\x7f-\x9f]/g, '?')]);
  }
  const parts = [...groups].map(([what, paths]) => `${what} ${paths.join(', ')}`);
  if (entries.length > MOST_LISTED) parts.push(`and ${entries.length - MOST_LISTED} more`);
  return parts.join('; ');
}
