import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readArchive } from '../../src/domain/archive.ts';
import { ageKey, encrypted } from '../support/age-key.ts';
import { CANARY, shownLog, tracesBelow, tracesIn } from '../support/canary.ts';
import { type RefusingCluster, startRefusingCluster } from '../support/refusing-cluster.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import {
  action,
  command,
  type Ended,
  node24,
  pinned,
  toolPath,
  type Workspace,
  workspace,
} from '../support/scenario.ts';

/** Values files that the real sops encrypted, with a word in each value that must be seen nowhere. */
const key = ageKey();
const PASSWORD = `${CANARY}-pass "word" \\ ${CANARY}`;
const VALUES = `# ${CANARY} in a comment
secret:
  password: ${JSON.stringify(PASSWORD)}
  lines: |
    ${CANARY}-line-one
    ${CANARY}-line-two
list:
  - ${CANARY}-of-a-list
`;
/** Shows the values in every way, and their sum, which proves that helm had them. */
const TEMPLATE = `apiVersion: v1
kind: ConfigMap
metadata:
  name: leaky
data:
  sum: {{ .Values.secret.password | sha256sum }}
  quoted: {{ .Values.secret.password | quote }}
  coded: {{ .Values.secret.lines | b64enc }}
  item: {{ index .Values.list 0 }}
`;
const sum = createHash('sha256').update(PASSWORD).digest('hex');

let space: Workspace;
let tools: string;
beforeEach(() => {
  space = workspace();
  space.chart('chart', {
    'values.yaml': 'secret: { password: "", lines: "" }\nlist: [none]\n',
    'values-prod.enc.yaml': encrypted(VALUES, key),
    'templates/configmap.yaml': TEMPLATE,
  });
  space.write('chartship.yaml', 'environments:\n  prod: { values: [values-prod.enc.yaml] }\n');
  tools = toolPath(space.root).split(':')[0] ?? '';
  symlinkSync(pinned('sops'), join(tools, 'sops'));
});
afterEach(() => space.remove());

const environment = { SOPS_AGE_KEY: key.secret };
const run = (args: readonly string[] = [], env: Record<string, string> = environment): Promise<Ended> =>
  command(space, ['--kube-versions', '1.35', ...args], { environment: env });

/** Where the word is to be seen: printed, reported, or left anywhere in the repository. */
function traces({ stdout, stderr }: Ended): unknown {
  return [tracesIn(shownLog(stdout)), tracesIn(stderr), tracesBelow(space.root)];
}
const NOWHERE = [[], [], {}];
const manifest = (): string => readFileSync(join(space.root, 'chartship-report/manifests/demo/prod/1.35.yaml'), 'utf8');

describe('an encrypted values file', () => {
  test('in the chart reaches helm in clear, travels encrypted, and is shown nowhere', async () => {
    const ended = await run();
    expect([ended.code, ended.report?.findings]).toEqual([0, []]);
    expect(manifest()).toContain(`sum: ${sum}`);
    expect(manifest()).toContain('***');
    expect(traces(ended)).toEqual(NOWHERE);
    const packed = await readArchive(readFileSync(join(space.root, 'chartship-report/packages/demo-1.0.0.tgz')));
    const file = packed.ok && packed.files.find(({ path }) => path === 'values-prod.enc.yaml');
    expect(file && new TextDecoder().decode(file.content)).toBe(
      readFileSync(join(space.root, 'chart/values-prod.enc.yaml'), 'utf8'),
    );
    expect(ended.stdout).toMatch(/chart\/values-prod\.enc\.yaml is decrypted by sops/);
    expect(readdirSync(join(space.root, 'chart')).sort()).toEqual([
      'Chart.yaml',
      'templates',
      'values-prod.enc.yaml',
      'values.yaml',
    ]);
  });

  test('outside it, by the other ending; the runner is told of each value, and of the key', async () => {
    space.write('secrets/prod.enc.yml', encrypted(VALUES, key));
    const ended = await action(
      space,
      { chart: 'chart', 'kube-versions': '1.35', environments: 'prod', values: 'secrets/prod.enc.yml' },
      { environment },
    );
    expect(ended.code).toBe(0);
    expect(manifest()).toContain(`sum: ${sum}`);
    expect(traces(ended)).toEqual(NOWHERE);
    for (const secret of [`${CANARY}-of-a-list`, key.secret]) expect(ended.stdout).toContain(`::add-mask::${secret}`);
    expect(shownLog(ended.stdout)).not.toContain(key.secret);
  });

  test('lies in clear only where nobody else can read it', async () => {
    // Helm itself, behind a look at the files that it is given.
    const helm = join(tools, 'helm');
    const log = join(space.root, 'modes');
    rmSync(helm);
    writeFileSync(
      helm,
      `#!/bin/sh
for file in "$@"; do
  case "$file" in */values-prod.enc.yaml) stat -c '%a' "$file" "$(dirname "$file")" >> ${log};; esac
done
exec ${pinned('helm')} "$@"
`,
    );
    chmodSync(helm, 0o755);
    expect((await run(['--until', 'render'])).code).toBe(0);
    const modes = readFileSync(log, 'utf8').trim().split('\n');
    expect(modes.length).toBeGreaterThanOrEqual(4);
    expect(new Set(modes.filter((_, index) => index % 2 === 0))).toEqual(new Set(['600']));
    expect(new Set(modes.filter((_, index) => index % 2 === 1))).toEqual(new Set(['700']));
  });

  test('is pointed at where the repository has it', async () => {
    space.write('chart/values.schema.json', JSON.stringify({ properties: { list: { items: { maxLength: 4 } } } }));
    const ended = await run();
    const lines = readFileSync(join(space.root, 'chart/values-prod.enc.yaml'), 'utf8').split('\n');
    expect(ended.code).toBe(1);
    expect(ended.report?.findings).toMatchObject([
      {
        rule: 'validate/values-schema',
        file: 'chart/values-prod.enc.yaml',
        line: lines.findIndex((line) => /^ +- ENC/.test(line)) + 1,
      },
    ]);
    expect(traces(ended)).toEqual(NOWHERE);
  });
});

