import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../src/domain/finding.ts';
import { action, command, type Workspace, workspace } from '../support/scenario.ts';
import { oneFinding, sound } from '../support/sound-ending.ts';

let space: Workspace;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

/** Names beside the repository, in a folder that others use as well. */
const OUTSIDE = `outside-${process.pid}`;
const ESCAPED = `escaped-${process.pid}`;

type Expected = Partial<Record<keyof Finding, unknown>>;
interface Case {
  /** Files beside the small chart in `chart`. */
  readonly files?: Record<string, string>;
  readonly before?: (space: Workspace) => void;
  readonly args?: readonly string[];
  /** The same as the Action gets it; without it the case is one of the command alone. */
  readonly inputs?: Record<string, string>;
  readonly status?: 'invalid' | 'failed' | 'error';
  readonly finds: Expected;
}

const invalid: Record<string, Case> = {
  'an unknown option': {
    args: ['--regsitry', 'oci://localhost:1/x'],
    finds: {
      rule: 'request/unknown-input',
      message: '--regsitry is no option of chartship',
      hint: expect.stringMatching(/^Did you mean --registry\?/),
    },
  },
  'an unknown input': {
    inputs: { regsitry: 'oci://localhost:1/x' },
    finds: {
      rule: 'request/unknown-input',
      message: 'input regsitry is no input of Chartship',
      hint: 'Did you mean registry?',
    },
  },
  'an unknown key': {
    files: { 'chartship.yaml': 'charts: [chart]\nregistri: oci://localhost:1/x\n' },
    inputs: {},
    finds: { rule: 'request/unknown-key', hint: 'Did you mean registry?', file: 'chartship.yaml', line: 2, column: 1 },
  },
  'an unknown key of an environment': {
    files: { 'chartship.yaml': 'environments:\n  dev:\n    namespce: x\n' },
    inputs: {},
    finds: { rule: 'request/unknown-key', hint: 'Did you mean namespace?', file: 'chartship.yaml', line: 3, column: 5 },
  },
  'a key that every object of JavaScript has': {
    files: { 'chartship.yaml': 'environments:\n  dev:\n    constructor: x\n' },
    finds: { rule: 'request/unknown-key', file: 'chartship.yaml', line: 3, column: 5 },
  },
  'another such key': {
    files: { 'chartship.yaml': 'environments:\n  dev: { __proto__: { namespace: x } }\n' },
    finds: { rule: 'request/unknown-key', file: 'chartship.yaml', line: 2, column: 10 },
  },
  'a boolean that is none': {
    args: ['--plain-http=maybe'],
    inputs: { 'plain-http': 'maybe' },
    finds: {
      rule: 'request/wrong-type',
      message: expect.stringMatching(/plain-http must be true or false, not "maybe"/),
    },
  },
  'a choice that is none': {
    args: ['--until', 'rendr'],
    inputs: { until: 'rendr' },
    finds: {
      rule: 'request/wrong-type',
      message: expect.stringMatching(/until must be one of .*not "rendr".*Did you mean render\?/),
    },
  },
  'a number where text is needed': {
    files: { 'chartship.yaml': 'charts: [chart]\nkubeVersions: [1.30]\n' },
    inputs: {},
    finds: {
      rule: 'request/wrong-type',
      message: expect.stringMatching(/must be text: write it in quotes/),
      file: 'chartship.yaml',
      line: 2,
      column: 16,
    },
  },
  'a list where a mapping is needed': {
    files: { 'chartship.yaml': 'environments: [dev]\n' },
    finds: { rule: 'request/wrong-type', file: 'chartship.yaml', line: 1, column: 15 },
  },
  'a set without a value': {
    args: ['--set', 'image.tag'],
    inputs: { set: 'image.tag' },
    finds: { rule: 'request/wrong-type', message: expect.stringContaining('path=value') },
  },
  'a set of an environment without a value': {
    files: { 'chartship.yaml': 'environments:\n  dev:\n    set: [a=1, image.tag]\n' },
    finds: {
      rule: 'request/wrong-type',
      message: expect.stringContaining('path=value'),
      file: 'chartship.yaml',
      line: 3,
      column: 16,
    },
  },
  'an option without a value': {
    args: ['--until'],
    finds: { rule: 'request/wrong-type', message: '--until needs a value' },
  },
  'an option given twice': {
    args: ['--until', 'lint', '--until', 'render'],
    finds: { rule: 'request/duplicate', message: '--until is given twice' },
  },
  'a boolean given twice': { args: ['--plain-http', '--plain-http=false'], finds: { rule: 'request/duplicate' } },
  'a key given twice': {
    files: { 'chartship.yaml': 'charts: [chart]\nuntil: lint\ncharts: [other]\n' },
    inputs: {},
    finds: {
      rule: 'request/configuration',
      message: expect.stringContaining('the same key twice'),
      file: 'chartship.yaml',
      line: 3,
      column: 1,
    },
  },
  'an environment given twice': {
    files: { 'chartship.yaml': 'environments:\n  dev: {}\n  dev: {}\n' },
    finds: {
      rule: 'request/configuration',
      message: expect.stringContaining('the same key twice'),
      line: 3,
      column: 3,
    },
  },
  'a configuration that is no YAML': {
    files: { 'chartship.yaml': 'charts: [chart\nuntil: lint\n' },
    inputs: {},
    finds: {
      rule: 'request/configuration',
      message: expect.stringMatching(/^chartship\.yaml is no YAML/),
      file: 'chartship.yaml',
      line: expect.any(Number),
      column: expect.any(Number),
    },
  },
  'a configuration with ten million alias expansions': {
    files: { 'chartship.yaml': aliasBomb() },
    inputs: {},
    finds: {
      rule: 'request/configuration',
      message: expect.stringContaining('expands aliases'),
      file: 'chartship.yaml',
      line: 4,
      column: expect.any(Number),
    },
  },
  'a configuration that is named and not there': {
    args: ['--config', 'other.yaml'],
    inputs: { config: 'other.yaml' },
    finds: { rule: 'request/no-configuration', message: expect.stringContaining('other.yaml') },
  },
  'a configuration outside the repository': {
    before: () => outside((folder) => writeFileSync(join(folder, 'c.yaml'), 'until: lint\n')),
    args: ['--config', `../${OUTSIDE}/c.yaml`],
    finds: { rule: 'request/outside', message: expect.stringContaining('outside the repository') },
  },
  'a chart that is not there': {
    args: ['nowhere'],
    inputs: { chart: 'nowhere' },
    finds: { rule: 'request/no-chart', message: 'chart "nowhere" is not there' },
  },
  'a chart of the configuration that is not there': {
    files: { 'chartship.yaml': 'charts:\n  - chart\n  - nowhere\n' },
    finds: {
      rule: 'request/no-chart',
      message: 'chart "nowhere" is not there',
      file: 'chartship.yaml',
      line: 3,
      column: 5,
    },
  },
  'a folder that is no chart': {
    before: ({ root }) => mkdirSync(join(root, 'empty')),
    args: ['empty'],
    inputs: { chart: 'empty' },
    finds: { rule: 'request/no-chart', message: '"empty" is no chart: it has no Chart.yaml' },
  },
  'a file where a chart should be': {
    args: ['chart/Chart.yaml'],
    finds: { rule: 'request/no-chart', message: 'chart "chart/Chart.yaml" is a file, not a folder' },
  },
  'a glob that no chart matches': {
    args: ['charts/*'],
    inputs: { chart: 'charts/*' },
    finds: { rule: 'request/no-chart', message: 'no chart matches "charts/*"' },
  },
  'a chart of the configuration outside the repository': {
    files: { 'chartship.yaml': `charts: [../${OUTSIDE}/chart]\n` },
    before: () =>
      outside((folder) => {
        mkdirSync(join(folder, 'chart'));
        writeFileSync(join(folder, 'chart/Chart.yaml'), 'apiVersion: v2\nname: other\nversion: 1.0.0\n');
      }),
    finds: {
      rule: 'request/outside',
      message: expect.stringContaining('outside the repository'),
      file: 'chartship.yaml',
      line: 1,
      column: 10,
    },
  },
  'a values file that is not there': {
    files: { 'chartship.yaml': 'environments:\n  dev:\n    values:\n      - values.yaml\n      - values-dve.yaml\n' },
    inputs: {},
    finds: {
      rule: 'request/values-file',
      message: 'values file "values-dve.yaml" is not there',
      environments: ['dev'],
      file: 'chartship.yaml',
      line: 5,
      column: 9,
    },
  },
  'one values file that is not there, for three environments': {
    files: { 'chart/values-a.yaml': '', 'chart/values-b.yaml': '', 'chart/values-c.yaml': '' },
    args: ['--values', 'nowhere.yaml'],
    inputs: { values: 'nowhere.yaml' },
    finds: {
      rule: 'request/values-file',
      message: 'values file "nowhere.yaml" is not there',
      environments: ['a', 'b', 'c'],
    },
  },
  'a values file that is an address': {
    args: ['--values', 'http://127.0.0.1:1/values.yaml'],
    finds: { rule: 'request/values-file', message: expect.stringContaining('is not there') },
  },
  'a values file outside the repository by ..': {
    files: { 'chartship.yaml': `environments:\n  dev: { values: [../../${OUTSIDE}/v.yaml] }\n` },
    before: () => outside((folder) => writeFileSync(join(folder, 'v.yaml'), 'secret-of-the-host: 1\n')),
    finds: {
      rule: 'request/values-file',
      message: expect.stringContaining('lies outside the repository'),
      file: 'chartship.yaml',
      line: 2,
      column: 19,
    },
  },
  'a values file outside the repository by a symbolic link': {
    files: { 'chartship.yaml': 'environments:\n  dev: { values: [linked.yaml] }\n' },
    before: ({ root }) =>
      outside((folder) => {
        writeFileSync(join(folder, 'v.yaml'), 'secret-of-the-host: 1\n');
        symlinkSync(join(folder, 'v.yaml'), join(root, 'linked.yaml'));
      }),
    finds: {
      rule: 'request/values-file',
      message: expect.stringContaining('lies outside the repository'),
      file: 'chartship.yaml',
      line: 2,
      column: 19,
    },
  },
  'a values file outside the repository by a link to its folder': {
    before: ({ root }) =>
      outside((folder) => {
        writeFileSync(join(folder, 'v.yaml'), 'secret-of-the-host: 1\n');
        symlinkSync(folder, join(root, 'folder'));
      }),
    args: ['--values', 'folder/v.yaml'],
    inputs: { values: 'folder/v.yaml' },
    finds: { rule: 'request/values-file', message: expect.stringContaining('lies outside the repository') },
  },
  'an environment that is not known': {
    files: { 'chart/values-dev.yaml': '', 'chart/values-prod.yaml': '' },
    args: ['--environments', 'prd'],
    inputs: { environments: 'prd' },
    finds: {
      rule: 'request/unknown-environment',
      message: expect.stringContaining('"prd"'),
      hint: 'Did you mean prod?',
    },
  },
  'an environment that the configuration does not know': {
    files: { 'chartship.yaml': 'environments: { dev: {}, prod: {} }\n' },
    args: ['--environments', 'dev,prd'],
    inputs: { environments: 'dev\nprd' },
    finds: {
      rule: 'request/unknown-environment',
      message: expect.stringContaining('"prd"'),
      hint: 'Did you mean prod?',
    },
  },
  'an environment whose name would lead out of the report folder': {
    files: { 'chartship.yaml': `environments:\n  ../../../${ESCAPED}: { namespace: a, release: a }\n` },
    finds: { rule: 'request/environment', file: 'chartship.yaml', line: 2, column: 3 },
  },
  'an environment whose name is no namespace': {
    files: { 'chartship.yaml': 'environments:\n  Prod EU: {}\n' },
    finds: { rule: 'request/environment', file: 'chartship.yaml', line: 2, column: 3 },
  },
  'a namespace for several environments': {
    files: { 'chart/values-dev.yaml': '', 'chart/values-prod.yaml': '' },
    args: ['--namespace', 'one'],
    inputs: { namespace: 'one' },
    finds: { rule: 'request/ambiguous', message: expect.stringContaining('namespace') },
  },
  'a release for several charts': {
    before: (each) => each.chart('other', { 'Chart.yaml': 'apiVersion: v2\nname: other\nversion: 1.0.0\n' }),
    args: ['chart', 'other', '--release', 'one'],
    finds: { rule: 'request/ambiguous', message: expect.stringContaining('release') },
  },
  'two charts of one name': {
    before: (each) => each.chart('other'),
    args: ['chart', 'other'],
    finds: { rule: 'request/same-name', message: expect.stringContaining('both named "demo"') },
  },
  'publish without a registry': {
    args: ['--until', 'publish'],
    inputs: { until: 'publish', registry: '' },
    finds: { rule: 'request/no-registry' },
  },
  'a secret in the configuration': {
    files: { 'chartship.yaml': 'charts: [chart]\nregistryPassword: hunter22\n' },
    inputs: {},
    finds: { rule: 'request/input-only', file: 'chartship.yaml', line: 2, column: 1 },
  },
  'a secret as a literal': {
    args: ['--registry-username', 'me', '--registry-password', 'hunter22'],
    finds: {
      rule: 'request/secret',
      message: '--registry-password is a secret and must not stand on the command line',
      hint: expect.stringContaining('CHARTSHIP_REGISTRY_PASSWORD'),
    },
  },
  'a secret as a literal after =': {
    args: ['--secret-values=hunter22: x'],
    finds: { rule: 'request/secret', hint: expect.stringContaining('CHARTSHIP_SECRET_VALUES') },
  },
  'a secret of a file that is not there': {
    args: ['--secret-values', '@nowhere'],
    finds: { rule: 'request/secret', message: "--secret-values can't be read from nowhere" },
  },
};

