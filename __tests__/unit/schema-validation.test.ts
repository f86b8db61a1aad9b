import { describe, expect, test } from '@jest/globals';
import type { Schema } from '../../src/domain/kubernetes-schemas.ts';
import { schemaViolations, type Violation } from '../../src/domain/schema-validation.ts';
import { goodObjects, kubernetesSchemas } from '../support/kubernetes-schemas.ts';
import { isTakenInStatus, mutantsOf } from '../support/mutants.ts';

const schemas = kubernetesSchemas();
const good = goodObjects();

function violations(object: Record<string, unknown>, minor = '1.35'): Violation[] {
  const version = schemas.version(minor);
  const kind = version?.kind({ apiVersion: String(object.apiVersion), kind: String(object.kind) });
  if (version === undefined || kind === undefined) throw new Error(`No ${String(object.kind)} in ${minor}`);
  return schemaViolations(object, kind.schema, version.definition);
}

function check(value: unknown, schema: Schema, definitions: Record<string, Schema> = {}): string[] {
  return schemaViolations(value, schema, (name) => definitions[name] ?? {}).map(({ rule, path }) => `${rule} ${path}`);
}

/** A Deployment with parts of its pod replaced. */
function deployment(spec: Record<string, unknown>, pod: Record<string, unknown>, container: Record<string, unknown>) {
  const containers = [{ name: 'web', image: 'web:1', ...container }];
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers, ...pod } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { selector: { matchLabels: { a: 'b' } }, template, ...spec },
  };
}

test.each(schemas.minors)('nothing is found in objects that the API server accepts (%s)', (minor) => {
  expect(good.flatMap((object) => violations(object, minor).map((found) => ({ kind: object.kind, ...found })))).toEqual(
    [],
  );
});

describe('each fault by its rule, its place and its words', () => {
  const cases: [string, Record<string, unknown>, Violation][] = [
    [
      'an unknown field',
      deployment({ replicass: 2 }, {}, {}),
      {
        rule: 'schema/unknown-field',
        path: '/spec/replicass',
        message: 'unknown field "replicass"',
        nearest: 'replicas',
      },
    ],
    [
      'one like no other, and a name with a slash',
      deployment({}, {}, { 'x/quite~else': 1 }),
      {
        rule: 'schema/unknown-field',
        path: '/spec/template/spec/containers/0/x~1quite~0else',
        message: 'unknown field "x/quite~else"',
      },
    ],
    [
      'a field called like what every object has',
      deployment({}, { constructor: 1 }, {}),
      { rule: 'schema/unknown-field', path: '/spec/template/spec/constructor', message: 'unknown field "constructor"' },
    ],
    [
      'a wrong type',
      deployment({ replicas: '2' }, {}, {}),
      { rule: 'schema/type', path: '/spec/replicas', message: 'is a string, must be an integer' },
    ],
    [
      'a list for a mapping',
      deployment({}, {}, { resources: [] }),
      {
        rule: 'schema/type',
        path: '/spec/template/spec/containers/0/resources',
        message: 'is a list, must be a mapping',
      },
    ],
    [
      'a label that is no text',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { labels: { a: true } } },
      { rule: 'schema/type', path: '/metadata/labels/a', message: 'is true or false, must be a string' },
    ],
    [
      'a missing field, at what should hold it',
      deployment({}, {}, { ports: [{ name: 'http' }] }),
      {
        rule: 'schema/required',
        path: '/spec/template/spec/containers/0/ports/0',
        message: 'containerPort is missing',
      },
    ],
    [
      'a required field that is null',
      deployment({ selector: null }, {}, {}),
      { rule: 'schema/required', path: '/spec', message: 'selector is missing' },
    ],
    [
      'a null in a list, which is an empty one',
      deployment({}, { volumes: [null] }, {}),
      { rule: 'schema/required', path: '/spec/template/spec/volumes/0', message: 'name is missing' },
    ],
    [
      'a value of no enum',
      deployment({}, { restartPolicy: 'always' }, {}),
      {
        rule: 'schema/enum',
        path: '/spec/template/spec/restartPolicy',
        message: '"always" is none of Always, Never, OnFailure',
        nearest: 'Always',
      },
    ],
    [
      'a bad quantity',
      deployment({}, {}, { resources: { limits: { memory: '64MB' } } }),
      {
        rule: 'schema/format',
        path: '/spec/template/spec/containers/0/resources/limits/memory',
        message: '"64MB" is no quantity such as 500m, 1.5 or 64Mi',
      },
    ],
    [
      'neither an integer nor a text',
      deployment({}, {}, { ports: [], livenessProbe: { httpGet: { port: 1.5 } } }),
      {
        rule: 'schema/type',
        path: '/spec/template/spec/containers/0/livenessProbe/httpGet/port',
        message: 'is a number, must be an integer or a string',
      },
    ],
    [
      'a number that is too big',
      deployment({ replicas: 2 ** 31 }, {}, {}),
      { rule: 'schema/range', path: '/spec/replicas', message: '2147483648 is out of range' },
    ],
    [
      'a time that is none',
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec: { renewTime: '2026-02-30T00:00:00Z' } },
      {
        rule: 'schema/format',
        path: '/spec/renewTime',
        message: '"2026-02-30T00:00:00Z" is no time such as 2006-01-02T15:04:05Z',
      },
    ],
  ];
  test.each(cases)('%s', (_what, object, expected) => {
    expect(violations(object)).toEqual([expected]);
  });

  test("a Secret's value is never named", () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', data: { a: 'hunter2!' }, stringData: { b: 12345 } };
    expect(violations(secret)).toEqual([
      { rule: 'schema/format', path: '/data/a', message: 'is no base64' },
      { rule: 'schema/type', path: '/stringData/b', message: 'is a number, must be a string' },
    ]);
  });
});

