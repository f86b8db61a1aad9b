import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Seen, startFaultProxy } from '../support/fault-proxy.ts';
import { type RefusingCluster, startRefusingCluster } from '../support/refusing-cluster.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { command, type Ended, node24, pinned, type Workspace, workspace } from '../support/scenario.ts';

/** Values files outside the chart: published with their sums, and deployed only as they were checked. */
let registry: TestRegistry;
/** A run that gets so far was not held back by its values. */
let cluster: RefusingCluster;
let space: Workspace;
let path = 0;
let place: string;
beforeAll(async () => {
  registry = await startTestRegistry();
  cluster = await startRefusingCluster();
});
afterAll(async () => {
  await registry.stop();
  await cluster.stop();
});
beforeEach(() => {
  space = workspace();
  space.chart('charts/demo');
  place = `oci://${registry.host}/outside-${++path}`;
  space.write('shared/prod.yaml', 'greeting: checked\n');
  configure('[../../shared/prod.yaml]');
  space.write('kubeconfig', cluster.kubeconfig);
});
afterEach(() => space.remove());

function configure(values: string): void {
  space.write('chartship.yaml', `charts: [charts/demo]\nenvironments:\n  dev: {}\n  prod: { values: ${values} }\n`);
}

const publish = (...args: string[]): Promise<Ended> => command(space, ['--registry', place, ...args]);
const deployTo = (environments: string, ...args: string[]): Promise<Ended> =>
  command(space, [`${place}/demo:1.0.0`, '--deploy', environments, '--kubeconfig', 'kubeconfig', ...args], {
    node: node24,
  });
const deploy = (...args: string[]): Promise<Ended> => deployTo('prod', ...args);

/** What came of prod: `values` when its files held it back, `unauthorized` when they didn't. */
const causeOf = ({ code, report }: Ended): unknown => [code, report?.deployments.at(-1)?.cause?.code];
const changed = ({ report }: Ended) => report?.findings.filter(({ rule }) => rule === 'deploy/values-changed');

describe('a chart that was published with the sum of a file', () => {
  test('is deployed with that file, though its name is relative to a chart that is not there', async () => {
    expect((await publish()).code).toBe(0);
    const ended = await deploy();
    expect(causeOf(ended)).toEqual([1, 'unauthorized']);
    expect(ended.report?.findings.map(({ rule }) => rule)).toEqual(['deploy/unauthorized']);
  });

  test('is not deployed with another, which is named with both sums, nor anywhere before it', async () => {
    await publish();
    space.write('shared/prod.yaml', 'greeting: checked by nobody\n');
    const ended = await deployTo('dev,prod');
    expect(causeOf(ended)).toEqual([1, 'values']);
    expect(ended.report?.deployments.map(({ outcome }) => outcome)).toEqual(['skipped', 'failed']);
    expect(changed(ended)).toMatchObject([
      {
        severity: 'error',
        file: 'shared/prod.yaml',
        environments: ['prod'],
        message: expect.stringMatching(
          /shared\/prod\.yaml was another file: now its sha256 is (?!(\w+),.*\1)\w{64}, then it was \w{64}$/,
        ),
      },
    ]);
  });

  test('is not deployed with one more or without it', async () => {
    await publish();
    space.write('more.yaml', 'greeting: more\n');
    const more = await deploy('--values', 'more.yaml');
    expect(causeOf(more)).toEqual([1, 'values']);
    expect(changed(more)).toMatchObject([
      { message: expect.stringMatching(/more\.yaml \(sha256 \w{64}\) was not among/) },
    ]);
    configure('[]');
    const without = await deploy();
    expect(causeOf(without)).toEqual([1, 'values']);
    expect(changed(without)).toMatchObject([{ message: expect.stringMatching(/shared\/prod\.yaml .* is not now$/) }]);
  });

  test('keeps its digest, and goes with each file that it was checked with', async () => {
    const first = await publish();
    space.write('shared/prod.yaml', 'greeting: checked later\n');
    const second = await publish();
    expect(second.report?.published).toMatchObject([
      { outcome: 'already-published', digest: first.report?.published[0]?.digest },
    ]);
    expect(causeOf(await deploy())).toEqual([1, 'unauthorized']);
    space.write('shared/prod.yaml', 'greeting: checked\n');
    expect(causeOf(await deploy())).toEqual([1, 'unauthorized']);
    // The second time there is nothing to attach.
    expect((await publish()).code).toBe(0);
  });
});

test('a registry that does not say what is attached is an error for who needs it, and a note for others', async () => {
  await publish();
  const isList = ({ path: where }: Seen): boolean => /\/referrers\/|manifests\/sha256-/.test(where);
  const proxy = await startFaultProxy(registry.host, (seen) =>
    isList(seen) ? { kind: 'answer', status: 403 } : undefined,
  );
  try {
    place = place.replace(registry.host, proxy.host);
    const lost = await deploy();
    expect([lost.code, lost.report?.findings]).toMatchObject([
      2,
      [{ rule: 'request/values-file', hint: expect.stringMatching(/was checked with can't be found out: .*403/) }],
    ]);
    configure('[shared/prod.yaml]');
    const prod = await deploy();
    expect(causeOf(prod)).toEqual([1, 'values']);
    expect(prod.report?.findings).toMatchObject([{ severity: 'error', rule: 'deploy/values-unknown' }]);
    const dev = await deployTo('dev');
    expect(causeOf(dev)).toEqual([1, 'unauthorized']);
    expect(dev.report?.findings).toContainEqual(
      expect.objectContaining({ severity: 'note', rule: 'deploy/values-unknown' }),
    );
  } finally {
    await proxy.stop();
  }
});

test('a chart that plain helm pushed goes with a note, and with a record once it was published', async () => {
  execFileSync(pinned('helm'), ['package', 'charts/demo'], { cwd: space.root });
  execFileSync(pinned('helm'), ['push', 'demo-1.0.0.tgz', place, '--plain-http'], { cwd: space.root, stdio: 'ignore' });
  configure('[shared/prod.yaml]');
  const noted = await deploy();
  expect(causeOf(noted)).toEqual([1, 'unauthorized']);
  expect(noted.report?.findings).toContainEqual(
    expect.objectContaining({ severity: 'note', rule: 'deploy/values-unknown', environments: ['prod'] }),
  );
  expect((await publish()).report?.published).toMatchObject([{ outcome: 'already-published' }]);
  const known = await deploy();
  expect(known.report?.findings.map(({ rule }) => rule)).toEqual(['deploy/unauthorized']);
});