const malformed: Record<string, Case> = {
  'a values file that is no YAML': {
    files: { 'chart/values-dev.yaml': 'a: 1\nb: [\n' },
    finds: {
      rule: 'validate/values-file',
      message: expect.stringMatching(/^chart\/values-dev\.yaml is no YAML/),
      file: 'chart/values-dev.yaml',
      line: 3,
      column: 1,
    },
  },
  'a values file with a key twice': {
    files: { 'chart/values-dev.yaml': 'a: 1\nb:\n  c: 1\n  c: 2\n' },
    finds: {
      rule: 'validate/values-file',
      message: 'chart/values-dev.yaml has the same key twice in one mapping',
      line: 4,
      column: 3,
    },
  },
  'a values.yaml with a key twice, and three environments': {
    files: {
      'chart/values.yaml': 'greeting: a\ngreeting: b\n',
      'chart/values-a.yaml': '',
      'chart/values-b.yaml': '',
      'chart/values-c.yaml': '',
    },
    finds: { rule: 'validate/values-file', file: 'chart/values.yaml', line: 2, column: 1 },
  },
  'a values file that is a list': {
    files: { 'chart/values-dev.yaml': '- a\n' },
    finds: {
      rule: 'validate/values-file',
      message: expect.stringContaining('must be a mapping'),
      file: 'chart/values-dev.yaml',
      line: 1,
      column: 1,
    },
  },
  'a values file with two documents': {
    files: { 'chart/values-dev.yaml': 'a: 1\n---\nb: 1\n' },
    finds: { rule: 'validate/values-file', message: expect.stringContaining('more than one YAML document'), line: 2 },
  },
  'a values file with ten million alias expansions': {
    files: { 'chart/values-dev.yaml': aliasBomb() },
    finds: {
      rule: 'validate/values-file',
      message: expect.stringContaining('expands aliases'),
      file: 'chart/values-dev.yaml',
      line: 4,
    },
  },
  'a values.yaml with ten million alias expansions': {
    files: { 'chart/values.yaml': aliasBomb() },
    finds: {
      rule: 'validate/values-file',
      message: expect.stringContaining('expands aliases'),
      file: 'chart/values.yaml',
      line: 4,
    },
  },
  'a values file that is nested without end': {
    files: { 'chart/values-dev.yaml': `a: ${'['.repeat(100_000)}` },
    finds: { rule: 'validate/values-file', message: 'chart/values-dev.yaml is nested too deeply', line: 1 },
  },
  'a values file that is no text': {
    before: (each) => each.write('chart/values-dev.yaml', new Uint8Array([0x61, 0x3a, 0xff, 0xfe])),
    finds: { rule: 'validate/values-file', message: 'chart/values-dev.yaml is not UTF-8 text' },
  },
  'a values.yaml that leads out of the repository': {
    before: ({ root }) =>
      outside((folder) => {
        writeFileSync(join(folder, 'v.yaml'), 'secret-of-the-host: {\n');
        rmSync(join(root, 'chart/values.yaml'));
        symlinkSync(join(folder, 'v.yaml'), join(root, 'chart/values.yaml'));
      }),
    finds: { rule: 'resolve/link-outside', file: 'chart/values.yaml' },
  },
  'a Chart.yaml that is no YAML': {
    files: { 'chart/Chart.yaml': 'apiVersion: v2\nname: [\n' },
    finds: {
      rule: 'resolve/chart-yaml',
      message: expect.stringMatching(/^chart\/Chart\.yaml is no YAML/),
      file: 'chart/Chart.yaml',
      line: 3,
    },
  },
  'a Chart.yaml with a key twice': {
    files: { 'chart/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\nname: other\n' },
    finds: { rule: 'resolve/chart-yaml', message: expect.stringContaining('the same key twice'), line: 4, column: 1 },
  },
  'a Chart.yaml that is empty': {
    files: { 'chart/Chart.yaml': '' },
    finds: { rule: 'resolve/chart-yaml', file: 'chart/Chart.yaml' },
  },
  'a Chart.yaml with ten million alias expansions': {
    files: { 'chart/Chart.yaml': aliasBomb() },
    finds: {
      rule: 'resolve/chart-yaml',
      message: expect.stringContaining('expands aliases'),
      file: 'chart/Chart.yaml',
      line: 4,
    },
  },
  'a version that is not semver': {
    files: { 'chart/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: one.two\n' },
    finds: {
      rule: 'resolve/chart-yaml',
      message: 'chart/Chart.yaml has a version that is no semantic version: "one.two"',
      file: 'chart/Chart.yaml',
      line: 3,
      column: 10,
    },
  },
  'a version that is a number': {
    files: { 'chart/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.10\n' },
    finds: { rule: 'resolve/chart-yaml', file: 'chart/Chart.yaml', line: 3, column: 10 },
  },
  'a key of Chart.yaml in another shape': {
    files: { 'chart/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\nkeywords: one\n' },
    finds: { rule: 'resolve/chart-yaml', message: expect.stringContaining('a list of texts'), line: 4, column: 11 },
  },
  'a type that helm does not know': {
    files: { 'chart/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\ntype: libary\n' },
    finds: { rule: 'resolve/chart-yaml', message: expect.stringContaining('"libary"'), line: 4, column: 7 },
  },
  'a values.yaml that is a folder': {
    before: ({ root }) => {
      rmSync(join(root, 'chart/values.yaml'));
      mkdirSync(join(root, 'chart/values.yaml'));
    },
    finds: { rule: 'validate/values-file', message: 'chart/values.yaml is no file' },
  },
  'a Chart.yaml without a name': {
    files: { 'chart/Chart.yaml': 'apiVersion: v2\nversion: 1.0.0\n' },
    finds: { rule: 'resolve/chart-yaml', message: 'chart/Chart.yaml has no name', line: 1 },
  },
  'a name that would lead out of the report folder': {
    files: { 'chart/Chart.yaml': `apiVersion: v2\nname: ../../${ESCAPED}\nversion: 1.0.0\n` },
    finds: { rule: 'resolve/chart-yaml', line: 2, column: 7 },
  },
};

