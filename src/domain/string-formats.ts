import { isIPv6 } from 'node:net';
import { isBase64, isDay } from './scalar-forms.ts';

/** Whether a text has a format; `undefined` where only the server's own parser could say. */
type Check = (text: string) => boolean | undefined;

interface Format {
  readonly check: Check;
  /** What is wanted, in words, to follow "is no ". */
  readonly words: string;
  /** What has it may be somebody's secret, or nobody's business: it isn't quoted. */
  readonly isPrivate?: true;
}

/**
 * The formats of texts that an API server looks at in custom resources (apiextensions-apiserver's list, checked by
 * kube-openapi's strfmt), by their names without dashes; any other it passes over. Each check takes linear time. What
 * they take for a time, a duration or a host name is more than the standards do.
 */
const FORMATS: Readonly<Record<string, Format>> = {
  bsonobjectid: { check: (text) => /^[0-9a-fA-F]{24}$/.test(text), words: 'BSON object id: 24 hexadecimal digits' },
  byte: { check: (text) => text !== '' && !/[\r\n]/.test(text) && isBase64(text), words: 'base64', isPrivate: true },
  cidr: { check: isCidr, words: 'range of addresses such as 192.0.2.0/24' },
  creditcard: { check: isCreditCard, words: 'number of a credit card', isPrivate: true },
  date: { check: isDay, words: 'date such as 2006-01-02' },
  datetime: { check: isDateTime, words: 'time such as 2006-01-02T15:04:05Z' },
  duration: { check: isDuration, words: 'duration such as 90s or 1h30m' },
  email: { check: isEmail, words: 'e-mail address' },
  hexcolor: { check: (text) => /^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text), words: 'colour such as #ffffff' },
  hostname: { check: isHostname, words: 'host name' },
  ipv4: { check: isIpv4, words: 'IPv4 address' },
  ipv6: { check: (text) => isIPv6(text) && !text.includes('%'), words: 'IPv6 address' },
  isbn: { check: (text) => isIsbn10(text) || isIsbn13(text), words: 'ISBN' },
  isbn10: { check: isIsbn10, words: 'ISBN of 10 digits' },
  isbn13: { check: isIsbn13, words: 'ISBN of 13 digits' },
  k8slongname: { check: isLongName, words: 'name of Kubernetes: lower-case letters, digits, - and .' },
  k8sshortname: { check: isShortName, words: 'short name of Kubernetes: lower-case letters, digits and -' },
  mac: { check: isMac, words: 'MAC address' },
  password: { check: () => true, words: 'password', isPrivate: true },
  rgbcolor: { check: isRgbColor, words: 'colour such as rgb(255,255,255)' },
  ssn: { check: (text) => /^\d{3}[- ]\d{2}[- ]\d{4}$/.test(text), words: 'social security number', isPrivate: true },
  uri: { check: isUri, words: 'URI, nor a path from the root' },
  uuid: { check: uuid('[0-9a-f]', '[0-9a-f]'), words: 'UUID' },
  uuid3: { check: uuid('3', '[0-9a-f]'), words: 'UUID of version 3' },
  uuid4: { check: uuid('4', '[89ab]'), words: 'UUID of version 4' },
  uuid5: { check: uuid('5', '[89ab]'), words: 'UUID of version 5' },
};

/** The minor since which a server knows a format; the others it has always known. */
const SINCE: Readonly<Record<string, number>> = { k8slongname: 34, k8sshortname: 34 };

/** Why a server of a minor (`1.35`) refuses a text for its format; `undecided` where only it can say. */
export function formatFault(text: string, format: string, minor: string): string | 'undecided' | undefined {
  const known = knownFormat(format, minor);
  if (known === undefined) return undefined;
  const has = known.check(text);
  if (has === undefined) return 'undecided';
  if (has) return undefined;
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
  return `${known.isPrivate === true ? 'is' : `${shown} is`} no ${known.words}`;
}

/** Whether a server of a minor looks at a format at all. */
export function isLookedAt(format: string, minor: string): boolean {
  return knownFormat(format, minor) !== undefined;
}

function knownFormat(format: string, minor: string): Format | undefined {
  const name = format.replaceAll('-', '');
  const known = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  return Number(minor.slice(2)) < (SINCE[name] ?? 0) ? undefined : known;
}

/** Lower case and upper, and the second part of what a `t` divides; what follows a second `t` nobody looks at. */
function isDateTime(text: string): boolean {
  const [day = '', time] = text.toLowerCase().split('t', 2);
  if (time === undefined || !isDay(day)) return false;
  const match = /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/u.exec(time);
  const [hour = '', minute = '', second = ''] = match?.slice(1) ?? [];
  return match !== null && hour <= '23' && minute <= '59' && second <= '59';
}

const UNITS: readonly (readonly string[])[] = [
  ['ns', 'nano'],
  ['us', 'µs', 'micro'],
  ['ms', 'milli'],
  ['s', 'sec'],
  ['m', 'min'],
  ['h', 'hr', 'hour'],
  ['d', 'day'],
  ['w', 'wk', 'week'],
];

