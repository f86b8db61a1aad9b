import { readSource } from '../source.ts';
import { type MarkedLine, markOf, unmarked } from './line-marks.ts';
import { type Question, valueAt } from './question.ts';

/** Whether what is asked for is the same in an object that was rendered with marks. */
export function sameNode(question: Question, before: unknown, after: unknown): boolean {
  return same(valueAt(before, question.path), valueAt(after, question.path));
}

function same(before: unknown, after: unknown): boolean {
  if (typeof before === 'string' && typeof after === 'string') return unmarked(before) === unmarked(after);
  if (typeof before !== 'object' || before === null || typeof after !== 'object' || after === null)
    return before === after && before !== undefined;
  return Object.keys(before).join('\n') === Object.keys(after).join('\n');
}

/** The line that wrote what is asked for, and that of the first thing in it, by the marks of the text which has the object at a path. */
export function linesOfNode(
  question: Question,
  object: unknown,
  text: string,
  within: Question['path'],
): { readonly line?: MarkedLine; readonly inner?: MarkedLine } {
  const read = readSource(new TextEncoder().encode(text));
  const lineAt = (path: Question['path']): MarkedLine | undefined => {
    const position = read.ok ? read.source.position([...within, ...path], 'key') : undefined;
    return position === undefined ? undefined : markOf(text, position.line);
  };
  const line = lineAt(question.path);
  const node = valueAt(object, question.path);
  const [first] = Object.keys(typeof node === 'object' && node !== null ? node : {});
  const inner = first === undefined ? undefined : lineAt([...question.path, first]);
  return { ...(line && { line }), ...(inner && { inner }) };
}
