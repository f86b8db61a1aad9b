import type { KubeObject } from './kube-object.ts';
import { shownObject } from './kube-object.ts';
import { objectKey } from './manifest-objects.ts';

/** What a deployment makes of an object. */
export interface ObjectDiff {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly object: string;
  /** What changed in it, most telling first, each with old and new where that may be shown. */
  readonly changes: readonly string[];
}

/** Changes of one object that are listed. */
const MOST_CHANGES = 8;
/** Characters of a value that are shown. */
const SHOWN = 60;

/** Takes secrets out of a text: before it is cut, since of half a secret nobody knows that it is one. */
export type Redact = (text: string) => string;

/** What is different between what is live and what is to be, in the new order, what goes last. */
export function diffReleases(live: readonly KubeObject[], next: readonly KubeObject[], redact: Redact): ObjectDiff[] {
  const before = new Map(live.map((object) => [objectKey(object), object]));
  const after = new Set(next.map(objectKey));
  const diffs = next.flatMap((object): ObjectDiff[] => {
    const old = before.get(objectKey(object));
    if (old === undefined) return [{ kind: 'added', object: shown(object), changes: [] }];
    const changes = changesOf(old, object, redact);
    return changes.length === 0 ? [] : [{ kind: 'changed', object: shown(object), changes }];
  });
  const gone = live.filter((object) => !after.has(objectKey(object)));
  return [...diffs, ...gone.map((object): ObjectDiff => ({ kind: 'removed', object: shown(object), changes: [] }))];
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;

/** A line for each object, and one for each change below it. */
export function diffLines(diffs: readonly ObjectDiff[]): string[] {
  return diffs.flatMap(({ kind, object, changes }) => [
    `${SIGNS[kind]} ${object}`,
    ...changes.slice(0, MOST_CHANGES).map((change) => `    ${change}`),
    ...(changes.length > MOST_CHANGES ? [`    and ${changes.length - MOST_CHANGES} more`] : []),
  ]);
}

function shown(object: KubeObject): string {
  const namespace = object.metadata.namespace === undefined ? '' : ` in ${object.metadata.namespace}`;
  return `${shownObject({ kind: object.kind, name: object.metadata.name })}${namespace}`;
}

function changesOf(old: KubeObject, now: KubeObject, redact: Redact): string[] {
  const changes = changesBetween(old, now, redact);
  // A Secret's values, and their form, are nobody's business; that it is another one is.
  if (now.kind === 'Secret') return changes.length === 0 ? [] : ['its content'];
  return changes
    .sort((one, other) => Number(isImage(other)) - Number(isImage(one)))
    .map(({ path, from, to }) => `${path.join('.')}: ${from} → ${to}`);
}

/** A field that is another one; the values are shortened. */
export interface Change {
  /** Keys; an entry of a list stands with its name or number, `containers[app]`. */
  readonly path: readonly string[];
  readonly from: string;
  readonly to: string;
}

/** Every field in which two versions of an object differ. */
export function changesBetween(old: KubeObject, now: KubeObject, redact: Redact): Change[] {
  const changes: Change[] = [];
  compare(old, now, [], changes, redact);
  return changes;
}

export function isImage({ path }: Change): boolean {
  return path.at(-1) === 'image';
}

function compare(old: unknown, now: unknown, path: readonly string[], changes: Change[], redact: Redact): void {
  if (isMapping(old) && isMapping(now)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)]))
      compare(old[key], now[key], [...path, key], changes, redact);
    return;
  }
  if (Array.isArray(old) && Array.isArray(now)) {
    const keys = keyed(old, now);
    for (const [key, [one, other]] of keys)
      compare(one, other, [...path.slice(0, -1), `${path.at(-1)}[${key}]`], changes, redact);
    return;
  }
  if (same(old, now)) return;
  changes.push({ path, from: value(old, redact), to: value(now, redact) });
}

/** Entries of two lists that belong together: of the same name where all have one, else of the same place. */
function keyed(old: readonly unknown[], now: readonly unknown[]): Map<string, [unknown, unknown]> {
  const nameOf = (entry: unknown): string | undefined =>
    isMapping(entry) && typeof entry.name === 'string' ? entry.name : undefined;
  const areNamed = [...old, ...now].every((entry) => nameOf(entry) !== undefined);
  const pairs = new Map<string, [unknown, unknown]>();
  const keyOf = (entry: unknown, index: number): string => (areNamed ? (nameOf(entry) ?? '') : String(index));
  for (const [index, entry] of old.entries()) pairs.set(keyOf(entry, index), [entry, undefined]);
  for (const [index, entry] of now.entries()) {
    const key = keyOf(entry, index);
    pairs.set(key, [pairs.get(key)?.[0], entry]);
  }
  return pairs;
}

function same(one: unknown, other: unknown): boolean {
  // The API server takes null for absent.
  return one === other || (one ?? undefined) === (other ?? undefined);
}

function value(of: unknown, redact: Redact): string {
  if (of === undefined || of === null) return '(none)';
  const text = typeof of === 'string' ? of : JSON.stringify(of);
  const line = redact(text).replaceAll(/\s+/g, ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}

function isMapping(of: unknown): of is Record<string, unknown> {
  return typeof of === 'object' && of !== null && !Array.isArray(of);
}
