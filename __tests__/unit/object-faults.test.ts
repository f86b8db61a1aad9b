import { describe, expect, test } from '@jest/globals';
import { type CustomKinds, customKinds } from '../../src/domain/custom-kinds.ts';
import { goRegexp } from '../../src/domain/go-regexp.ts';
import { objectFaults, targetVersion } from '../../src/domain/object-faults.ts';
import { createPatterns } from '../../src/domain/patterns.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';

const NONE = customKinds([]);

function faults(object: Record<string, unknown>, version = '1.35', custom: CustomKinds = NONE) {
  return objectFaults(object, targetVersion(version, kubernetesSchemas()), custom);
}

function told(object: Record<string, unknown>, version?: string, custom?: CustomKinds): string[] {
  return faults(object, version, custom).map(({ rule, severity, path }) => `${severity} ${rule} ${path}`);
}

const metadata = { name: 'a' };

describe('kinds and their age', () => {
  test('what is removed or deprecated names its stable version, wherever there is one', () => {
    const schemas = kubernetesSchemas();
    const named = new Set<string>();
    const silent: string[] = [];
    for (const minor of schemas.minors) {
      const stable = schemas.version(minor)?.kinds() ?? [];
      for (const { apiVersion, kind } of schemas.minors.flatMap((each) => schemas.version(each)?.kinds() ?? [])) {
        const [group] = apiVersion.split('/');
        const isThere = stable.some((other) => other.kind === kind && other.apiVersion === `${group}/v1`);
        const aged = faults({ apiVersion, kind, metadata }, minor).filter(({ rule }) =>
          /(?:removed|deprecated)-api$/.test(rule),
        );
        for (const { hint } of isThere ? aged : []) {
          if (hint === undefined) silent.push(`${minor} ${apiVersion} ${kind}`);
          else named.add(`${apiVersion} ${kind}: ${hint}`);
        }
      }
    }
    expect(silent).toEqual([]);
    expect([...named]).toEqual(
      expect.arrayContaining([
        'admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy: Use admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy.',
        'resource.k8s.io/v1beta2 ResourceClaim: Use resource.k8s.io/v1 ResourceClaim.',
        'networking.k8s.io/v1beta1 IPAddress: Use networking.k8s.io/v1 IPAddress.',
      ]),
    );
    // What went before the oldest of them.
    expect(faults({ apiVersion: 'node.k8s.io/v1beta1', kind: 'RuntimeClass', metadata })[0]?.hint).toBe(
      'Use node.k8s.io/v1 RuntimeClass.',
    );
    // Before there is a stable one, none is named.
    const [before] = faults({ apiVersion: 'networking.k8s.io/v1beta1', kind: 'IPAddress', metadata }, '1.32');
    expect(before?.hint).toBeUndefined();
  });

  const cases: [string, string, string, string, string[]][] = [
    ['a kind there is', 'v1', 'ConfigMap', '1.35', []],
    ['the same in versions that nothing is known of', 'v1', 'ConfigMap', '1.20', []],
    ['and in those to come', 'v1', 'ConfigMap', '1.99', []],
    ['one that was removed', 'policy/v1beta1', 'PodDisruptionBudget', '1.35', ['error schema/removed-api /apiVersion']],
    [
      'the same where there are no schemas',
      'policy/v1beta1',
      'PodDisruptionBudget',
      '1.25',
      ['error schema/removed-api /apiVersion'],
    ],
    ['the same before', 'policy/v1beta1', 'PodDisruptionBudget', '1.24', ['warning schema/deprecated-api /apiVersion']],
    ['one of a group that is gone', 'extensions/v1beta1', 'Ingress', '1.35', ['error schema/removed-api /apiVersion']],
    [
      'one that goes between',
      'networking.k8s.io/v1beta1',
      'IPAddress',
      '1.36',
      ['warning schema/deprecated-api /apiVersion', 'error schema/required '],
    ],
    ['and is gone', 'networking.k8s.io/v1beta1', 'IPAddress', '1.37', ['error schema/removed-api /apiVersion']],
    ['one that comes later', 'resource.k8s.io/v1', 'DeviceClass', '1.33', ['error schema/future-api /apiVersion']],
    [
      'the same in an older version',
      'resource.k8s.io/v1',
      'DeviceClass',
      '1.20',
      ['error schema/future-api /apiVersion'],
    ],
    ['a misspelt kind', 'apps/v1', 'Deploymnt', '1.35', ['error schema/unknown-kind /kind']],
    ['a kind of another group', 'v1', 'Deployment', '1.35', ['error schema/unknown-kind /apiVersion']],
    ['a version that never was', 'apps/v2', 'Deployment', '1.35', ['error schema/unknown-kind /apiVersion']],
    ['a group that can be nobody else’s', 'core/v1', 'Service', '1.35', ['error schema/unknown-kind /apiVersion']],
    ['a kind of others', 'example.com/v1', 'Widget', '1.35', ['warning schema/unknown-kind ']],
    ['names that JavaScript knows', 'constructor', 'toString', '1.35', ['error schema/unknown-kind /kind']],
  ];
  test.each(cases)('%s: %s %s in %s', (_what, apiVersion, kind, version, expected) => {
    expect(told({ apiVersion, kind, metadata }, version)).toEqual(expected);
  });

  test.each([
    [
      'removed',
      { apiVersion: 'batch/v1beta1', kind: 'CronJob', metadata },
      'batch/v1beta1 CronJob is not in Kubernetes from 1.25 on',
      'Use batch/v1 CronJob.',
    ],
    [
      'elsewhere',
      { apiVersion: 'v1', kind: 'Ingress', metadata },
      'there is no Ingress in v1 of Kubernetes up to 1.37',
      'Ingress is in networking.k8s.io/v1.',
    ],
    [
      'misspelt',
      { apiVersion: 'apps/v1', kind: 'Deploymnt', metadata },
      'there is no Deploymnt in apps/v1 of Kubernetes up to 1.37',
      'Did you mean Deployment?',
    ],
  ])('the words: %s', (_what, object, message, hint) => {
    expect(faults(object)[0]).toMatchObject({ message, hint });
  });

  test.each([
    [{}, 'has no apiVersion and no kind, as each object must'],
    [{ kind: 'ConfigMap', metadata }, 'has no apiVersion, as each object must'],
    [{ apiVersion: 'v1', kind: '', metadata }, 'has no kind, as each object must'],
    [{ apiVersion: 1, kind: 'ConfigMap' }, 'has no apiVersion, as each object must'],
  ])('without a kind: %j', (object, message) => {
    expect(faults(object)).toMatchObject([{ rule: 'schema/no-kind', severity: 'error', message, path: '' }]);
  });
});

