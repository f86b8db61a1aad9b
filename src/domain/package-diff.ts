import type { ChartFile } from './chart.ts';

/** Paths that differ between two packages, each list sorted. */
export interface PackageDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** What `after` has that `before` hasn't, and so on. */
export function diffFiles(before: readonly ChartFile[], after: readonly ChartFile[]): PackageDiff {
  const old = new Map(before.map((file) => [file.path, file.content]));
  const added: string[] = [];
  const changed: string[] = [];
  for (const { path, content } of after) {
    const previous = old.get(path);
    old.delete(path);
    if (previous === undefined) added.push(path);
    else if (Buffer.compare(previous, content) !== 0) changed.push(path);
  }
  return { added: added.sort(), removed: [...old.keys()].sort(), changed: changed.sort() };
}

export function isSame(diff: PackageDiff): boolean {
  return diff.added.length + diff.removed.length + diff.changed.length === 0;
}
