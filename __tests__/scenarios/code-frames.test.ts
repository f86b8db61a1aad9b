import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { action, command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeAll(() => {
  space = workspace();
  space.chart('chart', {
    'values.yaml': 'image: demo\nreplicas: three\npassword: hunter2x\nlevel: 1\n',
    'templates/configmap.yaml': undefined,
    'templates/deployment.yaml': DEPLOYMENT,
  });
});
afterAll(() => space.remove());

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: a } }
  template:
    metadata: { labels: { app: a } }
    spec:
      containers:
        - name: a
          imagee: x
          image: {{ .Values.image }}
          env: [{ name: P, value: {{ .Values.password | quote }} }]
`;

const OF_VALUES = `  1 │ image: demo
> 2 │ replicas: three
    │           ^
  3 │ (not shown: it may hold a secret)
`;
const OF_TEMPLATE = `  12 │         - name: a
> 13 │           imagee: x
  14 │           image: {{ .Values.image }}
`;

const run = (...args: string[]) => command(space, ['chart', '--until', 'validate', ...args]);

test('the lines of a finding are shown, of values with a caret, and no secret is', async () => {
  const { code, stdout, report } = await run();
  expect(code).toBe(1);
  expect(stdout).toContain(`chart/values.yaml:2:11\nerror: spec.replicas: is a string, must be an integer`);
  expect(stdout).toContain(OF_VALUES);
  expect(stdout).toContain(OF_TEMPLATE);
  expect(stdout).not.toContain('hunter2x');
  // No colours without a terminal.
  expect(stdout).not.toContain('\u001b');
  expect(JSON.stringify(report)).not.toContain('│');
});

test('in SARIF each finding has its text, and no secret is there', async () => {
  await run();
  const text = readFileSync(join(space.root, 'chartship-report/report.sarif'), 'utf8');
  const places = JSON.parse(text).runs[0].results.map(
    // biome-ignore lint/suspicious/noExplicitAny: SARIF, as it is
    ({ locations }: any) => locations[0].physicalLocation,
  );
  expect(places).toContainEqual({
    artifactLocation: { uri: 'chart/values.yaml', uriBaseId: '%SRCROOT%' },
    region: { startLine: 2, startColumn: 11, snippet: { text: 'three' } },
    // The third line may hold a secret.
    contextRegion: { startLine: 1, endLine: 2, snippet: { text: 'image: demo\nreplicas: three' } },
  });
  expect(places).toContainEqual(
    expect.objectContaining({
      region: { startLine: 13, snippet: { text: '          imagee: x' } },
      contextRegion: {
        startLine: 12,
        endLine: 14,
        snippet: { text: '        - name: a\n          imagee: x\n          image: {{ .Values.image }}' },
      },
    }),
  );
  expect(text).not.toContain('hunter2x');
});

test("the Action's log and the job summary have them, and what a chart writes there is no command", async () => {
  space.chart('commands', {
    'Chart.yaml': 'apiVersion: v2\nname: commands\nversion: 1.0.0\n',
    'templates/configmap.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndatta:\n  ::error::x: "##[add-mask]y"\n',
  });
  const ended = await action(space, { chart: 'commands', until: 'validate' });
  expect(ended.code).toBe(1);
  expect(ended.stdout).toContain('> 4 │ datta:\n');
  expect(ended.summary).toContain('  > 4 │ datta:\n');
  const after = ended.stdout.slice(ended.stdout.indexOf('> 4 │'));
  const before = ended.stdout.slice(0, ended.stdout.indexOf('> 4 │'));
  const token = /::stop-commands::(\S+)\n/.exec(before)?.[1];
  expect(token).toBeDefined();
  expect(after).toContain(`::${token}::`);
});

test('of forty findings a dozen have one, and all have their text in SARIF', async () => {
  const template = (index: number): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a-${index} }\ndatta-${index}: {}\n`;
  const files = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`templates/${index}.yaml`, template(index)]),
  );
  space.chart('many', { 'Chart.yaml': 'apiVersion: v2\nname: many\nversion: 1.0.0\n', ...files });
  const { stdout, report } = await command(space, ['many', '--until', 'validate']);
  expect(report?.findings).toHaveLength(40);
  expect(stdout.match(/^> /gm)).toHaveLength(12);
  expect(stdout.match(/unknown field/g)).toHaveLength(40);
  const sarif = readFileSync(join(space.root, 'chartship-report/report.sarif'), 'utf8');
  expect(sarif.match(/"snippet"/g)).toHaveLength(80);
});