/** A definition of `example.com/v1 Widget`, with the schema of its spec. */
function widgets(spec: Record<string, unknown>, version: Record<string, unknown> = {}): CustomKinds {
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec, status: { type: 'object', properties: { a: { type: 'string' } } } },
    },
  };
  const data = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [
        { name: 'v1', served: true, storage: true, schema, ...version },
        { name: 'v0', served: false, schema },
      ],
    },
  };
  return customKinds([{ data, within: '' }]);
}

const widget = (spec: unknown, more = {}) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata,
  spec,
  ...more,
});

describe('sizes', () => {
  const most = 1024 * 1024;
  const of = (kind: string, fields: Record<string, unknown>): string[] =>
    faults({ apiVersion: 'v1', kind, metadata, ...fields }).map(({ path, message }) => `${path}: ${message}`);
  const base64 = (size: number): string => Buffer.alloc(size).toString('base64');

  test('of a ConfigMap all values count, binary ones without base64', () => {
    expect(of('ConfigMap', { data: { a: 'x'.repeat(most) } })).toEqual([]);
    expect(of('ConfigMap', { data: { a: 'x'.repeat(most - 4) }, binaryData: { b: base64(4) } })).toEqual([]);
    const message = `/data: its values have ${most + 1} bytes, and an API server takes ${most}`;
    expect(of('ConfigMap', { data: { a: 'x'.repeat(most - 3) }, binaryData: { b: base64(4) } })).toEqual([message]);
    expect(of('ConfigMap', { data: { a: 'é'.repeat(most / 2), b: 'x' } })).toEqual([message]);
  });

  test('of a Secret what is in clear counts in place of the same key in base64', () => {
    expect(of('Secret', { data: { a: base64(most) } })).toEqual([]);
    expect(of('Secret', { data: { a: base64(most) }, stringData: { a: 'x' } })).toEqual([]);
    expect(of('Secret', { data: { a: base64(most) }, stringData: { b: 'x' } })).toHaveLength(1);
    expect(of('Service', { data: { a: 'x'.repeat(2 * most) } })).not.toContainEqual(expect.stringContaining('bytes'));
  });
});

