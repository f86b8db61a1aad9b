import {
  chmodSync,
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
import { packageOf } from '../support/archives.ts';
import { CANARY, shownLog, tracesBelow, tracesIn } from '../support/canary.ts';
import { closedPort } from '../support/closed-port.ts';
import { startHttpRepository } from '../support/http-repository.ts';
import { type Sampler, sampleTree } from '../support/process-tree.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { type ActionEnded, action, command, pinned, type Workspace, workspace } from '../support/scenario.ts';

/** Secrets with a word that is looked for everywhere that anybody but Chartship and its children can look. */

const PASSWORD = `${CANARY}-pw/+ %41"'&<é>\\${CANARY}`;
const TOKEN = `ghs_${CANARY}0123456789abcdef${CANARY}`;
const VALUES = {
  word: `${CANARY}-one-word`,
  quoted: `it's ${CANARY} "quoted" \\ and: #${CANARY}`,
  lines: `-----BEGIN KEY-----\n${CANARY}+line/one==\n${CANARY}+line/two==\n-----END KEY-----\n`,
  // Longer than the 80 columns at which YAML is folded.
  phrase: Array.from({ length: 16 }, (_, index) => `${CANARY}${'abcdefghijklmnop'[index]}`).join(' '),
  blanks: `${CANARY}  two\tand  ${CANARY}  three`,
  pattern: `${CANARY}(unclosed${CANARY}`,
  template: `{{ ${CANARY} }}`,
  list: [`${CANARY}-of-a-list`],
};
const SECRET_VALUES = JSON.stringify({ secret: VALUES, credentials: { password: `${CANARY}-nested` } }, null, 2);

let registry: TestRegistry;
let space: Workspace;
let temporary: string;
let path = 0;

beforeAll(async () => {
  registry = await startTestRegistry({ username: 'octocat', password: PASSWORD });
});
afterAll(() => registry.stop());
beforeEach(() => {
  space = workspace();
  temporary = mkdtempSync(join(tmpdir(), 'chartship-secrets-'));
  path += 1;
});
afterEach(() => {
  space.remove();
  rmSync(temporary, { recursive: true, force: true });
});

/** Each way in which charts print values: in a Secret, and where they should not. */
const LEAKY = `{{- $texts := omit .Values.secret "list" }}
apiVersion: v1
kind: Secret
metadata:
  name: a
stringData:
  {{- range $key, $value := $texts }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
data:
  all: {{ toJson .Values.secret | b64enc }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: b
data:
  {{- range $key, $value := $texts }}
  {{ $key }}-quote: {{ $value | quote }}
  {{ $key }}-squote: {{ $value | replace "'" "''" | replace "\\n" " " | squote }}
  {{ $key }}-b64: {{ $value | b64enc }}
  {{ $key }}-b64-within: {{ printf "user:%s@host" $value | b64enc }}
  {{ $key }}-b64-twice: {{ dict "auths" (dict "host" (dict "auth" (printf "u:%s" $value | b64enc))) | toJson | b64enc }}
  {{ $key }}-url: {{ urlquery $value | quote }}
  {{ $key }}-json: {{ dict "key" $value | toJson | quote }}
  {{ $key }}-block: |
    {{- $value | nindent 4 }}
  {{ $key }}-go: |
    {{ printf "%q" $value }}
  {{- end }}
  yaml: |
    {{- toYaml .Values.secret | nindent 4 }}
  toml: |
    {{- toToml .Values.secret | nindent 4 }}
  list: {{ .Values.secret.list | join "," }}
  nested: {{ .Values.credentials.password }}
---
apiVersion: apps/v1
kind: ControllerRevision
metadata:
  name: c
revision: 1
data:
{{ toYaml .Values.secret | indent 2 }}
`;

const DEFAULTS = {
  'values.yaml': 'secret: {list: []}\ncredentials: {}\n',
  'values-dev.yaml': 'greeting: a\n',
  'values-prod.yaml': 'greeting: b\n',
};

const INPUTS = {
  'registry-username': 'octocat',
  'registry-password': PASSWORD,
  'github-token': TOKEN,
  'secret-values': SECRET_VALUES,
};

/**
 * Programs in front of the real helm and oras that write down how they were called: a process that lives for
 * 4 ms is easily missed by looking.
 */
function recordingTools(log: string): string {
  const folder = join(space.root, '.recording');
  mkdirSync(folder, { recursive: true });
  for (const name of ['helm', 'oras']) {
    const script = `#!/bin/sh\n{ cat /proc/$$/cmdline | tr '\\0' '\\n'; cat /proc/$$/environ | tr '\\0' '\\n'; } >> '${log}'\nexec '${pinned(name)}' "$@"\n`;
    writeFileSync(join(folder, name), script);
    chmodSync(join(folder, name), 0o755);
  }
  return `${folder}:/usr/bin:/bin`;
}

interface Watched extends ActionEnded {
  /** What was seen of children: command lines and environments. */
  readonly children: string;
}

/** Runs the Action and looks for the word in everything that it says, writes, starts and leaves. */
async function watched(inputs: Record<string, string>, environment: Record<string, string> = {}): Promise<Watched> {
  const log = join(temporary, 'calls.log');
  writeFileSync(log, '');
  const runnerTemporary = join(temporary, 'runner');
  mkdirSync(runnerTemporary);
  let sampler: Sampler | undefined;
  const modes = new Set<number>();
  const watch = setInterval(() => {
    for (const name of readdirSync(runnerTemporary)) {
      const mode = statSync(join(runnerTemporary, name), { throwIfNoEntry: false })?.mode;
      if (mode !== undefined) modes.add(mode & 0o777);
    }
  }, 3);
  const ended = await action(
    space,
    { ...INPUTS, ...inputs },
    {
      environment: {
        PATH: recordingTools(log),
        RUNNER_TEMP: runnerTemporary,
        CHARTSHIP_SECRET_VALUES: '',
        ...environment,
      },
      started: (pid) => {
        sampler = sampleTree(pid);
      },
    },
  );
  clearInterval(watch);
  sampler?.stop();
  const seen = (sampler?.seen ?? []).map((one) => `${one.command}\n${one.environment}`).join('\n');
  const calls = readFileSync(log, 'utf8');
  rmSync(log);
  expect({
    log: tracesIn(shownLog(ended.stdout)),
    stderr: tracesIn(ended.stderr),
    summary: tracesIn(ended.summary),
    outputs: tracesIn(JSON.stringify(ended.outputs)),
    state: tracesIn(JSON.stringify(ended.state)),
    report: tracesBelow(join(space.root, 'chartship-report')),
    children: tracesIn(seen),
    calls: tracesIn(calls),
    // The folder is there while the run goes on, for its owner alone, and gone afterwards.
    modes: [...modes],
    left: readdirSync(runnerTemporary),
  }).toEqual({
    log: [],
    stderr: [],
    summary: [],
    outputs: [],
    state: [],
    report: {},
    children: [],
    calls: [],
    modes: modes.size === 0 ? [] : [0o700],
    left: [],
  });
  rmSync(runnerTemporary, { recursive: true });
  return { ...ended, children: `${seen}\n${calls}` };
}

const registryInput = (): Record<string, string> => ({ registry: `oci://${registry.host}/charts-${path}` });
/** That nothing in these charts uses some of their values is not what is looked at. */
const rules = ({ report }: ActionEnded): string[] =>
  [...new Set(report?.findings.map(({ rule }) => rule))].filter((rule) => rule !== 'validate/unused-value').sort();

describe('the search', () => {
  test.each([
    ['plain', CANARY],
    ['within base64', Buffer.from(`ab${CANARY}cd`).toString('base64')],
    ['base64 twice', Buffer.from(`{"auth":"${Buffer.from(`u:${CANARY}`).toString('base64')}"}`).toString('base64')],
    [
      'base64 in lines',
      `${Buffer.from(`0123456789${CANARY}`)
        .toString('base64')
        .replace(/(.{8})/g, '$1\n')}`,
    ],
    ['percent', encodeURIComponent(CANARY).replace('K', '%4B')],
    ['escaped', CANARY.replace('K', '\\u004b')],
  ])('finds the word %s', (_what, text) => {
    expect(tracesIn(`before ${text} after`)).not.toEqual([]);
  });

  test('sees the command line and the environment of a child that a run starts', async () => {
    space.chart('chart', DEFAULTS);
    const ended = await watched({ registry: 'oci-layout:oci' }, { TZ: 'Seen/Here' });
    expect(ended.code).toBe(0);
    // Both ways of looking see lint, render, package and push, and the environment that they have.
    for (const call of ['lint', 'template', 'package', 'push', 'TZ=Seen/Here']) {
      expect(ended.children).toMatch(new RegExp(`(^|\\s)${call}(\\s|$)`, 'm'));
    }
  });

  test('the sampler alone sees what a child was given', async () => {
    space.chart('chart', DEFAULTS);
    let sampler: Sampler | undefined;
    const ended = await command(space, ['--set', `shown=${CANARY}-in-an-argument`], {
      environment: { TZ: `${CANARY}/zone` },
      started: (pid) => {
        sampler = sampleTree(pid);
      },
    });
    sampler?.stop();
    expect(ended.code).toBe(0);
    expect(sampler?.seen.some(({ command: line }) => line.includes(`${CANARY}-in-an-argument`))).toBe(true);
    expect(sampler?.seen.some(({ environment }) => environment.includes(`TZ=${CANARY}/zone`))).toBe(true);
  });
});

describe('a run that passes', () => {
  test('with a registry behind a password, and values that a Secret and a ConfigMap print', async () => {
    space.chart('chart', { ...DEFAULTS, 'templates/leaky.yaml': LEAKY });
    const first = await watched(registryInput());
    expect([first.code, rules(first)]).toEqual([0, []]);
    expect(first.report?.published.map(({ outcome }) => outcome)).toEqual(['pushed']);
    const manifests = join(space.root, 'chartship-report/manifests/demo/dev');
    const [manifest = ''] = readdirSync(manifests);
    const text = readFileSync(join(manifests, manifest), 'utf8');
    // The rest of the ConfigMap is there: it was redacted, not dropped.
    expect(text).toContain('word-quote: "***"');
    expect(text).toContain('nested: ***');
    const again = await watched(registryInput());
    expect(again.report?.published.map(({ outcome }) => outcome)).toEqual(['already-published']);
  });

  test('what a chart itself puts into a Secret is in no manifest of the report', async () => {
    const text = `${CANARY}-committed`;
    const secret = (key: string, value: string): string =>
      `apiVersion: v1\nkind: Secret\nmetadata: {name: ${key.toLowerCase()}}\n${key}: {b: ${value}}\n`;
    space.chart('chart', {
      'values.yaml': `password: ${text}\n`,
      'templates/a.yaml': secret('stringData', '{{ .Values.password }}'),
      'templates/b.yaml': secret('data', '{{ b64enc .Values.password }}'),
      'templates/c.yaml':
        '{{ toJson (dict "kind" "List" "apiVersion" "v1" "items" (list (dict "apiVersion" "v1" "kind" "Secret" "metadata" (dict "name" "c") "stringData" (dict "x" .Values.password)))) }}\n',
    });
    const ended = await command(space, []);
    expect(ended.code).toBe(0);
    expect(tracesBelow(join(space.root, 'chartship-report/manifests'))).toEqual({});
    expect(tracesIn(ended.stdout)).toEqual([]);
  });

  test('every secret is masked before anything else is said', async () => {
    space.chart('chart', DEFAULTS);
    const { stdout } = await watched({});
    const lines = stdout.split('\n');
    const masks = lines.filter((line) => line.startsWith('::add-mask::'));
    expect(lines.slice(0, masks.length)).toEqual(masks);
    const masked = masks.map((line) => line.slice('::add-mask::'.length).replaceAll('%25', '%'));
    for (const secret of [PASSWORD, TOKEN, VALUES.word, VALUES.quoted, `${CANARY}+line/one==`, `${CANARY}-nested`]) {
      expect(masked).toContain(secret);
    }
    // A mask of what is no secret would make the log unreadable.
    expect(masked.filter((mask) => !mask.includes(CANARY))).toEqual([]);
  });

  test('with a private repository over HTTP', async () => {
    const pkg = await packageOf('lib', '1.0.0');
    const repository = await startHttpRepository([{ name: 'lib', version: '1.0.0', archive: pkg.archive }], {
      username: 'octocat',
      password: PASSWORD,
    });
    try {
      space.chart('chart', { ...DEFAULTS, 'Chart.yaml': dependent(repository.url) });
      const given = {
        'registry-username': `${repository.host}=octocat`,
        'registry-password': `${repository.host}=${PASSWORD}`,
      };
      const ended = await watched(given);
      expect([ended.code, rules(ended)]).toEqual([0, ['resolve/no-lock']]);
      expect(repository.served).toContain('/charts/lib-1.0.0.tgz');
      const wrong = await watched({ ...given, 'registry-password': `${repository.host}=${PASSWORD}-wrong` });
      expect(wrong.code).toBe(1);
    } finally {
      await repository.stop();
    }
  });
});

function dependent(repository: string): string {
  return `apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - name: lib\n    version: 1.0.0\n    repository: ${repository}\n`;
}

const configMap = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: ${value}\n`;

describe('a template', () => {
  test.each([
    ['fails with it', '{{ fail .Values.secret.word }}'],
    ['fails with it quoted', '{{ fail (printf "%q" .Values.secret.quoted) }}'],
    ['fails with its lines', '{{ fail .Values.secret.lines }}'],
    ['fails with a phrase', '{{ fail .Values.secret.phrase }}'],
    ['fails with blanks', '{{ fail .Values.secret.blanks }}'],
    ['fails with all of them', '{{ fail (toJson .Values) }}'],
    ['fails with all of them as YAML', '{{ fail (toYaml .Values) }}'],
    ['fails with base64 of it', '{{ fail (b64enc (printf "xx%s" .Values.secret.word)) }}'],
    ['fails with its URL form', '{{ fail (urlquery .Values.secret.quoted) }}'],
    ['requires and names it', '{{ required .Values.secret.quoted .Values.absent }}'],
    ['asks it for a field', '{{ .Values.secret.word.field }}'],
    ['indexes it', '{{ index .Values.secret.word 99 }}'],
    ['takes it for a pattern', '{{ mustRegexMatch .Values.secret.pattern "x" }}'],
    ['takes it for base64', '{{ fail (b64dec .Values.secret.word) }}'],
    ['takes it for JSON', '{{ mustFromJson .Values.secret.word }}'],
    ['takes it for a date', '{{ mustToDate "2006-01-02" .Values.secret.word }}'],
    ['takes it for a version', '{{ semverCompare ">1" .Values.secret.word }}'],
    ['includes it', '{{ include .Values.secret.word . }}'],
    ['renders it unquoted', configMap('{{ .Values.secret.quoted }}')],
    ['renders it as a block that is no YAML', configMap('{{ .Values.secret.lines }}')],
    [
      'renders a key twice',
      `${configMap('{{ .Values.secret.phrase | quote }}')}  a: {{ .Values.secret.phrase | quote }}\n`,
    ],
    ['renders it as a key twice', `${configMap('x')}  {{ .Values.secret.word }}: x\n  {{ .Values.secret.word }}: x\n`],
    ['renders it as a name', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.secret.word }}_\n'],
    ['renders no object', '{{ .Values.secret.word }}'],
    ['renders it as a kind', 'apiVersion: {{ .Values.secret.word }}\nkind: {{ .Values.secret.quoted | quote }}\n'],
  ])('that %s', async (_what, template) => {
    space.chart('chart', { ...DEFAULTS, 'templates/bad.yaml': `${template}\n` });
    await watched({ registry: 'oci-layout:oci' });
    expect(existsSync(join(space.root, 'chartship-report/report.json'))).toBe(true);
  });

  test.each(['helm', 'helm3'] as const)('that fails says so without it, by %s', async (helm) => {
    space.chart('chart', { ...DEFAULTS, 'templates/bad.yaml': '{{ fail (printf "no: %s" .Values.secret.word) }}\n' });
    const ended = await action(space, INPUTS, { helm });
    expect(ended.code).toBe(1);
    expect(tracesIn(shownLog(ended.stdout) + ended.stderr)).toEqual([]);
    expect(ended.report?.findings[0]?.message).toBe('no: ***');
  });
});

describe('a schema that a secret value violates', () => {
  test.each([
    ['pattern', { pattern: '^[a-z]+$' }],
    ['format', { format: 'email' }],
    ['format', { format: 'uri' }],
    ['format', { format: 'date-time' }],
    ['enum', { enum: ['a', 'b'] }],
    ['const', { const: 'a' }],
    ['maxLength', { maxLength: 3 }],
    ['type', { type: 'integer' }],
    ['not', { not: { type: 'string' } }],
    ['anyOf', { anyOf: [{ type: 'integer' }, { pattern: '^[a-z]+$' }] }],
  ])('%s', async (_keyword, schema) => {
    const properties = Object.fromEntries(Object.keys(VALUES).map((key) => [key, key === 'list' ? {} : schema]));
    space.chart('chart', {
      ...DEFAULTS,
      'values.schema.json': JSON.stringify({ properties: { secret: { properties } } }),
    });
    const ended = await watched({});
    expect(ended.code).toBeLessThan(2);
  });

  test('is found where the value comes from', async () => {
    const schema = { properties: { secret: { properties: { word: { pattern: '^[a-z]+$' } } } } };
    space.chart('chart', { ...DEFAULTS, 'values.schema.json': JSON.stringify(schema) });
    const ended = await watched({});
    expect([ended.code, rules(ended)]).toEqual([1, ['validate/values-schema']]);
    expect(ended.report?.findings[0]?.message).toContain('secret.word');
    expect(ended.report?.findings[0]?.message).toContain('secret-values');
  });

  test('also where the schema forbids its key', async () => {
    const schema = { additionalProperties: false, properties: { secret: {} } };
    space.chart('chart', { ...DEFAULTS, 'values.schema.json': JSON.stringify(schema) });
    expect((await watched({})).code).toBe(1);
  });
});

describe('a run that fails', () => {
  beforeEach(() => space.chart('chart', { ...DEFAULTS, 'templates/leaky.yaml': LEAKY }));

  test('by a wrong password', async () => {
    const ended = await watched({ ...registryInput(), 'registry-password': `${PASSWORD}-wrong` });
    expect([ended.code, rules(ended)]).toEqual([1, ['publish/unauthenticated']]);
  });

  test('by a refused publish', async () => {
    expect((await watched(registryInput())).code).toBe(0);
    space.write('chart/values.yaml', 'secret: {list: []}\ncredentials: {}\nother: 1\n');
    const ended = await watched(registryInput());
    expect([ended.code, rules(ended)]).toEqual([1, ['publish/refused']]);
  });

  test('by an unreachable registry', async () => {
    const ended = await watched({ registry: `oci://127.0.0.1:${await closedPort()}/charts` });
    expect([ended.code, rules(ended)]).toEqual([1, ['publish/unreachable']]);
  });

  test.each([
    ['no YAML', `secret: {word: ${CANARY}-open\nnext: "${CANARY}`],
    ['a duplicate key', `a: ${CANARY}-first\na: ${CANARY}-second\n`],
    ['a text', `${CANARY}-text`],
    ['a list', `- ${CANARY}-entry\n`],
    ['an unknown anchor', `a: *${CANARY}-anchor\n`],
    ['an unknown tag', `a: !${CANARY}-tag x\n`],
    ['a tab', `a:\n\t${CANARY}: ${CANARY}-tabbed\n`],
  ])('by secret-values that are %s', async (_what, text) => {
    const ended = await watched({ 'secret-values': text });
    expect([2, 0, 1]).toContain(ended.code);
    expect(ended.report?.findings.map(({ file }) => file).filter((file) => file !== undefined)).toEqual([]);
  });

  test('by a password without a user name', async () => {
    expect((await watched({ 'registry-username': '' })).code).toBe(2);
  });

  test('by passwords whose hosts are not those of the user names', async () => {
    const ended = await watched({
      'registry-username': 'one.example=octocat',
      'registry-password': `two.example=${PASSWORD}\n${CANARY}-no-host`,
    });
    expect(ended.code).toBe(2);
  });

  test('by a secret as a literal on the command line', async () => {
    const ended = await command(space, ['--registry-password', PASSWORD, `--secret-values=${SECRET_VALUES}`]);
    expect(ended.code).toBe(2);
    expect(tracesIn(ended.stdout + ended.stderr)).toEqual([]);
    expect(tracesBelow(join(space.root, 'chartship-report'))).toEqual({});
  });

  test('by a secret in chartship.yaml', async () => {
    space.write('chartship.yaml', `registry-password: ${CANARY}-in-file\nsecretValues: {a: ${CANARY}-b}\n`);
    expect((await watched({})).code).toBe(2);
  });

  test('by a report folder that can not be written', async () => {
    space.write('occupied', '');
    expect((await watched({ report: 'occupied/below' })).code).toBeGreaterThan(1);
  });
});

