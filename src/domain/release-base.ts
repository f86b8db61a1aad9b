import type { KubeObject } from './kube-object.ts';
import { objectKey } from './manifest-objects.ts';

/**
 * What may be in the cluster after revisions that failed on their way (oldest first): each object that any of them
 * has, with each field that any of them gives it. Helm removes what its last revision has and the next one hasn't;
 * its own idea of the last one, the last that it called deployed, misses what a failed one has brought.
 */
export function unionOf(manifests: readonly (readonly KubeObject[])[]): KubeObject[] {
  const objects = new Map<string, KubeObject>();
  for (const object of manifests.flat()) {
    const before = objects.get(objectKey(object));
    objects.set(objectKey(object), before === undefined ? object : (merged(before, object) as KubeObject));
  }
  return [...objects.values()];
}

/** The later value where they differ; entries of lists belong together by their names. */
function merged(before: unknown, after: unknown): unknown {
  if (isMapping(before) && isMapping(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return Object.fromEntries([...keys].map((key) => [key, merged(before[key], after[key])]));
  }
  if (Array.isArray(before) && Array.isArray(after) && areNamed(before) && areNamed(after)) {
    const later = new Map(after.map((entry) => [entry.name, entry]));
    const known = before.map((entry) => merged(entry, later.get(entry.name)));
    const names = new Set(before.map(({ name }) => name));
    return [...known, ...after.filter(({ name }) => !names.has(name))];
  }
  return after ?? before;
}

function areNamed(list: readonly unknown[]): list is readonly { readonly name: string }[] {
  return list.every((entry) => isMapping(entry) && typeof entry.name === 'string');
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
