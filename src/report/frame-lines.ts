import type { CodeFrame } from '../domain/code-frame.ts';
import { oneLine } from './plain-text.ts';

/** What is shown of a line that may hold a secret. */
const HIDDEN = '(not shown: it may hold a secret)';

/**
 * A frame as lines: numbers, a bar, the text; the line that is meant is marked, and where its place in it is known there
 * is a caret below. `paint` marks what isn't of the file.
 */
export function frameLines(
  frame: CodeFrame,
  paint: (text: string) => string,
  caret: (text: string) => string,
): string[] {
  const width = String(frame.lines.at(-1)?.number ?? 0).length;
  return frame.lines.flatMap(({ number, text }) => {
    const isMeant = number === frame.at;
    const head = `${isMeant ? caret('>') : ' '} ${paint(`${String(number).padStart(width)} │`)}`;
    const line = text === undefined ? `${head} ${paint(HIDDEN)}` : `${head} ${indented(text)}`.trimEnd();
    if (!isMeant || frame.before === undefined) return [line];
    return [line, `  ${paint(`${' '.repeat(width)} │`)} ${' '.repeat(frame.before)}${caret('^')}`];
  });
}

/** In one line, with the blanks that it begins with. */
function indented(text: string): string {
  const blanks = /^ */.exec(text)?.[0] ?? '';
  return `${blanks}${oneLine(text)}`;
}
