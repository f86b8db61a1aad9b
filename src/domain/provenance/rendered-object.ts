import { misreadKey } from '../boolean-keys.ts';
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

/** A document that was rendered with marks; it is read in full once, when a line is first asked for. */
export interface MarkedDocument {
  /** The line that wrote what is asked for, and that of the first thing in it; the object stands at the path `within`. */
  linesOf(question: Question, object: unknown, within: Question['path']): MarkedLines;
}

export interface MarkedLines {
  readonly line?: MarkedLine;
  readonly inner?: MarkedLine;
  /** The key as it is written, where YAML reads another. */
  readonly text?: string;
}

export function markedDocument(text: string): MarkedDocument {
  const read = readSource(new TextEncoder().encode(text), 'helm');
  const lineAt = (path: Question['path']): MarkedLine | undefined => {
    const position = read.ok ? read.source.position(path, 'key') : undefined;
    return position === undefined ? undefined : markOf(text, position.line);
  };
  return {
    linesOf: (question, object, within) => {
      const path = [...within, ...question.path];
      const line = lineAt(path);
      const node = valueAt(object, question.path);
      const [first] = Object.keys(typeof node === 'object' && node !== null ? node : {});
      const inner = first === undefined ? undefined : lineAt([...path, first]);
      const written = question.what === 'key' && read.ok ? misreadKey(read.source, path) : undefined;
      return { ...(line && { line }), ...(inner && { inner }), ...(written && { text: written }) };
    },
  };
}
