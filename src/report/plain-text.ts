import { stripVTControlCharacters } from 'node:util';

/**
 * What is left of foreign text once nothing in it can steer a terminal, a log or a parser: no escape
 * sequences, no control characters but line feed and tab, no marks that reorder or hide text
 * (bidirectional controls, zero-width characters, a BOM), no half surrogates. A carriage return becomes
 * a line feed, since logs and the runner break lines there. Applying it twice changes nothing.
 */
export function plainText(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  return stripVTControlCharacters(text)
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(INVISIBLE, '');
}

const INVISIBLE =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]|\p{Cs}/gu;
const UNUSUAL = /[^\n\t\x20-\x7e]/;

/** The text in one line. */
export function oneLine(text: string): string {
  return plainText(text)
    .replace(/\s*\n\s*/g, ' ')
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