describe('kinds that a definition describes', () => {
  const string = { type: 'string' };
  const cases: [string, Record<string, unknown>, unknown, string[]][] = [
    ['an unknown field', { type: 'object', properties: { a: string } }, { b: 1 }, ['schema/unknown-field /spec/b']],
    ['one where no field is named', { type: 'object' }, { b: 1 }, ['schema/unknown-field /spec/b']],
    ['one that is kept', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, { b: { c: 1 } }, []],
    [
      'one within what is kept',
      {
        type: 'object',
        properties: { a: { type: 'object', properties: {} } },
        'x-kubernetes-preserve-unknown-fields': true,
      },
      { a: { c: 1 } },
      ['schema/unknown-field /spec/a/c'],
    ],
    ['others by a schema', { type: 'object', additionalProperties: string }, { b: 'x', c: 1 }, ['schema/type /spec/c']],
    ['any others', { type: 'object', additionalProperties: true }, { b: 1 }, []],
    [
      'an integer or a text',
      {
        type: 'object',
        properties: { a: { 'x-kubernetes-int-or-string': true }, b: { 'x-kubernetes-int-or-string': true } },
      },
      { a: 2 ** 40, b: true },
      ['schema/type /spec/b'],
    ],
    [
      'null, which is as good as absent',
      { type: 'object', required: ['b'], properties: { a: string, b: string } },
      { a: null, b: null },
      ['schema/required /spec'],
    ],
    [
      'null where it may be',
      { type: 'object', required: ['a'], properties: { a: { type: 'string', nullable: true } } },
      { a: null },
      [],
    ],
    [
      'null in a list',
      {
        type: 'object',
        properties: { a: { type: 'array', items: string }, b: { type: 'array', items: { ...string, nullable: true } } },
      },
      { a: [null], b: [null] },
      ['schema/type /spec/a/0'],
    ],
    [
      'what is required and has a default',
      { type: 'object', required: ['a'], properties: { a: { ...string, default: 'x' } } },
      {},
      [],
    ],
    [
      'an enum, of which an empty text is none',
      { type: 'object', properties: { a: { ...string, enum: ['x'] } } },
      { a: '' },
      ['schema/enum /spec/a'],
    ],
    [
      'an enum of numbers',
      { type: 'object', properties: { a: { type: 'integer', enum: [1, 2] } } },
      { a: 3 },
      ['schema/enum /spec/a'],
    ],
    [
      'bounds of numbers',
      {
        type: 'object',
        properties: {
          a: { type: 'integer', minimum: 1 },
          b: { type: 'number', maximum: 2, exclusiveMaximum: true },
          c: { type: 'integer', multipleOf: 5 },
        },
      },
      { a: 0, b: 2, c: 7 },
      ['schema/range /spec/a', 'schema/range /spec/b', 'schema/range /spec/c'],
    ],
    [
      'bounds of texts, in characters',
      {
        type: 'object',
        properties: { a: { ...string, minLength: 2 }, b: { ...string, maxLength: 2 }, c: { ...string, maxLength: 2 } },
      },
      { a: '😀', b: '😀😀', c: 'abc' },
      ['schema/range /spec/a', 'schema/range /spec/c'],
    ],
    [
      'bounds of lists and mappings',
      { type: 'object', maxProperties: 1, properties: { a: { type: 'array', minItems: 1, items: string } } },
      { a: [] },
      ['schema/range /spec/a'],
    ],
    [
      'too many fields',
      { type: 'object', maxProperties: 1, additionalProperties: true },
      { a: 1, b: 2 },
      ['schema/range /spec'],
    ],
    [
      'one of two',
      { type: 'object', properties: { a: string, b: string }, oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      { a: '', b: '' },
      ['schema/value /spec'],
    ],
    [
      'any of two',
      { type: 'object', properties: { a: string, b: string }, anyOf: [{ required: ['a'] }, { required: ['b'] }] },
      {},
      ['schema/value /spec'],
    ],
    [
      'what must not be',
      { type: 'object', properties: { a: string }, not: { properties: { a: { enum: ['x'] } }, required: ['a'] } },
      { a: 'x' },
      ['schema/value /spec'],
    ],
    [
      'a quantity as definitions have it',
      {
        type: 'object',
        properties: {
          a: {
            anyOf: [{ type: 'integer' }, { type: 'string' }],
            'x-kubernetes-int-or-string': true,
            pattern: '^[0-9]+$',
          },
        },
      },
      { a: '1Gi' },
      [],
    ],
    [
      'branches that a pattern decides',
      { type: 'object', properties: { a: { ...string, not: { pattern: 'x' } } } },
      { a: 'x' },
      [],
    ],
    [
      'a resource in it',
      { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
      { apiVersion: 'v1', metadata: { anything: 1 } },
      ['schema/unknown-field /spec/metadata/anything', 'schema/required /spec'],
    ],
    [
      'a field called as what every object has',
      { type: 'object', properties: { a: string } },
      { constructor: 1 },
      ['schema/unknown-field /spec/constructor'],
    ],
    [
      'keywords of wrong types, which are none',
      { type: 'object', properties: 1, required: [1], enum: 'x', maxProperties: 'y' },
      {},
      [],
    ],
    ['a reference, which is none', { $ref: 'file:///etc/passwd' }, { a: 1 }, []],
  ];
  test.each(cases)('%s', (_what, schema, spec, expected) => {
    const found = faults(widget(spec), '1.35', widgets(schema)).filter(({ severity }) => severity === 'error');
    expect(found.map(({ rule, path }) => `${rule} ${path}`)).toEqual(expected);
  });

  test('its metadata is that of every object', () => {
    const object = { ...widget({}), metadata: { name: 'A', labels: { a: 1 }, nonsense: 1 } };
    expect(told(object, '1.35', widgets({ type: 'object' }))).toEqual([
      'error schema/unknown-field /metadata/nonsense',
      'error schema/type /metadata/labels/a',
      'error schema/name /metadata/name',
    ]);
  });

  test('of a status that is thrown away only what is unknown counts', () => {
    const object = widget({}, { status: { a: 1, b: 1 } });
    const schema = { type: 'object' };
    expect(told(object, '1.35', widgets(schema))).toEqual(
      ['error schema/unknown-field /status/b', 'error schema/type /status/a']
        .sort()
        .reverse()
        .sort((a) => (a.includes('/a') ? -1 : 1)),
    );
    expect(told(object, '1.35', widgets(schema, { subresources: { status: {} } }))).toEqual([
      'error schema/unknown-field /status/b',
    ]);
  });

  test('a version that is not served is told with those that are', () => {
    const [fault] = faults({ ...widget({}), apiVersion: 'example.com/v0' }, '1.35', widgets({ type: 'object' }));
    expect(fault).toMatchObject({
      rule: 'schema/unknown-kind',
      severity: 'warning',
      message: 'Widget is defined in example.com/v1, not in example.com/v0',
    });
  });

  test('a deprecated version warns in its own words', () => {
    const custom = widgets({ type: 'object' }, { deprecated: true, deprecationWarning: 'use v2' });
    expect(faults(widget({}), '1.35', custom)).toEqual([
      expect.objectContaining({ rule: 'schema/deprecated-api', severity: 'warning', message: 'use v2' }),
    ]);
  });

  const note = (message: string) => ({
    rule: 'schema/not-evaluated',
    severity: 'note',
    message,
    path: '',
    ofKind: 'once',
  });

  test('rules in CEL are said to be left to the server', () => {
    const schema = { type: 'object', 'x-kubernetes-validations': [{ rule: 'true' }] };
    expect(faults(widget({}), '1.35', widgets(schema))).toEqual([
      note('the rules in CEL of widgets.example.com are not evaluated: the API server does that'),
    ]);
  });

  describe('patterns', () => {
    const judged = (pattern: string, text: string) =>
      objectFaults(
        widget({ a: text }),
        targetVersion('1.35', kubernetesSchemas()),
        widgets({ type: 'object', properties: { a: { ...string, pattern } } }),
        createPatterns(goRegexp),
      );

    test('a text that does not match one', () => {
      expect(judged('(?i)^[a-z]+$', 'ABC')).toEqual([]);
      expect(judged('^[a-z]+$', 'ABC')).toEqual([
        {
          rule: 'schema/value',
          severity: 'error',
          message: '"ABC" does not match ^[a-z]+$',
          path: '/spec/a',
          wanted: 'scalar',
        },
      ]);
    });

    test('a text under a name for secrets is not quoted', () => {
      const schema = { type: 'object', properties: { password: { ...string, pattern: '^[0-9]+$', enum: undefined } } };
      const target = targetVersion('1.35', kubernetesSchemas());
      const found = objectFaults(widget({ password: 'hunter2"x' }), target, widgets(schema), createPatterns(goRegexp));
      expect(found.map(({ message }) => message)).toEqual(['the value does not match ^[0-9]+$']);
    });

    test.each([
      [
        'none of Go',
        '(?=a)',
        'a',
        "it is no regular expression of Go's (invalid or unsupported Perl syntax: `(?=`), and an API server refuses the definition",
      ],
      ['one too large to compile', '(x{1000}){1000}'.repeat(50), 'a', 'it is too large'],
      ['a text too long for it', '^(a|b|ab)*c{1000}$', 'ab'.repeat(100_000), 'a text is too long for it'],
    ])('%s is said to be left to the server', (_what, pattern, text, why) => {
      expect(judged(pattern, text)).toEqual([note(`a pattern of example.com/v1 Widget is not evaluated: ${why}`)]);
    });

    test('one that backtracks without end elsewhere takes linear time, and so does a great number of them', () => {
      const started = performance.now();
      expect(judged('^(a+)+$', `${'a'.repeat(100_000)}b`)).toHaveLength(1);
      expect(judged('^(a|aa)+$', `${'a'.repeat(100_000)}b`)).toHaveLength(1);
      const patterns = createPatterns(goRegexp);
      const text = `${'ab'.repeat(20_000)}!`;
      for (let index = 0; index < 5_000; index++) patterns.matches(`^(?:a|b|ab|x${index}){30}$`, text);
      expect(patterns.leftOut.length).toBeGreaterThan(1_000);
      expect(performance.now() - started).toBeLessThan(20_000);
    });
  });

  test('branches that take too long are left to the server', () => {
    const inner = { anyOf: Array.from({ length: 200 }, () => ({ type: 'string' })) };
    const outer = (branches: number) => ({ anyOf: Array.from({ length: branches }, () => ({ items: inner })) });
    const list = (branches: number) => ({ type: 'array', items: { type: 'integer' }, ...outer(branches) });
    expect(told(widget([1]), '1.35', widgets(list(10)))).toEqual(['error schema/value /spec']);
    expect(told(widget([1]), '1.35', widgets(list(200)))).toEqual([]);
  });

  test('a schema of a hundred thousand levels, and branches without end, are bounded', () => {
    let deep: Record<string, unknown> = { type: 'object' };
    for (let depth = 0; depth < 100_000; depth++) deep = { type: 'object', properties: { a: deep } };
    let nest: unknown = {};
    for (let depth = 0; depth < 100_000; depth++) nest = { a: nest };
    let wide: Record<string, unknown> = { type: 'object' };
    for (let depth = 0; depth < 60; depth++) wide = { anyOf: [{ not: wide }, { not: wide }, { required: ['x'] }] };
    const started = performance.now();
    expect(told(widget(nest), '1.35', widgets(deep))).toEqual([]);
    expect(told(widget({}), '1.35', widgets({ type: 'object', ...wide }))).toEqual([]);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
