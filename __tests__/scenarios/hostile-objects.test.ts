import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { command, type Ended, type Workspace, workspace } from '../support/scenario.ts';

// What a chart may bring to make a check take for ever, or all of the memory. Each ends with findings.

let space: Workspace;
beforeAll(() => {
  space = workspace();
});
afterAll(() => space.remove());

/** Of a processor, helm's with it: how long that takes depends on who else is at work. */
const SECONDS = 60;
/** Milliseconds. */
const LIMIT = 280_000;
const MEBIBYTES = 1_500;

interface Bounded extends Ended {
  /** Seconds of a processor that it took, with its children. */
  readonly cpu: number;
  /** The most memory that Chartship itself had, in mebibytes. Helm's is bounded by the run. */
  readonly mebibytes: number;
}

async function checked(name: string, files: Record<string, string | undefined>, ...args: string[]): Promise<Bounded> {
  space.empty(name);
  space.chart(name, {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
    'templates/configmap.yaml': undefined,
    ...files,
  });
  let pid = 0;
  let most = 0;
  let cpu = 0;
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      // Its own and that of children that have ended, in hundredths; the name before them may hold blanks.
      const times = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')
        .slice(11, 15);
      cpu = times.reduce((sum, each) => sum + Number(each), 0) / 100;
      most = Math.max(most, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended.
    }
  }, 50);
  try {
    const ended = await command(space, [name, '--until', 'package', ...args], {
      limit: LIMIT,
      // What helm itself does without end is ended; its lint of twenty thousand objects is only slow.
      environment: { CHARTSHIP_HELM_SECONDS: name === 'slow' ? '5' : '240' },
      started: (started) => {
        pid = started;
      },
    });
    return { ...ended, cpu, mebibytes: most / 1024 };
  } finally {
    clearInterval(look);
  }
}

/** Rules with how often they are told. That these charts' values are of no use to their templates is not what is looked at. */
function told({ report }: Ended): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { rule } of report?.findings ?? []) {
    if (rule !== 'validate/unused-value') counts[rule] = (counts[rule] ?? 0) + 1;
  }
  return counts;
}

function expectBounded({ seconds, cpu, mebibytes, stdout, stderr }: Bounded): void {
  console.info(`${cpu.toFixed(1)} s of a processor in ${seconds.toFixed(1)} s, ${mebibytes.toFixed(0)} MiB`);
  expect(cpu).toBeLessThan(SECONDS);
  expect(mebibytes).toBeLessThan(MEBIBYTES);
  expect(stdout.length + stderr.length).toBeLessThan(500_000);
}

