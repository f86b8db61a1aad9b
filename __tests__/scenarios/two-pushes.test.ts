import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { gitIn } from '../support/git-repository.ts';
import { type GitHubServer, startGitHub, TOKEN, workflowEnvironment } from '../support/github-server.ts';
import { statusOf } from '../support/github-state.ts';
import { type RefusingCluster, startRefusingCluster } from '../support/refusing-cluster.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { type ActionEnded, action, type Workspace, workspace } from '../support/scenario.ts';

/**
 * Two runs of the pipeline at once, each with its own checkout as jobs have it, on one registry and one GitHub: the
 * worst that can come where `concurrency` doesn't hold one of them back, as between a tag and its branch. The steps are
 * those of pipeline.yml.
 */

let registry: TestRegistry;
let github: GitHubServer;
let cluster: RefusingCluster;
let spaces: Workspace[];
let place: string;
let number = 0;
beforeAll(async () => {
  [registry, cluster] = await Promise.all([startTestRegistry(), startRefusingCluster()]);
});
afterAll(() => Promise.all([registry.stop(), cluster.stop()]));
beforeEach(async () => {
  github = await startGitHub();
  spaces = [];
  place = `pushes-${++number}`;
});
afterEach(async () => {
  for (const space of spaces) space.remove();
  await github.stop();
  expect(github.faults).toEqual([]);
});

interface Push {
  readonly run: number;
  readonly sha: string;
  readonly version: string;
  readonly space: Workspace;
  readonly environment: Record<string, string>;
}

function push(run: number, version: string, sha: string, more: Record<string, string> = {}): Push {
  const space = workspace();
  spaces.push(space);
  space.chart('chart', {
    'Chart.yaml': `apiVersion: v2\nname: demo\nversion: ${version}\n`,
    'values-dev.yaml': `greeting: ${version}\n`,
  });
  const environment = workflowEnvironment(github, {
    GITHUB_EVENT_NAME: 'push',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REF_NAME: 'main',
    GITHUB_RUN_ID: String(run),
    GITHUB_SHA: sha.repeat(40),
    ...more,
  });
  return { run, sha: sha.repeat(40), version, space, environment };
}

const publish = ({ space, environment }: Push, inputs: Record<string, string> = {}): Promise<ActionEnded> =>
  action(
    space,
    {
      registry: `oci://${registry.host}/${place}`,
      'alias-tags': '{{major}}, {{major}}.{{minor}}',
      until: 'publish',
      'github-token': TOKEN,
      ...inputs,
    },
    { environment },
  );

/** The job of an environment, for which GitHub makes a deployment. */
function deploy({ space, environment, run, sha }: Push, references: string): Promise<ActionEnded> {
  const log_url = `https://github.example/acme/charts/actions/runs/${run}/job/5`;
  github.state.deployments.push({
    ...{ id: github.state.nextId++, sha, ref: 'main', task: 'deploy', environment: 'dev', payload: '' },
    ...{ description: null, production_environment: false },
    statuses: [statusOf(github.state, { state: 'in_progress', log_url })],
  });
  const inputs = { chart: references, deploy: 'dev', kubeconfig: cluster.kubeconfig, 'github-token': TOKEN };
  return action(space, inputs, { environment });
}

