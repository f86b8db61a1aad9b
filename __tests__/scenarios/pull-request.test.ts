import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { closedPort } from '../support/closed-port.ts';
import { githubOfEachTest } from '../support/each-test.ts';
import { TOKEN, workflowEnvironment } from '../support/github-server.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { runnerCommands } from '../support/runner-commands.ts';
import { type ActionEnded, action, command, type Workspace, workspace } from '../support/scenario.ts';

/** What a pull request is told: the Action's bundle as a runner starts it, a real registry, and GitHub's API on loopback. */

let registry: TestRegistry;
const github = githubOfEachTest();
let space: Workspace;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.stop());
beforeEach(async () => {
  space = workspace();
});
afterEach(async () => {
  space.remove();
});

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: { helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version }}" }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: demo } }
  template:
    metadata: { labels: { app: demo } }
    spec:
      containers:
        - name: app
          image: acme/app:{{ .Chart.AppVersion }}
`;
const SECRET = `apiVersion: v1
kind: Secret
metadata: { name: "{{ .Release.Name }}" }
stringData: { key: {{ .Values.key | quote }} }
`;
const CLAIM = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: "{{ .Release.Name }}-data" }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;
const CHART = {
  'values.yaml': 'replicas: 2\nkey: first-value\ngreeting: hello\n',
  'values-dev.yaml': 'replicas: 1\n',
  'values-prod.yaml': 'replicas: 3\n',
  'templates/deployment.yaml': DEPLOYMENT,
  'templates/secret.yaml': SECRET,
  'templates/claim.yaml': CLAIM,
};

async function publish(path: string, files: Record<string, string | undefined> = CHART): Promise<void> {
  space.chart('chart', files);
  const ended = await command(space, ['--registry', `oci://${registry.host}/${path}`]);
  expect([ended.code, ended.stdout]).toEqual([0, expect.anything()]);
}

function proposed(inputs: Record<string, string>, more: { event?: object; runId?: string } = {}): Promise<ActionEnded> {
  const event = more.event ?? {
    pull_request: { number: 7, head: { sha: 'deadbeefdeadbeef', repo: { full_name: 'acme/charts' } } },
  };
  space.write('event.json', JSON.stringify(event));
  return action(
    space,
    // As a registry that is not this machine's own has it on a pull request.
    { 'github-token': TOKEN, until: 'package', ...inputs },
    {
      environment: workflowEnvironment(github, {
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: `${space.root}/event.json`,
        ...(more.runId !== undefined && { GITHUB_RUN_ID: more.runId }),
      }),
    },
  );
}

const comment = (): string => github.state.comments[0]?.body ?? '';

const NEXT = {
  ...CHART,
  'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.1.0\nappVersion: "1.1"\n',
  'values.yaml': 'replicas: 2\nkey: second-value\ngreeting: hello\n',
  'values-prod.yaml': 'replicas: 0\n',
  'templates/claim.yaml': undefined,
};

