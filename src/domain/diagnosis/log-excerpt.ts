/** Lines beside a cause on the screen. */
const LINES = 15;
/** UTF-16 units of one of them. */
const LINE_LENGTH = 300;

const TROUBLE = /\b(error|exception|traceback|fatal|panic|fail(ed|ure)?|refused|denied|critical)\b/i;

/** What matters of a log: its end, and the first line that speaks of trouble where that stands before. */
export function excerptOf(log: string, lines = LINES): string {
  const all = withoutRepeats(log.split(/\r\n|\r|\n/).map((line) => line.trimEnd()));
  while (all.at(-1) === '') all.pop();
  while (all[0] === '') all.shift();
  const shown = (line: string): string => (line.length <= LINE_LENGTH ? line : `${line.slice(0, LINE_LENGTH - 1)}…`);
  if (all.length <= lines) return all.map(shown).join('\n');
  const tail = all.slice(-lines);
  const first = all.findIndex((line) => TROUBLE.test(line));
  if (first === -1 || first >= all.length - lines) return tail.map(shown).join('\n');
  return [all[first] ?? '', '…', ...all.slice(-(lines - 2))].map(shown).join('\n');
}

/** A program that tries again says the same again and again. */
function withoutRepeats(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let times = 1;
  for (const [index, line] of lines.entries()) {
    if (line !== '' && line === lines[index + 1]) {
      times += 1;
      continue;
    }
    kept.push(times > 1 ? `${line} (${times} times)` : line);
    times = 1;
  }
  return kept;
}
