import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readArchive, writeArchive } from '../../src/domain/archive.ts';
import { closedPort } from '../support/closed-port.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type RefusingCluster, startRefusingCluster } from '../support/refusing-cluster.ts';
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

test('deploying that "until" ends before is said, not skipped in silence', async () => {
  space.chart('chart');
  space.write('kubeconfig', await unreachable());
  const ended = await command(space, [
    'chart',
    ...['--deploy', 'default', '--until', 'package', '--kubeconfig', 'kubeconfig', '--kube-versions', '1.35,1.34'],
  ]);
  expect(ended.code).toBe(0);
  expect(ended.report?.findings).toEqual([
    {
      stage: 'deploy',
      rule: 'deploy/until',
      severity: 'note',
      message: 'nothing is deployed: the run ends with package, as "until" says',
    },
  ]);
  // The template is the same for both, so it is rendered once; it is checked for both.
  expect(ended.report?.stages.filter(({ name }) => name === 'render')).toHaveLength(1);
  expect(ended.stdout).toContain('passed: 1 chart × 1 environment × 2 Kubernetes versions');
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

describe('with a cluster that knows nobody', () => {
  let cluster: RefusingCluster;
  beforeAll(async () => {
    cluster = await startRefusingCluster();
  });
  afterAll(() => cluster.stop());
  beforeEach(() => space.write('kubeconfig', cluster.kubeconfig));

  const run = (...args: string[]): Promise<Ended> =>
    command(space, [...args, '--deploy', 'default', '--kubeconfig', 'kubeconfig'], { node: node24 });
  const rules = ({ report }: Ended) => report?.findings.map(({ rule }) => rule).sort();
  /** Publishes a version, whose reference by digest it gives. */
  async function published(place: string, version: string): Promise<string> {
    space.chart('chart', { 'Chart.yaml': `apiVersion: v2\nname: demo\nversion: ${version}\n` });
    const ended = await command(space, ['--registry', `oci://${registry.host}/${place}`]);
    return ended.report?.published[0]?.reference ?? '';
  }

  test('a library is exit 2, and nothing of it is published', async () => {
    space.chart('chart', {
      'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\ntype: library\n',
      'templates/configmap.yaml': undefined,
    });
    const ended = await run('--registry', `oci://${registry.host}/libraries`);
    expect([ended.code, rules(ended), ended.report?.published]).toEqual([2, ['request/library'], []]);
  });

  test('a library beside a chart is published, and the chart alone is deployed', async () => {
    space.chart('charts/demo');
    space.chart('charts/library', {
      'Chart.yaml': 'apiVersion: v2\nname: library\nversion: 1.0.0\ntype: library\n',
      'templates/configmap.yaml': undefined,
    });
    const ended = await run('charts/*', '--registry', `oci://${registry.host}/both`);
    expect(ended.report?.published.map(({ chart }) => chart)).toEqual(['demo', 'library']);
    expect(ended.report?.deployments.map(({ chart }) => chart)).toEqual(['demo']);
  });

  test('a published chart by its tag and by its digest is one chart; two versions are exit 2', async () => {
    const first = await published('twice', '1.0.0');
    const second = await published('twice', '2.0.0');
    const tag = first.replace(/@.*/, ':1.0.0');
    const once = await run(tag, first);
    expect(once.report?.deployments).toMatchObject([{ chart: 'demo', cause: { code: 'unauthorized' } }]);
    const twice = await run(tag, second);
    expect([twice.code, rules(twice)]).toEqual([2, ['request/same-name']]);
    expect(twice.report?.findings[0]?.message).toContain(`${second} are both named "demo"`);
  });

  test('of two environments the second is not begun when the first has failed, in the order that is asked for', async () => {
    space.chart('chart', { 'values-staging.yaml': 'greeting: staging\n', 'values-prod.yaml': 'greeting: prod\n' });
    space.write('chartship.yaml', 'environments: { staging: { kubeContext: one }, prod: { kubeContext: two } }\n');
    const refusing = JSON.parse(cluster.kubeconfig);
    const { server } = refusing.clusters[0].cluster;
    const [one, two] = await Promise.all([0, 1].map(() => startFaultProxy(new URL(server).host, () => undefined)));
    const at = (name: string, proxy: FaultProxy | undefined) => ({
      clusters: [{ name, cluster: { server: `http://${proxy?.host}` } }],
      contexts: [{ name, context: { cluster: name, user: 'u' } }],
    });
    const [first, second] = [at('one', one), at('two', two)];
    const contexts = [...first.contexts, ...second.contexts];
    space.write(
      'kubeconfig',
      JSON.stringify({ ...refusing, clusters: [...first.clusters, ...second.clusters], contexts }),
    );
    try {
      for (const order of ['staging,prod', 'prod,staging']) {
        const [before, after] = order === 'staging,prod' ? [one, two] : [two, one];
        for (const proxy of [one, two]) proxy?.seen.splice(0);
        const args = ['chart', '--deploy', order, '--kubeconfig', 'kubeconfig'];
        const { code, report } = await command(space, args, { node: node24 });
        const names = order.split(',');
        expect([code, report?.deployments.map(({ environment, outcome }) => `${environment} ${outcome}`)]).toEqual([
          1,
          [`${names[0]} failed`, `${names[1]} skipped`],
        ]);
        expect([before?.seen.length, after?.seen]).toEqual([expect.any(Number), []]);
        expect(before?.seen).not.toEqual([]);
      }
    } finally {
      await Promise.all([one?.stop(), two?.stop()]);
    }
  });

  test('a dry run publishes nothing, and says so', async () => {
    space.chart('chart');
    const place = `oci://${registry.host}/dry`;
    const ended = await run('--registry', place, '--dry-run');
    expect(rules(ended)).toEqual(['deploy/unauthorized', 'publish/dry-run']);
    expect([ended.report?.published, ended.report?.stages.some(({ name }) => name === 'publish')]).toEqual([[], false]);
    const answer = await fetch(`http://${registry.host}/v2/dry/demo/tags/list`);
    expect(answer.status).toBe(404);
    // Without it, it is there.
    expect(rules(await run('--registry', place))).toEqual(['deploy/unauthorized']);
    expect((await fetch(`http://${registry.host}/v2/dry/demo/tags/list`)).status).toBe(200);
  });

  test('a registry beside a published chart gets it before it is deployed', async () => {
    const reference = await published('used', '1.0.0');
    const ended = await run(reference, '--registry', `oci://${registry.host}/other`);
    expect(rules(ended)).toEqual(['deploy/unauthorized']);
    expect(ended.report?.published).toMatchObject([{ registry: `oci://${registry.host}/other`, outcome: 'pushed' }]);
  });

  test.each(['kubeconfig', '@kubeconfig'])('the input kubeconfig may be the path %s', async (kubeconfig) => {
    space.chart('chart');
    const ended = await action(space, { deploy: 'default', kubeconfig });
    expect(rules(ended)).toEqual(['deploy/unauthorized']);
  });

  test('a login without a host goes to the registry of the published chart', async () => {
    const guarded = await startTestRegistry({ username: 'ci', password: 'pass-w0rd' });
    try {
      space.chart('chart');
      space.write('password', 'pass-w0rd');
      const login = ['--registry-username', 'ci', '--registry-password', '@password'];
      const place = `oci://${guarded.host}/charts`;
      expect((await command(space, ['--registry', place, ...login])).code).toBe(0);
      expect(rules(await run(`${place}/demo:1.0.0`, ...login))).toEqual(['deploy/unauthorized']);
    } finally {
      await guarded.stop();
    }
  });
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
