import { isIPv4 } from 'node:net';
import { isLabel } from '../object-names.ts';
import { isIpAddress } from '../string-formats.ts';
import { portNameFault } from './ports.ts';
import { fault, type ServerFault, shown } from './server-fault.ts';

const LABEL = 'a DNS label: lower-case letters, digits and -, at most 63, with a letter or digit at each end';

export function label(value: unknown, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string' || value === '' || isLabel(value)) return [];
  return [fault('schema/name', path, `${shown(value)} is not ${LABEL}`)];
}

/** As containers and Services call their ports; empty is nothing. */
export function portName(value: unknown, path: readonly string[]): ServerFault[] {
  return value === '' ? [] : portNameFault(value, path);
}

/** A key in a Secret or a ConfigMap. */
export function isDataKey(key: string): boolean {
  return key.length <= 253 && /^[-._a-zA-Z0-9]+$/.test(key) && key !== '.' && !key.startsWith('..');
}

function withoutZeros(text: string): string {
  return text.includes(':') ? text : text.replace(/\b0+(?=[0-9])/g, '');
}

export function address(value: unknown, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string' || isIpAddress(value)) return [];
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
  if (!isIpAddress(base) || length > (isFour ? 32 : 128)) return undefined;
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
  return [fault('schema/range', path, `${shown(value)} is more than 100%`)];
}

/** 0 and 0% are none. */
export function isNone(value: unknown): boolean {
  return value === 0 || (typeof value === 'string' && /^0+%$/.test(value));
}