describe('numbers', () => {
  test('are secrets in the form that Go prints, too', async () => {
    const template = configMap(
      '"{{ .Values.pin }} {{ .Values.pin | int64 }} {{ .Values.pin | toJson }} {{ .Values.rate }}"',
    );
    space.chart('chart', { 'templates/pin.yaml': template, 'values.yaml': 'pin: 1\nrate: 1\n' });
    const ended = await watched({ 'secret-values': 'pin: 918273645\nrate: 8675309.125\n' });
    expect(ended.code).toBe(0);
    const manifests = join(space.root, 'chartship-report/manifests/demo/default');
    const text = readFileSync(join(manifests, readdirSync(manifests)[0] ?? ''), 'utf8');
    expect(text).not.toMatch(/9\.?18273645|8\.?675309/);
    expect(text).toContain('a: "*** *** *** ***"');
  });
});

describe('from standard input, a file and the environment', () => {
  test.each([
    ['standard input', ['--secret-values', '-'], SECRET_VALUES, {}],
    ['a file', ['--secret-values', '@secret.yaml'], '', {}],
    ['the environment', [], '', { CHARTSHIP_SECRET_VALUES: SECRET_VALUES }],
  ])('%s', async (_what, args, input, environment) => {
    space.chart('chart', { ...DEFAULTS, 'templates/leaky.yaml': LEAKY });
    space.write('secret.yaml', SECRET_VALUES);
    let sampler: Sampler | undefined;
    const ended = await command(space, args, {
      input,
      environment: { TMPDIR: temporary, CHARTSHIP_GITHUB_TOKEN: TOKEN, ...environment },
      started: (pid) => {
        sampler = sampleTree(pid);
      },
    });
    sampler?.stop();
    expect(ended.code).toBe(0);
    expect(tracesIn(ended.stdout + ended.stderr)).toEqual([]);
    expect(tracesBelow(join(space.root, 'chartship-report'))).toEqual({});
    expect(tracesIn((sampler?.seen ?? []).map((one) => `${one.command}\n${one.environment}`).join('\n'))).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
    const manifests = join(space.root, 'chartship-report/manifests/demo/dev');
    expect(readFileSync(join(manifests, readdirSync(manifests)[0] ?? ''), 'utf8')).toContain('nested: ***');
  });
});
