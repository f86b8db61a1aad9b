import { existsSync, readdirSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { type ActionEnded, action, repository, type Workspace, workspace } from '../support/scenario.ts';

/**
 * What each event lets a run do, by the payload that GitHub sends with it: the registry is real and on a host that isn't
 * this machine's (a proxy on loopback leads to it), the cluster counts who comes.
 */

const folder = join(repository, '__tests__/fixtures/events');
const OWN = ['push', 'push-tag', 'workflow_dispatch', 'release', 'workflow_run'];
const PULL_REQUEST = [
  ...['pull_request', 'pull_request-fork', 'pull_request_review', 'pull_request_review_comment', 'merge_group'],
];
const FOREIGN = readdirSync(folder)
  .map((name) => name.replace(/\.json$/, ''))
  .filter((name) => !OWN.includes(name) && !PULL_REQUEST.includes(name));

let registry: TestRegistry;
let proxy: FaultProxy;
let cluster: { readonly kubeconfig: string; asked: number; stop(): Promise<void> };
let space: Workspace;
let number = 0;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.stop());
beforeEach(async () => {
  proxy = await startFaultProxy(registry.host, () => undefined);
  cluster = await startCountingCluster();
  space = workspace();
  space.chart('chart');
  number += 1;
});
afterEach(async () => {
  space.remove();
  await Promise.all([proxy.stop(), cluster.stop()]);
});

async function startCountingCluster(): Promise<typeof cluster> {
  const server = http.createServer((_, response) => {
    counting.asked += 1;
    response.writeHead(401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const counting = {
    asked: 0,
    kubeconfig: JSON.stringify({
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } }],
      users: [{ name: 'u', user: { token: 'T0k3n-of-nobody' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return counting;
}

const remote = (): string => `oci://registry.example/charts-${number}`;

function on(name: string, inputs: Record<string, string>): Promise<ActionEnded> {
  const [event = ''] = name.split('-');
  return action(
    space,
    { 'plain-http': 'true', kubeconfig: cluster.kubeconfig, ...inputs },
    {
      environment: {
        GITHUB_EVENT_NAME: event,
        GITHUB_EVENT_PATH: join(folder, `${name}.json`),
        GITHUB_REPOSITORY: 'acme/charts',
        HTTP_PROXY: `http://${proxy.host}`,
        NO_PROXY: '',
      },
    },
  );
}

const everything = (): Record<string, string> => ({ registry: remote(), deploy: 'default' });
/** Ways to ask for what must not be. */
const insisting: [string, () => Record<string, string>][] = [
  ['everything', everything],
  ['everything, in the order', () => ({ ...everything(), 'alias-tags': 'latest', 'pre-release': 'false' })],
  ['a dry run', () => ({ ...everything(), 'dry-run': 'true' })],
  ['a deployment alone', () => ({ deploy: 'default' })],
  ['what is published', () => ({ chart: `${remote()}/demo:1.0.0`, deploy: 'default' })],
];

describe.each(OWN)('%s', (name) => {
  test('publishes, and gets to the cluster', async () => {
    const ended = await on(name, everything());
    expect(ended.report?.published).toMatchObject([{ outcome: 'pushed' }]);
    expect(cluster.asked).toBeGreaterThan(0);
  });
});

describe.each([...PULL_REQUEST, ...FOREIGN])('%s', (name) => {
  test.each(insisting)('with %s: nothing is published and no cluster touched', async (_what, inputs) => {
    const ended = await on(name, inputs());
    expect([ended.code, ended.report?.published, ended.report?.deployments]).toEqual([0, [], []]);
    expect([proxy.uploads(), cluster.asked]).toEqual([0, 0]);
    expect(ended.report?.findings.map(({ severity }) => severity)).toEqual(['note']);
  });

  test.each(['publish', 'deploy', 'test'])('that %s must be reached is exit 2', async (until) => {
    const ended = await on(name, { ...everything(), until });
    expect([ended.code, ended.report?.findings.map(({ rule }) => rule)]).toEqual([2, ['request/pull-request']]);
    expect([proxy.seen, cluster.asked]).toEqual([[], 0]);
  });
});

test.each(PULL_REQUEST)('%s: what stays on this machine is written, and not deployed', async (name) => {
  const local = { registry: `oci-layout:out,oci://${registry.host}/charts-${number}`, deploy: 'default' };
  const ended = await on(name, local);
  expect(ended.report?.published.map(({ outcome }) => outcome)).toEqual(['pushed', 'pushed']);
  expect([ended.code, existsSync(join(space.root, 'out/demo/index.json')), cluster.asked]).toEqual([0, true, 0]);
});

describe.each(FOREIGN)('%s', (name) => {
  test('nothing past packaging runs, not on this machine either', async () => {
    const local = { registry: `oci-layout:out,oci://${proxy.host}/charts-${number},${remote()}`, deploy: 'default' };
    const ended = await on(name, local);
    expect([ended.code, ended.report?.published, existsSync(join(space.root, 'out'))]).toEqual([0, [], false]);
    expect([proxy.uploads(), cluster.asked]).toEqual([0, 0]);
    expect(ended.report?.stages.at(-1)).toMatchObject({ name: 'package', status: 'passed' });
  });

  test('a registry that only the checkout names is not even asked', async () => {
    space.write('chartship.yaml', `charts: [chart]\nregistry: ${remote()}\n`);
    const ended = await on(name, { deploy: 'default' });
    expect([ended.code, proxy.seen, cluster.asked]).toEqual([0, [], 0]);
  });
});

test('each payload is of one of these', () => {
  expect(FOREIGN).toEqual([
    ...['pull_request_target-fork', 'pull_request_target'],
    ...['workflow_run-deleted-fork', 'workflow_run-fork', 'workflow_run-merge_group'],
    ...['workflow_run-pull_request-fork', 'workflow_run-pull_request', 'workflow_run-pull_request_target'],
  ]);
});
