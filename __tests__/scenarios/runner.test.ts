import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Report } from '../../src/domain/outcome.ts';
import { descendants, isAlive } from '../support/process-tree.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { runnerCommands } from '../support/runner-commands.ts';
import {
  type ActionEnded,
  action,
  fileCommands,
  node24,
  repository,
  toolPath,
  type Workspace,
  workspace,
} from '../support/scenario.ts';
import { until } from '../support/waiting.ts';

/** The runner's face: the Action's bundle as a runner starts it, on the Action's own Node. */

let registry: TestRegistry;
let space: Workspace;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.stop());
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

const TOKEN = 'ghs_0123456789abcdefghij';
/** The token, and how a login for ghcr.io holds it. */
const MASKED = [TOKEN, Buffer.from(`octocat:${TOKEN}`).toString('base64')];

interface Declared {
  readonly inputs: Record<string, { readonly default?: string }>;
  readonly outputs: Record<string, unknown>;
  readonly runs: { readonly main: string; readonly post: string; readonly using: string };
}
const declared = parse(readFileSync(join(repository, 'action.yml'), 'utf8')) as Declared;

/** A runner sets every declared input: to its default, or to nothing. */
function withInputs(given: Record<string, string>): Record<string, string> {
  const defaults = Object.entries(declared.inputs).map(([name, input]) => [
    name,
    (input.default ?? '').replace(/^\$\{\{ github\.token \}\}$/, TOKEN),
  ]);
  return { ...Object.fromEntries(defaults), ...given };
}

/** What differs from run to run, by names. Lines of stages that ran side by side come in any order: they are sorted. */
function stable(text: string): string {
  return text
    .replaceAll(space.root, '<workspace>')
    .replaceAll(registry.host, '<registry>')
    .replace(/chartship-[0-9a-f-]{36}/g, '<token>')
    .replace(/chartship-\d+-[A-Za-z0-9]{6}/g, '<temporary>')
    .replace(/[0-9a-f]{64}/g, '<sha256>')
    .replace(/\d+\.\d\d[ \u00a0]s/g, '<seconds>');
}

function stableLog(stdout: string): string {
  const lines = stable(stdout).split('\n');
  const stages = lines.filter((line) => /^(passed|failed|skipped|cancelled) +(<seconds>)? /.test(line));
  const rest = lines.filter((line) => !stages.includes(line) && !/^::(group|endgroup)::/.test(line));
  return [...rest, '-- stages --', ...stages.map((line) => line.replace(/ +/g, ' ')).sort()].join('\n');
}

function shown(ended: ActionEnded): Record<string, unknown> {
  const outputs = Object.fromEntries(Object.entries(ended.outputs).map(([name, text]) => [name, stable(text)]));
  const names = Object.keys(ended.state);
  return {
    code: ended.code,
    log: stableLog(ended.stdout),
    stderr: ended.stderr,
    outputs,
    state: names,
    summary: stable(ended.summary),
  };
}

const threeEnvironments = {
  'values-dev.yaml': 'greeting: dev\n',
  'values-staging.yaml': 'greeting: staging\n',
  'values-prod.yaml': 'greeting: prod\n',
};

/** Groups are opened and closed one at a time, and all commands are ours. */
function expectOnlyOurs(ended: ActionEnded, annotations: number): void {
  const commands = runnerCommands(`${ended.stdout}\n${ended.stderr}`);
  const names = commands.map(({ name }) => name);
  const known = ['add-mask', 'group', 'endgroup', 'stop-commands', 'error', 'warning', 'notice'];
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
  const groups = names.filter((name) => name === 'group' || name === 'endgroup');
  expect(groups).toEqual(groups.map((_name, index) => (index % 2 === 0 ? 'group' : 'endgroup')));
  expect(groups.length % 2).toBe(0);
  expect(names.filter((name) => ['error', 'warning', 'notice'].includes(name))).toHaveLength(annotations);
  const stages = ['resolve', 'lint', 'render', 'validate', 'package', 'publish'];
  for (const { name, data } of commands) {
    if (name === 'group') expect(stages).toContain(data);
    if (name === 'add-mask') expect(MASKED).toContain(data);
  }
  expect(Object.keys(ended.outputs).sort()).toEqual(Object.keys(declared.outputs).sort());
  expect(Object.keys(ended.state)).toEqual(['temporary']);
}

