import { mayBeSecret } from './secret-lines.ts';

/** The lines around a place in a file, to be shown beside what is said of it. */
export interface CodeFrame {
  readonly lines: readonly {
    readonly number: number;
    /** `undefined` for a line that isn't shown: it may hold a secret. */
    readonly text: string | undefined;
  }[];
  /** The number of the line that is meant. */
  readonly at: number;
  /** Characters before the place in the shown text of that line, where it is known. */
  readonly before?: number;
}

/** Characters of a line that are shown: a file may be one line of a megabyte. */
const WIDTH = 120;

/** `undefined` where there is no such line, or it isn't to be shown. Lines and columns count from 1. */
export function codeFrame(text: string, line: number, column?: number): CodeFrame | undefined {
  const lines = text.split(/\r\n|\r|\n/);
  const meant = lines[line - 1];
  if (meant === undefined || meant.trim() === '' || mayBeSecret(lines, line - 1)) return undefined;
  const offset = column === undefined || column > meant.length + 1 ? undefined : column - 1;
  // The lines are cut at the same place, so that what stands below another still does.
  const start = offset === undefined || offset < WIDTH - 20 ? 0 : offset - Math.floor(WIDTH / 2);
  const cut = (whole: string): string => {
    const part = widened(whole.slice(start, start + WIDTH));
    return `${start > 0 && whole.length > 0 ? '…' : ''}${part}${whole.length > start + WIDTH ? '…' : ''}`;
  };
  const around = [line - 1, line, line + 1].filter((number) => number >= 1 && number <= lines.length);
  const shown = around.map((number) => ({
    number,
    text: mayBeSecret(lines, number - 1) ? undefined : cut(lines[number - 1] ?? '').trimEnd(),
  }));
  // An empty line at an end of a frame says nothing.
  const kept = shown.filter(({ number, text }) => number === line || text !== '');
  if (offset === undefined) return { lines: kept, at: line };
  return { lines: kept, at: line, before: widened(meant.slice(start, offset)).length + (start > 0 ? 1 : 0) };
}

function widened(text: string): string {
  return text.replaceAll('\t', '    ');
}