/** As Go has it (with the sign for micro and the Greek letter), or anything in which a number with a unit stands. */
function isDuration(text: string): boolean {
  if (/^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/.test(text)) return true;
  let found = false;
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d+)[\t\n\f\r ]*([A-Za-z\u00b5]+)/g)) {
    if (BigInt(digits) >= 2n ** 63n) return false;
    const name = unit.toLowerCase();
    found ||= UNITS.some((names) => names.includes(name) || name.startsWith(names.at(-1) ?? ''));
  }
  return found;
}

/** Of Go's many forms (names, comments, quotes) the plain one; the others are left to it. */
function isEmail(text: string): boolean | undefined {
  if (!text.includes('@')) return false;
  if (/[\s<>()[\]":;,\\]/.test(text)) return undefined;
  const parts = text.split('@');
  return parts.length === 2 && parts.every((part) => /^[^.]+(?:\.[^.]+)*$/.test(part) && !/[\0-\x1f\x7f]/.test(part));
}

/** Symbols and letters of all scripts; it may begin with a digit. */
function isHostname(text: string): boolean {
  if (text.length > 255 || Buffer.byteLength(text) > 255) return false;
  const labels = text.split('.');
  if (labels.some((label) => Buffer.byteLength(label) > 63)) return false;
  const last = labels.pop() ?? '';
  // One label alone may end with anything but a dash in its first place; in a longer name each label is strict.
  if (labels.length === 0) return /^[a-zA-Z0-9\p{S}\p{L}](?:-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?$/u.test(last);
  const isLabel = /^[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?$/u;
  return labels.every((label) => isLabel.test(label)) && /^[a-zA-Z\p{L}]{2,63}$/u.test(last);
}

/** An IPv6 address that ends with one is one, too. */
function isIpv4(text: string): boolean {
  if (!text.includes('.')) return false;
  if (/^[^.]*:/.test(text)) return isLooseIpv6(text);
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d+$/.test(part) && Number(part) <= 255);
}

/** In the old and loose form, with zeros before a number: so Kubernetes takes it in fields that are older than 1.33. */
export function isIpAddress(text: string): boolean {
  return text.includes(':') ? isLooseIpv6(text) : isIpv4(text);
}

function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  const address = text.slice(0, Math.max(slash, 0));
  const size = text.slice(slash + 1);
  if (slash === -1 || !/^\d+$/.test(size)) return false;
  return address.includes(':') ? isLooseIpv6(address) && Number(size) <= 128 : isIpv4(address) && Number(size) <= 32;
}

/** With any number of zeros before a number, as Go took addresses once: Kubernetes does so still. */
function isLooseIpv6(text: string): boolean {
  return !text.includes('%') && isIPv6(text.replace(/(^|[:.])0+(?=[0-9a-fA-F])/g, '$1'));
}

function isMac(text: string): boolean {
  const pairs = /^[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2})*$/.test(text);
  if (pairs) return [6, 8, 20].includes((text.length + 1) / 3);
  return /^[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4})+$/.test(text) && [3, 4, 10].includes((text.length + 1) / 5);
}

/** What follows a scheme without a slash nobody looks at; a host with brackets, a login or escapes is left to Go. */
function isUri(text: string): boolean | undefined {
  if (text === '' || /[\0-\x1f\x7f]/.test(text)) return false;
  if (text === '*') return true;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(text)?.[0] ?? '';
  const [rest = ''] = text.slice(scheme.length).split('?', 1);
  if (!rest.startsWith('/')) return scheme !== '';
  const authority = scheme === '' ? undefined : /^\/\/([^/]*)/.exec(rest)?.[1];
  const path = authority === undefined ? rest : rest.slice(2 + authority.length);
  if (/%(?![0-9a-fA-F]{2})/.test(path)) return false;
  if (authority === undefined) return true;
  if (/[@%[\]]|:.*:/.test(authority)) return undefined;
  return !/[ #\\^`{|}]/.test(authority) && /^[^:]*(?::[0-9]*)?$/.test(authority);
}

function uuid(version: string, variant: string): Check {
  const form = new RegExp(
    `^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`,
    'i',
  );
  return (text) => form.test(text);
}

function isShortName(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}

function isLongName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]+(?:(?:-+|\.)[a-z0-9]+)*$/.test(text);
}

const RGB = '(?:0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])';
const RGB_COLOR = new RegExp(`^rgb\\(_*${RGB}_*,_*${RGB}_*,_*${RGB}_*\\)$`);

function isRgbColor(text: string): boolean {
  return !text.includes('_') && RGB_COLOR.test(text.replace(/[\t\n\f\r ]/g, '_'));
}

function isIsbn10(text: string): boolean {
  const bare = text.replace(/[\t\n\f\r -]+/g, '');
  if (!/^[0-9]{9}[0-9X]$/.test(bare)) return false;
  const sum = [...bare].reduce((total, digit, index) => total + (index + 1) * (digit === 'X' ? 10 : Number(digit)), 0);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const bare = text.replace(/[\t\n\f\r -]+/g, '');
  if (!/^[0-9]{13}$/.test(bare)) return false;
  return [...bare].reduce((total, digit, index) => total + (index % 2 === 0 ? 1 : 3) * Number(digit), 0) % 10 === 0;
}

/** Of the known issuers, with the check digit of Luhn; what is no digit doesn't count. */
function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, '');
  const ofIssuer =
    /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;
  if (!ofIssuer.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
