import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readArchive, writeArchive } from '../../src/domain/archive.ts';
import { closedPort } from '../support/closed-port.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { action, command, type Ended, node24, pinned, type Workspace, workspace } from '../support/scenario.ts';

/** What is asked for of deploying, where no cluster answers: a request is refused, or the run fails; it never passes. */
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

async function unreachable(): Promise<string> {
  return JSON.stringify({
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${await closedPort()}` } }],
    users: [{ name: 'u', user: { token: 'T0k3n-of-nobody' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  });
}

/** All that was printed, but for what the runner is told to mask. */
function shown({ stdout, stderr }: Ended): string {
  return stdout.replace(/^::add-mask::.*$/gm, '') + stderr;
}

test('a published chart whose folder has another name than the chart is deployed all the same', async () => {
  space.chart('chart');
  const packed = join(space.root, 'packed');
  mkdirSync(packed);
  execFileSync(pinned('helm'), ['package', 'chart', '-d', packed], { cwd: space.root });
  const read = await readArchive(readFileSync(join(packed, 'demo-1.0.0.tgz')));
  if (!read.ok) throw new Error(read.reason);
  const renamed = join(packed, 'renamed.tgz');
  writeFileSync(renamed, gzipSync(gunzipSync(await writeArchive('elsewhere', read.files))));
  execFileSync(pinned('helm'), ['push', renamed, `oci://${registry.host}/charts`, '--plain-http'], { stdio: 'ignore' });

  const chart = `oci://${registry.host}/charts/demo:1.0.0`;
  space.write('kubeconfig', await unreachable());
  const ended = await command(space, [chart, '--deploy', 'default', '--kubeconfig', 'kubeconfig'], { node: node24 });
  expect(ended.report?.deployments).toMatchObject([{ chart: 'demo', environment: 'default', outcome: 'failed' }]);
  expect(ended.code).toBe(1);
});

test.each<[string, Record<string, string>, RegExp]>([
  ['an environment that is not there', { deploy: 'prd' }, /there is no environment "prd" to deploy/],
  [
    'one that is not checked',
    { deploy: 'prod', environments: 'dev' },
    /"prod" is to be deployed and not to be checked/,
  ],
  ['a dry run of nothing', { 'dry-run': 'true' }, /dry-run needs environments to deploy/],
  ['until deploy without environments', { until: 'deploy' }, /until: deploy needs environments to deploy/],
  ['a time limit that is none', { deploy: 'dev', timeout: '999999h' }, /timeout must be a duration/],
  ['a kubeconfig that is not there', { deploy: 'dev', kubeconfig: 'nowhere' }, /kubeconfig "nowhere" is not there/],
  ['a context that is not there', { deploy: 'dev', 'kube-context': 'other' }, /has no context "other"; it has c/],
  ['a namespace for several', { deploy: 'dev', namespace: 'x' }, /namespace is given for 2 charts × environments/],
])('%s is exit 2, in one message', async (_, inputs, message) => {
  space.chart('chart', { 'values-dev.yaml': 'greeting: a\n', 'values-prod.yaml': 'greeting: b\n' });
  const ended = await action(space, { kubeconfig: await unreachable(), ...inputs });
  expect(ended.report?.findings).toMatchObject([{ severity: 'error', message: expect.stringMatching(message) }]);
  expect(ended.outputs).toMatchObject({ status: 'invalid', findings: '1' });
  expect(shown(ended)).not.toMatch(/T0k3n-of-nobody|\n {4}at /);
  expect(ended.code).toBe(2);
});

test('an encoded kubeconfig is shown nowhere', async () => {
  space.chart('chart');
  const kubeconfig = Buffer.from((await unreachable()).padEnd(3000)).toString('base64');
  const ended = await action(space, { deploy: 'default', kubeconfig });
  expect(ended.code).toBe(2);
  expect(shown(ended) + JSON.stringify(ended.report)).not.toContain(kubeconfig.slice(0, 40));
});

test.each(['pull_request', 'pull_request_target'])('on %s no cluster is looked for', async (event) => {
  space.chart('chart');
  const ended = await action(
    space,
    { deploy: 'default', kubeconfig: await unreachable() },
    { environment: { GITHUB_EVENT_NAME: event } },
  );
  expect(ended.report?.findings).toMatchObject([{ severity: 'note', rule: 'deploy/pull-request' }]);
  expect(ended.report?.deployments ?? []).toEqual([]);
  expect(ended.code).toBe(0);
});
