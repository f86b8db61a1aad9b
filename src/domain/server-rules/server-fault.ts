import { at, type Fields } from '../diagnosis/reading.ts';

/** What the API server's own validation refuses though the schema allows it. */
export interface ServerFault {
  readonly rule:
    | 'schema/duplicate-entry'
    | 'schema/enum'
    | 'schema/format'
    | 'schema/name'
    | 'schema/range'
    | 'schema/required'
    | 'schema/value';
  readonly severity: 'error' | 'warning';
  /** The steps to something that is there: of what is missing, to what should have it. */
  readonly path: readonly string[];
  readonly message: string;
}

export function fault(rule: ServerFault['rule'], path: readonly string[], message: string): ServerFault {
  return { rule, severity: 'error', path, message };
}

/** A key that is missing, told at the nearest thing around it that is there. */
export function missing(object: Fields, path: readonly string[], why = ''): ServerFault {
  const around = path.slice(0, -1);
  while (around.length > 0 && !isGiven(at(object, ...around))) around.pop();
  const name = path.slice(around.length).join('.');
  return fault('schema/required', around, `${name} is missing${why === '' ? '' : `: ${why}`}`);
}

/** Null is nothing to the server. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function isEmptyText(value: unknown): boolean {
  return !isGiven(value) || value === '';
}

/** Numbers that may not be below something. What is no whole number the schema tells. */
export function below(value: unknown, least: number, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'number' || value >= least) return [];
  return [fault('schema/range', path, `${value} is less than ${least}`)];
}

export function between(value: unknown, least: number, most: number, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'number' || (value >= least && value <= most)) return [];
  return [fault('schema/range', path, `${value} is not from ${least} to ${most}`)];
}

/** A text that is one of some words, where the schema says nothing of that. Empty is nothing. */
export function oneOf(value: unknown, words: readonly string[], path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string' || value === '' || words.includes(value)) return [];
  return [fault('schema/enum', path, `${shown(value)} is not one of ${words.join(', ')}`)];
}

export function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}