async function digests(): Promise<Record<string, string>> {
  const at = `http://${registry.host}/v2/${place}/demo`;
  const { tags = [] } = (await (await fetch(`${at}/tags/list`)).json()) as { tags?: string[] };
  const accept = { accept: 'application/vnd.oci.image.manifest.v1+json' };
  const found = tags.sort().map(async (tag) => {
    const answer = await fetch(`${at}/manifests/${tag}`, { method: 'HEAD', headers: accept });
    return [tag, answer.headers.get('docker-content-digest') ?? ''] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

const codes = (ended: readonly ActionEnded[]) => ended.map(({ code }) => code);

test('of four versions all are published, and each alias ends at the newest of its own', async () => {
  const pushes = ['1.2.3', '1.2.4', '1.2.5', '1.3.0'].map((version, index) => push(1001 + index, version, `${index}`));
  const ended = await Promise.all(pushes.map((each) => publish(each)));
  expect(codes(ended)).toEqual([0, 0, 0, 0]);
  const found = await digests();
  expect(Object.keys(found)).toEqual(['1', '1.2', '1.2.3', '1.2.4', '1.2.5', '1.3', '1.3.0']);
  for (const [index, { version }] of pushes.entries()) expect(ended[index]?.outputs.digest).toBe(found[version]);
  expect([found['1'], found['1.2'], found['1.3']]).toEqual([found['1.3.0'], found['1.2.5'], found['1.3.0']]);
});

test('of two versions both are published, whichever comes first, and the aliases end at the newer one', async () => {
  for (const first of ['1.2.3', '1.2.4']) {
    place = `pushes-${number}-${first}`;
    const [older, newer] = [push(1001, '1.2.3', 'a'), push(1002, '1.2.4', 'b')];
    const order = first === '1.2.3' ? ([older, newer] as const) : ([newer, older] as const);
    // The second begins when the first has published, and still has its aliases to move.
    const begun = publish(order[0]);
    while (!(await digests())[first]) await new Promise((resolve) => setTimeout(resolve, 5));
    const ended = await Promise.all([begun, publish(order[1])]);
    expect(codes(ended)).toEqual([0, 0]);
    const found = await digests();
    expect(Object.keys(found)).toEqual(['1', '1.2', '1.2.3', '1.2.4']);
    for (const [index, { version }] of order.entries()) expect(ended[index]?.outputs.digest).toBe(found[version]);
    expect([found['1'], found['1.2']]).toEqual([found['1.2.4'], found['1.2.4']]);
    expect(found['1.2.3']).not.toBe(found['1.2.4']);
  }
});

test('of two versions each deployment is told in the one of its own job, with its digest, and none is made besides', async () => {
  const pushes = [push(1001, '1.2.3', 'a'), push(1002, '1.2.4', 'b')];
  const published = await Promise.all(pushes.map((each) => publish(each)));
  await Promise.all(pushes.map((each, index) => deploy(each, published[index]?.outputs.references ?? '')));
  expect(github.state.deployments).toHaveLength(2);
  for (const [index, { sha, run }] of pushes.entries()) {
    const own = github.state.deployments.find((each) => each.sha === sha);
    const states = own?.statuses.map(({ state }) => state);
    expect(states).toEqual(['failure', 'in_progress', 'in_progress']);
    expect(own?.statuses[1]?.description).toContain(published[index]?.outputs.digest);
    expect(own?.statuses[0]?.log_url).toContain(`/actions/runs/${run}`);
  }
});

test('the same commit twice is one package, and each deployment is told once, in that of its own job', async () => {
  const pushes = [push(1001, '1.2.3', 'a'), push(1002, '1.2.3', 'a')];
  const published = await Promise.all(pushes.map((each) => publish(each)));
  expect(codes(published)).toEqual([0, 0]);
  expect(published.flatMap(({ report }) => report?.findings ?? [])).toEqual([]);
  const found = await digests();
  expect(Object.keys(found)).toEqual(['1', '1.2', '1.2.3']);
  expect(new Set([...Object.values(found), ...published.map(({ outputs }) => outputs.digest)]).size).toBe(1);
  await Promise.all(pushes.map((each, index) => deploy(each, published[index]?.outputs.references ?? '')));
  expect(github.state.deployments.map(({ statuses }) => statuses.map(({ log_url }) => /runs\/\d+/.exec(log_url)?.[0])))
    // One of GitHub's, and two of ours.
    .toEqual([Array(3).fill('runs/1001'), Array(3).fill('runs/1002')]);
});

test('two pushes to a pull request leave one comment, of the later run', async () => {
  const event = {
    pull_request: { number: 7, head: { sha: 'deadbeefdeadbeef', repo: { full_name: 'acme/charts' } } },
  };
  const pushes = ['1.2.3', '1.2.4'].map((version, index) => {
    const made = push(1001 + index, version, 'a', { GITHUB_EVENT_NAME: 'pull_request' });
    made.space.write('event.json', JSON.stringify(event));
    return { ...made, environment: { ...made.environment, GITHUB_EVENT_PATH: `${made.space.root}/event.json` } };
  });
  const check = { registry: 'oci://127.0.0.1:1/none', until: 'package', 'alias-tags': '' };
  expect(codes(await Promise.all(pushes.map((each) => publish(each, check))))).toEqual([0, 0]);
  expect(github.state.comments).toHaveLength(1);
  expect(github.state.comments[0]?.body).toContain('run 1002.1');
});

test('a tag that is pushed twice is one release, with each file once', async () => {
  const pushes = [1001, 1002].map((run) => {
    const tag = { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.2.3' };
    const made = push(run, '1.2.3', 'a', tag);
    const git = gitIn(made.space.root);
    made.space.empty('.git');
    git('init', '-q', '-b', 'main');
    git('add', 'chart');
    git('commit', '-q', '-m', 'feat: the first thing');
    git('tag', 'v1.2.3');
    return made;
  });
  const ended = await Promise.all(pushes.map((each) => publish(each, { 'github-release': 'true' })));
  expect(codes(ended)).toEqual([0, 0]);
  expect(github.state.releases).toMatchObject([{ tag_name: 'v1.2.3', draft: false }]);
  expect(github.state.releases[0]?.assets.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
    'chartship-report.json uploaded',
    'demo-1.2.3.tgz uploaded',
  ]);
});
