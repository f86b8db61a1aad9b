import type { MergedValue, ValuesPath } from '../merged-values.ts';
import { isMapping } from '../merged-values.ts';
import type { Place, TextPlace, ValuePlace } from './places.ts';
import { type Question, valueAt } from './question.ts';

/** A place and what is put there, to see where it comes out. */
export interface Probe {
  readonly place: Place;
  /** A text that stands nowhere else. */
  readonly text: string;
  /** Likewise, for where a number has to stay one. */
  readonly number: number;
}

export function probes(places: readonly Place[]): Probe[] {
  // A fit number for a port, should a template be choosy; steps, so that one isn't the other with something added.
  return places.map((place, index) => ({ place, text: `zq${index}x`, number: 21_013 + index * 37 }));
}

/** Yes and no have no third thing that could be told from all others: they are turned round, one at a time. */
export function isSwitch(place: Place, source: (template: number) => string): boolean {
  if (place.kind === 'value') return place.what === 'value' && typeof place.value.value === 'boolean';
  return /^(?:true|false)$/.test(source(place.template).slice(place.start, place.end));
}

/**
 * Values that change what the probes stand for, and leave the rest: a key has a twin, a mapping one entry more, a text a
 * longer end. To be merged behind all files.
 */
export function changedValues(given: readonly Probe[], values: readonly MergedValue[]): Record<string, unknown> {
  const lists = new Map(values.flatMap(({ path, value }) => (Array.isArray(value) ? [[key(path), value]] : [])));
  const changed: Record<string, unknown> = {};
  for (const { place, ...probe } of given) {
    if (place.kind !== 'value') continue;
    const holder = reach(changed, place.path.slice(0, -1), lists);
    const last = place.path.at(-1) as string | number;
    if (place.what === 'key') holder[`${last}${probe.text}`] = structuredClone(place.value.value);
    else if (isMapping(place.value.value)) holder[last] = { ...(holder[last] as object), [probe.text]: probe.text };
    else holder[last] = changedValue(Array.isArray(holder[last]) ? holder[last] : place.value.value, probe);
  }
  return changed;
}

function key(path: ValuesPath): string {
  return JSON.stringify(path);
}

/** The holder at a path of the changes, made where it isn't there yet: lists are replaced as a whole, so as a whole they are taken over. */
function reach(
  changed: Record<string, unknown>,
  path: ValuesPath,
  lists: ReadonlyMap<string, readonly unknown[]>,
): Record<string | number, unknown> {
  let holder = changed as Record<string | number, unknown>;
  for (const [index, step] of path.entries()) {
    if (typeof holder[step] !== 'object' || holder[step] === null) {
      const list = lists.get(key(path.slice(0, index + 1)));
      holder[step] = list === undefined ? {} : structuredClone(list);
    }
    holder = holder[step] as Record<string | number, unknown>;
  }
  return holder;
}

function changedValue(value: unknown, probe: Pick<Probe, 'text' | 'number'>): unknown {
  if (typeof value === 'string') return `${value}${probe.text}`;
  if (typeof value === 'number' || typeof value === 'bigint') return probe.number;
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) return [...value.slice(0, -1), ...lastChanged(value.at(-1), probe)];
  if (isMapping(value)) return { ...value, [probe.text]: probe.text };
  return probe.text;
}

/** The last entry of a list, changed if that is possible without making another kind of thing of it; else with one more behind it. */
function lastChanged(last: unknown, probe: Pick<Probe, 'text' | 'number'>): unknown[] {
  if (last === undefined) return [probe.text];
  if (typeof last === 'boolean') return [last, probe.text];
  return [changedValue(last, probe)];
}

/** A template's source with its probes in it. */
export function changedTemplate(source: string, template: number, given: readonly Probe[]): string {
  const own = given.flatMap((probe) =>
    probe.place.kind === 'text' && probe.place.template === template ? [{ ...probe, place: probe.place }] : [],
  );
  let changed = source;
  for (const probe of own.sort((a, b) => b.place.start - a.place.start)) {
    const { start, end } = probe.place as TextPlace;
    changed = changed.slice(0, start) + changedText(source.slice(start, end), probe) + changed.slice(end);
  }
  return changed;
}

function changedText(text: string, probe: Pick<Probe, 'text' | 'number'>): string {
  if (/^-?\d+$/.test(text)) return String(probe.number);
  if (text === 'true') return 'false';
  if (text === 'false') return 'true';
  return `${text}${probe.text}`;
}

/** What of a changed rendering there is to see of what was asked for. */
export type Seen =
  /** Something else became of the object: no more can be said. */
  { readonly kind: 'lost' } | { readonly kind: 'seen'; readonly arrived: readonly Probe[] };

/** Which of the probes came out at the place in question. */
export function arrivals(question: Question, before: unknown, after: unknown, given: readonly Probe[]): Seen {
  const path = question.what === 'key' ? question.path.slice(0, -1) : question.path;
  const [old, now] = [valueAt(before, path), valueAt(after, path)];
  if (now === undefined) return { kind: 'lost' };
  const said = question.what === 'key' ? JSON.stringify(isMapping(now) ? Object.keys(now) : []) : JSON.stringify(now);
  const arrived = given.filter(
    ({ text, number, place }) =>
      said.includes(text) ||
      new RegExp(`(?<!\\d)${number}(?!\\d)`).test(said) ||
      (given.length === 1 && isTurned(place, old, now)),
  );
  if (arrived.length > 0) return { kind: 'seen', arrived };
  const same =
    question.what === 'key' ? Object.hasOwn(Object(now), question.path.at(-1) as string) : said === JSON.stringify(old);
  return same ? { kind: 'seen', arrived } : { kind: 'lost' };
}

function isTurned(place: Place, old: unknown, now: unknown): boolean {
  if (place.kind === 'value' && typeof (place as ValuePlace).value.value !== 'boolean') return false;
  // `false` is also what `default` puts something else in the place of.
  return /^(?:true|false)$/.test(String(old)) && String(now) !== String(old);
}
