import { describe, expect, test } from '@jest/globals';
import { customKinds } from '../../src/domain/custom-kinds.ts';
import { goRegexp } from '../../src/domain/go-regexp.ts';
import { objectFaults, targetVersion } from '../../src/domain/object-faults.ts';
import { createPatterns } from '../../src/domain/patterns.ts';
import { askServer } from '../support/apiextensions.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';
import { seeded } from '../support/mutants.ts';

// The API server's own code is asked the same: tools/apiextensions.

type Field = Readonly<Record<string, unknown>>;

interface Case {
  readonly field: Field;
  readonly value: unknown;
  readonly minor?: string;
}

const schemaOf = (field: Field) => ({
  type: 'object',
  properties: { spec: { type: 'object', properties: { v: field } } },
});
const objectOf = (value: unknown) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name: 'a' },
  spec: { v: value },
});

const patterns = createPatterns(goRegexp);

/** What Chartship says of a case: the faults, and whether something was left to the server. */
function judged({ field, value, minor = '1.37' }: Case): { faults: string[]; leftOut: number } {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schemaOf(field) } }],
    },
  };
  const before = patterns.leftOut.length;
  const target = targetVersion(minor, kubernetesSchemas());
  const kinds = customKinds([{ data: definition, within: '' }]);
  const faults = objectFaults(objectOf(value), target, kinds, patterns)
    .filter(({ severity }) => severity === 'error')
    .map(({ rule, path, message }) => `${rule} ${path}: ${message}`);
  return { faults, leftOut: patterns.leftOut.length - before };
}

interface Compared {
  readonly refusedByUsAlone: string[];
  readonly refusedByServerAlone: string[];
  readonly both: number;
  readonly accepted: number;
}

async function compared(cases: readonly Case[]): Promise<Compared> {
  const answers = await askServer(
    cases.map(({ field, value, minor = '1.37' }) => ({ schema: schemaOf(field), value: objectOf(value), minor })),
  );
  const result = { refusedByUsAlone: [] as string[], refusedByServerAlone: [] as string[], both: 0, accepted: 0 };
  for (const [index, each] of cases.entries()) {
    const { definition, errors = [] } = answers[index] ?? {};
    if (definition !== undefined) throw new Error(`${definition}: ${JSON.stringify(each)}`);
    const { faults } = judged(each);
    const shown = `${[...faults, ...errors].join('; ')}: ${JSON.stringify([each.minor, each.value, each.field])}`.slice(
      0,
      300,
    );
    if (errors.length > 0 && faults.length > 0) result.both++;
    else if (errors.length > 0) result.refusedByServerAlone.push(shown);
    else if (faults.length > 0) result.refusedByUsAlone.push(shown);
    else result.accepted++;
  }
  return result;
}

