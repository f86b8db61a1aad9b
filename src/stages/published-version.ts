import { readArchive } from '../domain/archive.ts';
import { normaliseFiles } from '../domain/archive-metadata.ts';
import { chartLayerOf } from '../domain/chart-layer.ts';
import { ARCHIVE_LIMITS } from '../domain/limits.ts';
import { diffFiles, isSame, type PackageDiff } from '../domain/package-diff.ts';
import type { Location } from '../domain/reference.ts';
import type { ChartPackage } from '../domain/staged.ts';
import type { Manifest, Registry, RegistryFault } from '../ports.ts';

/** What is published under a package's version, seen from the package. */
export type Likeness =
  | { readonly kind: 'same' }
  /** `how` follows "is in REGISTRY already, ". */
  | { readonly kind: 'other'; readonly how: string }
  | { readonly kind: 'unknown'; readonly fault: RegistryFault };

/** Whether what a registry has under the version is this package: the same files, whatever tool packed them. */
export async function likeness(
  pkg: ChartPackage,
  location: Location,
  manifest: Manifest,
  registry: Pick<Registry, 'blob'>,
): Promise<Likeness> {
  const layer = chartLayerOf(manifest.layers);
  if (layer === 'none') return { kind: 'other', how: 'as something that is no Helm chart' };
  if (layer === 'several') return { kind: 'other', how: 'with several charts in one manifest' };
  if (layer.digest === layerOf(pkg)) return { kind: 'same' };

  const blob = await registry.blob(location, layer.digest, ARCHIVE_LIMITS.packedBytes);
  if (!blob.ok) return { kind: 'unknown', fault: blob.fault };
  const [theirs, ours] = await Promise.all([
    readArchive(blob.value, ARCHIVE_LIMITS),
    readArchive(pkg.archive, ARCHIVE_LIMITS),
  ]);
  if (!ours.ok) throw new Error(`the package of ${pkg.name} ${ours.reason}`);
  if (!theirs.ok) return { kind: 'other', how: `with an archive that ${theirs.reason}` };
  const diff = diffFiles(normaliseFiles(theirs.files), normaliseFiles(ours.files));
  return isSame(diff) && theirs.root === ours.root
    ? { kind: 'same' }
    : { kind: 'other', how: `with other files: ${listed(diff)}` };
}

export function layerOf(pkg: ChartPackage): string {
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
