import { isIPv4, isIPv6 } from 'node:net';
import { isLabel, isSubdomain } from '../object-names.ts';
import { fault, type ServerFault, shown } from './server-fault.ts';

const SUBDOMAIN = 'a DNS subdomain: lower-case letters, digits, - and ., with a letter or digit at each end';
const LABEL = 'a DNS label: lower-case letters, digits and -, at most 63, with a letter or digit at each end';

/** The name of another object. Empty is nothing. */
export function subdomain(value: unknown, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string' || value === '' || isSubdomain(value)) return [];
  return [fault('schema/name', path, `${shown(value)} is not ${SUBDOMAIN}`)];
}

export function label(value: unknown, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string' || value === '' || isLabel(value)) return [];
  return [fault('schema/name', path, `${shown(value)} is not ${LABEL}`)];
}

/** IANA_SVC_NAME, as containers and Services call their ports. */
export function portName(value: unknown, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string' || value === '') return [];
  const isOne =
    value.length <= 15 &&
    /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(value) &&
    /[a-z]/.test(value) &&
    !value.includes('--');
  if (isOne) return [];
  const message = `${shown(value)} is not the name of a port: at most 15 lower-case letters, digits and single -, a letter among them, with a letter or digit at each end`;
  return [fault('schema/name', path, message)];
}

/** A key in a Secret or a ConfigMap. */
export function isDataKey(key: string): boolean {
  return key.length <= 253 && /^[-._a-zA-Z0-9]+$/.test(key) && key !== '.' && !key.startsWith('..');
}

/** What the server takes for an address: zeros before a number, as ever, and no zone. */
export function isAddress(text: string): boolean {
  return isIPv4(withoutZeros(text)) || (isIPv6(text) && !text.includes('%'));
}

function withoutZeros(text: string): string {
  return text.includes(':') ? text : text.replace(/\b0+(?=[0-9])/g, '');
}

export function address(value: unknown, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string' || isAddress(value)) return [];
  return [fault('schema/format', path, `${shown(value)} is no IP address`)];
}

export function addressRange(value: unknown, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string' || rangeOf(value) !== undefined) return [];
  return [fault('schema/format', path, `${shown(value)} is no range of addresses such as 192.0.2.0/24`)];
}

/** A range of addresses as its bits; `undefined` where it is none. */
export function rangeOf(text: string): { readonly bits: string; readonly length: number } | undefined {
  const [, written = '', size = ''] = /^(.+)\/([0-9]{1,3})$/.exec(text) ?? [];
  const base = withoutZeros(written);
  const isFour = isIPv4(base);
  const length = Number(size);
  if (!isAddress(base) || length > (isFour ? 32 : 128)) return undefined;
  const bits = isFour
    ? base.split('.').map((part) => binary(Number(part), 8))
    : wordsOf(base).map((word) => binary(word, 16));
  return { bits: bits.join(''), length };
}

function binary(number: number, width: number): string {
  return number.toString(2).padStart(width, '0');
}

/** The eight words of an IPv6 address. */
function wordsOf(address: string): number[] {
  const [, before = '', four] = /^(.*?)((?:\d+\.){3}\d+)?$/.exec(address) ?? [];
  const tail =
    four === undefined
      ? ''
      : four
          .split('.')
          .map(Number)
          .reduce((text, part, index) => `${text}${part.toString(16).padStart(2, '0')}${index === 1 ? ':' : ''}`, '');
  const [left = '', right] = `${before}${tail}`.split('::');
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const [first, last] = [words(left), words(right ?? '')];
  return [...first, ...Array<number>(Math.max(0, 8 - first.length - last.length)).fill(0), ...last];
}

/** A number, or a share of something. */
export function countOrShare(value: unknown, path: readonly string[], most?: '100%'): ServerFault[] {
  if (typeof value === 'number') {
    return value < 0 ? [fault('schema/range', path, `${value} is less than 0`)] : [];
  }
  if (typeof value !== 'string') return [];
  if (!/^[0-9]+%$/.test(value))
    return [fault('schema/format', path, `${shown(value)} is neither a number nor a share such as 25%`)];
  if (most === undefined || Number.parseInt(value, 10) <= 100) return [];
  return [fault('schema/range', path, `${value} is more than 100%`)];
}

/** 0 and 0% are none. */
export function isNone(value: unknown): boolean {
  return value === 0 || (typeof value === 'string' && /^0+%$/.test(value));
}