const FORMATS: Readonly<Record<string, readonly string[]>> = {
  bsonobjectid: ['507f1f77bcf86cd799439011', '507f1f77bcf86cd79943901', 'zz7f1f77bcf86cd799439011'],
  byte: ['aGVsbG8=', 'aGVsbG8', '', 'aGVs\nbG8=', '====', 'aGVsbG8h', 'aGVs-G8h'],
  cidr: [
    ...['10.0.0.0/8', '10.0.0.0/33', '10.0.0.0', '010.0.0.0/08', '2001:db8::/32', '2001:db8::/129', '::/0', '1.2.3/8'],
    ...[
      '::ffff:1.2.3.4/120',
      '00001::/8',
      '::ffff:001.2.3.4/8',
      '1:.2.3.4/8',
      'fe80::1%eth0/64',
      '/8',
      '1.2.3.4/',
      '1.2.3.4/-1',
    ],
  ],
  creditcard: ['4111111111111111', '4111-1111-1111-1111', '4111111111111112', '5500 0000 0000 0004', 'none'],
  date: ['2006-01-02', '2024-02-29', '2023-02-29', '2006-1-2', '2006-13-01', '0001-01-01', '0000-02-29', '1900-02-29'],
  'date-time': [
    ...['2006-01-02T15:04:05Z', '2006-01-02t15:04:05z', '2006-01-02T15:04:05', '2006-01-02T24:04:05Z'],
    ...['2006-01-02T15:04:60Z', '2006-01-02T15:04:05.123+01:00', '2006-01-02 15:04:05Z', '2006-02-30T15:04:05Z'],
    ...[
      '2006-01-02T15:04:05ZTZ',
      '2006-01-02T15:04:05+99:99',
      '2006-01-02T15:04:05,5Z',
      'now',
      '2006-01-02T15:04:05x5Z',
    ],
  ],
  duration: [
    ...['1h30m', '90s', '1.5h', '0', '-0', '+5m', '.5s', '1.s', '22 ns', '1 day', '2 weeks', 'P1D', '5', '1 month', ''],
    ...['1 minute', '3 hours', '1µs', '1μs', '1 fortnight', 'in 5 min', '99999999999999999999 s', '1h 2', '5S', '1 Hr'],
  ],
  email: [
    'a@b.c',
    'a@b',
    'a',
    'a@',
    '@b',
    'a..b@c',
    '.a@b',
    'a@b@c',
    'Ann <a@b.c>',
    '"a b"@c',
    'ä@ö.de',
    'a@b.',
    'a @b',
  ],
  hexcolor: ['#fff', 'fff', '#ffffff', '#ffff', 'red'],
  hostname: [
    ...[
      'example.com',
      'localhost',
      'a-',
      '-a',
      'a.b',
      'a.b1',
      'a.1',
      'example.com.',
      'a_b',
      'ä.de',
      'a..b',
      '1',
      'x.y-.zz',
    ],
    ...['', 'a.', '😀', `${'a'.repeat(63)}.com`, `${'a'.repeat(64)}.com`, `${'ab.'.repeat(85)}com`, 'a--b', 'a b'],
  ],
  ipv4: ['1.2.3.4', '01.02.03.004', '1.2.3', '256.1.1.1', '1.2.3.4.5', '::ffff:1.2.3.4', '::1', '1.2.3.4 ', ''],
  ipv6: [
    '::1',
    '::',
    'fe80::1%eth0',
    '1.2.3.4',
    '::ffff:1.2.3.4',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7',
    '12345::',
    ':::',
  ],
  isbn: ['0321751043', '978-0321751041', '0321751044', '978-0321751042', '012000030X', 'isbn'],
  isbn10: ['0321751043', '978-0321751041', '0 321 75104 3'],
  isbn13: ['0321751043', '978-0321751041', '9780321751041'],
  'k8s-long-name': ['a.b', 'A.b', 'a..b', '-a', 'a-.b', ''],
  'k8s-short-name': ['a-b', 'a.b', 'A', '-a', 'a'.repeat(64), ''],
  mac: [
    ...[
      '01:23:45:67:89:ab',
      '01-23-45-67-89-ab',
      '01:23:45:67:89',
      '0123.4567.89ab',
      '01:23-45:67:89:ab',
      '01:23:45:67:89:ag',
    ],
    ...['01:23:45:67:89:ab:cd:ef', '0123.4567.89ab.cdef', '0123.4567', ''],
  ],
  password: ['', 'x'],
  rgbcolor: ['rgb(255,255,255)', 'rgb( 1, 2 ,3 )', 'rgb(256,1,1)', 'rgb(1,2)', 'rgb_(1,2,3)'],
  ssn: ['111-22-3333', '111 22 3333', '111223333', '111-22-33333'],
  uri: [
    ...[
      'http://a.b/c?d#e',
      '/a',
      'a',
      'mailto:x',
      '',
      '*',
      'http://a b',
      'http://a:b',
      'http://a:1',
      'http://%zz',
      '/%zz',
    ],
    ...[
      'http://[::1]:80/',
      'http://u:p@h/',
      ':a',
      'http://a#b',
      'https://a{b',
      '//a',
      '//a b',
      'x:/a b',
      'http://',
      '/?%zz',
    ],
    ...[
      '1http://a',
      'http://a:1:2',
      'http://a/\u0001',
      'http://ä/',
      'http://a\\b',
      'http://a|b',
      'http://a^b',
      'http://a"b',
    ],
  ],
  uuid: [
    ...[
      '123e4567-e89b-12d3-a456-426614174000',
      '123E4567E89B12D3A456426614174000',
      '123e4567-e89b-12d3-a456-42661417400',
    ],
  ],
  uuid3: ['123e4567-e89b-32d3-a456-426614174000', '123e4567-e89b-42d3-a456-426614174000'],
  uuid4: ['123e4567-e89b-42d3-a456-426614174000', '123e4567-e89b-42d3-c456-426614174000'],
  uuid5: ['123e4567-e89b-52d3-b456-426614174000', '123e4567-e89b-12d3-a456-426614174000'],
  'not-a-format': ['', 'x'],
};

