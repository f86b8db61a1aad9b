import { beforeEach, describe, expect, test } from '@jest/globals';
import { announcedIn } from '../../src/domain/announced.ts';
import type { CauseCode, DeploymentOutcome } from '../../src/domain/deployment.ts';
import type { Finding } from '../../src/domain/finding.ts';
import type { GitHubRun } from '../../src/domain/github-run.ts';
import { createAnnouncer } from '../../src/github/deployment-status.ts';
import { githubOfEachTest } from '../support/each-test.ts';
import { FORBIDDEN, onWrites, RUN, testForge, writesTo } from '../support/github-forge.ts';
import type { Trouble } from '../support/github-server.ts';
import { type Deployment, statusOf } from '../support/github-state.ts';

/** GitHub's deployments, over HTTP with a server that takes and gives what GitHub's description allows. */

const github = githubOfEachTest();

/** What is noted in the run's folder, by path. */
const notes = new Map<string, string>();
beforeEach(() => notes.clear());
const files = {
  temporary: '/run',
  write: async (path: string, content: string | Uint8Array) => void notes.set(path, String(content)),
};

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

interface Given {
  readonly run?: Partial<GitHubRun>;
  readonly environment?: string;
  readonly chart?: string;
  readonly outcome?: DeploymentOutcome['outcome'];
  readonly cause?: CauseCode;
  readonly cancel?: AbortSignal;
}

/** One deployment, from its beginning to its end. */
async function deploy(given: Given = {}): Promise<Finding[]> {
  const { environment = 'staging', chart = 'task-api', outcome = 'deployed', cause, cancel } = given;
  const announcer = createAnnouncer({ ...RUN, ...given.run }, files, async () =>
    testForge(github, { ...(cancel && { cancel }) }),
  );
  return await announce(announcer, environment, chart, outcome, cause);
}

async function announce(
  announcer: ReturnType<typeof createAnnouncer>,
  environment: string,
  chart: string,
  outcome: DeploymentOutcome['outcome'],
  code: CauseCode = 'other',
): Promise<Finding[]> {
  const planned = {
    environment,
    namespace: environment,
    release: `${chart}-x`,
    timeout: 300,
    url: 'https://app.example',
  };
  const reference = `oci://ghcr.io/acme/charts/${chart}@${DIGEST}`;
  const announced = announcer.begin(planned, { chart, version: '1.2.3', reference });
  const cause = ['deployed', 'unchanged', 'cancelled'].includes(outcome) ? null : { code, message: 'x' };
  return await announced.end({ outcome, cause });
}

const statuses = (index = 0): string[] => (github.state.deployments[index]?.statuses ?? []).map(({ state }) => state);

/** What GitHub makes for a job with `environment:`, of a run. */
function jobDeployment(run: number, environment = 'staging', sha = RUN.sha): Deployment {
  const log_url = `https://github.example/acme/charts/actions/runs/${run}/job/5`;
  const made: Deployment = {
    ...{ id: github.state.nextId++, sha, ref: 'main', task: 'deploy', environment, payload: '', description: null },
    production_environment: false,
    statuses: [statusOf(github.state, { state: 'in_progress', log_url })],
  };
  github.state.deployments.push(made);
  return made;
}

describe("the job's own", () => {
  test('is used, with the URL and the digest; none is made', async () => {
    jobDeployment(1000);
    const own = jobDeployment(1001);
    jobDeployment(10011);
    expect(await deploy()).toEqual([]);
    expect(github.state.deployments).toHaveLength(3);
    expect(own.statuses.slice(0, 2)).toMatchObject([
      { state: 'success', description: `deployed: task-api 1.2.3 ${DIGEST}`, environment_url: 'https://app.example' },
      { state: 'in_progress', description: `task-api 1.2.3 ${DIGEST}`, log_url: `${RUN.url}/attempts/1` },
    ]);
    expect([statuses(0), statuses(2)]).toEqual([['in_progress'], ['in_progress']]);
  });

  test('of another environment or commit is not', async () => {
    jobDeployment(1001, 'dev');
    jobDeployment(1001, 'staging', 'deadbeef');
    await deploy();
    expect(github.state.deployments).toHaveLength(3);
    expect([statuses(0), statuses(1)]).toEqual([['in_progress'], ['in_progress']]);
  });
});

