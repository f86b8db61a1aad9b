/**
 * What is left of foreign text once nothing in it can steer a terminal, a log or a parser: no escape
 * sequences, no control characters but line feed and tab, no marks that reorder or hide text
 * (bidirectional controls, zero-width characters, a BOM), no half surrogates. A carriage return becomes
 * a line feed, since logs and the runner break lines there. Applying it twice changes nothing.
 */
export function plainText(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  return text
    .replace(SEQUENCES, '')
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(INVISIBLE, '');
}

/**
 * ECMA-48: strings (titles, links) up to their terminator, control sequences, and the escapes of a few
 * characters. Not `util.stripVTControlCharacters`: on Node 24 it takes minutes for 1 MB of openings without an
 * end. Here each attempt begins at a control character and ends at the next, so the time is linear.
 */
const SEQUENCES =
  /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]/g;
const INVISIBLE =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]|\p{Cs}/gu;
const UNUSUAL = /[^\n\t\x20-\x7e]/;

/** The text in one line. */
export function oneLine(text: string): string {
  return plainText(text)
    .replace(/\s+/g, (blanks) => (blanks.includes('\n') ? ' ' : blanks))
    .trim();
}

/** At most `limit` UTF-16 units, the last of them `…` where something was cut. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** `1 chart`, `2 charts`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
