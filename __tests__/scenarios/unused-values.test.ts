import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Report } from '../../src/domain/outcome.ts';
import { command, repository, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

const fixtures = join(repository, '__tests__/fixtures');

/** A chart with the stores' stand-ins in its `charts/`. */
function withStores(folder: string, from: string): void {
  cpSync(from, join(space.root, folder), { recursive: true });
  for (const name of ['postgresql', 'redis'])
    cpSync(join(fixtures, 'charts', name), join(space.root, folder, 'charts', name), { recursive: true });
}

async function told(args: readonly string[], helm: 'helm' | 'helm3' = 'helm'): Promise<string[]> {
  const { report, stderr } = await command(space, [...args, '--until', 'validate'], { helm });
  if (report === undefined) throw new Error(stderr);
  return linesOf(report);
}

function linesOf({ findings }: Report): string[] {
  return findings
    .filter(({ rule }) => rule === 'validate/unused-value' || rule === 'validate/same-as-default')
    .map(
      ({ severity, file, line, column, message, environments }) =>
        `${severity} ${file}:${line}:${column} ${message} (${environments?.join(',')})`,
    );
}

test.each(['helm', 'helm3'] as const)(
  "the seed's values: what has no effect, and nothing else, by %s",
  async (helm) => {
    withStores('task-api', join(fixtures, 'seed'));
    expect(await told(['task-api'], helm)).toEqual([
      'warning task-api/values.yaml:51:3 migration.enabled: nothing uses it (dev,prod,staging)',
      'warning task-api/values-prod.yaml:21:3 postgresql.replica: nothing uses it, neither the chart nor its dependency postgresql 12.12.10 (prod)',
    ]);
  },
);

test('the task-api chart: nothing, in all environments and in each', async () => {
  withStores('chart', join(repository, 'chart'));
  expect(await told(['chart'])).toEqual([]);
  for (const name of ['dev', 'staging', 'prod']) expect(await told(['chart', '--environments', name])).toEqual([]);
});

test.each(['ways', 'charts/postgresql', 'charts/redis'])('the fixture %s: nothing', async (name) => {
  cpSync(join(fixtures, name), join(space.root, 'chart'), { recursive: true });
  expect(await told(['chart'])).toEqual([]);
});

describe('a chart', () => {
  const DEPENDENCY = 'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n';
  const store = (folder: string): void => {
    space.write(`${folder}/Chart.yaml`, 'apiVersion: v2\nname: store\nversion: 1.0.0\n');
    space.write(`${folder}/values.yaml`, 'size: 1Gi\n');
    space.write(
      `${folder}/templates/claim.yaml`,
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-store\ndata:\n  size: {{ .Values.size | quote }}\n  zone: {{ .Values.global.zone | quote }}\n',
    );
  };

  test('keys that differ from a used one by a letter or in case only are told with it', async () => {
    space.chart('demo', {
      'values.yaml': 'greeting: hello\nport: 80\n',
      'values-dev.yaml': 'Greeting: hi\nprot: 8080\n',
      'values-prod.yaml': 'greetin: hi\nporttt: 1\n"dotted.key": 1\n',
      'templates/service.yaml':
        'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  ports:\n    - port: {{ .Values.port }}\n',
    });
    expect(await told(['demo'])).toEqual([
      'warning demo/values-dev.yaml:1:1 Greeting: nothing uses it; greeting is used, which differs in upper and lower case only (dev)',
      'warning demo/values-dev.yaml:2:1 prot: nothing uses it; port is used, which differs by one letter (dev)',
      'warning demo/values-prod.yaml:1:1 greetin: nothing uses it; greeting is used, which differs by one letter (prod)',
      'warning demo/values-prod.yaml:2:1 porttt: nothing uses it (prod)',
      'warning demo/values-prod.yaml:3:1 "dotted.key": nothing uses it (prod)',
    ]);
  });

  test('one that the schema refuses is told once, with the key that is meant', async () => {
    space.chart('demo', {
      'values.yaml': 'greeting: hello\n',
      'values-dev.yaml': 'greting: hi\n',
      'values.schema.json': '{"properties": {"greeting": {"type": "string"}}, "additionalProperties": false}',
    });
    const { report } = await command(space, ['demo', '--until', 'validate']);
    const findings = report?.findings.map(({ rule, message, hint }) => ({ rule, message, hint }));
    expect(findings?.filter(({ rule }) => rule.startsWith('validate/'))).toEqual([
      {
        rule: 'validate/values-schema',
        message: "greting: additional properties 'greting' not allowed",
        hint: 'Call it greeting.',
      },
    ]);
  });

  test('each key that the schema refuses is told at its own place', async () => {
    space.chart('demo', {
      'values.yaml': 'greeting: hello\nin: { bb: 1 }\n',
      'values-prod.yaml': 'greeting: hi\nin:\n  aa: 0\n  zz: 1\n  "it\'s": 2\n',
      'values.schema.json':
        '{"properties": {"greeting": {}, "in": {"additionalProperties": false, "properties": {"ab": {}}}}}',
    });
    const { report } = await command(space, ['demo', '--until', 'validate']);
    const found = report?.findings.filter(({ rule }) => rule.startsWith('validate/'));
    expect(found?.every(({ rule }) => rule === 'validate/values-schema')).toBe(true);
    expect(found?.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`).sort()).toEqual([
      "demo/values-prod.yaml:3:3 in.aa: additional properties 'aa' not allowed",
      "demo/values-prod.yaml:4:3 in.zz: additional properties 'zz' not allowed",
      "demo/values-prod.yaml:5:3 in.it's: additional properties 'it\\'s' not allowed",
      "demo/values.yaml:2:7 in.bb: additional properties 'bb' not allowed",
    ]);
  });

  test('what an alias or a merge puts elsewhere is used there; the rest is told at its line', async () => {
    space.chart('demo', {
      'values.yaml':
        'greeting: hello\nx-resources: &res { cpu: 100m, foo: 1 }\nmaps:\n  base: &base { read: 1, unread: 2 }\na: *res\nb: { <<: *base, own: 1 }\n<<: { c: 1, d: 2 }\ne: *res\n',
      'templates/configmap.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  greeting: {{ .Values.greeting | quote }}\n  a: {{ .Values.a.cpu | quote }}\n  b: {{ .Values.b.read | quote }}\n  c: {{ .Values.c | quote }}\n',
    });
    expect(await told(['demo'])).toEqual([
      'warning demo/values.yaml:6:17 b.own: nothing uses it (default)',
      'warning demo/values.yaml:7:13 d: nothing uses it (default)',
      'warning demo/values.yaml:8:1 e: nothing uses it (default)',
    ]);
  });

  test('what is set as the default has it and an alias names elsewhere stays', async () => {
    space.chart('demo', {
      'values.yaml': 'greeting: hello\n',
      'values-prod.yaml': 'greeting: &g hello\nother: *g\n',
      'templates/configmap.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  greeting: {{ .Values.greeting }}{{ .Values.other }}\n',
    });
    expect(await told(['demo'])).toEqual([]);
  });

  test('what an environment must set itself stays, though the default is the same', async () => {
    space.chart('demo', {
      'values.yaml': 'greeting: hello\na: { c: 1, d: 2 }\nwhole: { e: { f: 3 } }\n',
      'values-dev.yaml': 'greeting: hello\n',
      'values-prod.yaml': 'greeting: hello\na: { d: 2 }\nwhole: { e: { f: 3 } }\n',
      'values.schema.json': '{"properties": {"a": {}, "whole": {}}}',
    });
    space.write(
      'chartship.yaml',
      'charts: [demo]\nenvironments:\n  dev: { values: [values-dev.yaml] }\n  prod:\n    values: [values-prod.yaml]\n    requiredValues: [a.d, whole.e]\n',
    );
    const same = 'it is set as demo/values.yaml has it, and no environment sets it otherwise';
    expect(await told([])).toEqual([
      `note demo/values-dev.yaml:1:1 greeting: ${same} (dev)`,
      `note demo/values-prod.yaml:1:1 greeting: ${same} (prod)`,
    ]);
  });

  test('what a schema names is there for something else', async () => {
    space.chart('demo', {
      'values.yaml': 'greeting: hello\nnote: for people\nother: 1\n',
      'values.schema.json': '{"properties": {"note": {}}}',
    });
    expect(await told(['demo'])).toEqual(['warning demo/values.yaml:3:1 other: nothing uses it (default)']);
  });

  test('one finding for a file that several environments have', async () => {
    space.chart('demo', {});
    space.write('common.yaml', 'unread: 1\n');
    space.write(
      'chartship.yaml',
      'charts: [demo]\nenvironments:\n  dev: { values: [common.yaml] }\n  prod: { values: [common.yaml] }\n',
    );
    expect(await told([])).toEqual(['warning common.yaml:1:1 unread: nothing uses it (dev,prod)']);
  });

  test('dependencies: their alias, what is global, conditions and tags', async () => {
    space.chart('demo', {
      'Chart.yaml': `${DEPENDENCY}  - name: store\n    version: 1.0.0\n    alias: disk\n    condition: disk.enabled\n    tags: [storage]\n`,
      'values.yaml':
        'greeting: hello\ndisk:\n  enabled: true\n  size: 2Gi\n  sise: 3Gi\nstore:\n  size: 1Gi\nglobal:\n  zone: a\n  region: b\ntags:\n  storage: true\n  stroage: true\n',
    });
    store('demo/charts/store');
    expect(await told(['demo'])).toEqual([
      'warning demo/values.yaml:5:3 disk.sise: nothing uses it, neither the chart nor its dependency store 1.0.0; disk.size is used, which differs by one letter (default)',
      'warning demo/values.yaml:6:1 store: nothing uses it (default)',
      'warning demo/values.yaml:10:3 global.region: nothing uses it (default)',
      'warning demo/values.yaml:13:3 tags.stroage: nothing uses it; tags.storage is used, which differs by one letter (default)',
    ]);
  });

  test('a dependency that every environment switches off uses nothing but its condition', async () => {
    space.chart('demo', {
      'Chart.yaml': `${DEPENDENCY}  - name: store\n    version: 1.0.0\n    condition: store.enabled\n`,
      'values.yaml': 'greeting: hello\nstore:\n  enabled: false\n  size: 2Gi\n',
      'values-dev.yaml': 'greeting: hi\nstore:\n  size: 1Gi\n',
      'values-prod.yaml': 'greeting: good day\n',
    });
    store('demo/charts/store');
    const off = 'nothing uses it: the dependency store is switched off in every environment';
    expect(await told(['demo'])).toEqual([
      `warning demo/values.yaml:2:1 store.size: ${off} (dev,prod)`,
      `warning demo/values-dev.yaml:2:1 store.size: ${off} (dev)`,
    ]);
    // Of the others nothing is known then.
    expect(await told(['demo', '--environments', 'dev'])).toEqual([]);
    space.write('demo/values-prod.yaml', 'greeting: good day\nstore:\n  enabled: true\n');
    expect(await told(['demo'])).toEqual([]);
  });

  test('what no environment sets otherwise than the defaults is a note', async () => {
    space.chart('demo', {
      'values.yaml': 'greeting: hello\nlimits:\n  cpu: 1\n  memory: 1Gi\nhosts: [a, b]\nname: x\n',
      'values-dev.yaml': 'greeting: hello\nlimits:\n  cpu: 1\n  memory: 1Gi\nhosts: [a, b]\nname: x\n',
      'values-prod.yaml': 'greeting: hi\nlimits:\n  cpu: 1\nname: x\n',
      'templates/configmap.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  all: {{ .Values | toJson | quote }}\n',
    });
    expect(await told(['demo'])).toEqual([
      'note demo/values-dev.yaml:2:1 limits: it is set as demo/values.yaml has it, and no environment sets it otherwise (dev)',
      'note demo/values-dev.yaml:5:1 hosts: it is set as demo/values.yaml has it, and no environment sets it otherwise (dev)',
      'note demo/values-dev.yaml:6:1 name: it is set as demo/values.yaml has it, and no environment sets it otherwise (dev)',
      'note demo/values-prod.yaml:2:1 limits: it is set as demo/values.yaml has it, and no environment sets it otherwise (prod)',
      'note demo/values-prod.yaml:4:1 name: it is set as demo/values.yaml has it, and no environment sets it otherwise (prod)',
    ]);
    expect(await told(['demo', '--environments', 'dev'])).toEqual([]);
  });

  test('a warning fails a run that is to fail on warnings', async () => {
    space.chart('demo', { 'values.yaml': 'greeting: hello\nother: 1\n' });
    const { code, report } = await command(space, ['demo', '--until', 'validate', '--fail-on', 'warning']);
    expect(code).toBe(1);
    expect(report?.stages.find(({ name }) => name === 'validate')?.status).toBe('failed');
  });
});

test("the seed's values files are as they were written", () => {
  const text = readFileSync(join(fixtures, 'seed/values-prod.yaml'), 'utf8');
  expect(text).toContain('  replica:\n    replicaCount: 2\n');
});
