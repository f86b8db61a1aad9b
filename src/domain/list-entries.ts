import type { Schema } from './kubernetes-schemas.ts';

/** What an entry repeats. */
export interface Repetition {
  /** The entry that is there before. */
  readonly first: number;
  /** The fields that both have; none: it is the same as a whole. */
  readonly keys: readonly string[];
}

/** An entry that is in a list before. */
export interface RepeatedEntry {
  readonly index: number;
  readonly message: string;
  readonly repeats: Repetition;
  /** Of those that apply an object only a server-side apply is refused. */
  readonly onServerSide?: true;
}

/** The entries of a list of a custom resource that are there before, where its kind of list (`x-kubernetes-list-type`) has none twice. */
export function repeatedEntries(list: readonly unknown[], schema: Schema): RepeatedEntry[] {
  const keys = keysOf(schema);
  // What is no mapping is told for its type.
  if (keys === undefined || list.length < 2 || (keys.length > 0 && !list.every(isEntry))) return [];
  return secondOfEach(list.map((entry) => textOf(entry, keys, fieldOf))).map(({ index, first }) => ({
    index,
    repeats: { first, keys },
    message: twice(keys),
  }));
}

/**
 * Likewise of one of Kubernetes' own, whose lists a server-side apply compares by all keys, and the server's handlers,
 * whoever applies, by some (`uniqueBy`). `items` says what a key is that isn't there.
 */
export function repeatedOwnEntries(list: readonly unknown[], schema: Schema, items: Schema): RepeatedEntry[] {
  const { uniqueBy = [] } = schema;
  const ofApply = keysOf(schema);
  if (list.length < 2 || (ofApply === undefined && uniqueBy.length === 0)) return [];
  const found = new Map<number, RepeatedEntry>();
  const read = (entry: unknown, key: string): unknown => {
    const field = fieldOf(entry, key);
    // To Go an empty text is as good as none.
    return field === undefined || field === '' ? items.properties?.[key]?.default : field;
  };
  const look = (keys: readonly string[], more: Pick<RepeatedEntry, 'onServerSide'>): void => {
    if (keys.length > 0 && !list.every(isEntry)) return;
    // An entry without a key is told for that.
    const texts = list.map((entry) =>
      keys.every((key) => read(entry, key) !== undefined) ? textOf(entry, keys, read) : undefined,
    );
    for (const { index, first } of secondOfEach(texts)) {
      if (!found.has(index)) found.set(index, { index, repeats: { first, keys }, message: twice(keys), ...more });
    }
  };
  for (const keys of uniqueBy) look(keys, {});
  // Mostly they are the same.
  if (ofApply !== undefined && !uniqueBy.some((keys) => keys.join() === ofApply.join()))
    look(ofApply, { onServerSide: true });
  return [...found.values()];
}

/** Whether a list that is to have no entry twice has one. */
export function hasRepeated(list: readonly unknown[]): boolean {
  return new Set(list.map(canonical)).size < list.length;
}

/** The keys by which entries are told apart; none: as a whole. `undefined` where a list may have anything twice. */
function keysOf(schema: Schema): readonly string[] | undefined {
  const type = schema['x-kubernetes-list-type'];
  return type === 'set' ? [] : type === 'map' ? schema['x-kubernetes-list-map-keys'] : undefined;
}

function twice(keys: readonly string[]): string {
  return keys.length === 0
    ? 'is in this list twice'
    : `an entry with the same ${keys.join(', ')} is in this list before`;
}

/** Of those that are there several times, the second of each, as the server tells them. */
function secondOfEach(texts: readonly (string | undefined)[]): { readonly index: number; readonly first: number }[] {
  if (new Set(texts).size === texts.length) return [];
  const seen = new Map<string, { readonly first: number; times: number }>();
  return texts.flatMap((text, index) => {
    if (text === undefined) return [];
    const known = seen.get(text) ?? { first: index, times: 0 };
    seen.set(text, known);
    known.times += 1;
    return known.times === 2 ? [{ index, first: known.first }] : [];
  });
}

/** One text for entries that have the same keys. Most have one, a text, which needs no writing down. */
function textOf(entry: unknown, keys: readonly string[], read: (entry: unknown, key: string) => unknown): string {
  const [first] = keys;
  const only = first === undefined ? entry : keys.length === 1 ? read(entry, first) : undefined;
  if (typeof only === 'string') return `"${only}`;
  return canonical(first === undefined ? entry : keys.map((key) => read(entry, key)));
}

function fieldOf(entry: unknown, key: string): unknown {
  return isMapping(entry) && Object.hasOwn(entry, key) ? (entry[key] ?? undefined) : undefined;
}

/** One text for what is equal, in whatever order its fields are. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    isMapping(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  );
}

function isEntry(entry: unknown): boolean {
  return entry === null || isMapping(entry);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