test('several, those of an object before those of what is in it, and in its order', () => {
  const object = deployment(
    { zero: 1 },
    { one: 1 },
    { two: 1, ports: [{ three: 1, containerPort: '4' }, { five: 1 }] },
  );
  expect(violations(object).map(({ path }) => path)).toEqual([
    '/spec/zero',
    '/spec/template/spec/one',
    '/spec/template/spec/containers/0/two',
    '/spec/template/spec/containers/0/ports/0/three',
    '/spec/template/spec/containers/0/ports/0/containerPort',
    '/spec/template/spec/containers/0/ports/1/five',
    '/spec/template/spec/containers/0/ports/1',
  ]);
});

describe('what the API server does not insist on', () => {
  test.each([
    ['null, anywhere', deployment({ replicas: null, strategy: null }, { volumes: null }, { args: ['a', null] })],
    ['an empty text where there is a default', deployment({}, {}, { imagePullPolicy: '' })],
    ['a status, in what it lacks', { ...deployment({}, {}, {}), status: { conditions: [{ type: 'Available' }] } }],
  ])('%s', (_what, object) => {
    expect(violations(object)).toEqual([]);
  });

  test('but on the form of a status it does', () => {
    expect(violations({ ...deployment({}, {}, {}), status: { replica: 1 } }).map(({ path }) => path)).toEqual([
      '/status/replica',
    ]);
  });
});

describe('schemas as CRDs have them', () => {
  test('an object is closed when its fields are named, unless it says that others are kept', () => {
    const properties = { a: { type: 'string' } } as const;
    expect(check({ b: 1 }, { type: 'object', properties })).toEqual(['schema/unknown-field /b']);
    expect(check({ b: 1 }, { type: 'object' })).toEqual([]);
    expect(check({ b: 1 }, {})).toEqual([]);
    expect(check({ b: 1, a: 1 }, { type: 'object', properties, 'x-kubernetes-preserve-unknown-fields': true })).toEqual(
      ['schema/type /a'],
    );
    expect(check({ b: 1 }, { type: 'object', additionalProperties: { type: 'string' } })).toEqual(['schema/type /b']);
  });

  test('numbers', () => {
    expect(check(1.5, { type: 'number' })).toEqual([]);
    expect(check('1', { type: 'number' })).toEqual(['schema/type ']);
    expect(check(2 ** 62, { type: 'integer', format: 'int64' })).toEqual([]);
    expect(check(2 ** 64, { type: 'integer' })).toEqual(['schema/range ']);
    expect(check(1, { 'x-kubernetes-int-or-string': true })).toEqual([]);
  });
});

describe('hostile objects', () => {
  test('nested a hundred thousand deep', () => {
    const definitions = { Nest: { type: 'object', properties: { in: { $ref: 'Nest' } } } } as const;
    let nest: unknown = { out: 1 };
    for (let depth = 0; depth < 100_000; depth++) nest = { in: nest };
    const found = schemaViolations(nest, { $ref: 'Nest' }, () => definitions.Nest);
    expect(found).toHaveLength(1);
    expect(found[0]?.path).toHaveLength('/in'.length * 100_000 + '/out'.length);
  });

  test('a million faults are told as a hundred', () => {
    const list = Array.from({ length: 1_000_000 }, () => 1);
    expect(check(list, { type: 'array', items: { type: 'string' } })).toHaveLength(100);
    const mapping = Object.fromEntries(list.map((one, index) => [`key${index}`, one]));
    expect(check(mapping, { type: 'object', properties: { a: {} } })).toHaveLength(100);
  });

  test('long texts take linear time', () => {
    const started = performance.now();
    const digits = '1'.repeat(5_000_000);
    expect(check(`${digits}x`, { format: 'quantity' })).toHaveLength(1);
    expect(check(`${digits}!`, { type: 'string', format: 'byte' })).toHaveLength(1);
    expect(check(`${digits}!`, { type: 'string', format: 'date-time' })).toHaveLength(1);
    expect(check(digits, { type: 'string', enum: ['1'] })).toHaveLength(1);
    expect(check({ [digits]: 1 }, { type: 'object', properties: { a: {} } })).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

test('every mutant but a null is found, at the place that was changed', () => {
  const version = schemas.version('1.35');
  if (version === undefined) throw new Error('No 1.35');
  const mutants = good.flatMap((object) => {
    const schema = version.kind(object as never)?.schema ?? {};
    return mutantsOf(object, schema, version).map((mutant) => ({ ...mutant, schema }));
  });
  expect(mutants.length).toBeGreaterThan(1500);
  const missed = mutants.filter(({ what, object, path, schema }) => {
    if (what === 'null' || isTakenInStatus({ what, path })) return false;
    const holder = what === 'missing field' ? path.slice(0, -1) : path;
    const found = schemaViolations(object, schema, version.definition);
    return (
      found.length !== 1 || found[0]?.path !== holder.map((step) => `/${String(step).replaceAll('/', '~1')}`).join('')
    );
  });
  expect(missed.map(({ what, path }) => `${what} ${path.join('.')}`)).toEqual([]);
});