async function runCase(each: Case, face: 'command' | 'action'): Promise<Finding> {
  space.chart('chart');
  for (const [path, content] of Object.entries(each.files ?? {})) space.write(path, content);
  each.before?.(space);
  const ended = face === 'command' ? await command(space, each.args ?? []) : await action(space, each.inputs ?? {});
  const found = oneFinding(face === 'command' ? ended : { ...ended, code: ended.code }, each.status ?? 'invalid');
  expect(found).toMatchObject({ severity: 'error', ...each.finds });
  if (each.finds.line === undefined) expect(found.line).toBeUndefined();
  expect(`${ended.stdout}${readFileSync(join(space.root, 'chartship-report/report.json'), 'utf8')}`).not.toMatch(
    /hunter22|secret-of-the-host/,
  );
  for (const way of [ESCAPED, `../${ESCAPED}`, `chartship-report/${ESCAPED}`])
    expect(existsSync(join(space.root, way))).toBe(false);
  return found;
}

const entries = (cases: Record<string, Case>): [string, Case][] => Object.entries(cases);

describe('a request that is wrong is exit code 2, with one finding at its place', () => {
  const commands = entries(invalid).filter(
    ([, { args, inputs, files }]) => args !== undefined || inputs === undefined || files !== undefined,
  );
  test.each(commands)('%s', async (_, each) => void (await runCase(each, 'command')));
  test.each(entries(invalid).filter(([, { inputs }]) => inputs !== undefined))(
    '%s, as the Action',
    async (_, each) => void (await runCase(each, 'action')),
  );

  test('all that is wrong is told at once', async () => {
    space.write('chartship.yaml', 'nope: 1\nuntil: never\n');
    const ended = await command(space, ['nowhere', '--plain-http=x', '--what']);
    expect(
      sound(ended, 'invalid')
        .findings.map(({ rule }) => rule)
        .sort(),
    ).toEqual(['request/unknown-input', 'request/unknown-key', 'request/wrong-type', 'request/wrong-type']);
  });
});