describe('what a workflow sees', () => {
  test('all good: three environments, published', async () => {
    space.chart('chart', threeEnvironments);
    const ended = await action(space, withInputs({ registry: `oci://${registry.host}/good` }));
    expect(shown(ended)).toMatchSnapshot();
    expectOnlyOurs(ended, 0);
    expect(existsSync(ended.outputs.package ?? '')).toBe(true);
    expect(ended.outputs.report).toBe(join(space.root, 'chartship-report'));
    expect(JSON.parse(ended.outputs.published ?? '')).toEqual(ended.report?.published);
    expect(ended.outputs.reference).toBe(`oci://${registry.host}/good/demo@${ended.outputs.digest}`);
    expect(ended.summary).toBe(readFileSync(join(space.root, 'chartship-report/summary.md'), 'utf8'));
  });

  test('findings', async () => {
    space.chart('chart', {
      ...threeEnvironments,
      'templates/broken.yaml': 'kind: ConfigMap\ndata:\n  a: {{ .Values.nothing.here }}\n',
      'values.schema.json': '{"properties": {"greeting": {"maxLength": 5}}}',
    });
    const ended = await action(space, withInputs({ registry: `oci://${registry.host}/findings` }));
    expect(shown(ended)).toMatchSnapshot();
    expectOnlyOurs(ended, ended.report?.findings.length ?? 0);
  });

  test('a refused publish', async () => {
    space.chart('chart');
    const inputs = withInputs({ registry: `oci://${registry.host}/refused` });
    expect((await action(space, inputs)).code).toBe(0);
    space.write('chart/values.yaml', 'greeting: other\n');
    const ended = await action(space, inputs);
    expect(shown(ended)).toMatchSnapshot();
    expectOnlyOurs(ended, 1);
    expect([ended.outputs.reference, ended.outputs.digest]).toEqual(['', '']);
  });

  test('invalid inputs: an unknown one, and each that is wrong', async () => {
    space.chart('chart');
    const ended = await action(
      space,
      withInputs({ regsitry: 'oci://ghcr.io/acme', 'fail-on': 'never', 'plain-http': 'maybe', until: 'deployed' }),
    );
    expect(shown(ended)).toMatchSnapshot();
    expectOnlyOurs(ended, 4);
    expect(ended.code).toBe(2);
  });

  test('a warning is an annotation, and the step passes', async () => {
    const lib = `oci://${registry.host}/lib`;
    space.chart('lib', { 'Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n' });
    expect((await action(space, withInputs({ chart: 'lib', registry: lib }))).code).toBe(0);
    space.chart('chart', {
      'Chart.yaml': `apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - {name: lib, version: 1.0.0, repository: "${lib}"}\n`,
    });
    const ended = await action(space, withInputs({}));
    expect(ended.code).toBe(0);
    expectOnlyOurs(ended, 1);
    expect(runnerCommands(ended.stdout).find(({ name }) => name === 'warning')?.properties).toMatchObject({
      file: 'chart/Chart.yaml',
      title: 'resolve/no-lock · demo',
    });
  });
});