describe('what can not be decrypted', () => {
  const findings = ({ report }: Ended): unknown => report?.findings.map(({ rule, file }) => [rule, file]);
  const file = 'chart/values-prod.enc.yaml';

  test('without a sops is exit 3, in one sentence that names it', async () => {
    rmSync(join(tools, 'sops'));
    const ended = await run();
    expect([ended.code, ended.report?.status]).toEqual([3, 'error']);
    expect(ended.report?.findings).toMatchObject([
      {
        rule: 'tools/unavailable',
        message: expect.stringMatching(/^sops, which chart\/values-prod\.enc\.yaml .* is not installed/),
      },
    ]);
  });

  test.each([
    ['without a key', {}],
    ['with another key', { SOPS_AGE_KEY: ageKey().secret }],
  ])('%s is exit 1, with the cause', async (_, env) => {
    const ended = await run([], env);
    expect([ended.code, findings(ended)]).toEqual([1, [['validate/encrypted', file]]]);
    expect(ended.report?.findings[0]?.message).toMatch(/can't be decrypted: sops has no key for it: .*(age|identit)/);
    expect(ended.report?.findings[0]?.message).not.toContain('\n');
    expect(ended.stdout).not.toContain('SECRET-KEY');
  });

  test('because it was changed by hand is exit 1', async () => {
    const text = readFileSync(join(space.root, file), 'utf8');
    space.write(file, text.replace('list:', 'other:'));
    const ended = await run();
    expect([ended.code, findings(ended)]).toEqual([1, [['validate/encrypted', file]]]);
    expect(ended.report?.findings[0]?.message).toMatch(/it was changed by hand since it was encrypted$/);
    expect(traces(ended)).toEqual(NOWHERE);
  });

  test('since it never was encrypted is said, and so is a cipher under another name', async () => {
    space.write(file, 'greeting: open\n');
    const open = await run();
    expect([open.code, findings(open)]).toEqual([1, [['validate/not-encrypted', file]]]);
    space.write('chart/values-prod.yaml', encrypted(VALUES, key));
    space.write('chartship.yaml', 'environments:\n  prod: { values: [values-prod.yaml] }\n');
    const misnamed = await run();
    expect([misnamed.code, findings(misnamed)]).toEqual([1, [['validate/values-file', 'chart/values-prod.yaml']]]);
  });

  test('for a foreign head is not even tried', async () => {
    const ended = await run([], { ...environment, GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'pull_request_target' });
    expect([ended.code, findings(ended)]).toEqual([1, [['validate/encrypted', file]]]);
    expect(ended.stdout).not.toMatch(/is decrypted by sops/);
  });
});

describe('published', () => {
  let registry: TestRegistry;
  /** A run that gets so far had its values. */
  let cluster: RefusingCluster;
  beforeAll(async () => {
    registry = await startTestRegistry();
    cluster = await startRefusingCluster();
  });
  afterAll(async () => {
    await registry.stop();
    await cluster.stop();
  });

  test('its file is decrypted out of the package, and only those of what is deployed', async () => {
    const other = ageKey();
    space.write('chart/values-dev.enc.yaml', encrypted('greeting: hello\n', other));
    space.write(
      'chartship.yaml',
      'environments:\n  dev: { values: [values-dev.enc.yaml] }\n  prod: { values: [values-prod.enc.yaml] }\n',
    );
    space.write('kubeconfig', cluster.kubeconfig);
    const place = `oci://${registry.host}/charts`;
    const both = { SOPS_AGE_KEY: `${key.secret}\n${other.secret}` };
    expect((await run(['--registry', place], both)).code).toBe(0);
    space.empty('chart');
    const deploy = (env: Record<string, string>): Promise<Ended> =>
      command(space, [`${place}/demo:1.0.0`, '--deploy', 'prod', '--kubeconfig', 'kubeconfig'], {
        node: node24,
        environment: env,
      });
    const ended = await deploy(environment);
    expect([ended.code, ended.report?.deployments.at(-1)?.cause?.code]).toEqual([1, 'unauthorized']);
    expect(ended.report?.findings.map(({ rule }) => rule)).toEqual(['deploy/unauthorized']);
    expect(traces(ended)).toEqual(NOWHERE);
    const without = await deploy({ SOPS_AGE_KEY: other.secret });
    expect(without.report?.findings.map(({ rule }) => rule)).toEqual(['validate/encrypted']);
    expect(without.code).toBe(1);
  });
});