describe('a file of the chart that is malformed is exit code 1, with one finding at its place', () => {
  test.each(entries(malformed))(
    '%s',
    async (_, each) => void (await runCase({ status: 'failed', ...each }, 'command')),
  );
});

describe('the command line', () => {
  test('--help lists every input and ends well; --version is a version', async () => {
    const help = await command(space, ['--help']);
    expect([help.code, help.stderr, help.report]).toEqual([0, '', undefined]);
    expect(help.stdout).toMatch(/--registry-password @FILE/);
    const version = await command(space, ['--version']);
    expect([version.code, version.stderr]).toEqual([0, '']);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+(-\S+)?\n$/);
    expect(readdirSync(space.root).filter((name) => !name.startsWith('.'))).toEqual([]);
  });
  test('after -- everything is a chart', async () => {
    space.chart('--version');
    expect(
      sound(await command(space, ['--until', 'lint', '--', '--version']), 'passed').stages.map(({ chart }) => chart),
    ).toEqual(['demo', 'demo']);
  });
  test('several charts, by name, by glob and twice', async () => {
    for (const name of ['a', 'b', 'c'])
      space.chart(`charts/${name}`, { 'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n` });
    mkdirSync(join(space.root, 'charts/no-chart'));
    const report = sound(await command(space, ['charts/a', 'charts/{b,c}', './charts/a/', 'charts/*']), 'passed');
    expect(report.packages.map(({ file }) => file)).toEqual(['a-1.0.0.tgz', 'b-1.0.0.tgz', 'c-1.0.0.tgz']);
  });
  test('a chart outside the working directory, in the repository and out of it', async () => {
    space.chart('chart');
    mkdirSync(join(space.root, 'deep/er'), { recursive: true });
    const report = sound(
      await command(space, ['../../chart', '--report', join(space.root, 'chartship-report')], {
        cwd: join(space.root, 'deep/er'),
      }),
      'passed',
    );
    expect(report.packages).toHaveLength(1);
    const elsewhere = workspace();
    try {
      elsewhere.chart('chart', { 'values.yaml': 'a: [\n' });
      const [found] = sound(await command(space, [join(elsewhere.root, 'chart')]), 'failed').findings;
      expect(found).toMatchObject({ file: join(elsewhere.root, 'chart/values.yaml'), line: 2 });
    } finally {
      elsewhere.remove();
    }
  });
  test('from a folder within the repository: the configuration of the root, its paths from there', async () => {
    space.chart('apps/chart');
    space.write(
      'chartship.yaml',
      'charts: [apps/chart]\nreport: chartship-report\nenvironments: { dev: { values: [shared.yaml] } }\n',
    );
    space.write('shared.yaml', 'greeting: [\n');
    mkdirSync(join(space.root, 'apps/deep'));
    const found = oneFinding(await command(space, [], { cwd: join(space.root, 'apps/deep') }), 'failed');
    expect(found).toMatchObject({ file: 'shared.yaml', line: 2 });
  });
  test('a configuration named from there is shown by its path in the repository', async () => {
    space.chart('chart');
    space.write('conf/ship.yaml', 'until: lint\nfoo: 1\n');
    mkdirSync(join(space.root, 'deep'));
    const ended = await command(space, ['--config', '../conf/ship.yaml', '--report', '../chartship-report'], {
      cwd: join(space.root, 'deep'),
    });
    expect(oneFinding(ended, 'invalid')).toMatchObject({ file: 'conf/ship.yaml', line: 2, column: 1 });
  });
  test.each(['resolve', 'lint', 'render', 'validate', 'package'])(
    'until %s: that far and no further',
    async (until) => {
      space.chart('chart');
      const report = sound(await command(space, ['--until', until]), 'passed');
      const all = ['resolve', 'lint', 'render', 'validate', 'package'];
      expect([...new Set(report.stages.map(({ name }) => name))]).toEqual(all.slice(0, all.indexOf(until) + 1));
      expect(report.packages).toHaveLength(until === 'package' ? 1 : 0);
    },
  );
  test('until render: values that the schema refuses are not its business, but everything is rendered', async () => {
    space.chart('chart', { 'values.schema.json': '{"properties":{"greeting":{"type":"number"}}}' });
    sound(await command(space, ['--until', 'render']), 'passed');
    expect(manifest('default')).toContain('greeting: "hello"');
    const report = sound(await command(space, ['--until', 'validate']), 'failed');
    expect(report.stages.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'resolve passed',
      'lint passed',
      'render skipped',
      'validate failed',
    ]);
  });
  test('set is typed as helm types it; further values are found in the chart and from the root', async () => {
    space.chart('chart', {
      'templates/configmap.yaml': template(
        '{{ kindOf .Values.n }} {{ kindOf .Values.s }} {{ kindOf .Values.z }} {{ .Values.a }} {{ .Values.b }} {{ index .Values.l 1 }}',
      ),
      'more.yaml': 'a: of-the-chart\nb: of-the-chart\n',
    });
    space.write('more.yaml', 'a: of-the-root\n');
    space.write('conf/root.yaml', 'b: of-the-root\n');
    sound(
      await command(space, [
        '--set',
        'n=1',
        '--set=s=x,z=null',
        '--set',
        'l={p,q}',
        '--values',
        'more.yaml,conf/root.yaml',
      ]),
      'passed',
    );
    expect(manifest('default')).toContain('int64 string invalid of-the-chart of-the-root q');
  });
});