describe('one is made where the job has none', () => {
  test('with what is deployed, in progress and then successful', async () => {
    expect(await deploy()).toEqual([]);
    expect(github.state.deployments).toMatchObject([
      {
        ...{ sha: RUN.sha, task: 'deploy:task-api', environment: 'staging', production_environment: false },
        payload: { chart: 'task-api', version: '1.2.3', digest: DIGEST, namespace: 'staging', release: 'task-api-x' },
      },
    ]);
    expect(statuses()).toEqual(['success', 'in_progress']);
  });

  test.each<[DeploymentOutcome['outcome'], string]>([
    ['unchanged', 'success'],
    ['rolled-back', 'failure'],
    ['removed', 'failure'],
    ['failed', 'failure'],
    ['cancelled', 'error'],
  ])('%s is %s', async (outcome, state) => {
    await deploy({ outcome });
    expect(statuses()).toEqual([state, 'in_progress']);
  });

  test('the one before it is inactive then, in production, too; other charts and environments stay', async () => {
    await deploy({ environment: 'prod' });
    await deploy({ environment: 'prod', chart: 'other' });
    await deploy({ environment: 'dev' });
    await deploy({ environment: 'prod', outcome: 'rolled-back', run: { id: 1002 } });
    expect(statuses(0)).toEqual(['success', 'in_progress']);
    await deploy({ environment: 'prod', run: { id: 1003 } });
    expect(github.state.deployments[0]?.production_environment).toBe(true);
    expect([0, 1, 2, 3, 4].map((index) => statuses(index)[0])).toEqual([
      ...['inactive', 'success', 'success', 'failure', 'success'],
    ]);
    await deploy({ environment: 'prod', run: { id: 1004 } });
    expect(statuses(0)).toEqual(['inactive', 'success', 'in_progress']);
    expect(statuses(4)[0]).toBe('inactive');
  });

  test('one that was begun later and had the release earlier is inactive, too, and so is this one then', async () => {
    const announcer = createAnnouncer(RUN, files, async () => testForge(github));
    const planned = { environment: 'prod', namespace: 'prod', release: 'x', timeout: 300 };
    const what = { chart: 'task-api', version: '1.2.3', reference: `oci://x/task-api@${DIGEST}` };
    const first = announcer.begin(planned, what);
    while (statuses(0).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const one of github.state.deployments) one.created = new Date().toISOString();
    await deploy({ environment: 'prod', run: { id: 1002 } });
    // It waits for the release, and lives.
    expect([statuses(0), statuses(1)]).toEqual([['in_progress'], ['success', 'in_progress']]);
    expect(await first.end({ outcome: 'deployed', cause: null })).toEqual([]);
    expect([statuses(0)[0], statuses(1)[0]]).toEqual(['success', 'inactive']);
    await deploy({ environment: 'prod', run: { id: 1003 } });
    expect([0, 1, 2].map((index) => statuses(index)[0])).toEqual(['inactive', 'inactive', 'success']);
  });

  describe('one that a dead run left in progress', () => {
    /** A healthy one; two whose run was lost, of which the first never came to a status; one more. */
    async function settled(given: Given): Promise<(string | undefined)[]> {
      for (const id of [1001, 1002, 1003]) await deploy({ run: { id } });
      const [first, second, third] = github.state.deployments;
      first?.statuses.shift();
      second?.statuses.splice(0);
      third?.statuses.shift();
      expect([0, 1, 2].map((index) => statuses(index)[0])).toEqual(['success', undefined, 'in_progress']);
      await deploy({ run: { id: 1004 }, ...given });
      return [0, 1, 2, 3].map((index) => statuses(index)[0]);
    }

    test('is an error once another has ended, whose place it never had', async () => {
      expect(await settled({})).toEqual(['inactive', 'error', 'error', 'success']);
      expect(github.state.deployments[2]?.statuses[0]).toMatchObject({
        description: 'its run never said how it ended',
        log_url: `${RUN.url}/attempts/1`,
      });
    });

    test('also where the next one fails, which takes no place either', async () => {
      expect(await settled({ outcome: 'rolled-back' })).toEqual(['success', 'error', 'error', 'failure']);
    });

    test.each<Given>([{ outcome: 'cancelled' }, { outcome: 'failed', cause: 'busy' }])(
      'is not said to be one by a run that may never have had the release: %j',
      async (given) => {
        const [first, second, third] = await settled(given);
        expect([first, second, third]).toEqual(['success', undefined, 'in_progress']);
      },
    );
  });

  test('is noted for the post step, with what is to be said then; the job’s own is not', async () => {
    await deploy();
    const [deployment] = github.state.deployments;
    expect([...notes.keys()]).toEqual([`/run/announced/${deployment?.id}.json`]);
    expect(announcedIn([...notes.values()][0] ?? '')).toEqual({
      ...{ repository: 'acme/charts', id: deployment?.id, environment: 'staging' },
      ...{ description: `interrupted: task-api 1.2.3 ${DIGEST}`, environmentUrl: 'https://app.example' },
      logUrl: `${RUN.url}/attempts/1`,
    });
    notes.clear();
    jobDeployment(1005);
    await deploy({ run: { id: 1005 } });
    expect(notes.size).toBe(0);
  });

  test('a long name leaves the digest whole', async () => {
    await deploy({ chart: 'x'.repeat(250) });
    expect(github.state.deployments[0]?.statuses[0]?.description).toMatch(new RegExp(`^deployed: x+ ${DIGEST}$`));
  });

  test('an attempt later another one is made', async () => {
    await deploy({ outcome: 'failed' });
    await deploy({ run: { attempt: 2 } });
    expect(github.state.deployments).toHaveLength(2);
  });
});