describe('formats', () => {
  /** Each text, and texts of it with a character taken out, put in or put in another's place. */
  const cases = Object.entries(FORMATS).flatMap(([format, texts]) => {
    const random = seeded(7);
    const alphabet = [...'aZ09 .:-/%@#[]T_+', 'é', '\t'];
    const pick = (): string => alphabet[Math.floor(random() * alphabet.length)] ?? '';
    const mutated = texts.flatMap((text) =>
      Array.from({ length: 40 }, (_, index) => {
        const characters = [...text];
        const at = Math.floor(random() * (characters.length + 1));
        characters.splice(at, index % 3 === 0 ? 0 : 1, ...(index % 3 === 1 ? [] : [pick()]));
        return characters.join('');
      }),
    );
    return [...texts, ...mutated].map((value): Case => ({ field: { type: 'string', format }, value }));
  });

  test('no text is refused that the server takes, and nearly every one is that it refuses', async () => {
    const { refusedByUsAlone, refusedByServerAlone, both, accepted } = await compared(cases);
    console.info(
      `${cases.length} texts: ${both} refused by both, ${accepted} accepted by both, ${refusedByServerAlone.length} refused by the server alone`,
    );
    expect(refusedByUsAlone).toEqual([]);
    // What is left to Go: mail addresses with names and comments, hosts with brackets.
    expect(refusedByServerAlone.length / (both + refusedByServerAlone.length)).toBeLessThan(0.03);
    expect(both).toBeGreaterThan(1_000);
    expect(accepted).toBeGreaterThan(1_000);
  });

  test('those that came later are passed over before', async () => {
    const later = ['1.33', '1.34'].flatMap((minor) =>
      ['k8s-short-name', 'k8s-long-name'].map((format) => ({ field: { type: 'string', format }, value: 'A', minor })),
    );
    const { refusedByUsAlone, refusedByServerAlone, both, accepted } = await compared(later);
    expect({ refusedByUsAlone, refusedByServerAlone, both, accepted }).toEqual({
      refusedByUsAlone: [],
      refusedByServerAlone: [],
      both: 2,
      accepted: 2,
    });
  });
});

describe('patterns', () => {
  const PATTERNS = [
    ...[
      '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      '(?i)^abc$',
      '^(a+)+$',
      '^(a|aa)+$',
      '\\Aabc\\z',
      '^\\d{1,3}$',
      '[[:alpha:]]+$',
    ],
    ...[
      '^\\pL+$',
      '^\\p{Greek}+$',
      '(?s)^a.b$',
      '^a.b$',
      '(?m)^b$',
      '^$',
      'x*',
      '^[^\\s]+$',
      '\\bfoo\\b',
      '^.{2}$',
      '(?U)a+',
    ],
    ...[
      '^(?P<n>a)b$',
      '^(?<n>a)b$',
      '\\Qa.b\\E',
      '[\\w.-]+@',
      '^[\\-a]$',
      '^a{2,3}?$',
      '\\x{1F600}',
      '^(?:a|b|)$',
      '[a-\\d]',
    ],
    ...[
      '^(((([01]?\\d)?\\d)\\.){3})$',
      '^\\S*$',
      '[^\\n]',
      '\\.$',
      '^/',
      '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))$',
    ],
    ...['(?i)ſ', '(?i)k', '^\\W$', '[[:^space:]]', '^\\pN+$', 'a\\/b', '^\\C'],
  ];
  const TEXTS = [
    ...[
      '',
      'abc',
      'ABC',
      'a',
      'aa',
      'ab',
      'a.b',
      'a\nb',
      'b\na',
      'a b',
      '1',
      '123',
      '٣',
      'αβγ',
      'ÄÖ',
      '😀',
      'é',
      'foo bar',
    ],
    ...[
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab',
      'my-name',
      '-x',
      'x-',
      'x@y',
      '/',
      'a/b',
      '1.2.3.',
      '+1.5',
      'K',
      'ſ',
      '\u212a',
    ],
  ];

  test('every one says of every text what Go says', async () => {
    const taken = PATTERNS.filter((pattern) => typeof goRegexp(pattern) !== 'string');
    const answers = await askServer(
      PATTERNS.map((pattern) => ({
        schema: schemaOf({ type: 'string', pattern }),
        value: objectOf('x'),
        minor: '1.37',
      })),
    );
    // Those that are none of Go's its port doesn't take either.
    expect(taken).toEqual(PATTERNS.filter((_, index) => answers[index]?.definition === undefined));
    expect(taken.length).toBeGreaterThan(PATTERNS.length - 4);
    const cases = taken.flatMap((pattern) => TEXTS.map((value) => ({ field: { type: 'string', pattern }, value })));
    const { refusedByUsAlone, refusedByServerAlone, both, accepted } = await compared(cases);
    expect({ refusedByUsAlone, refusedByServerAlone }).toEqual({ refusedByUsAlone: [], refusedByServerAlone: [] });
    expect(Math.min(both, accepted)).toBeGreaterThan(200);
  });
});

