import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/domain/kube-object.ts';
import { shownLog } from '../support/canary.ts';
import { githubOfEachTest } from '../support/each-test.ts';
import { type Seen, startFaultProxy } from '../support/fault-proxy.ts';
import { FORBIDDEN } from '../support/github-forge.ts';
import { TOKEN, type Trouble, workflowEnvironment } from '../support/github-server.ts';
import { statusOf as githubStatus } from '../support/github-state.ts';
import { startTestRegistry } from '../support/registry.ts';
import { bundles, fileCommands, node24, toolPath, type Workspace, workspace } from '../support/scenario.ts';
import { type SmallApi, startSmallApi } from '../support/small-api.ts';
import { until } from '../support/waiting.ts';

/** The Action's main step is killed while it holds a release; the post step comes after it. */
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/default/leases/chartship-demo-default';
const RECORD = '/api/v1/namespaces/default/secrets/sh.helm.release.v1.demo-default.v3';
const OURS = { 'chartship.dev/verdict': 'pending', 'chartship.dev/revision': '3', 'chartship.dev/run': 'r' };

const github = githubOfEachTest();
let space: Workspace;
let api: SmallApi;
let folder: string;
beforeEach(async () => {
  space = workspace();
  space.chart('chart');
  folder = mkdtempSync(join(tmpdir(), 'chartship-killed-'));
  mkdirSync(join(folder, 'temp'));
  for (const name of ['state', 'output', 'summary']) writeFileSync(join(folder, name), '');
  api = await startSmallApi();
  api.objects.set('/api/v1/namespaces/default', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
});
afterEach(async () => {
  await api.stop();
  space.remove();
  rmSync(folder, { recursive: true, force: true });
});

const inTemporary = (): string[] => readdirSync(join(folder, 'temp'));
const lease = (): Record<string, unknown> => (api.objects.get(LEASE)?.spec ?? {}) as Record<string, unknown>;
const statusOf = (object: KubeObject | undefined): unknown => object?.metadata.labels?.status;

/** Helm's record of a revision that it is at work on. */
function pending(labels: Record<string, string>): void {
  const record = JSON.stringify({ name: 'demo-default', info: { description: 'x', status: 'pending-upgrade' } });
  api.objects.set(RECORD, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'sh.helm.release.v1.demo-default.v3',
      creationTimestamp: '2026-01-01T00:00:00Z',
      resourceVersion: '1',
      labels: { owner: 'helm', name: 'demo-default', status: 'pending-upgrade', version: '3', ...labels },
    },
    data: { release: Buffer.from(gzipSync(record).toString('base64')).toString('base64') },
  });
}

function start(bundle: string, extra: Record<string, string>) {
  const child = spawn(node24, [join(bundles, bundle)], {
    env: {
      PATH: toolPath(space.root),
      HOME: folder,
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: space.root,
      GITHUB_STATE: join(folder, 'state'),
      GITHUB_OUTPUT: join(folder, 'output'),
      GITHUB_STEP_SUMMARY: join(folder, 'summary'),
      RUNNER_TEMP: join(folder, 'temp'),
      ...extra,
    },
    cwd: space.root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  const began = performance.now();
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    text: shownLog(text),
    seconds: (performance.now() - began) / 1000,
  }));
  return { child, ended };
}

/** A main step, and when it hangs where it is to be ended. */
async function hangingMain(extra: Record<string, string> = {}): Promise<ReturnType<typeof start>> {
  api.hang = /^GET \S+\/secrets$/;
  const [asked, told] = [api.requests.length, github.state.deployments.flatMap(({ statuses }) => statuses).length];
  const main = start('index.js', {
    INPUT_DEPLOY: 'default',
    INPUT_NAMESPACE: 'default',
    INPUT_KUBECONFIG: api.kubeconfig,
    'INPUT_KUBE-VERSIONS': '1.35',
    ...extra,
  });
  const isThere = (): boolean =>
    api.requests.slice(asked).some((request) => api.hang?.test(request)) &&
    (extra.GITHUB_API_URL === undefined || github.state.deployments.flatMap(({ statuses }) => statuses).length > told);
  while (!isThere()) {
    if (main.child.exitCode !== null) throw new Error((await main.ended).text);
    await wait(20);
  }
  return main;
}

