import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHelm } from '../../src/adapters/helm.ts';
import { faultsOf, lintFaults } from '../../src/adapters/helm-faults.ts';
import { type Call, createRunner } from '../../src/adapters/process.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/domain/limits.ts';
import type { Helm, HelmFault, HelmTemplateCall } from '../../src/ports.ts';
import { pinned } from '../support/scenario.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'chartship-helm-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CONFIGMAP =
  'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  a: {{ .Values.a | quote }}\n';

/** A chart named `demo`; its folder. */
function chart(files: Record<string, string> = {}): string {
  const all = {
    'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\n',
    'values.yaml': 'a: base\n',
    'templates/cm.yaml': CONFIGMAP,
    ...files,
  };
  for (const [path, text] of Object.entries(all)) write(`demo/${path}`, text);
  return join(folder, 'demo');
}

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

interface Adapter extends Helm {
  readonly calls: Call[];
  readonly notes: string[];
}

function adapter(
  name: 'helm' | 'helm3',
  options: { limits?: Partial<Limits>; environment?: Record<string, string> } = {},
): Adapter {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { run } = createRunner(
    limits,
    new AbortController().signal,
    { PATH: process.env.PATH, ...options.environment },
    4,
  );
  const calls: Call[] = [];
  const notes: string[] = [];
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary, { recursive: true });
  const helm = createHelm({
    tool: async () => ({ path: pinned(name), version: versionOf(name) }),
    run: (call) => {
      calls.push(call);
      return run(call);
    },
    temporary,
    limits,
    credentials: { registryConfig: async () => undefined, basic: () => undefined },
    plainHttp: false,
    caFile: undefined,
    note: (text) => notes.push(text),
  });
  return Object.assign(helm, { calls, notes });
}

const versions = new Map<string, string>();
function versionOf(name: 'helm' | 'helm3'): string {
  const known =
    versions.get(name) ??
    spawnSync(pinned(name), ['version', '--template', '{{ .Version }}'], { encoding: 'utf8' }).stdout.replace(/^v/, '');
  versions.set(name, known);
  return known;
}

function call(directory: string, rest: Partial<HelmTemplateCall> = {}): HelmTemplateCall {
  return {
    chart: directory,
    values: [],
    set: [],
    kubeVersion: '1.35.4',
    release: 'rel',
    namespace: 'space',
    skipSchema: false,
    apiVersions: [],
    upgrade: false,
    ...rest,
  };
}

async function faultsFor(helm: Helm, request: HelmTemplateCall): Promise<readonly HelmFault[]> {
  const answer = await helm.template(request);
  if (answer.ok) throw new Error(`it rendered:\n${answer.value}`);
  return answer.faults;
}

