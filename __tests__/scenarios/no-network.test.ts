import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { alone, canBeAlone } from '../support/alone.ts';
import { type Workspace, workspace } from '../support/scenario.ts';

// In a network namespace of its own, with nothing in it but loopback. It takes root.

let space: Workspace;
beforeAll(() => {
  space = workspace();
});
afterAll(() => space.remove());

const PORT = 40_080;
const QUIET = { requests: 0, packets: 0, unroutable: 0 };

const DEFINITION = (kind: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${kind.toLowerCase()}s.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { kind: ${kind}, plural: ${kind.toLowerCase()}s }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: { spec: { type: object, properties: { size: { type: string, pattern: "(?i)^[a-z]+$" } } } }
`;

const custom = (kind: string, size: string): string =>
  `apiVersion: example.com/v1\nkind: ${kind}\nmetadata: { name: a }\nspec: { size: ${size} }\n`;

const SCHEMA = { type: 'object', properties: { greeting: { type: 'string', pattern: '(?i)^HELLO$' } } };

function chart(name: string, files: Record<string, string> = {}): void {
  space.chart(name, {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\ndependencies: [{ name: sub, version: 1.0.0 }]\n`,
    'charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
    'charts/sub/crds/gadget.yaml': DEFINITION('Gadget'),
    'values.schema.json': JSON.stringify(SCHEMA),
    'values-dev.yaml': '{}\n',
    'values-prod.yaml': '{}\n',
    'crds/widget.yaml': DEFINITION('Widget'),
    'templates/custom.yaml': `${custom('Widget', 'Large')}---\n${custom('Gadget', 'Large')}---\n${custom('Part', 'Large')}`,
    'templates/version.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "v{{ .Capabilities.KubeVersion.Minor }}" }\n',
    ...files,
  });
  space.write('definitions/part.yaml', DEFINITION('Part'));
}

const RUN = ['--crd-schemas', 'definitions', '--kube-versions', '1.37,1.36,1.35', '--until', 'package'];

(canBeAlone ? describe : describe.skip)('where there is nothing but loopback', () => {
  test('everything up to the package works, and nothing is sent', async () => {
    chart('good');
    const { code, report, output, ...counted } = await alone(space, PORT, ['good', ...RUN]);
    expect(report?.findings).toEqual([]);
    expect(code).toBe(0);
    expect(counted).toMatchObject(QUIET);
    const passed = report?.stages.filter(({ status }) => status === 'passed').map(({ name }) => name);
    expect(new Set(passed)).toEqual(new Set(['resolve', 'lint', 'render', 'validate', 'package']));
    expect(report?.stages.filter(({ name }) => name === 'render')).toHaveLength(6);
    expect(report?.packages).toHaveLength(1);
    expect(output).not.toContain('requests go to');
  });

  test('every fault is found, at its line', async () => {
    chart('bad', { 'values.yaml': 'greeting: bye\n' });
    const schema = await alone(space, PORT, ['bad', ...RUN]);
    expect(schema.report?.findings).toEqual([
      expect.objectContaining({ rule: 'validate/values-schema', file: 'bad/values.yaml', line: 1, column: 11 }),
    ]);
    chart('bad', {
      'values.yaml': 'greeting: hello\nsize: "3"\n',
      'templates/custom.yaml': custom('Widget', '{{ .Values.size | quote }}'),
    });
    const ended = await alone(space, PORT, ['bad', ...RUN]);
    expect(ended.report?.findings).toEqual([
      expect.objectContaining({
        rule: 'schema/value',
        file: 'bad/values.yaml',
        line: 2,
        message: expect.stringMatching(/^spec\.size: "3" does not match \(\?i\)\^\[a-z\]\+\$/),
        environments: ['dev', 'prod'],
        kubeVersions: ['1.37', '1.36', '1.35'],
      }),
    ]);
    for (const each of [schema, ended]) expect([each.code, each]).toMatchObject([1, QUIET]);
  });

  test.each([
    ['http', `http://127.0.0.1:${PORT}/schema.json`],
    ['http with a name', 'https://schemas.example.com/schema.json'],
    ['a file outside', 'file:///proc/self/environ'],
    ['a file that whoever reads it hangs on', () => `file://${space.root}/pipe.json`],
  ])('a $ref to %s is a finding and not followed', async (_what, given) => {
    const $ref = typeof given === 'string' ? given : given();
    spawnSync('mkfifo', [`${space.root}/pipe.json`]);
    chart('referring', { 'values.schema.json': JSON.stringify({ ...SCHEMA, properties: { greeting: { $ref } } }) });
    const { code, report, seconds, ...counted } = await alone(space, PORT, ['referring', ...RUN]);
    expect(report?.findings.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
      `validate/schema-reference: values.schema.json refers to ${$ref}, which is not followed; values are not checked against it`,
    ]);
    expect(code).toBe(1);
    expect(counted).toMatchObject(QUIET);
    expect(seconds).toBeLessThan(40);
  });

  test('nor is one of crd-schemas', async () => {
    chart('good');
    const $ref = `http://127.0.0.1:${PORT}/schema.json`;
    space.write('json/example.com/part_v1.json', JSON.stringify({ properties: { spec: { $ref } } }));
    const args = ['good', '--crd-schemas', 'json', '--until', 'validate'];
    const { code, report, ...counted } = await alone(space, PORT, args);
    expect(report?.findings.map(({ message }) => message)).toEqual([
      `json/example.com/part_v1.json refers to ${$ref}, which is not followed`,
    ]);
    expect(code).toBe(1);
    expect(counted).toMatchObject(QUIET);
  });

  test('what does send something is seen: the counters count', async () => {
    const remote = (repository: string): string =>
      `apiVersion: v2\nname: remote\nversion: 1.0.0\ndependencies: [{ name: x, version: 1.0.0, repository: "${repository}" }]\n`;
    space.chart('remote', { 'Chart.yaml': remote(`oci://127.0.0.1:${PORT}/charts`) });
    expect((await alone(space, PORT, ['remote', '--until', 'resolve'])).requests).toBeGreaterThan(0);
    space.chart('remote', { 'Chart.yaml': remote('https://192.0.2.1/charts') });
    expect((await alone(space, PORT, ['remote', '--until', 'resolve'])).unroutable).toBeGreaterThan(0);
  });
});