const DEFINITION = (schema: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { kind: Widget, plural: widgets }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: ${schema} } }]
`;
const WIDGET = (spec: string): string =>
  `apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: a }\nspec: ${spec}\n`;
const of = (spec: unknown): string => JSON.stringify({ type: 'object', properties: { spec } });

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n';
const EACH = (count: number, rest: string): string =>
  `{{ range until ${count} }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: a-{{ . }} }\n${rest}{{ end }}`;
const definitions = (entries: (index: number) => unknown, count: number) => ({
  $ref: '#/definitions/d0',
  definitions: Object.fromEntries(Array.from({ length: count }, (_, index) => [`d${index}`, entries(index)])),
});

interface Case {
  readonly files: () => Record<string, string>;
  readonly code: number;
  /** Rules, and how often each is told. */
  readonly rules: Record<string, number>;
  /** What the first finding says. */
  readonly says?: RegExp;
}

const OBJECTS: Record<string, Case> = {
  'a ConfigMap of fifty megabytes': {
    files: () => ({ 'templates/a.yaml': `${CONFIG_MAP}data: { a: {{ repeat 50000000 "x" }} }\n` }),
    code: 1,
    rules: { 'schema/range': 1 },
    says: /^data: its values have 50000000 bytes, and an API server takes 1048576/,
  },
  'one of fifty megabytes in half a million lines': {
    files: () => ({
      'templates/a.yaml': `${CONFIG_MAP}data:\n{{ range until 500000 }}\n  a{{ . }}: {{ repeat 80 "x" }}\n{{ end }}`,
    }),
    code: 1,
    rules: { 'schema/range': 1 },
    says: /^data: its values have 40000000 bytes/,
  },
  'another kind of fifty megabytes': {
    files: () => ({
      'templates/a.yaml':
        'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: 80 }], externalName: {{ repeat 50000000 "x" }} }\n',
    }),
    code: 1,
    rules: { 'schema/range': 1 },
    says: /^the object has 500\d+ bytes, and an API server takes 3145728/,
  },
  'fifty megabytes in a thousand ConfigMaps, each with a fault': {
    files: () => ({ 'templates/a.yaml': EACH(1_000, 'datta: 1\ndata: { a: {{ repeat 50000 "x" }} }\n') }),
    code: 1,
    rules: { 'schema/unknown-field': 101 },
    says: /^datta: unknown field/,
  },
  'twenty thousand objects, each with a fault': {
    files: () => ({ 'templates/a.yaml': EACH(20_000, 'datta: 1\n') }),
    code: 1,
    rules: { 'schema/unknown-field': 101 },
  },
  'twenty thousand of one name': {
    files: () => ({ 'templates/a.yaml': EACH(20_000, '').replace('a-{{ . }}', 'a') }),
    code: 1,
    rules: { 'schema/duplicate-resource': 2 },
  },
  'a nesting of ten thousand lists': {
    files: () => ({ 'templates/a.yaml': `${CONFIG_MAP}data: {{ repeat 10000 "[" }}{{ repeat 10000 "]" }}\n` }),
    code: 1,
    rules: { 'render/invalid-yaml': 1, 'render/helm': 1 },
    says: /exceeded max depth/,
  },
  'a nesting of nine thousand, which helm takes': {
    files: () => ({ 'templates/a.yaml': `${CONFIG_MAP}data: {{ repeat 9000 "[" }}{{ repeat 9000 "]" }}\n` }),
    code: 0,
    rules: { 'schema/unread': 1 },
    says: /nesting exceeded/,
  },
};

const DEFINITIONS: Record<string, Case> = {
  'of a hundred and fifty thousand properties': {
    files: () => ({
      'crds/a.yaml': DEFINITION(
        of({
          type: 'object',
          properties: Object.fromEntries(
            Array.from({ length: 150_000 }, (_, index) => [`p${index}`, { type: 'string' }]),
          ),
        }),
      ),
      'templates/a.yaml': WIDGET('{ a: 1, p1: 1 }'),
    }),
    code: 1,
    // The definition itself is more than a server takes.
    rules: { 'schema/range': 1, 'schema/unknown-field': 1, 'schema/type': 1 },
  },
  'of eighteen hundred levels': {
    files: () => ({
      'crds/a.yaml': DEFINITION(`${'{"type":"object","properties":{"a":'.repeat(900)}{}${'}}'.repeat(900)}`),
      'templates/a.yaml': WIDGET('{ a: 1 }'),
    }),
    code: 0,
    rules: { 'schema/unread': 1, 'schema/unknown-kind': 1 },
  },
  'that hold themselves': {
    files: () => ({
      'crds/a.yaml': DEFINITION('{ type: object, properties: &all { spec: { type: object, properties: *all } } }'),
      'templates/a.yaml': WIDGET('{ a: 1 }'),
    }),
    code: 0,
    rules: { 'schema/unread': 1, 'schema/unknown-kind': 1 },
  },
  'with patterns that backtrack without end elsewhere': {
    files: () => ({
      'crds/a.yaml': DEFINITION(
        of({
          type: 'object',
          properties: {
            a: { type: 'string', pattern: '^(a+)+$' },
            b: { type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' },
          },
        }),
      ),
      'templates/a.yaml': WIDGET('{ a: {{ repeat 100000 "a" }}b, b: {{ repeat 100000 "a" }} }'),
    }),
    code: 1,
    rules: { 'schema/value': 2 },
    says: /^spec\.a: "a{79}…" does not match \^\(a\+\)\+\$/,
  },
  'with a pattern that is none of Go': {
    files: () => ({
      'crds/a.yaml': DEFINITION(
        of({ type: 'object', properties: { a: { type: 'string', pattern: '(x{1000}){1000}' } } }),
      ),
      'templates/a.yaml': WIDGET('{ a: x }'),
    }),
    code: 1,
    rules: { 'schema/format': 1, 'schema/not-evaluated': 1 },
    says: /it is no regular expression of Go's/,
  },
  'with patterns on texts of megabytes': {
    files: () => ({
      'crds/a.yaml': DEFINITION(
        of({ type: 'object', additionalProperties: { type: 'string', pattern: '(.*a.{100}){10}$' } }),
      ),
      'templates/a.yaml': WIDGET('\n{{ range until 50 }}\n  a{{ . }}: {{ repeat 100000 "ab" }}\n{{ end }}'),
    }),
    code: 1,
    rules: { 'schema/range': 1, 'schema/not-evaluated': 1 },
  },
};

const SCHEMAS: Record<string, Case> = {
  'with a pattern that backtracks without end elsewhere': {
    files: () => ({
      'values.schema.json': JSON.stringify({ properties: { a: { type: 'string', pattern: '(?i)^(a+)+$' } } }),
      'values.yaml': `b: 1\na: ${'a'.repeat(100_000)}b\n`,
      'templates/a.yaml': CONFIG_MAP,
    }),
    code: 1,
    rules: { 'validate/values-schema': 1 },
    says: /does not match pattern/,
  },
  'with references in a circle': {
    files: () => ({
      'values.schema.json': JSON.stringify(definitions((index) => ({ $ref: `#/definitions/d${1 - index}` }), 2)),
      'values.yaml': 'a: 1\n',
      'templates/a.yaml': CONFIG_MAP,
    }),
    code: 1,
    rules: { 'validate/schema': 1 },
    says: /causing reference cycle/,
  },
  'with references that double': {
    files: () => {
      const twice = (index: number) => ({ $ref: `#/definitions/d${index + 1}` });
      const entry = (index: number) => (index === 39 ? {} : { allOf: [twice(index), twice(index)] });
      return {
        'values.schema.json': JSON.stringify(definitions(entry, 40)),
        'values.yaml': 'a: 1\n',
        'templates/a.yaml': CONFIG_MAP,
      };
    },
    code: 1,
    rules: { 'render/timeout': 1 },
    says: /did not end within 5 s/,
  },
  'nested a hundred thousand deep': {
    files: () => ({
      'values.schema.json': `${'{"properties":{"a":'.repeat(100_000)}{}${'}}'.repeat(100_000)}`,
      'templates/a.yaml': CONFIG_MAP,
    }),
    code: 1,
    rules: { 'validate/schema': 1 },
    says: /is nested too deeply/,
  },
};

describe.each([
  ['rendered', OBJECTS],
  ['definitions', DEFINITIONS],
  ["values' schemas", SCHEMAS],
])('%s', (_what, cases) => {
  test.each(Object.entries(cases))(
    '%s',
    async (_name, { files, code, rules, says }) => {
      const ended = await checked(says?.source.includes('5 s') === true ? 'slow' : 'hostile', files());
      expect({ code: ended.code, told: told(ended) }).toEqual({ code, told: rules });
      if (says !== undefined) expect(ended.report?.findings.some(({ message }) => says.test(message))).toBe(true);
      expectBounded(ended);
    },
    LIMIT + 10_000,
  );
});