describe('values', () => {
  const string = { type: 'string' };
  const port = {
    type: 'object',
    required: ['port'],
    properties: { port: { type: 'integer' }, protocol: { ...string, default: 'TCP' }, name: string },
  };
  const ports = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port', 'protocol'],
    items: port,
  };
  const set = { type: 'array', 'x-kubernetes-list-type': 'set', items: string };
  const embedded = {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  };
  const either = { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
  const numbers = [
    0,
    1,
    2,
    3,
    10,
    -1,
    0.5,
    1.5,
    2.5,
    0.3,
    2 ** 31,
    2 ** 31 - 1,
    -(2 ** 31) - 1,
    2 ** 53,
    1e20,
    1e39,
    3e38,
  ];
  const fields: [Field, readonly unknown[]][] = [
    [{ type: 'integer', format: 'int32' }, numbers],
    [{ type: 'integer', format: 'int64' }, numbers],
    [{ type: 'integer' }, numbers],
    [{ type: 'number', format: 'float' }, numbers],
    [{ type: 'number', minimum: 0.5, maximum: 2.5 }, numbers],
    [{ type: 'number', minimum: 1, exclusiveMinimum: true, maximum: 3, exclusiveMaximum: true }, numbers],
    [{ type: 'integer', multipleOf: 2 }, numbers.filter((each) => Math.abs(each) < 2 ** 53)],
    [{ type: 'number', multipleOf: 0.1 }, [0.3, 0.35, 1.1, 0.5]],
    [{ type: 'number', multipleOf: 1.5 }, [1.5, 2.5, 4.5, 0.75]],
    [
      { ...string, minLength: 2, maxLength: 3 },
      ['', 'a', 'ab', 'abcd', '😀', '😀😀', '😀😀😀😀', 'äöü', 'e\u0301e\u0301'],
    ],
    [{ ...string, enum: ['a', ''] }, ['a', '', 'b']],
    [{ type: 'array', items: string, minItems: 1, maxItems: 2 }, [[], ['a'], ['a', 'b', 'c']]],
    [
      { type: 'object', additionalProperties: string, minProperties: 1, maxProperties: 2 },
      [{}, { a: '1' }, { a: '', b: '', c: '' }],
    ],
    [set, [[], ['a', 'b'], ['a', 'a'], ['a', 'a', 'a', 'b', 'b']]],
    [
      { ...set, items: { type: 'integer' } },
      [
        [1, 2],
        [1, 1],
      ],
    ],
    [
      { ...set, items: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: string, b: string } } },
      [
        [
          { a: '1', b: '2' },
          { b: '2', a: '1' },
        ],
        [{ a: '1' }, { a: '1', b: '2' }],
      ],
    ],
    [
      ports,
      [
        [{ port: 1 }, { port: 2 }],
        [{ port: 1 }, { port: 1 }],
        [{ port: 1 }, { port: 1, protocol: 'TCP' }],
        [{ port: 1 }, { port: 1, protocol: 'UDP' }],
        [
          { port: 1, name: 'a' },
          { port: 1, name: 'b' },
        ],
      ],
    ],
    [
      { ...ports, 'x-kubernetes-list-map-keys': ['name'], items: { ...port, required: ['name'] } },
      [
        [{ name: 'a' }, { name: 'b' }],
        [{ name: 'a' }, { name: 'a' }],
        [{ name: 'a' }, { port: 1 }],
      ],
    ],
    [either, [1, '1', 1.5, true, null]],
    [{ ...either, pattern: '^[0-9]+%$' }, [1, '1', '1%']],
    [{ ...string, anyOf: [{ pattern: '^a' }, { format: 'ipv4' }] }, ['a', 'b', '1.2.3.4']],
    [{ ...string, oneOf: [{ pattern: '^a' }, { pattern: 'b$' }] }, ['a', 'b', 'ab', 'c']],
    [{ ...string, not: { pattern: '^-' } }, ['-a', 'a']],
    [{ type: 'object', additionalProperties: string, minProperties: 1 }, [{ a: null }, { a: '' }]],
    [
      { type: 'object', properties: { a: string, b: { ...string, nullable: true } }, minProperties: 1 },
      [{ a: null }, { b: null }],
    ],
    [
      {
        type: 'array',
        items: {
          type: 'object',
          properties: { type: { ...string, default: 'A' }, value: string },
          oneOf: [
            { properties: { type: { enum: ['A'] }, value: { format: 'ipv4' } } },
            { properties: { type: { not: { enum: ['A'] } } } },
          ],
        },
      },
      [
        [{ value: '1.2.3.4' }],
        [{ value: 'x' }],
        [{ type: 'B', value: 'x' }],
        [{ type: null, value: '1.2.3.4' }],
        [{ type: 'A', value: 'x' }],
      ],
    ],
    [{ type: 'object', format: 'date', properties: {} }, [{}]],
    [
      embedded,
      [
        { apiVersion: 'v1', kind: 'Pod' },
        { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a', labels: { a: 'b' } }, spec: { any: 1 } },
        { kind: 'Pod' },
        { apiVersion: '', kind: 'Pod' },
        { apiVersion: 'a/b/c', kind: 'Pod' },
        { apiVersion: '/', kind: 'Pod' },
        { apiVersion: 'a/', kind: 'Pod' },
        { apiVersion: '/a', kind: 'Pod' },
        { apiVersion: 1, kind: 'Pod' },
        { apiVersion: 'v1', kind: 'no kind' },
        { apiVersion: 'v1', kind: '1' },
        { apiVersion: 'v1', kind: 'Pod', metadata: { name: 1 } },
        { apiVersion: 'v1', kind: 'Pod', metadata: { labels: { 'not good': 'a' } } },
        { apiVersion: 'v1', kind: 'Pod', metadata: { labels: { good: 'not good' } } },
        { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a/b' } },
        { apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'a-' } },
        { apiVersion: 'v1', kind: 'Pod', metadata: { anything: 1 } },
        { apiVersion: 'v1', kind: 'Pod', metadata: { annotations: { a: 1 } } },
        { apiVersion: 'v1', kind: 'Pod', metadata: [] },
      ],
    ],
    [
      { type: 'object', properties: { a: { ...string, default: 'x' } }, required: ['a'] },
      [{}, { a: null }, { a: '' }, { b: 1 }],
    ],
  ];
  const cases = fields.flatMap(([field, values]) =>
    ['1.37', '1.36'].flatMap((minor) => values.map((value) => ({ field, value, minor }))),
  );

  test('numbers, lengths, lists, resources within, and schemas of which some must hold', async () => {
    const { refusedByUsAlone, refusedByServerAlone, both, accepted } = await compared(cases);
    expect({ refusedByUsAlone, refusedByServerAlone }).toEqual({ refusedByUsAlone: [], refusedByServerAlone: [] });
    expect(Math.min(both, accepted)).toBeGreaterThan(80);
  });

  test('before 1.36 a server looks at no range of a format', () => {
    const field = { type: 'integer', format: 'int32' };
    expect(judged({ field, value: 2 ** 31, minor: '1.35' }).faults).toEqual([]);
    expect(judged({ field, value: 2 ** 31, minor: '1.36' }).faults).toEqual([
      'schema/range /spec/v: 2147483648 is out of range',
    ]);
  });
});