describe('how it is started', () => {
  test('the first that is said are the masks', async () => {
    space.chart('chart');
    const ended = await action(
      space,
      withInputs({ 'registry-username': 'u', 'registry-password': 'one-password', 'secret-values': 'a: two-secret\n' }),
    );
    const lines = ended.stdout.split('\n');
    const masks = lines.filter((line) => line.startsWith('::add-mask::'));
    expect([...masks].sort()).toEqual([TOKEN, 'one-password', 'two-secret'].map((secret) => `::add-mask::${secret}`));
    expect(lines.slice(0, 3)).toEqual(masks);
    expect(ended.stdout.replace(/^::add-mask::.*$/gm, '')).not.toMatch(/one-password|two-secret|ghs_/);
  });

  test('masks come before the complaint about another input, too', async () => {
    const ended = await action(space, withInputs({ nonsense: 'x', 'registry-password': 'one-password' }));
    expect(ended.code).toBe(2);
    expect(ended.stdout).toMatch(/^(::add-mask::.*\n){2}/);
  });

  test('paths are those of the workspace, wherever the process was started', async () => {
    space.chart('charts/one');
    space.write('elsewhere/.keep', '');
    const ended = await action(space, withInputs({ chart: 'charts/*', registry: 'oci-layout:oci' }), {
      cwd: join(space.root, 'elsewhere'),
    });
    expect(ended.code).toBe(0);
    expect(existsSync(join(space.root, 'oci/demo/index.json'))).toBe(true);
    expect(existsSync(join(space.root, 'chartship-report/report.json'))).toBe(true);
    expect(readdirSync(join(space.root, 'elsewhere'))).toEqual(['.keep']);
  });

  test('without a workspace it is the working directory', async () => {
    space.chart('chart');
    const ended = await action(space, withInputs({}), { environment: { GITHUB_WORKSPACE: '' } });
    expect([ended.code, ended.report?.status]).toEqual([0, 'passed']);
  });

  test('without a checkout the message says what is missing', async () => {
    const ended = await action(space, withInputs({}));
    expect(ended.code).toBe(2);
    expect(ended.stdout).toContain('chart "chart" is not there');
    expectOnlyOurs(ended, 1);
  });

  test('every input left empty is the same as none given', async () => {
    space.chart('chart', threeEnvironments);
    const empty = Object.fromEntries(Object.keys(declared.inputs).map((name) => [name, '']));
    const ended = await action(space, empty);
    expect([ended.code, ended.report?.status]).toEqual([0, 'passed']);
    expect(new Set(ended.report?.stages.flatMap(({ environment }) => environment ?? []))).toEqual(
      new Set(['dev', 'staging', 'prod']),
    );
  });

  test.each([
    ['GITHUB_OUTPUT', 1],
    ['GITHUB_STATE', 1],
    ['GITHUB_STEP_SUMMARY', 0],
  ])('a %s that can not be written: no stack, and no success that nobody hears of', async (name, atLeast) => {
    space.chart('chart');
    space.write('file', '');
    const ended = await action(space, withInputs({}), {
      environment: { [name]: join(space.root, 'file/below') },
    }).catch((error: Error) => error);
    if (ended instanceof Error) throw ended;
    expect(ended.code).toBe(atLeast === 0 ? 0 : 3);
    expect(ended.stdout + ended.stderr).not.toMatch(/^ {4}at /m);
    runnerCommands(`${ended.stdout}\n${ended.stderr}`);
  });
});

