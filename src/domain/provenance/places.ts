import { isDeepStrictEqual } from 'node:util';
import type { MergedValue, ValuesPath } from '../merged-values.ts';
import { type Question, textOf, valueAt } from './question.ts';
import type { TemplatePart } from './template-parts.ts';

/** A place that may have made what is asked for: a value or a key of the values, or a text in a template. */
export type Place = ValuePlace | TextPlace;

export interface ValuePlace {
  readonly kind: 'value';
  readonly path: ValuesPath;
  readonly what: 'key' | 'value';
  readonly value: MergedValue;
  readonly fit: Fit;
}

/**
 * `same`: it is what is asked for. `retyped`: the same text, but of another type, which only a template can have made.
 * `printed`: a mapping or a list that was printed as Go does, where a scalar was meant or `toYaml` forgotten.
 * `template`: a text that goes through `tpl`. `part`: it may be one of several that were put together.
 */
export type Fit = (typeof FITS)[number];

/** The surest first. */
export const FITS = ['same', 'retyped', 'printed', 'template', 'part'] as const;

export interface TextPlace {
  readonly kind: 'text';
  /** The template's number. */
  readonly template: number;
  readonly start: number;
  readonly end: number;
  /** In the text that comes out as it stands, in quotes in an action, or a number there. */
  readonly form: 'text' | 'quoted' | 'number';
}

/** More of them than this are tried for no question: what fits everywhere (`1`, `true`) is looked for by its key's name first. */
const MOST_PLACES = 32;

/** Of an attacker's millions each would be compared for each question. */
const MOST_VALUES = 50_000;

/** Values that may have made what is asked for, the likeliest first: those whose keys the code of the line reads that wrote it. */
export function valuePlaces(
  question: Question,
  object: unknown,
  values: readonly MergedValue[],
  code: string,
): ValuePlace[] {
  const node = valueAt(object, question.path);
  const text = textOf(question, object);
  const found: ValuePlace[] = [];
  if (values.length > MOST_VALUES) return [];
  const add = (value: MergedValue, what: 'key' | 'value', fit: Fit | undefined): void => {
    if (fit !== undefined) found.push({ kind: 'value', path: value.path, what, value, fit });
  };
  for (const value of values) {
    const key = value.path.at(-1);
    if (typeof key === 'string' && text !== undefined && (question.what === 'key' || key === text))
      add(value, 'key', key === text ? 'same' : isPart(key, text) ? 'part' : undefined);
    if (text !== undefined) add(value, 'value', scalarFit(value.value, question.what === 'key' ? text : node));
    else if (isDeepStrictEqual(node, value.value)) add(value, 'value', 'same');
  }
  const last = question.path.findLast((step) => typeof step === 'string');
  const read = new Set([last, ...[...code.matchAll(/\.(\w+)/g)].map(([, name]) => name)]);
  const order = ({ fit, path, what }: ValuePlace): number =>
    FITS.indexOf(fit) * 4 -
    (read.has(path.findLast((step) => typeof step === 'string') as string) ? 2 : 0) -
    (what === question.what ? 1 : 0);
  return found.sort((a, b) => order(a) - order(b)).slice(0, MOST_PLACES);
}

function scalarFit(value: unknown, wanted: unknown): Fit | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'object') return isPrinted(value, wanted) ? 'printed' : undefined;
  if (value === wanted) return 'same';
  const [own, text] = [String(value), String(wanted)];
  if (own === text) return 'retyped';
  if (own.length > LONGEST) return undefined;
  if (own.includes('{{')) return fitsTemplate(own, text) ? 'template' : undefined;
  return isPart(own, text) ? 'part' : undefined;
}

/** Beyond this nothing is a value that a person gave. */
const LONGEST = 10_000;

function isPrinted(value: object, wanted: unknown): boolean {
  if (typeof wanted !== 'string' || wanted.length > LONGEST || !/^(?:map)?\[/.test(wanted)) return false;
  return printed(value) === wanted;
}

/** What Go prints of a mapping or a list. */
function printed(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return value === null ? '<nil>' : String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, each]) => `${key}:${printed(each)}`).join(' ')}]`;
}

/** A letter or a digit is a part of too much. */
function isPart(own: string, text: string): boolean {
  return own.length > 1 && own.length < text.length && text.includes(own);
}

/** Whether what stands outside the actions of a text comes out in that order. */
function fitsTemplate(template: string, text: string): boolean {
  let at = 0;
  for (const piece of template.split(/\{\{.*?\}\}/s)) {
    const found = text.indexOf(piece.trim(), at);
    if (found === -1) return false;
    at = found + piece.trim().length;
  }
  return true;
}

/** Texts in templates, and in the actions of templates, that are what is asked for. */
export function textPlaces(text: string, templates: readonly (readonly TemplatePart[])[], first: number): TextPlace[] {
  const found: TextPlace[] = [];
  for (const [template, parts] of templates.entries()) {
    for (const part of parts) {
      if (part.kind === 'action' && /^\s*\/\*/.test(part.code)) continue;
      const [within, offset] = part.kind === 'text' ? [part.text, part.start] : [part.code, part.codeStart];
      for (let at = within.indexOf(text); at !== -1; at = within.indexOf(text, at + 1)) {
        const [before = '', after = ''] = [within[at - 1], within[at + text.length]];
        if (/[\w.$]/.test(before) || /[\w]/.test(after)) continue;
        const form = part.kind === 'text' ? 'text' : isQuote(before) && isQuote(after) ? 'quoted' : 'number';
        if (form === 'number' && !/^-?\d+$/.test(text)) continue;
        found.push({ kind: 'text', template, start: offset + at, end: offset + at + text.length, form });
      }
    }
  }
  return found.sort((a, b) => Number(a.template !== first) - Number(b.template !== first)).slice(0, MOST_PLACES);
}

function isQuote(mark: string): boolean {
  return mark === '"' || mark === '`';
}

/** The same for the same place. */
export function placeKey(place: Place): string {
  return JSON.stringify(
    place.kind === 'value' ? [place.what, ...place.path] : [place.template, place.start, place.end],
  );
}
