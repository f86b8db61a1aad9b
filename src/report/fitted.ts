/**
 * Blocks of Markdown as one text of at most `limitBytes` (UTF-8). What does not fit is left out in whole blocks, never
 * in the middle of one, and the end says where the rest is.
 */
export function fitted(blocks: readonly string[], limitBytes: number): string {
  const rest =
    '_This is not all: it was cut to the size GitHub shows. The rest is in `report.json` in the report folder._';
  let room = limitBytes - size(rest);
  const fitting = blocks.filter((block) => {
    const fits = size(block) <= room;
    if (fits) room -= size(block);
    return fits;
  });
  return `${[...fitting, ...(fitting.length < blocks.length ? [rest] : [])].join('\n\n')}\n`;
}

/** With the blank line after it. */
function size(block: string): number {
  return Buffer.byteLength(block) + 2;
}
