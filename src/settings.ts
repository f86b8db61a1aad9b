import { parseDuration } from './domain/duration.ts';
import { type Finding, SEVERITIES } from './domain/finding.ts';
import { nearest, suggestion } from './domain/nearest.ts';
import { INPUTS, type InputDeclaration, type InputName, type RawInput } from './inputs.ts';

/** An input's value once it was understood, by its kind. */
export type Setting = string | boolean | readonly string[] | readonly Pair[];
export interface Pair {
  readonly from: string;
  readonly to: string;
}
export type Settings = ReadonlyMap<InputName, Setting>;

export type Fault = Pick<Finding, 'message'> & Partial<Finding>;

export const fault = (rule: string, message: string, rest: Partial<Finding> = {}): Finding => ({
  stage: 'request',
  rule: `request/${rule}`,
  severity: SEVERITIES[0],
  message,
  ...rest,
});

export function declarationOf(name: string): (InputDeclaration & { name: InputName }) | undefined {
  return (INPUTS as readonly (InputDeclaration & { name: InputName })[]).find((input) => input.name === name);
}

/** Inputs as they were given → settings. Unknown names, duplicates and wrong types are faults; `''` means not given. */
export function readSettings(raw: readonly RawInput[]): { settings: Settings; faults: Finding[] } {
  const settings = new Map<InputName, Setting>();
  const faults: Finding[] = [];
  for (const { name, text, origin, whole } of raw) {
    const declaration = declarationOf(name);
    if (declaration === undefined) {
      faults.push(
        fault('unknown-input', `${origin} is no input of Chartship`, {
          hint: suggestion(
            name,
            INPUTS.map((input) => input.name),
          ),
        }),
      );
      continue;
    }
    if (text === '') continue;
    const before = settings.get(declaration.name);
    if (before !== undefined && !Array.isArray(before)) {
      faults.push(fault('duplicate', `${origin} is given twice`, { hint: 'Give it once.' }));
      continue;
    }
    const read = whole === true ? { value: [text] } : readText(declaration, text);
    if (typeof read === 'string') {
      faults.push(fault('wrong-type', `${origin} ${read}`));
      continue;
    }
    const value = read.value;
    settings.set(
      declaration.name,
      Array.isArray(before) && Array.isArray(value)
        ? ([...before, ...value] as readonly string[] | readonly Pair[])
        : value,
    );
  }
  return { settings, faults };
}

/** A value, or what is wrong with the text (to be read after the input's name). */
function readText(declaration: InputDeclaration, text: string): { value: Setting } | string {
  switch (declaration.kind) {
    case 'text':
      return { value: text.trim() };
    case 'secret':
      return { value: text };
    case 'boolean': {
      const word = text.trim().toLowerCase();
      return word === 'true' || word === 'false'
        ? { value: word === 'true' }
        : `must be true or false, not ${quote(text)}`;
    }
    case 'choice':
      return choice(declaration, text.trim());
    case 'duration':
      return duration(text.trim());
    case 'list':
      // The commas of a glob's {a,b} separate nothing.
      return { value: entries(text, /\n|,(?![^{}\n]*\})/) };
    case 'lines':
      return { value: entries(text, /\n/) };
    case 'pairs': {
      const pairs: Pair[] = [];
      for (const line of entries(text, /\n/)) {
        const pair = splitPair(line);
        if (pair === undefined) return `must be FROM=TO, one a line, not ${quote(line)}`;
        pairs.push(pair);
      }
      return { value: pairs };
    }
  }
}

export function choice(declaration: InputDeclaration, word: string): { value: string } | string {
  const choices = declaration.choices ?? [];
  return choices.includes(word)
    ? { value: word }
    : `must be one of ${choices.join(', ')}, not ${quote(word)}${meant(word, choices)}`;
}

/** The text itself, once it is known to be a duration. */
export function duration(word: string): { value: string } | string {
  return parseDuration(word) === undefined
    ? `must be a duration such as 90s, 10m or 1h30m, a day at most, not ${quote(word)}`
    : { value: word };
}

function meant(word: string, choices: readonly string[]): string {
  const near = nearest(word, choices);
  return near === undefined ? '' : `. Did you mean ${near}?`;
}

/** Whether a text is `path=value`. */
export function isSetting(text: string): boolean {
  return /^[^=]+=/.test(text);
}

export function splitPair(line: string): Pair | undefined {
  const cut = line.indexOf('=');
  if (cut <= 0 || cut === line.length - 1) return undefined;
  return { from: line.slice(0, cut).trim(), to: line.slice(cut + 1).trim() };
}

function entries(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** A foreign text in a message: one line, not too long, in quotes. */
export function quote(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 57)}…` : line);
}

/** A setting of one text; `undefined` where there is none. */
export function text(setting: Setting | undefined): string | undefined {
  return typeof setting === 'string' ? setting : undefined;
}

/** A setting of several texts; empty where there is none. */
export function list(setting: Setting | undefined): readonly string[] {
  return Array.isArray(setting) ? (setting as readonly string[]) : [];
}

/** `undefined` for a list of nothing. */
export function optional<T>(entries: readonly T[]): readonly T[] | undefined {
  return entries.length === 0 ? undefined : entries;
}