describe('text from a chart', () => {
  const COMMANDS = [
    '::error::x',
    '  ::warning::x',
    '\u00a0\u2003::set-output name=status::x',
    '##[add-mask]a',
    'in mid-line ##[error]x',
    '%0A::set-output name=digest::x',
    '\r::add-path::/tmp',
    '::stop-commands::pause',
    '::endgroup::',
    '\u001b[2K\u001b[1G::debug::x',
  ];
  const MARKUP = [
    '**bold** <img src=x onerror=alert(1)> [link](https://evil.example)',
    '@team #1 GH-1 www.evil.example',
    '```',
    '| a | b |',
    '</summary>',
    '# heading',
  ];
  const ALL = [...COMMANDS, ...MARKUP];
  const json = JSON.stringify(ALL.join('\n'));

  /** Nothing of the text above is markup in the summary. */
  function expectInert(summary: string): void {
    const prose = summary.replace(/^( {0,2}`{3,})(?:sh|text)\n[\s\S]*?\n\1$/gm, '');
    expect(prose).not.toMatch(/<(?!br>)[a-z/!]/i);
    expect(prose).not.toMatch(/(^|[^&#\w])@team|https?:\/\/evil|\]\(|www\.evil/);
    expect(prose.split('\n').filter((line) => /^\s*# heading|^\s*\| a/.test(line))).toEqual([]);
  }

  const hostile: [string, Record<string, string>][] = [
    ['a fail message', { 'templates/a.yaml': `{{ fail ${json} }}\n` }],
    ['a required message', { 'templates/a.yaml': `{{ required ${json} .Values.no }}\n` }],
    [
      'a name in values that the schema forbids',
      {
        'values.yaml': `greeting: hi\n${ALL.map((text) => `${JSON.stringify(text)}: 1\n`).join('')}`,
        'values.schema.json': '{"additionalProperties": false, "properties": {"greeting": {}}}',
      },
    ],
    [
      'a value that the schema forbids',
      {
        'values.yaml': `greeting: ${json}\n`,
        'values.schema.json': '{"properties": {"greeting": {"pattern": "^[a-z]$"}}}',
      },
    ],
    [
      'a pattern of the schema',
      {
        'values.schema.json': JSON.stringify({
          properties: { greeting: { pattern: ALL.filter((text) => !/[()[\]*|]/.test(text)).join('|') } },
        }),
      },
    ],
    ['a values file that is no YAML', { 'values.yaml': `${ALL.join('\n')}\n- [` }],
    [
      'a repeated key',
      { 'templates/a.yaml': `{{- $key := ${json} }}\nkind: ConfigMap\n{{ $key | quote }}: 1\n{{ $key | quote }}: 2\n` },
    ],
    ['output that is no YAML', { 'templates/a.yaml': `a: [\n${ALL.join('\n')}\n` }],
    [
      'the name of a template',
      { 'templates/##[error]x.yaml': '{{ fail "no" }}\n', 'templates/::warning::y.yaml': '{{ fail "no" }}\n' },
    ],
    [
      'the name of a values file',
      {
        'values-##[error]x.yaml': 'a: [\n',
        '::debug::x.yaml': 'a: [\n',
        '../chartship.yaml': 'environments: {a: {values: ["values-##[error]x.yaml", "::debug::x.yaml"]}}\n',
      },
    ],
    ['an undefined function', { 'templates/a.yaml': '{{ nothing "::error::x" }}\n##[error]x\n::error::y\n' }],
    ['the name of a template that is not there', { 'templates/a.yaml': `{{ include ${json} . }}\n` }],
    ['Chart.yaml that is no YAML', { 'Chart.yaml': `${ALL.join('\n')}\n` }],
    ['the name of the chart', { 'Chart.yaml': `apiVersion: v2\nname: ${json}\nversion: 1.0.0\n` }],
    ['the version', { 'Chart.yaml': `apiVersion: v2\nname: demo\nversion: ${json}\n` }],
    [
      'a dependency',
      {
        'Chart.yaml': `apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - {name: ${json}, version: ${json}, repository: "file://::error::x"}\n  - {name: x, version: 1.0.0, repository: ${json}}\n`,
      },
    ],
    [
      'a reference of the schema',
      { 'values.schema.json': JSON.stringify({ $ref: `https://evil.example/${ALL.join(' ')}` }) },
    ],
    ['.helmignore', { '.helmignore': `[${ALL.join('\n[')}\n**\n` }],
  ];
  test.each(hostile)('in %s is obeyed by nobody', async (_what, files) => {
    space.chart('chart', files);
    const ended = await action(space, withInputs({ registry: 'oci-layout:oci' }));
    expect([1, 2]).toContain(ended.code);
    // GitHub shows ten of a severity.
    const shown = ['error', 'warning', 'note'].map(
      (severity) => ended.report?.findings.filter((each) => each.severity === severity).length ?? 0,
    );
    expectOnlyOurs(
      ended,
      shown.reduce((sum, number) => sum + Math.min(number, 10), 0),
    );
    expectInert(ended.summary);
  });

  test('in a description of a chart that passes', async () => {
    const yaml = `apiVersion: v2\nname: demo\nversion: 1.0.0\ndescription: ${json}\nappVersion: ${json}\nhome: ${json}\nkeywords: [${json}]\n`;
    space.chart('chart', { 'Chart.yaml': yaml, 'templates/NOTES.txt': `${ALL.join('\n')}\n` });
    const ended = await action(space, withInputs({ registry: `oci://${registry.host}/hostile` }));
    expect(ended.code).toBe(0);
    expectOnlyOurs(ended, 0);
    expectInert(ended.summary);
  });

  test('in chartship.yaml', async () => {
    space.chart('chart');
    space.write(
      'chartship.yaml',
      `${ALL.map((text) => `${JSON.stringify(text)}: 1\n`).join('')}environments: {${json}: {release: ${json}}}\n`,
    );
    const ended = await action(space, withInputs({}));
    expect(ended.code).toBe(2);
    expectOnlyOurs(ended, 10);
    expectInert(ended.summary);
  });

  test('in the name of the report folder', async () => {
    space.chart('chart');
    const ended = await action(space, withInputs({ report: '::error::x ##[error]y @team <b>' }));
    expect([ended.code, ended.outputs.report]).toEqual([0, join(space.root, '::error::x ##[error]y @team <b>')]);
    expectOnlyOurs(ended, 0);
    expectInert(ended.summary);
  });

  test.each([
    'chart',
    'version',
    'app-version',
    'registry',
    'set',
    'values',
    'kube-versions',
    'mirrors',
    'helm-version',
    'config',
    'release',
  ])('in the input %s, as an event may give it', async (name) => {
    space.chart('chart');
    const ended = await action(space, withInputs({ [name]: ALL.join('\n') }));
    const report = JSON.parse(readFileSync(join(ended.outputs.report ?? '', 'report.json'), 'utf8')) as Report;
    expectOnlyOurs(ended, Math.min(report.findings.length, 10));
    expect(ended.outputs.status).toBe(report.status);
    expectInert(ended.summary);
  });
});

describe('the post step', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chartship-post-'));
    mkdirSync(join(folder, 'temp'));
    writeFileSync(join(folder, 'state'), '');
    writeFileSync(join(folder, 'output'), '');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const bundles = process.env.CHARTSHIP_DIST ?? join(repository, 'dist');
  const script = (path: string): string => join(bundles, path.replace(/^dist\//, ''));

  function runner(extra: Record<string, string> = {}): Record<string, string> {
    return {
      PATH: toolPath(space.root),
      HOME: folder,
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: space.root,
      GITHUB_STATE: join(folder, 'state'),
      GITHUB_OUTPUT: join(folder, 'output'),
      RUNNER_TEMP: join(folder, 'temp'),
      CHARTSHIP_HELM_SECONDS: '600',
      ...extra,
    };
  }

  function ending(file: string, environment: Record<string, string>): Promise<{ code: number | null; text: string }> {
    return new Promise((resolve) => {
      const child = spawn(node24, [script(file)], {
        env: environment,
        cwd: space.root,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
      }
      child.on('close', (code) => resolve({ code, text }));
    });
  }

  test('removes what a main step left that was killed', async () => {
    const spin =
      '{{ define "s" }}{{ range until 3000 }}{{ range until 3000 }}{{ range until 3000 }}{{ end }}{{ end }}{{ end }}{{ end }}';
    space.chart('chart', { 'templates/endless.yaml': `${spin}{{ range until 3000 }}{{ include "s" $ }}{{ end }}` });
    const main = spawn(node24, [script(declared.runs.main)], { env: runner(), cwd: space.root, stdio: 'ignore' });
    const left = (): string[] => readdirSync(join(folder, 'temp'));
    const pid = main.pid ?? 0;
    let children: number[] = [];
    await until('helm renders', () => {
      children = descendants(pid);
      return left().length === 1 && children.length > 0;
    });
    const closed = new Promise((resolve) => main.on('close', resolve));
    main.kill('SIGKILL');
    await closed;
    await until('its children are gone', () => !children.some(isAlive));
    const state = fileCommands(readFileSync(join(folder, 'state'), 'utf8'));
    expect(left()).toHaveLength(1);
    expect(statSync(state.temporary ?? '').mode & 0o777).toBe(0o700);

    const post = await ending(declared.runs.post, runner({ STATE_temporary: state.temporary ?? '' }));
    expect(post).toEqual({ code: 0, text: '' });
    expect(left()).toEqual([]);
  });

  test('has nothing to do after a main step that ended by itself', async () => {
    space.chart('chart');
    const main = await ending(declared.runs.main, runner());
    const state = fileCommands(readFileSync(join(folder, 'state'), 'utf8'));
    expect(main.code).toBe(0);
    const post = await ending(declared.runs.post, runner({ STATE_temporary: state.temporary ?? '' }));
    expect(post).toEqual({ code: 0, text: '' });
  });

  test('does not run the pipeline when the main step was killed before it saved anything', async () => {
    space.chart('chart');
    const post = await ending(declared.runs.post, runner({ INPUT_REGISTRY: 'oci-layout:oci' }));
    expect(post).toEqual({ code: 0, text: '' });
    expect([existsSync(join(space.root, 'oci')), existsSync(join(space.root, 'chartship-report'))]).toEqual([
      false,
      false,
    ]);
  });
});
