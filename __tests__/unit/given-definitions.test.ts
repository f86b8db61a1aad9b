import { describe, expect, test } from '@jest/globals';
import { givenDefinitions } from '../../src/domain/given-definitions.ts';
import { objectFaults, targetVersion } from '../../src/domain/object-faults.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';

const PROMETHEUS = { apiVersion: 'monitoring.coreos.com/v1', kind: 'Prometheus' };

/** What a schema finds in a spec, and what was wrong with the file itself. */
function found(
  schema: Record<string, unknown>,
  spec: unknown,
  shown = 'monitoring.coreos.com/prometheus_v1.json',
): string[] {
  const given = givenDefinitions([{ shown, text: JSON.stringify(schema) }]);
  const object = { ...PROMETHEUS, metadata: { name: 'a' }, spec };
  const faults = objectFaults(object, targetVersion('1.35', kubernetesSchemas()), given.kinds);
  return [...faults.map(({ rule, path }) => `${rule} ${path}`), ...given.findings().map(({ message }) => message)];
}

const spec = (schema: Record<string, unknown>, more = {}) => ({
  type: 'object',
  properties: { spec: schema },
  ...more,
});

describe('JSON schemas, as the collections of them have them', () => {
  const closed = { type: 'object', additionalProperties: false, properties: { a: { type: ['string', 'null'] } } };
  const cases: [string, Record<string, unknown>, unknown, string[]][] = [
    ['a field that it closes out', spec(closed), { b: 1 }, ['schema/unknown-field /spec/b']],
    ['one that it leaves open', spec({ type: 'object', properties: {} }), { b: 1 }, []],
    ['several types', spec(closed), { a: 1 }, ['schema/type /spec/a']],
    ['null among them', spec(closed), { a: null }, []],
    [
      'an integer or a text',
      spec({ properties: { a: { type: ['integer', 'string'] } } }),
      { a: true },
      ['schema/type /spec/a'],
    ],
    ['a constant', spec({ properties: { a: { const: 'x' } } }), { a: 'y' }, ['schema/enum /spec/a']],
    [
      'a bound of later drafts',
      spec({ properties: { a: { exclusiveMinimum: 1 } } }),
      { a: 1 },
      ['schema/range /spec/a'],
    ],
    [
      'a reference within it',
      spec({ $ref: '#/definitions/s' }, { definitions: { s: closed } }),
      { b: 1 },
      ['schema/unknown-field /spec/b'],
    ],
    [
      'a reference in a circle',
      spec({ $ref: '#/definitions/s' }, { definitions: { s: { $ref: '#/definitions/s' } } }),
      { b: 1 },
      [],
    ],
    [
      'a schema that holds itself',
      spec(
        { $ref: '#/definitions/s' },
        {
          definitions: {
            s: {
              additionalProperties: false,
              type: 'object',
              properties: { s: { $ref: '#/definitions/s' }, t: { $ref: '#/definitions/s' } },
            },
          },
        },
      ),
      { s: { s: { b: 1 } } },
      ['schema/unknown-field /spec/s/s/b'],
    ],
    [
      'a reference elsewhere',
      spec({ $ref: 'http://127.0.0.1:1/x.json' }),
      { b: 1 },
      ['monitoring.coreos.com/prometheus_v1.json refers to http://127.0.0.1:1/x.json, which is not followed'],
    ],
  ];
  test.each(cases)('%s', (_what, schema, value, expected) => {
    expect(found(schema, value)).toEqual(expected);
  });

  test.each([
    [
      'by its extension',
      { 'x-kubernetes-group-version-kind': [{ group: 'monitoring.coreos.com', version: 'v1', kind: 'Prometheus' }] },
      'x.json',
    ],
    [
      'by its fields',
      {
        properties: {
          apiVersion: { enum: ['monitoring.coreos.com/v1'] },
          kind: { const: 'Prometheus' },
          spec: { type: 'string' },
        },
      },
      'x.json',
    ],
    ['by its path', {}, 'a/monitoring.coreos.com/prometheus_v1.json'],
  ])('its kind is known %s', (_how, more, shown) => {
    expect(found(spec({ type: 'string' }, more), 1, shown)).toEqual(['schema/type /spec']);
  });

  test('one of no kind is told', () => {
    expect(found(spec({ type: 'string' }, { title: 'Prometheus' }), 1, 'x.json')).toEqual([
      'schema/unknown-kind ',
      "x.json is a JSON schema, and doesn't say of which kind",
    ]);
  });
});

test('a file that is no YAML is told where it may be the one that is needed, and else not read', () => {
  const files = [
    { shown: 'a.yaml', text: 'kind: Prometheus\na: [\n' },
    { shown: 'b.yaml', text: 'kind: Other\na: [\n' },
  ];
  const given = givenDefinitions(files);
  expect(given.kinds.kind(PROMETHEUS)).toBeUndefined();
  expect(given.findings().map(({ file, rule }) => `${rule} ${file}`)).toEqual(['schema/crd-schemas a.yaml']);
});
