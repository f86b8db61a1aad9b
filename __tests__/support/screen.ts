/** What a terminal shows after it was sent this: cursor up, erase line, column one, line feeds and text; colours left out. */
export function screen(output: string): string {
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  for (const [token, control] of output.matchAll(/\u001b\[\??([0-9;]*[A-Za-z])|[\s\S]/g)) {
    if (control === undefined) {
      if (token === '\n') {
        row += 1;
        column = 0;
        lines[row] ??= '';
      } else {
        lines[row] = (lines[row] ?? '').padEnd(column).slice(0, column) + token + (lines[row] ?? '').slice(column + 1);
        column += 1;
      }
    } else if (/^\d*A$/.test(control)) row = Math.max(0, row - (Number.parseInt(control, 10) || 1));
    else if (control === '2K') lines[row] = '';
    else if (control === 'G') column = 0;
    else if (!/m$|^25[hl]$/.test(control))
      throw new Error(`a control sequence nobody expected: ${JSON.stringify(token)}`);
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}
