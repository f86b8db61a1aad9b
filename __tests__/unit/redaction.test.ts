import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createRedaction } from '../../src/adapters/redaction.ts';

function redacting(...secrets: string[]): (text: string) => string {
  const redaction = createRedaction();
  for (const secret of secrets) redaction.mask(secret);
  return redaction.redact;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const SECRET = 'p@ss w/ö"rd+%~!&<\\x\u0001';

describe('one secret', () => {
  const redact = redacting(SECRET);

  test.each([
    ['as it is', SECRET],
    ['JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['JSON within JSON', JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
    ['JSON with \\/', JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/')],
    ["JSON of Go's encoder", 'p@ss w/ö\\"rd+%~!\\u0026\\u003c\\\\x\\u0001'],
    ['JSON in ASCII', 'p@ss w/\\u00f6\\"rd+%~!&<\\\\x\\u0001'],
    ['encodeURIComponent', encodeURIComponent(SECRET)],
    ['percent-encoded, lower case', encodeURIComponent(SECRET).replace(/%../g, (hex) => hex.toLowerCase())],
    ['percent-encoded, all that is not unreserved', 'p%40ss%20w%2F%C3%B6%22rd%2B%25%7E%21%26%3C%5Cx%01'],
    ["Go's url.QueryEscape", 'p%40ss+w%2F%C3%B6%22rd%2B%25~%21%26%3C%5Cx%01'],
    ["Go's url.PathEscape", 'p@ss%20w%2F%C3%B6%22rd+%25~%21&%3C%5Cx%01'],
    ["Go's url.UserPassword", 'p%40ss%20w%2F%C3%B6%22rd+%25~%21&%3C%5Cx%01'],
    ['a form', new URLSearchParams({ a: SECRET }).toString().slice(2)],
    ['base64', base64(SECRET)],
    ['base64 for URLs', Buffer.from(SECRET).toString('base64url')],
    ['base64 of base64', base64(base64(SECRET))],
    ['base64 of JSON', base64(JSON.stringify(SECRET).slice(1, -1))],
    ['base64, percent-encoded', encodeURIComponent(base64(SECRET))],
    ['XML', 'p@ss w/ö&quot;rd+%~!&amp;&lt;\\x\u0001'],
  ])('%s', (_name, form) => {
    // Nothing but padding is left of it.
    expect(redact(`before "${form}" after`)).toMatch(/^before "\*\*\*={0,2}(%3D){0,2}" after$/);
  });

  test('in base64 at any place of a longer text, down to the digits it shares with its neighbours', () => {
    const bytes = Buffer.byteLength(SECRET);
    for (let length = 0; length < 9; length++) {
      for (const tail of ['', 'x', 'yz', '@host']) {
        for (const encoding of ['base64', 'base64url'] as const) {
          const digits = Buffer.from(`${'user:abcd'.slice(0, length)}${SECRET}${tail}`).toString(encoding);
          const from = Math.floor((length * 8) / 6);
          const to = Math.ceil(((length + bytes) * 8) / 6);
          expect(redact(digits)).toBe(`${digits.slice(0, from)}***${digits.slice(to)}`);
        }
      }
    }
  });
});

test('a Docker configuration within a Secret', () => {
  const auth = base64('robot:hunter2-hunter2');
  const config = JSON.stringify({ auths: { 'ghcr.io': { password: 'hunter2-hunter2', auth } } });
  const left = redacting('hunter2-hunter2')(`.dockerconfigjson: ${base64(config)}`);
  const decoded = left
    .replace('.dockerconfigjson: ', '')
    .split('***')
    .map((part) => Buffer.from(part, 'base64').toString('latin1'));
  expect(decoded.join('')).not.toMatch(/hunter|aHVudGVy/);
  expect(left.split('***').length).toBe(3);
});

test('several lines: the whole, each line, and each line encoded', () => {
  const key = '-----BEGIN PRIVATE KEY-----\r\nMIIEvQIBADANBgkq\n  hkiG9w0BAQEFAASC  \nab\n-----END PRIVATE KEY-----\n';
  const redact = redacting(key);
  expect(redact(key)).toBe('***');
  expect(redact(key.trim())).toBe('***');
  expect(redact('x hkiG9w0BAQEFAASC y MIIEvQIBADANBgkq')).toBe('x *** y ***');
  expect(redact(base64('MIIEvQIBADANBgkq'))).toMatch(/^\*\*\*={0,2}$/);
  expect(redact('ab -----BEGIN PRIVATE KEY-----')).toBe('ab -----BEGIN PRIVATE KEY-----');
});

test('what YAML needs around a secret stays readable', () => {
  const redact = redacting('apiVersion: v1\nkind: Config\nusers:\n- user:\n    token: very-secret-token\n');
  expect(redact('apiVersion: v1\nkind: Config\nusers:\n')).toBe('apiVersion: v1\nkind: Config\nusers:\n');
  expect(redact('x: 1\n    token: very-secret-token')).toBe('x: 1\n    ***');
});

test('the base64 of a long secret in lines of 76 and of 64', () => {
  const secret = randomBytes(300).toString('hex');
  const redact = redacting(secret);
  for (const width of [64, 76]) {
    const lines = base64(secret).match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
    expect(lines.length).toBeGreaterThan(5);
    expect(redact(lines.slice(0, -1).join('\n'))).toMatch(/^(\*\*\*\n?)+$/);
  }
});

test('values shorter than six characters are left alone, six are not', () => {
  expect(redacting('true', '54321', '  abc  ')('true 54321 abc')).toBe('true 54321 abc');
  expect(redacting('  abc  ')('x  abc  y')).toBe('x  abc  y');
  expect(redacting('true')(base64('true'))).toBe('dHJ1ZQ==');
  expect(redacting('654321')('654321')).toBe('***');
});

test('the longest first, and nothing is left of secrets that overlap', () => {
  const redact = redacting('secret', 'secret-and-more', 'more-of-it');
  expect(redact('secret secret-and-more')).toBe('*** ***');
  expect(redact('secret-and-more-of-it!')).toBe('***!');
});

test('replacement patterns and prototypes mean nothing', () => {
  expect(redacting('$&$1$$constructor')('a$&$1$$constructorb constructor __proto__')).toBe(
    'a***b constructor __proto__',
  );
});

test('text without a secret is the same string, and no secret is no work', () => {
  expect(redacting()('anything')).toBe('anything');
  expect(redacting('hunter2')('anything, short, and long')).toBe('anything, short, and long');
});

test('a secret of any text can be masked', () => {
  for (const secret of [
    '\ud800\ud801half pair',
    '\u0000'.repeat(10),
    '🚢'.repeat(6),
    '......',
    '%%%%%%%%',
    '\n\n\n\n\n\n\n',
  ]) {
    expect(() => redacting(secret)('x')).not.toThrow();
  }
  expect(redacting('🚢🚢🚢')('a🚢🚢🚢b')).toBe('a***b');
});

test('5 MB with 20 secrets take well under a second', () => {
  const secrets = Array.from({ length: 20 }, () => `p@ ${randomBytes(12).toString('base64')}"&`);
  const redact = redacting(...secrets);
  const chunk = `${secrets.join(' x ')}\n${'metadata: { name: task-api, labels: {} }\n'.repeat(400)}`;
  const text = chunk.repeat(Math.ceil(5_000_000 / chunk.length));
  const started = performance.now();
  const left = redact(text);
  expect(performance.now() - started).toBeLessThan(1000);
  expect(secrets.some((secret) => left.includes(secret))).toBe(false);
});