test('what would change where the last release is deployed, dangers first, in one comment', async () => {
  await publish('change');
  space.empty('chart');
  space.chart('chart', NEXT);
  const inputs = { registry: `oci://${registry.host}/change` };
  const ended = await proposed(inputs);
  expect(ended.code).toBe(0);
  expect(ended.report?.comparisons?.map(({ environment, against }) => [environment, against?.version])).toEqual([
    ['dev', '1.0.0'],
    ['prod', '1.0.0'],
  ]);
  expect(github.state.comments).toHaveLength(1);
  const body = comment();
  expect(body).toMatch(/^<!-- chartship-comment [0-9a-f]{16} run 1001\.1 -->\n## ✅ Chartship: passed/);
  expect(body).toContain('- **prod** · PersistentVolumeClaim/demo-prod-data is deleted, and what it holds with it');
  expect(body).toContain('- **prod** · Deployment/demo-prod replicas go from 3 to 0');
  expect(body).toContain('| Deployment/demo-dev | app | acme/app:1.0 | acme/app:1.1 |');
  expect(body).toContain('! Secret/demo-dev\n    its content\n');
  expect(body).not.toMatch(/first-value|second-value|Zmlyc3Q|helm\.sh\/chart/);
  expect(body.indexOf('dangers')).toBeLessThan(body.indexOf('What would change'));
  expect(ended.summary).toContain('replicas go from 3 to 0');
  expect(ended.stdout).toContain(`requests go to ${new URL(github.url).host}`);

  space.write('chart/values-prod.yaml', 'replicas: 3\n');
  expect((await proposed(inputs, { runId: '1002' })).code).toBe(0);
  expect(github.state.comments).toHaveLength(1);
  expect(comment()).toContain('run 1002.1');
  expect(comment()).not.toContain('replicas go from 3 to 0');
});

test('the same chart would change nothing; a pre-release is nothing to compare with', async () => {
  await publish('same');
  space.write('chart/Chart.yaml', 'apiVersion: v2\nname: demo\nversion: 2.0.0-rc.1\nappVersion: "2"\n');
  expect((await command(space, ['--registry', `oci://${registry.host}/same`])).code).toBe(0);
  space.chart('chart', CHART);
  await proposed({ registry: `oci://${registry.host}/same` });
  expect(comment()).toContain('**dev**: nothing since 1.0.0');
});

test('a chart that asks the cluster as an upgrade is compared as an install, with an install', async () => {
  const KEPT = `{{- if .Release.IsUpgrade }}{{ if not (lookup "v1" "Secret" .Release.Namespace "kept") }}{{ fail "give the current password" }}{{ end }}{{ end }}
apiVersion: v1
kind: Secret
metadata: { name: kept }
stringData: { password: first-value }
`;
  const either = `{{ if .Release.IsUpgrade }}\n${CLAIM}{{ else }}\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: made-once }\n{{ end }}\n`;
  const before = { 'values.yaml': 'greeting: hello\n', 'templates/either.yaml': either };
  const registries = (path: string) => ({ registry: `oci://${registry.host}/${path}` });
  await publish('asks', before);
  space.chart('chart', {
    ...before,
    'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.1\n',
    'templates/kept.yaml': KEPT,
  });
  const ended = await proposed(registries('asks'));
  expect(
    ended.report?.comparisons?.map(({ as, dangers, objects }) => [as, dangers, objects.map(({ object }) => object)]),
  ).toEqual([['install', [], ['Secret/kept']]]);
  expect(comment()).toContain('since 1.0.0, as installs (one of them is not rendered as an upgrade here): 1 added');
  // And where the release asks as well.
  await publish('both', { ...before, 'templates/kept.yaml': KEPT });
  space.chart('chart', {
    ...before,
    'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.1\n',
    'templates/kept.yaml': KEPT.replace('name: kept }', 'name: kept-2 }'),
  });
  const both = await proposed(registries('both'));
  expect(
    both.report?.comparisons?.map(({ as, objects }) => [
      as,
      objects.map(({ kind, object }) => `${kind} ${object}`).sort(),
    ]),
  ).toEqual([['install', ['added Secret/kept-2', 'removed Secret/kept']]]);
  // And where the release alone asks.
  space.empty('chart');
  space.chart('chart', {
    ...before,
    'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.1\n',
  });
  const gone = await proposed(registries('both'));
  expect(
    gone.report?.comparisons?.map(({ as, objects }) => [as, objects.map(({ kind, object }) => `${kind} ${object}`)]),
  ).toEqual([['install', ['removed Secret/kept']]]);
});

test('a first release, an environment that is new, and a registry that is not there are said', async () => {
  space.chart('chart', CHART);
  const first = await proposed({ registry: `oci://${registry.host}/nothing` });
  expect(first.code).toBe(0);
  expect(comment()).toContain('**dev**: not compared: no release of demo is published yet');

  await publish('environments');
  space.chart('chart', { ...CHART, 'values-staging.yaml': 'replicas: 2\n' });
  await proposed({ registry: `oci://${registry.host}/environments` });
  expect(comment()).toContain('**staging**: not compared: 1.0.0 has no values-staging.yaml: the environment is new');

  const gone = await proposed({ registry: `oci://127.0.0.1:${await closedPort()}/x` });
  expect(gone.code).toBe(0);
  expect(comment()).toContain('**dev**: not compared: 127.0.0.1');
  expect(comment()).toContain('connection refused');
});

test('the token of a fork may not: the summary has it all, and nothing fails', async () => {
  await publish('fork');
  space.chart('chart', { ...CHART, 'values-prod.yaml': 'replicas: 0\n' });
  github.trouble = ({ route }) =>
    route.startsWith('POST ') ? { status: 403, message: 'Resource not accessible by integration' } : undefined;
  const ended = await proposed({ registry: `oci://${registry.host}/fork` });
  expect(ended.code).toBe(0);
  expect(github.state.comments).toEqual([]);
  expect(ended.summary).toContain('replicas go from 3 to 0');
  const notes = ended.report?.findings.filter(({ stage }) => stage === 'github');
  expect(notes).toMatchObject([{ rule: 'github/comment', severity: 'note' }]);
  expect(ended.stdout.replaceAll(/::add-mask::.*/g, '')).not.toContain(TOKEN);
});

describe('no comment', () => {
  test('where none is wanted', async () => {
    space.chart('chart');
    expect((await proposed({ comment: 'false' })).code).toBe(0);
    expect(github.asked).toEqual([]);
  });

  test('without a token', async () => {
    space.chart('chart');
    expect((await proposed({ 'github-token': '' })).code).toBe(0);
    expect(github.asked).toEqual([]);
  });

  test('where there is no pull request', async () => {
    space.chart('chart');
    expect((await proposed({}, { event: { merge_group: {} } })).code).toBe(0);
    expect(github.asked).toEqual([]);
  });
});

test('a request that is refused is told of, too', async () => {
  space.chart('chart');
  const ended = await proposed({ enviroments: 'dev' });
  expect(ended.code).toBe(2);
  expect(comment()).toContain('invalid request: 1 error');
});

test('what a chart says can act nowhere', async () => {
  await publish('hostile', { ...CHART, 'templates/configmap.yaml': undefined });
  const evil =
    '@team ``` </details></summary><img src=x> [a](https://evil.example) \u202etxt.exe ::error::x ##[error]y';
  space.chart('chart', {
    ...CHART,
    'templates/configmap.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: evil, annotations: { a: ${JSON.stringify(evil)} } }\n`,
    'templates/deployment.yaml': DEPLOYMENT.replace('acme/app:{{ .Chart.AppVersion }}', '"@team/app|<b>:2"').replace(
      'metadata: { labels: { app: demo } }',
      `metadata: { labels: { app: demo }, annotations: { a: ${JSON.stringify(evil)} } }`,
    ),
  });
  const ended = await proposed({ registry: `oci://${registry.host}/hostile`, 'fail-on': 'error' });
  for (const text of [comment(), ended.summary]) {
    const prose = text.replace(/^ *(`{3,})(?:sh|text|diff)\n[\s\S]*?\n *\1$/gm, '');
    expect(prose).not.toMatch(/@team|<img|<b>|\]\(https:\/\/evil/);
    expect(text).not.toMatch(/\u202e/);
    expect(text.match(/<details>/g)?.length).toBe(prose.match(/<\/details>/g)?.length);
  }
  expect(comment()).toContain('team/app');
  const names = runnerCommands(ended.stdout).map(({ name }) => name);
  const known = ['add-mask', 'group', 'endgroup', 'stop-commands', 'error', 'warning', 'notice'];
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
});

test('40 findings and differences of 3 MB stay within what GitHub takes', async () => {
  const many = (text: string): string =>
    `{{- range until 1500 }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: map-{{ . }} }\ndata:\n  text: "${text} {{ repeat 960 "ab" }}"\n{{- end }}\n`;
  const one = { ...CHART, 'values-dev.yaml': undefined };
  await publish('large', { ...one, 'templates/many.yaml': many('old') });
  const broken = Array.from({ length: 40 }, (_, index) => [
    `templates/broken-${index}.yaml`,
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: broken-${index} }\nunknown${index}: true\n`,
  ]);
  space.chart('chart', {
    ...NEXT,
    ...one,
    'values-prod.yaml': 'replicas: 0\n',
    ...Object.fromEntries(broken),
    'templates/many.yaml': many('new'),
  });
  space.write('chart/Chart.yaml', NEXT['Chart.yaml']);
  const ended = await proposed({ registry: `oci://${registry.host}/large` });
  expect(ended.code).toBe(1);
  expect(ended.report?.findings.length).toBeGreaterThanOrEqual(40);
  expect(Buffer.byteLength(comment())).toBeLessThanOrEqual(65_536);
  expect(Buffer.byteLength(comment())).toBeGreaterThan(20_000);
  expect(Buffer.byteLength(ended.summary)).toBeLessThanOrEqual(1024 * 1024);
  expect(comment()).toContain('replicas go from 3 to 0');
  expect(comment()).toContain('more in `report.json`');
  const errors = runnerCommands(ended.stdout).filter(({ name }) => name === 'error');
  expect(errors).toHaveLength(10);
}, 180_000);