/** A main step that took the Lease and looks at the release; killed there. */
async function killedMain(extra: Record<string, string> = {}): Promise<void> {
  const main = await hangingMain(extra);
  main.child.kill('SIGKILL');
  await main.ended;
  api.hang = undefined;
  expect(lease().holderIdentity).toMatch(/^[0-9a-f-]{36}$/);
  expect(inTemporary()).toHaveLength(1);
}

async function post(extra: Record<string, string> = {}) {
  const { temporary = '' } = fileCommands(readFileSync(join(folder, 'state'), 'utf8'));
  return await start('post.js', { STATE_temporary: temporary, ...extra }).ended;
}

/** The states of the deployments on GitHub, the newest of each. */
const states = (): (string | undefined)[] => github.state.deployments.map(({ statuses }) => statuses[0]?.state);
/** The runner gives both steps the inputs. */
const onGitHub = (run = 1001): Record<string, string> => ({
  'INPUT_GITHUB-TOKEN': TOKEN,
  ...workflowEnvironment(github, { GITHUB_EVENT_NAME: 'push', GITHUB_RUN_ID: `${run}` }),
});

test('the post step marks what it left pending as failed, gives the Lease back, and then removes the way there', async () => {
  await killedMain();
  pending(OURS);
  const ended = await post();
  expect(ended.text).toMatch(
    /demo-default: .*revision 3 was left pending-upgrade and is marked as failed, the Lease is given back/,
  );
  expect(ended.text).not.toContain('T0k3n');
  expect([ended.code, lease().holderIdentity, inTemporary()]).toEqual([0, '', []]);
  const record = api.objects.get(RECORD);
  expect(statusOf(record)).toBe('failed');
  const { release = '' } = (record?.data ?? {}) as { release?: string };
  const text = gunzipSync(Buffer.from(Buffer.from(release, 'base64').toString(), 'base64')).toString();
  expect(JSON.parse(text).info.status).toBe('failed');
  expect(ended.seconds).toBeLessThan(5);
  // Nothing of the way to the cluster is in what the runner keeps.
  expect(readFileSync(join(folder, 'state'), 'utf8')).not.toMatch(/T0k3n|127\.0\.0\.1/);
});

test('what plain helm is at work on stays as it is', async () => {
  await killedMain();
  pending({});
  const ended = await post();
  expect(ended.text).toMatch(/demo-default: .*the Lease is given back/);
  expect(ended.text).not.toMatch(/marked/);
  expect([ended.code, lease().holderIdentity, statusOf(api.objects.get(RECORD))]).toEqual([0, '', 'pending-upgrade']);
});

test('what another run has taken over is left to it', async () => {
  await killedMain();
  pending(OURS);
  const taken = api.objects.get(LEASE);
  if (taken === undefined) throw new Error('no Lease');
  api.objects.set(LEASE, { ...taken, spec: { ...(taken.spec as object), holderIdentity: 'another' } });
  const ended = await post();
  expect(ended.text).toMatch(/demo-default: held by another run by now: another/);
  expect([ended.code, lease().holderIdentity, statusOf(api.objects.get(RECORD)), inTemporary()]).toEqual([
    0,
    'another',
    'pending-upgrade',
    [],
  ]);
});

