import { mayBeSecret } from './secret-lines.ts';

/** What a finding is about, as its file has it: for a reader that has the report and not the files. */
export interface SourceRegion {
  /** From the place to the end of its line. */
  readonly text: string;
  /** Whole lines, those beside it with it, where there are any that may be shown. */
  readonly around?: { readonly line: number; readonly endLine: number; readonly text: string };
}

/** Characters of a line; a longer one nobody wrote by hand. */
const LONGEST = 1_000;

/** Finds regions of one file. `undefined` where there is no such place, or it isn't to be shown: it may hold a secret. */
export function sourceRegions(text: string): (line: number, column?: number) => SourceRegion | undefined {
  const lines = text.split(/\r\n|\r|\n/);
  const known = new Map<number, boolean>();
  const isShown = (index: number): boolean => {
    const line = lines[index];
    if (line === undefined || line.length > LONGEST) return false;
    const before = known.get(index) ?? !mayBeSecret(lines, index);
    known.set(index, before);
    return before;
  };
  return (line, column = 1) => {
    const meant = lines[line - 1];
    if (meant === undefined || column > meant.length + 1 || meant.trim() === '' || !isShown(line - 1)) return undefined;
    const isBeside = (index: number): boolean => isShown(index) && lines[index]?.trim() !== '';
    const from = isBeside(line - 2) ? line - 1 : line;
    const to = isBeside(line) ? line + 1 : line;
    const region = { text: meant.slice(column - 1) };
    if (from === to) return region;
    return { ...region, around: { line: from, endLine: to, text: lines.slice(from - 1, to).join('\n') } };
  };
}