describe('what GitHub will not hear of is a note', () => {
  test.each<[string, Trouble]>([
    ['401', { status: 401, message: 'Bad credentials' }],
    ['403', FORBIDDEN],
    ['409', { status: 409, message: 'Conflict' }],
    ['422', { status: 422, message: 'Validation Failed' }],
    ['404', { status: 404, message: 'Not Found' }],
  ])('%s, sent once', async (_name, trouble) => {
    onWrites(github, trouble);
    expect(await deploy()).toMatchObject([
      { stage: 'github', rule: 'github/deployment', severity: 'note', environments: ['staging'] },
    ]);
    expect(writesTo(github)).toHaveLength(1);
  });

  test('a token that may not: told once, for the first of several environments, with what is missing', async () => {
    github.trouble = () => FORBIDDEN;
    const announcer = createAnnouncer(RUN, files, async () => testForge(github));
    const [note, ...more] = await announce(announcer, 'dev', 'task-api', 'deployed');
    expect(note?.hint).toContain('permissions: deployments: write');
    expect([...more, ...(await announce(announcer, 'prod', 'task-api', 'deployed'))]).toEqual([]);
    expect(github.asked).toHaveLength(1);
  });
});

describe('what passes', () => {
  test.each<[string, Trouble]>([
    ['500', { status: 500 }],
    ['502', { status: 502 }],
    [
      'a secondary rate limit',
      { status: 403, message: 'You have exceeded a secondary rate limit', headers: { 'retry-after': '1' } },
    ],
    ['an answer that is lost', 'lost'],
    ['a connection that is cut', 'cut'],
  ])('%s leads to no second deployment', async (_name, trouble) => {
    onWrites(github, trouble, { times: 1, to: 'POST /repos/{owner}/{repo}/deployments' });
    expect(await deploy()).toEqual([]);
    expect(github.state.deployments).toHaveLength(1);
    expect(statuses()).toEqual(['success', 'in_progress']);
  });

  test('an interrupted run still says so', async () => {
    const cancel = new AbortController();
    const announcer = createAnnouncer(RUN, files, async () => testForge(github, { cancel: cancel.signal }));
    setTimeout(() => cancel.abort(), 100);
    await announce(announcer, 'staging', 'task-api', 'cancelled');
    expect(statuses()).toEqual(['error', 'in_progress']);
  });
});
