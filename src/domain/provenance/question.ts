/** What is asked for: a value in a rendered object, or one of its keys (an unknown field, say). */
export interface Question {
  readonly path: readonly (string | number)[];
  readonly what: 'key' | 'value';
  /** What kind of value should be there, where it is known. */
  readonly wanted?: 'scalar' | 'container';
}

/** What is at a path of an object; `undefined` where there is no such way. */
export function valueAt(object: unknown, path: readonly (string | number)[]): unknown {
  let node = object;
  for (const step of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return undefined;
    node = (node as Record<string | number, unknown>)[step];
  }
  return node;
}

/** The text that a template or a values file may hold of what is asked for; `undefined` for mappings and lists. */
export function textOf(question: Question, object: unknown): string | undefined {
  if (question.what === 'key') return String(question.path.at(-1));
  const value = valueAt(object, question.path);
  return typeof value === 'object' || value === undefined ? undefined : String(value);
}