describe('a resource with one thing changed, at every depth', () => {
  const text = { type: 'string', maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' };
  const reference = {
    type: 'object',
    required: ['name'],
    properties: { group: { ...text, default: 'core', maxLength: 253 }, name: { ...text, minLength: 1 }, kind: text },
  };
  const schema = {
    type: 'object',
    required: ['class'],
    properties: {
      class: { type: 'string', enum: ['small', 'large'] },
      replicas: { type: 'integer', format: 'int32', minimum: 0, maximum: 100, default: 1 },
      ratio: { type: 'number', exclusiveMinimum: true, minimum: 0, maximum: 1, multipleOf: 0.25 },
      port: {
        'x-kubernetes-int-or-string': true,
        anyOf: [{ type: 'integer' }, { type: 'string' }],
        pattern: '^[a-z]+$',
      },
      paused: { type: 'boolean', nullable: true },
      since: { type: 'string', format: 'date-time' },
      every: { type: 'string', format: 'duration' },
      addresses: {
        type: 'array',
        maxItems: 3,
        items: {
          type: 'object',
          required: ['value'],
          properties: { type: { type: 'string', default: 'IP', enum: ['IP', 'Host'] }, value: { type: 'string' } },
          oneOf: [
            {
              properties: {
                type: { enum: ['IP'] },
                value: { anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
              },
            },
            { properties: { type: { enum: ['Host'] }, value: { format: 'hostname' } } },
          ],
        },
      },
      ports: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name', 'protocol'],
        items: {
          type: 'object',
          required: ['name'],
          properties: {
            name: text,
            protocol: { type: 'string', default: 'TCP' },
            number: { type: 'integer', minimum: 1, maximum: 65_535 },
          },
        },
      },
      zones: { type: 'array', minItems: 1, 'x-kubernetes-list-type': 'set', items: text },
      labels: { type: 'object', maxProperties: 2, additionalProperties: { ...text, not: { enum: ['none'] } } },
      from: { ...reference, allOf: [{ required: ['kind'] }] },
      template: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
      settings: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { level: { type: 'integer' } },
      },
    },
  };
  const good = {
    class: 'small',
    replicas: 2,
    ratio: 0.5,
    port: 'http',
    paused: null,
    since: '2026-01-02T03:04:05Z',
    every: '1h30m',
    addresses: [{ value: '1.2.3.4' }, { type: 'Host', value: 'a.example.com' }],
    ports: [
      { name: 'http', number: 80 },
      { name: 'http', protocol: 'UDP' },
    ],
    zones: ['a', 'b'],
    labels: { a: 'b' },
    from: { name: 'a', kind: 'b' },
    template: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'a', labels: { a: 'b' } },
      spec: { any: 1 },
    },
    settings: { level: 1, other: { deep: [1] } },
  };
  const others = [
    ...[
      null,
      0,
      1,
      -1,
      101,
      70_000,
      2 ** 31,
      0.25,
      0.3,
      true,
      '',
      'x',
      'IP',
      'Host',
      'large',
      'UDP',
      'none',
      'UPPER_x!',
    ],
    ...['a/b', 'a.b.c', '1.2.3.4', '::1', '90s', '2026-01-02', 'x'.repeat(64), [], {}, ['a'], ['a', 'a'], { a: 1 }],
  ];

  /** The whole with something else at a path; `undefined` takes it out. */
  function changed(path: readonly (string | number)[], change: (holder: never, step: never) => void): unknown {
    const copy = { v: structuredClone(good) };
    const holder = path.slice(0, -1).reduce((node: unknown, step) => (node as Record<string, unknown>)[step], copy);
    change(holder as never, path.at(-1) as never);
    return copy.v;
  }

  function mutants(value: unknown, path: readonly (string | number)[]): unknown[] {
    const put = (other: unknown): unknown =>
      changed(path, (holder: Record<string, unknown>, step: string) => {
        holder[step] = other;
      });
    const found = path.length < 2 ? [] : others.map(put);
    if (Array.isArray(value)) {
      found.push(put([...value, value[0]]), put(value.slice(1)), put([...value, ...value]));
      return [...found, ...value.flatMap((each, index) => mutants(each, [...path, index]))];
    }
    if (typeof value !== 'object' || value === null) return found;
    const rest = Object.entries(value);
    found.push(put({ ...value, notAField: 1 }));
    for (const [name] of rest) found.push(put(Object.fromEntries(rest.filter(([other]) => other !== name))));
    return [...found, ...rest.flatMap(([name, each]) => mutants(each, [...path, name]))];
  }

  test('is judged as the server judges it', async () => {
    const values = [good, ...mutants(good, ['v'])];
    const cases = ['1.37', '1.36'].flatMap((minor) => values.map((value) => ({ field: schema, value, minor })));
    expect(judged({ field: schema, value: good }).faults).toEqual([]);
    const { refusedByUsAlone, refusedByServerAlone, both, accepted } = await compared(cases);
    console.info(`${cases.length} resources: ${both} refused by both, ${accepted} accepted by both`);
    expect({ refusedByUsAlone, refusedByServerAlone }).toEqual({ refusedByUsAlone: [], refusedByServerAlone: [] });
    expect(cases.length).toBeGreaterThan(2_000);
    expect(accepted).toBeGreaterThan(300);
  });
});