describe.each(['helm', 'helm3'] as const)('%s', (name) => {
  test('is the version that its name says', () => {
    expect(versionOf(name)).toMatch(name === 'helm' ? /^4\./ : /^3\./);
  });

  describe('a chart that is well', () => {
    test('has no lint faults: the advice to add an icon is left out', async () => {
      expect(await adapter(name).lint(call(chart()))).toEqual([]);
    });
    test('values are merged in order: files, secret values by standard input, set', async () => {
      const helm = adapter(name);
      const data = ['a', 'b', 'c', 'd'].map((key) => `  ${key}: {{ .Values.${key} | quote }}\n`).join('');
      const directory = chart({
        'templates/cm.yaml': CONFIGMAP.replace(/ {2}a: .*\n/, data),
        'values.yaml': 'a: base\nb: base\nc: base\nd: base\n',
      });
      const one = write('with, comma and "quotes"/one ü.yaml', 'b: one\nc: one\nd: one\n');
      const two = write('two.yaml', 'c: two\nd: two\n');
      const answer = await helm.template(
        call(directory, {
          values: [one, two],
          secretValues: 'c: canary-of-the-secret\nd: x\n',
          set: ['d=x,a=base', 'd=by\\,set'],
        }),
      );
      if (!answer.ok) throw new Error(JSON.stringify(answer.faults));
      for (const line of ['a: "base"', 'b: "one"', 'c: "canary-of-the-secret"', 'd: "by,set"'])
        expect(answer.value).toContain(line);
      expect(JSON.stringify(helm.calls.map(({ args, env }) => [args, env]))).not.toContain('canary');
      expect(await helm.lint(call(directory, { values: [one, two], secretValues: 'c: x\n' }))).toEqual([]);
    });
    test('release, namespace, versions and operation are what the call says, whatever the environment says', async () => {
      const text =
        '{{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.IsUpgrade }} {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has `a.example/v1` }} {{ .Capabilities.APIVersions.Has `b.example/v1/Kind` }}';
      const directory = chart({ 'templates/cm.yaml': CONFIGMAP.replace('{{ .Values.a | quote }}', `"${text}"`) });
      const helm = adapter(name, {
        environment: { HELM_NAMESPACE: 'other', HELM_KUBECONTEXT: 'x', HELM_PLUGINS: '/nowhere', HELM_DEBUG: '1' },
      });
      for (const upgrade of [false, true]) {
        const answer = await helm.template(
          call(directory, { upgrade, apiVersions: ['a.example/v1', 'b.example/v1/Kind'] }),
        );
        expect(answer.ok && answer.value).toContain(`"rel space ${upgrade} v1.35.4 true true"`);
      }
      const environment = helm.calls[0]?.env ?? {};
      for (const key of ['HELM_CACHE_HOME', 'HELM_CONFIG_HOME', 'HELM_DATA_HOME', 'HELM_PLUGINS'])
        expect(environment[key]).toContain(join(folder, 'temporary'));
    });
    test('hooks and tests are in the manifest; each document has its template before it', async () => {
      const hook = CONFIGMAP.replace('  name:', '  annotations: { helm.sh/hook: test }\n  name:');
      const answer = await adapter(name).template(call(chart({ 'templates/tests/t.yaml': hook })));
      expect(answer.ok && answer.value.match(/^# Source: .*$/gm)).toEqual([
        '# Source: demo/templates/cm.yaml',
        '# Source: demo/templates/tests/t.yaml',
      ]);
    });
    test('packs into the folder that it is told', async () => {
      mkdirSync(join(folder, 'out'));
      expect(await adapter(name).package(chart(), join(folder, 'out'))).toEqual({
        ok: true,
        value: join(folder, 'out/demo-1.0.0.tgz'),
      });
      expect(readdirSync(join(folder, 'out'))).toEqual(['demo-1.0.0.tgz']);
    });
    test('schema: checked unless told otherwise; lint never looks at it', async () => {
      const directory = chart({ 'values.schema.json': '{"properties":{"a":{"type":"number"}}}' });
      const helm = adapter(name);
      expect(await faultsFor(helm, call(directory))).toEqual([
        { kind: 'schema', severity: 'error', message: 'got string, want number', pointer: '/a', chart: 'demo' },
      ]);
      expect(await helm.template(call(directory, { skipSchema: true }))).toMatchObject({ ok: true });
      expect(await helm.lint(call(directory))).toEqual([]);
      expect(await helm.lint(call(directory))).toEqual([]);
      expect(existsSync(join(directory, 'values.schema.json'))).toBe(true);
      // Helm 3 looks all the same, so it gets one copy of the chart without.
      expect(readdirSync(join(folder, 'temporary')).filter((entry) => entry.startsWith('lint-'))).toHaveLength(
        name === 'helm3' ? 1 : 0,
      );
    });
  });

  /** What template says and what lint says of the same chart; `lint` is left out where it says the same. */
  const faults: [string, Record<string, string>, HelmFault, HelmFault[]?][] = [
    [
      'nil pointer',
      { 'templates/n.yaml': 'a: 1\nb: {{ .Values.x.y.z }}\n' },
      {
        kind: 'template',
        severity: 'error',
        message: 'nil pointer evaluating interface {}.y at <.Values.x.y.z>',
        file: 'templates/n.yaml',
        line: 2,
        column: 14,
      },
    ],
    [
      'nil pointer in a helper of a helper',
      {
        'templates/n.yaml': 'b: {{ include "one" . }}\n',
        'templates/_h.tpl':
          '{{ define "one" }}\n{{ include "two" . }}{{ end }}\n{{ define "two" }}{{ .Values.x.y.z }}{{ end }}\n',
      },
      {
        kind: 'template',
        severity: 'error',
        message:
          'nil pointer evaluating interface {}.y at <.Values.x.y.z> (included from templates/_h.tpl:2, templates/n.yaml:1)',
        file: 'templates/_h.tpl',
        line: 3,
        column: 29,
      },
    ],
    [
      'required',
      { 'templates/r.yaml': 'metadata: { name: x }\na: {{ required "say what" .Values.x }}\n' },
      { kind: 'template', severity: 'error', message: 'say what', file: 'templates/r.yaml', line: 2, column: 7 },
      [],
    ],
    [
      'fail',
      { 'templates/r.yaml': '{{ fail "at (demo/templates/x.yaml:3:4): no\\nmore" }}\n' },
      {
        kind: 'template',
        severity: 'error',
        message: 'at (demo/templates/x.yaml:3:4): no more',
        file: 'templates/r.yaml',
        line: 1,
        column: 4,
      },
      [],
    ],
    [
      'an unknown function',
      { 'templates/f.yaml': '\n{{ nosuch }}\n' },
      {
        kind: 'template',
        severity: 'error',
        message: 'function "nosuch" not defined',
        file: 'templates/f.yaml',
        line: 2,
      },
    ],
    [
      'an unknown template',
      { 'templates/f.yaml': '{{ include "nosuch" . }}\n' },
      {
        kind: 'template',
        severity: 'error',
        message: expect.stringContaining('no template "nosuch" associated with template') as unknown as string,
        file: 'templates/f.yaml',
        line: 1,
        column: 4,
      },
    ],
    [
      'no YAML',
      { 'templates/y.yaml': 'kind: X\napiVersion: v1\nmetadata:\n  name: a: b\n' },
      {
        kind: 'yaml',
        severity: 'error',
        message: 'renders to no valid YAML: mapping values are not allowed in this context',
        file: 'templates/y.yaml',
      },
    ],
    [
      'a wrong type',
      { 'templates/t.yaml': 'a: {{ add1 (first .Values.a) }}\n' },
      {
        kind: 'template',
        severity: 'error',
        message: expect.stringContaining('first') as unknown as string,
        file: 'templates/t.yaml',
        line: 1,
        column: 13,
      },
    ],
    [
      'a missing dependency',
      {
        'Chart.yaml':
          'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - { name: sub, version: 1.0.0, repository: "https://charts.example" }\n',
      },
      {
        kind: 'missing-dependency',
        severity: 'error',
        message: 'dependencies are not in charts/: sub',
        file: 'Chart.yaml',
      },
      [
        {
          kind: 'missing-dependency',
          severity: 'error',
          message: 'chart directory is missing these dependencies: sub',
        },
      ],
    ],
    [
      'a Kubernetes version',
      { 'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\nkubeVersion: "<1.30.0"\n' },
      {
        kind: 'kube-version',
        severity: 'error',
        message: 'chart requires kubeVersion: <1.30.0 which is incompatible with Kubernetes v1.35.4',
        file: 'Chart.yaml',
      },
      [],
    ],
  ];
  test.each(faults)('%s', async (_, files, fault, lint = [fault]) => {
    const helm = adapter(name);
    const directory = chart(files);
    expect(await faultsFor(helm, call(directory))).toEqual([fault]);
    expect(await helm.lint(call(directory))).toEqual(lint);
  });

  test('schema violations of several charts, in one order, with what alternatives there were', async () => {
    const directory = chart({
      'values.schema.json': JSON.stringify({
        required: ['must'],
        additionalProperties: false,
        properties: {
          a: { anyOf: [{ type: 'number' }, { const: 'x' }] },
          global: {},
          sub: {},
          b: { allOf: [{ minimum: 3 }, { multipleOf: 2 }] },
        },
      }),
      'values.yaml': 'a: base\nb: 1\n"it\'s": 1\nsub: { size: 1 }\n',
      'charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
      'charts/sub/values.schema.json': '{"properties":{"size":{"type":"string"}}}',
    });
    const expected = [
      { pointer: '', message: expect.stringMatching(/^additional properties .*it.*s.* not allowed$/), chart: 'demo' },
      { pointer: '', message: "missing property 'must'", chart: 'demo' },
      { pointer: '/a', message: "'anyOf' failed (got string, want number; value must be 'x')", chart: 'demo' },
      { pointer: '/b', message: 'minimum: got 1, want 3', chart: 'demo' },
      { pointer: '/b', message: 'multipleOf: got 1, want 2', chart: 'demo' },
      { pointer: '/size', message: 'got number, want string', chart: 'sub' },
    ].map((each) => ({ kind: 'schema', severity: 'error', ...each }));
    for (let round = 0; round < 5; round += 1)
      expect(await faultsFor(adapter(name), call(directory))).toEqual(expected);
  });
  test('a schema that is none', async () => {
    const directory = chart({ 'values.schema.json': '{"properties":{"a":{"type":"strnig"}}}' });
    const [fault, ...more] = await faultsFor(adapter(name), call(directory));
    expect(more).toEqual([]);
    expect(fault).toMatchObject({
      kind: 'schema-file',
      chart: 'demo',
      pointer: '/properties/a/type',
      message: expect.stringContaining("value must be one of 'array'"),
    });
  });
  test('lint: a deprecated API is a warning at its template, a bad name too', async () => {
    const directory = chart({
      'templates/i.yaml': 'apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata:\n  name: Not_A_Name\n',
    });
    const found = await adapter(name).lint(call(directory));
    expect(found).toMatchObject([
      {
        kind: 'lint',
        severity: 'warning',
        file: 'templates/i.yaml',
        message: expect.stringContaining('object name does not conform'),
      },
      {
        kind: 'lint',
        severity: 'warning',
        file: 'templates/i.yaml',
        message: expect.stringContaining('extensions/v1beta1 Ingress is deprecated'),
      },
    ]);
  });

  describe('bounds', () => {
    test.each<[string, string, Partial<Limits>, HelmFault]>([
      [
        'time',
        '{{ range until 30000 }}{{ range until 30000 }}{{ end }}{{ end }}',
        { helmMilliseconds: 1000 },
        { kind: 'timeout', severity: 'error', message: 'helm did not end within 1 s' },
      ],
      [
        'memory',
        '{{ range until 100000000 }}{{ . }}{{ end }}',
        { childBytes: 200 * 1024 * 1024 },
        { kind: 'memory', severity: 'error', message: 'helm took more than 200 MiB of memory' },
      ],
      [
        'output',
        '{{ range until 300000 }}# {{ . }}\n{{ end }}',
        { outputBytes: 1024 * 1024 },
        { kind: 'output', severity: 'error', message: 'helm printed more than 1 MiB' },
      ],
    ])('%s', async (_, text, limits, fault) => {
      const started = performance.now();
      expect(
        await faultsFor(adapter(name, { limits }), call(chart({ 'templates/b.yaml': `a: x\n${text}\n` }))),
      ).toEqual([fault]);
      expect(performance.now() - started).toBeLessThan(15_000);
    });
  });

  test('a chart that can not be pulled: absent and unreachable, with the request named before it is made', async () => {
    const helm = adapter(name);
    const destination = join(folder, 'out');
    mkdirSync(destination);
    const answer = await helm.pull({
      repository: 'http://127.0.0.1:1/charts',
      name: 'x',
      version: '1.0.0',
      destination,
    });
    expect(answer).toMatchObject({
      ok: false,
      faults: [{ kind: 'other', message: expect.stringContaining('connection refused') }],
    });
    expect(helm.notes).toEqual(['helm pull x 1.0.0 from 127.0.0.1:1']);
    expect(readdirSync(destination)).toEqual([]);
  });
});