test('what helm says of a password is said without it', async () => {
  space.chart('quoting', {
    'Chart.yaml': 'apiVersion: v2\nname: quoting\nversion: 1.0.0\n',
    'values.yaml': "db: { password: hunt'er2x }\n",
    'values.schema.json': JSON.stringify({
      properties: { db: { properties: { password: { type: 'string', pattern: '^[0-9]+$' } } } },
    }),
  });
  const { report, stdout, stderr } = await command(space, ['quoting', '--until', 'validate']);
  const told = report?.findings.filter(({ rule }) => rule === 'validate/values-schema');
  expect(told?.map(({ message, line }) => [message, line])).toEqual([
    ["db.password: the value does not match pattern '^[0-9]+$'", 1],
  ]);
  expect(stdout + stderr + JSON.stringify(report)).not.toContain('er2x');
});

describe('nothing is read that is not to be shown', () => {
  test('of a file outside the repository', async () => {
    const other = workspace();
    try {
      other.write('secret.yaml', 'level: nothing-for-you\n');
      space.chart('linked', {
        'Chart.yaml': 'apiVersion: v2\nname: linked\nversion: 1.0.0\n',
        'values.schema.json': '{"properties": {"level": {"type": "integer"}}}',
      });
      symlinkSync(join(other.root, 'secret.yaml'), join(space.root, 'linked/values-dev.yaml'));
      const { code, stdout, stderr } = await command(space, ['linked', '--until', 'validate']);
      expect(code).not.toBe(0);
      expect(stdout + stderr).not.toContain('nothing-for-you');
    } finally {
      other.remove();
    }
  });

  test('of a file whose name or content says that it is encrypted', async () => {
    space.chart('encrypted', {
      'Chart.yaml': 'apiVersion: v2\nname: encrypted\nversion: 1.0.0\n',
      'values-dev.enc.yaml': 'level: nothing-for-you\n',
      'values-prod.yaml': 'level: ENC[AES256_GCM,data:nothing-for-you]\nsops: { mac: x }\n',
    });
    space.write('chartship.yaml', 'environments:\n  dev: { values: [values-dev.enc.yaml] }\n  prod: {}\n');
    const { report, stdout } = await command(space, ['encrypted', '--until', 'validate']);
    space.empty('chartship.yaml');
    expect(report?.findings.map(({ rule }) => rule).sort()).toEqual(['validate/not-encrypted', 'validate/values-file']);
    expect(stdout).not.toContain('nothing-for-you');
    const sarif = readFileSync(join(space.root, 'chartship-report/report.sarif'), 'utf8');
    expect(sarif).not.toContain('nothing-for-you');
  });
});

test('of a Secret that is misspelt nothing is shown either, nor kept in the report', async () => {
  const secret = (name: string, rest: string): string =>
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n  label: x\n${rest}\n`;
  space.chart('misspelt', {
    'Chart.yaml': 'apiVersion: v2\nname: misspelt\nversion: 1.0.0\n',
    'values.yaml': 'headers:\n  authorization: "Basic qwhunter2x"\n  unused: 1\n',
    'templates/configmap.yaml': undefined,
    'templates/a.yaml': secret('a', 'stringdata:\n  a: qwhunter2x'),
    'templates/b.yaml': secret('b', 'StringData: { a: qwhunter2x }'),
    'templates/c.yaml': secret('c', 'stringData: qwhunter2x'),
    'templates/d.yaml': secret('d', 'datas:\n  - qwhunter2x').replace('kind: Secret', 'kind: !!str Secret'),
  });
  const { stdout, report } = await command(space, ['misspelt', '--until', 'validate']);
  const unknown = report?.findings.filter(({ rule }) => rule === 'schema/unknown-field') ?? [];
  expect(unknown.map(({ file }) => file)).toEqual(
    expect.arrayContaining(['a', 'b', 'd'].map((name) => `misspelt/templates/${name}.yaml`)),
  );
  expect(stdout).toContain('> 6 │ stringdata:\n  7 │ (not shown: it may hold a secret)\n');
  const folder = join(space.root, 'chartship-report');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  for (const text of [stdout, ...texts]) expect(text).not.toContain('qwhunter2x');
  expect(texts.some((text) => text.includes('stringdata:\n  a: REDACTED\n'))).toBe(true);
});