test('an API server that says nothing is not waited for', async () => {
  await killedMain();
  api.hang = /./;
  const ended = await post();
  expect(ended.text).toMatch(/demo-default: its Lease can't be read .*the next run puts it right/);
  expect([ended.code, inTemporary()]).toEqual([0, []]);
  expect(ended.seconds).toBeLessThan(6);
});

describe('the deployment on GitHub', () => {
  test('that the main step made is ended by the post step', async () => {
    await killedMain(onGitHub());
    expect(states()).toEqual(['in_progress']);
    expect(readdirSync(join(folder, 'temp'), { recursive: true }).join(' ')).toContain('announced');
    const ended = await post(onGitHub());
    expect([ended.code, states(), inTemporary()]).toEqual([0, ['error'], []]);
    expect(github.state.deployments[0]?.statuses[0]).toMatchObject({
      description: expect.stringMatching(/^interrupted: demo 1\.0\.0 sha256:[0-9a-f]{64}$/),
      log_url: 'https://github.example/acme/charts/actions/runs/1001/attempts/1',
    });
    expect(ended.text).toMatch(/default: .*on GitHub is ended/);
    expect(ended.text).not.toContain(TOKEN);
  });

  test("is left alone where it has ended, and where it is the job's own, which GitHub ends", async () => {
    await killedMain(onGitHub());
    github.state.deployments[0]?.statuses.unshift(githubStatus(github.state, { state: 'success' }));
    await post(onGitHub());
    expect(states()).toEqual(['success']);

    const log_url = 'https://github.example/acme/charts/actions/runs/1002/job/5';
    github.state.deployments = [
      {
        ...{ id: github.state.nextId++, sha: onGitHub().GITHUB_SHA ?? '', ref: 'main', task: 'deploy', payload: '' },
        ...{ environment: 'default', description: null, production_environment: false },
        statuses: [githubStatus(github.state, { state: 'in_progress', log_url })],
      },
    ];
    await killedMain(onGitHub(1002));
    await post(onGitHub(1002));
    expect(states()).toEqual(['in_progress']);
  });

  test.each<[string, Trouble]>([
    ['says nothing', 'silence'],
    ['may not be told', FORBIDDEN],
  ])('a GitHub that %s holds nobody up and fails nothing', async (_how, trouble) => {
    await killedMain(onGitHub());
    github.trouble = () => trouble;
    const ended = await post(onGitHub());
    expect([ended.code, inTemporary(), lease().holderIdentity]).toEqual([0, [], '']);
    expect(ended.text).toMatch(/default: .*GitHub still has it in progress.*a run days later ends it$/m);
    expect(ended.seconds).toBeLessThan(8);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s is said by the main step itself', async (signal) => {
    const main = await hangingMain(onGitHub());
    main.child.kill(signal);
    const ended = await main.ended;
    // Its API server says nothing in the seconds that are left: that it has failed is all that is known.
    expect([ended.code, states()]).toEqual([signal === 'SIGINT' ? 130 : 143, ['failure']]);
  });

  test('is ended, too, where the run is interrupted before it came to the cluster', async () => {
    const registry = await startTestRegistry();
    const isPackage = ({ method, path }: Seen): boolean => method === 'GET' && path.includes('/blobs/');
    const proxy = await startFaultProxy(registry.host, (seen) => (isPackage(seen) ? { kind: 'silence' } : undefined));
    try {
      const main = start('index.js', {
        ...{ INPUT_DEPLOY: 'default', INPUT_NAMESPACE: 'default', INPUT_KUBECONFIG: api.kubeconfig },
        ...{ 'INPUT_KUBE-VERSIONS': '1.35', INPUT_REGISTRY: `oci://${proxy.host}/charts`, ...onGitHub() },
      });
      await until('it is announced and fetched', () => states().includes('in_progress') && proxy.seen.some(isPackage));
      main.child.kill('SIGINT');
      expect([(await main.ended).code, states()]).toEqual([130, ['error']]);
    } finally {
      await Promise.all([proxy.stop(), registry.stop()]);
    }
  });

  test('that a lost machine left, without a post step, is ended by the next run, whatever becomes of that', async () => {
    await killedMain(onGitHub());
    await killedMain(onGitHub(1002));
    expect(states()).toEqual(['in_progress', 'in_progress']);
    // The next one ends: what it asks the API for isn't there.
    const next = start('index.js', {
      ...{ INPUT_DEPLOY: 'default', INPUT_NAMESPACE: 'default', INPUT_KUBECONFIG: api.kubeconfig },
      ...{ 'INPUT_KUBE-VERSIONS': '1.35', ...onGitHub(1003) },
    });
    const ended = await next.ended;
    expect([ended.code, states()]).toEqual([1, ['error', 'error', 'failure']]);
    expect(github.state.deployments[0]?.statuses[0]?.log_url).toContain('/runs/1001/');
  });
});