describe('texts that no helm of today writes', () => {
  test.each([
    '',
    'Error: ',
    'panic: runtime error',
    '\u0000',
    "Error: values don't meet the specifications of the schema(s) in the following chart(s):\n",
  ])('%j is some fault, never none', (text) => {
    const found = faultsOf(text, 'demo');
    for (const fault of found) expect(fault.message).toEqual(expect.any(String));
    expect(found.length).toBeGreaterThan(0);
  });
  test('what looks like a position in a message is none', () => {
    expect(
      faultsOf('Error: execution error at (demo/templates/a.yaml:1:2): see demo/templates/b.yaml:9:9', 'demo'),
    ).toMatchObject([{ file: 'templates/a.yaml', line: 1, column: 3 }]);
  });
  test('what is said of the folder of templates itself names it', () => {
    for (const message of ['directory does not exist', 'not a directory']) {
      expect(lintFaults(`==> Linting /x\n[WARNING] templates/: ${message}\n\n1 chart(s) linted\n`, 'demo')).toEqual([
        { kind: 'lint', severity: 'warning', message: `templates/: ${message}` },
      ]);
    }
  });
  test('a message with blocks of lint in it stays one block', () => {
    const found = lintFaults(
      '==> Linting /x\n[ERROR] templates/: execution error at (demo/templates/a.yaml:1:2): one\ntwo\n\n1 chart(s) linted\n',
      'demo',
    );
    expect(found).toMatchObject([{ message: 'one two', file: 'templates/a.yaml' }]);
  });
});
