import type { Schema } from './kubernetes-schemas.ts';

/** The entries of a list that are there before, where its kind of list (`x-kubernetes-list-type`) doesn't have one twice. */
export function repeatedEntries(
  list: readonly unknown[],
  schema: Schema,
): { readonly index: number; readonly message: string }[] {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') {
    return repeated(list.map(canonical)).map((index) => ({ index, message: 'is in this list twice' }));
  }
  const keys = schema['x-kubernetes-list-map-keys'];
  // What is no mapping is told for its type.
  if (type !== 'map' || keys === undefined || !list.every((entry) => entry === null || isMapping(entry))) return [];
  const shown = list.map((entry) => keyOf(entry, keys));
  return repeated(shown).map((index) => ({
    index,
    message: `an entry with the same ${keys.join(', ')} is in this list before`,
  }));
}

/** Whether a list that is to have no entry twice has one. */
export function hasRepeated(list: readonly unknown[]): boolean {
  return new Set(list.map(canonical)).size < list.length;
}

/** Of those that are there several times, the second of each, as the server tells them. */
function repeated(texts: readonly string[]): number[] {
  const times = new Map<string, number>();
  return texts.flatMap((text, index) => {
    const seen = times.get(text) ?? 0;
    times.set(text, seen + 1);
    return seen === 1 ? [index] : [];
  });
}

function keyOf(entry: unknown, keys: readonly string[]): string {
  const fields = isMapping(entry) ? entry : {};
  return canonical(keys.map((key) => (Object.hasOwn(fields, key) ? [fields[key]] : [])));
}

/** One text for what is equal, in whatever order its fields are. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    isMapping(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  );
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
