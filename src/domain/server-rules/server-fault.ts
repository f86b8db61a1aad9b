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

/** Whether the version that is asked about is this one of Kubernetes 1, or a later one. What asks is judged anew for each. */
export type Since = (minor: number) => boolean;

export function fault(rule: ServerFault['rule'], path: readonly string[], message: string): ServerFault {
  return { rule, severity: 'error', path, message };
}

/** Adds lists to one; by `push` a list of hundred thousand would be as many arguments, which is more than a stack takes. */
export function addAll(faults: ServerFault[], ...lists: readonly (readonly ServerFault[])[]): void {
  for (const list of lists) for (const each of list) faults.push(each);
}

/** A key that is missing from what lies at the path without its last step, which must be there. */
export function missing(path: readonly string[], why = ''): ServerFault {
  return fault('schema/required', path.slice(0, -1), `${path.at(-1)} is missing${why === '' ? '' : `: ${why}`}`);
}

/** A list that must have something in it: what is wrong where it is empty, or isn't there. */
export function needsSome(value: unknown, path: readonly string[], why = 'there must be one at least'): ServerFault[] {
  if (!Array.isArray(value)) return [missing(path, why)];
  return value.length > 0 ? [] : [fault('schema/required', path, `is empty: ${why}`)];
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
