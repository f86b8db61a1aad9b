/**
 * Whether a YAML document could have a key twice in one mapping: a quick look that may say yes wrongly, and
 * never no. Parsing every rendered document costs more than all else that Chartship does itself (35 ms for
 * the 65 documents of the task-api chart); those that this look clears need no parsing.
 *
 * In block style a repeated key stands twice at one column with nothing further left between. Whatever
 * could hide a mapping or a key from that look (flow mappings, complex keys, escapes, numbers that can be
 * written in several ways) is a yes.
 */
export function mayRepeatKey(text: string): boolean {
  /** By column: the keys seen since a line began further left. */
  const keys = new Map<number, Set<string>>();
  /** While in a block scalar: the column that its text stands right of. */
  let scalar: number | undefined;
  for (const line of text.split('\n')) {
    const indent = line.search(/[^ ]/);
    if (indent === -1 || line.trim() === '') continue;
    if (scalar !== undefined && indent > scalar) continue;
    scalar = undefined;
    if (line[indent] === '#') continue;
    let column = indent;
    let parent = indent - 1;
    forget(keys, column);
    // `- - a: b`: each dash opens an entry, in which everything begins anew.
    for (let dash = DASH.exec(line.slice(column)); dash !== null; dash = DASH.exec(line.slice(column))) {
      parent = column;
      column += dash[0].length;
      forget(keys, parent);
    }
    const rest = line.slice(column);
    const match = KEY.exec(rest);
    const key = match === null ? undefined : (match[1] ?? match[2] ?? match[3] ?? '').trim();
    if (match === null ? !PLAIN_ENTRY.test(rest) : NUMBER_LIKE.test(key ?? '')) return true;
    const value = match === null ? rest.trim() : rest.slice(match[0].length).trim();
    if (!ONE_LINE_VALUE.test(value)) return true;
    if (BLOCK_SCALAR.test(value)) scalar = key === undefined ? parent : column;
    if (key === undefined) continue;
    const seen = keys.get(column);
    if (seen === undefined) keys.set(column, new Set([key]));
    else if (seen.has(key)) return true;
    else seen.add(key);
  }
  return false;
}

const DASH = /^- +(?=\S)/;
/** `"key":`, `'key':` without escapes, or a plain key. */
const KEY =
  /^(?:"([^"\\]*)"|'([^']*)'|([^\s"'[\]{}?&*!|>%@`#,\t-][^:\t]*(?::[^\s:][^:\t]*)*|-[^\s:][^:\t]*)) *:(?=\s|$)/;
/** What stands alone on a line and holds no key: a scalar, a lone dash, the rest of a plain scalar, an alias, an end mark. */
const PLAIN_ENTRY =
  /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'[\]{}?&*!%@`:][^{[]*|\*\S+|[|>][-+0-9]{0,2}|\[[^{[]*\]) *(?:#.*)?\r?$/;
/** A value that ends on its line (or goes on below as block text) and holds no mapping. */
const ONE_LINE_VALUE =
  /^(?:|#.*|"(?:[^"\\]|\\.)*" *(?:#.*)?|'(?:[^']|'')*' *(?:#.*)?|\{\}|\[\]|\[[^{[\]]*\] *(?:#.*)?|[&!*][^{["']*|[^\s"'[\]{}&!*].*)$/;
const BLOCK_SCALAR = /(?:^|\s)[|>][-+0-9]{0,2}\s*(?:#.*)?$/;
/** Numbers, booleans and null have several spellings; a merge is no key. */
const NUMBER_LIKE = /^(?:[-+.]?\d.*|[-+]?\.(?:inf|nan)|~|true|false|null|yes|no|on|off|<<)?$/i;

/** A line that begins at a column ends every mapping further right. */
function forget(keys: Map<number, Set<string>>, column: number): void {
  for (const other of keys.keys()) if (other > column) keys.delete(other);
}