describe('charts of every kind', () => {
  const passes = async (args: readonly string[] = []) => sound(await command(space, args), 'passed');
  test('a library is linted and packaged', async () => {
    space.chart('chart', {
      'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\ntype: library\n',
      'templates/configmap.yaml': undefined,
      'templates/_lib.tpl': '{{ define "x" }}y{{ end }}\n',
    });
    const report = await passes();
    expect(report.stages.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'resolve passed',
      'lint passed',
      'render skipped',
      'validate skipped',
      'package passed',
    ]);
  });
  test('what is wrong with a library is found', async () => {
    space.chart('chart', {
      'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\ntype: library\n',
      'templates/configmap.yaml': undefined,
      'templates/_lib.tpl': '{{ define "x" }}\n{{ nosuch }}{{ end }}\n',
    });
    expect(oneFinding(await command(space, []), 'failed')).toMatchObject({ file: 'chart/templates/_lib.tpl', line: 2 });
  });
  test.each<[string, Record<string, string | undefined>]>([
    ['without values.yaml', { 'values.yaml': undefined, 'templates/configmap.yaml': template('x') }],
    ['with an empty values.yaml', { 'values.yaml': '', 'templates/configmap.yaml': template('x') }],
    ['with a values.yaml of comments', { 'values.yaml': '# nothing\n', 'templates/configmap.yaml': template('x') }],
    ['without templates', { 'templates/configmap.yaml': undefined }],
    ['of apiVersion v1', { 'Chart.yaml': 'apiVersion: v1\nname: demo\nversion: 1.0.0\n' }],
    [
      'with BOM and CRLF',
      {
        'Chart.yaml': '\uFEFFapiVersion: v2\r\nname: demo\r\nversion: 1.0.0\r\n',
        'values.yaml': '\uFEFFgreeting: hello\r\n',
        'values-dev.yaml': '\uFEFFgreeting: dev\r\n',
      },
    ],
  ])('%s', async (_, files) => {
    space.chart('chart', files);
    const report = await passes();
    expect(report.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(report.packages).toHaveLength(1);
    expect(report.stages.filter(({ name }) => name === 'render')).toHaveLength(1);
  });
  test('BOM and CRLF: the configuration too, versions overridden, positions right', async () => {
    space.chart('chart', {
      'Chart.yaml': '\uFEFFapiVersion: v2\r\n# comment\r\nname: demo\r\nversion: 1.0.0\r\n',
      'values-dev.yaml': '\uFEFFgreeting: dev\r\n',
    });
    space.write('chartship.yaml', '\uFEFFcharts: [chart]\r\nenvironments:\r\n  dev: {}\r\n');
    expect((await passes(['--version', 'v2.3.4', '--app-version', '7'])).packages[0]?.version).toBe('2.3.4');
    expect(packed('demo-2.3.4.tgz', 'demo/Chart.yaml')).toMatch(/version: "?2\.3\.4/);
    expect(manifest('dev')).toContain('greeting: "dev"');
    space.write('chartship.yaml', '\uFEFFcharts: [chart]\r\nenvironments:\r\n  dev: {}\r\nnope: 1\r\n');
    expect(oneFinding(await command(space, []), 'invalid')).toMatchObject({
      file: 'chartship.yaml',
      line: 4,
      column: 1,
    });
  });
  test.each(['with blanks', 'ümläut-日本', "it's", 'a,b', 'quo"te', '$HOME', '-dash', 'a#b', '[x]', 'per%20cent'])(
    'in a folder named %s',
    async (name) => {
      const folder = `${name}/chart`;
      space.chart(folder, { 'values-dev.yaml': 'greeting: dev\n' });
      space.write(`${name}/more,"values" ü.yaml`, 'more: x\n');
      space.write(
        'chartship.yaml',
        `charts: [${JSON.stringify(folder)}]\nenvironments: { dev: { values: [values-dev.yaml, ${JSON.stringify(`${name}/more,"values" ü.yaml`)}] } }\n`,
      );
      expect((await passes(['--set', 'b=x'])).packages).toHaveLength(1);
    },
  );
  test('keys of Chart.yaml that helm takes for text', async () => {
    space.chart('chart', {
      'Chart.yaml':
        'apiVersion: v2\nname: demo\nversion: 1.0.0\nannotations: { a: 1 }\nkeywords: [1, true]\ndescription: 1\ndeprecated: false\nhome:\ntype: ""\nmaintainers: [{ name: me }]\n',
    });
    await passes();
  });
  test('a Secret with an alias of its data is left out of the report, and the run goes on', async () => {
    space.chart('chart', {
      'templates/s.yaml':
        'apiVersion: v1\nkind: Secret\nstringData:\n  a: &x canary-of-the-chart\nmetadata:\n  name: x\n  annotations: { other: *x }\n',
    });
    await passes();
    expect(manifest('default')).not.toContain('canary-of-the-chart');
  });
  test('an environment named twice is checked once', async () => {
    space.chart('chart', { 'values-dev.yaml': '' });
    const report = await passes(['--environments', 'dev,dev']);
    expect(report.stages.filter(({ name }) => name === 'lint')).toHaveLength(1);
  });
  test('a folder that can only be read', async () => {
    space.chart('chart');
    for (const folder of ['chart/templates', 'chart']) chmodSync(join(space.root, folder), 0o555);
    const before = snapshot(join(space.root, 'chart'));
    try {
      await passes();
      expect(snapshot(join(space.root, 'chart'))).toEqual(before);
    } finally {
      for (const folder of ['chart/templates', 'chart']) chmodSync(join(space.root, folder), 0o755);
    }
  });
  test('release and namespace, where there is one environment', async () => {
    space.chart('chart', { 'templates/configmap.yaml': template('{{ .Release.Name }} {{ .Release.Namespace }}') });
    await passes(['--release', 'r', '--namespace', 'n']);
    expect(manifest('default')).toContain('r n');
  });
  test('an environment that one of two charts has values for is checked for both', async () => {
    space.chart('a', {
      'Chart.yaml': 'apiVersion: v2\nname: a\nversion: 1.0.0\n',
      'values-dev.yaml': '',
      'values-prod.yaml': '',
    });
    space.chart('b', {
      'Chart.yaml': 'apiVersion: v2\nname: b\nversion: 1.0.0\n',
      'templates/configmap.yaml': template('{{ fail "never" }}'),
    });
    const found = oneFinding(await command(space, ['a', 'b', '--environments', 'dev']), 'failed');
    expect(found).toMatchObject({ chart: 'b', environments: ['dev'] });
  });
  test('environments whose files are named in another way are found as well', async () => {
    space.chart('chart', {
      'values-Prod_EU.yaml': 'greeting: eu\n',
      'values-dev.yaml': '',
      'values-dev.example.yaml': 'no: [environment',
    });
    const report = await passes();
    expect(report.stages.filter(({ name }) => name === 'lint').map(({ environment }) => environment)).toEqual([
      'Prod_EU',
      'dev',
    ]);
  });
  test('a long name of chart and environment is cut to what helm takes', async () => {
    space.chart('chart', {
      'Chart.yaml': `apiVersion: v2\nname: demo.${'x_'.repeat(30)}y\nversion: 1.0.0\n`,
      // No object may have an underscore in its name.
      'templates/configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n',
      [`values-${'e'.repeat(50)}.yaml`]: '',
      'values-dev.yaml': '',
    });
    await passes();
  });
});

describe('large and hostile, in bounded time and memory', () => {
  test('a values file of 5 MB', async () => {
    space.chart('chart');
    let text = '';
    for (let service = 0; service < 5000; service += 1) {
      text += `service${service}:\n`;
      for (let setting = 0; setting < 20; setting += 1)
        text += `  setting${setting}: "some value of moderate length ${setting}"\n`;
    }
    expect(text.length).toBeGreaterThan(4.7e6);
    space.write('values/large.yaml', text);
    let peak = 0;
    let watch: NodeJS.Timeout | undefined;
    const ended = await command(space, ['--values', 'values/large.yaml'], {
      started: (pid) => {
        watch = setInterval(() => {
          peak = Math.max(peak, residentMegabytes(pid));
        }, 20);
      },
    });
    clearInterval(watch);
    sound(ended, 'passed');
    expect(ended.seconds).toBeLessThan(30);
    expect(peak).toBeGreaterThan(50);
    expect(peak).toBeLessThan(800);
  });
  test.each([
    ['60 000 keys in one mapping', Array.from({ length: 60_000 }, (_, index) => `key${index}: x\n`).join(''), 'passed'],
    ['eight megabytes of marks', `a: [${','.repeat(8_000_000)}]`, 'failed'],
    ['more than eight megabytes', `a: "${'x'.repeat(9_000_000)}"`, 'failed'],
    ['aliases without end', `a: &a 1\nb:\n${'- *a\n'.repeat(100_000)}`, 'failed'],
  ] as const)('%s', async (_, text, status) => {
    space.chart('chart');
    space.write('large.yaml', text);
    const ended = await command(space, ['--values', 'large.yaml']);
    expect(ended.seconds).toBeLessThan(30);
    if (status === 'passed') sound(ended, status);
    else expect(oneFinding(ended, status)).toMatchObject({ rule: 'validate/values-file', file: 'large.yaml' });
  });
  test('a secret by a pipe, as @<(…) gives it', async () => {
    space.chart('chart');
    execFileSync('mkfifo', [join(space.root, 'pipe')]);
    const writer = spawn('sh', ['-c', 'echo "greeting: by-the-pipe" > pipe'], { cwd: space.root });
    sound(await command(space, ['--secret-values', '@pipe', '--set', 'x=1']), 'passed');
    expect(writer.exitCode).toBe(0);
    // It got to helm, and is no part of what is shown.
    expect(manifest('default')).toContain('greeting: "***"');
  });
  test('secret values without end are refused', async () => {
    space.chart('chart');
    expect(oneFinding(await command(space, ['--secret-values', '@/dev/zero']), 'invalid')).toMatchObject({
      rule: 'request/secret',
    });
    const ended = await command(space, ['--secret-values', '-'], { input: `a: "${'x'.repeat(9_000_000)}"` });
    expect(oneFinding(ended, 'invalid')).toMatchObject({ rule: 'request/secret' });
  });
});

describe('chart: .', () => {
  test('published twice into a layout in it: the same digest, and neither .git nor report nor layout are in the package', async () => {
    space.chart('.', { '.helmignore': '.home/\n.tools-*/\n', '.git/config': 'secret-of-git', 'values-dev.yaml': '' });
    space.write('chartship.yaml', 'charts: [.]\nregistry: ["oci-layout:layout"]\n');
    const first = sound(await command(space, []), 'passed');
    const second = sound(await command(space, []), 'passed');
    expect([first, second].map(({ published }) => published.map(({ outcome }) => outcome))).toEqual([
      ['pushed'],
      ['already-published'],
    ]);
    expect(second.published[0]?.digest).toBe(first.published[0]?.digest);
    expect(second.packages).toEqual(first.packages);
    const names = execFileSync('tar', ['-tzf', join(space.root, 'chartship-report/packages/demo-1.0.0.tgz')], {
      encoding: 'utf8',
    })
      .trim()
      .split('\n');
    expect(names.sort()).toEqual([
      'demo/.helmignore',
      'demo/Chart.yaml',
      'demo/chartship.yaml',
      'demo/templates/configmap.yaml',
      'demo/values-dev.yaml',
      'demo/values.yaml',
    ]);
    expect(first.findings).toEqual(second.findings);
  });
  test('a values file that is wrong is named from the root', async () => {
    space.chart('.', { '.helmignore': '.home/\n.tools-*/\n', 'values-dev.yaml': 'a: [\n' });
    expect(oneFinding(await command(space, ['.']), 'failed')).toMatchObject({ file: 'values-dev.yaml', line: 2 });
  });
});

describe('a report folder that can not be used', () => {
  test.each(['taken', 'taken/report', 'taken/deep/report'])('a file in its way: %s', async (report) => {
    space.chart('chart');
    space.write('taken', 'precious');
    for (const ended of [await command(space, ['--report', report]), await action(space, { report })]) {
      expect([ended.code, ended.stderr]).toEqual([2, '']);
      expect(ended.stdout).toContain(
        `error: report "${report}" ${report === 'taken' ? 'is no folder' : 'can\'t be made: "taken" is no folder'}`,
      );
      expect(ended.stdout).toContain('invalid request: 1 error');
      expect(ended.stdout).not.toMatch(/^\s+at /m);
    }
    expect(readFileSync(join(space.root, 'taken'), 'utf8')).toBe('precious');
  });
  test('a disk that takes no more: what was found is told, and the run has not passed', async () => {
    space.chart('chart');
    // A dangling link is nothing until something is written there.
    symlinkSync('/proc/nowhere/at/all', join(space.root, 'chartship-report'));
    for (const ended of [await command(space, ['--until', 'resolve']), await action(space, { until: 'resolve' })]) {
      expect([ended.code, ended.stderr]).toEqual([3, '']);
      expect(ended.stdout).toMatch(/error: \S*chartship-report\S* can't be written/);
      expect(ended.stdout.match(/can't be written/g)?.length).toBe(ended.stdout.includes('::error') ? 2 : 1);
      expect(ended.stdout).not.toMatch(/^\s+at /m);
    }
  });
  test('no place for temporary files', async () => {
    space.chart('chart');
    space.write('taken', '');
    const ended = await command(space, [], { environment: { TMPDIR: join(space.root, 'taken') } });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/^\S+taken can't be used for temporary files: [^\n]*\n$/);
  });
  test('the repository, or a chart, is no report folder', async () => {
    space.chart('chart');
    for (const report of ['.', '..', 'chart', '.git', '.git/report']) {
      const ended = await command(space, ['--report', report]);
      expect([report, ended.code, ended.stderr]).toEqual([report, 2, '']);
    }
    expect(readdirSync(join(space.root, 'chart')).sort()).toEqual(['Chart.yaml', 'templates', 'values.yaml']);
  });
  test('the default folder whose place is taken, when the request is wrong as well', async () => {
    space.write('chartship-report', 'precious');
    const ended = await command(space, ['nowhere']).catch((error: unknown) => error);
    expect(ended).toMatchObject({ code: 2, stderr: '' });
  });
  test('a report of an earlier run does not stay', async () => {
    space.chart('chart', { 'values-dev.yaml': '' });
    await command(space, []);
    expect(existsSync(join(space.root, 'chartship-report/manifests/demo/dev'))).toBe(true);
    space.write('chart/Chart.yaml', 'apiVersion: v2\nname: other\nversion: 1.0.0\n');
    await command(space, []);
    expect(readdirSync(join(space.root, 'chartship-report/manifests'))).toEqual(['other']);
    expect(readdirSync(join(space.root, 'chartship-report/packages'))).toEqual(['other-1.0.0.tgz']);
    // A request that is wrong says so, and leaves no package of another run beside its report.
    await command(space, ['--nowhere']);
    expect(existsSync(join(space.root, 'chartship-report/packages'))).toBe(false);
  });
});

/** A folder beside the repository, for what lies outside it. */
const made: string[] = [];
function outside(fill: (folder: string) => void): void {
  const folder = join(space.root, `../${OUTSIDE}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  made.push(folder);
  fill(folder);
}
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** 10 values, and seven times ten of what came before. */
function aliasBomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 8; level += 1)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  return `${lines.join('\n')}\n`;
}

function template(text: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  text: ${text}\n`;
}

function manifest(environment: string): string {
  const folder = join(space.root, 'chartship-report/manifests/demo', environment);
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

function packed(file: string, path: string): string {
  return execFileSync('tar', ['-xzOf', join(space.root, 'chartship-report/packages', file), path], {
    encoding: 'utf8',
  });
}

function snapshot(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => `${name} ${statSync(join(folder, name)).mtimeMs}`);
}

function residentMegabytes(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
