import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { githubOfEachTest } from '../support/each-test.ts';
import { TOKEN, workflowEnvironment } from '../support/github-server.ts';
import { type RefusingCluster, startRefusingCluster } from '../support/refusing-cluster.ts';
import { type ActionEnded, action, type Workspace, workspace } from '../support/scenario.ts';

/** A deployment as GitHub hears of it: the Action's bundle as a runner starts it. The API server here knows nobody, so that it fails. */

const github = githubOfEachTest();
let cluster: RefusingCluster;
let space: Workspace;
beforeEach(async () => {
  cluster = await startRefusingCluster();
  space = workspace();
  space.chart('chart', { 'values-dev.yaml': 'greeting: dev\n' });
  space.write('chartship.yaml', 'environments:\n  dev: { url: "https://dev.example" }\n');
});
afterEach(async () => {
  space.remove();
  await cluster.stop();
});

function run(inputs: Record<string, string> = {}): Promise<ActionEnded> {
  return action(
    space,
    { 'github-token': TOKEN, deploy: 'dev', kubeconfig: cluster.kubeconfig, ...inputs },
    { environment: workflowEnvironment(github, { GITHUB_EVENT_NAME: 'push' }) },
  );
}

test('one that fails is a failure there, with its URL; the outputs have the URL for environment.url', async () => {
  const ended = await run();
  expect(ended.code).toBe(1);
  expect(github.state.deployments).toMatchObject([
    {
      ...{ environment: 'dev', task: 'deploy:demo', sha: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00' },
      statuses: [{ state: 'failure', environment_url: 'https://dev.example' }, { state: 'in_progress' }],
    },
  ]);
  const [deployed] = ended.report?.deployments ?? [];
  expect(github.state.deployments[0]?.payload).toMatchObject({ digest: deployed?.reference.split('@')[1] });
  expect(JSON.parse(ended.outputs.deployments ?? '')).toMatchObject([{ url: 'https://dev.example' }]);
  expect(ended.report?.findings.filter(({ stage }) => stage === 'github')).toEqual([]);
});

test('a token that may not changes nothing of how the run ends', async () => {
  github.trouble = () => ({ status: 403, message: 'Resource not accessible by integration' });
  const ended = await run();
  expect(ended.code).toBe(1);
  expect(ended.report?.findings.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual([
    'github/deployment note',
    'deploy/unauthorized error',
  ]);
});

test.each([{ 'github-deployment': 'false' }, { 'dry-run': 'true' }, { 'github-token': '' }])(
  'with %j GitHub is asked nothing',
  async (inputs) => {
    expect((await run(inputs)).code).toBe(1);
    expect(github.asked).toEqual([]);
  },
);
