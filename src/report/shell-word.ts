import { oneLine } from './plain-text.ts';

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  const line = oneLine(text);
  return /^[A-Za-z0-9_./:@=+,%-]+$/.test(line) ? line : `'${line.replaceAll("'", "'\\''")}'`;
}
