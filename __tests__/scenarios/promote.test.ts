import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type RefusingCluster, startRefusingCluster } from '../support/refusing-cluster.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { action, command, type Ended, node24, type Workspace, workspace } from '../support/scenario.ts';

/** A published chart goes to another registry by its digest, and is deployed from there. */
let registries: [TestRegistry, TestRegistry];
/** A run that gets so far was not held back. */
let cluster: RefusingCluster;
let space: Workspace;
let path = 0;
let from: string;
let to: string;
let digest: string;
beforeAll(async () => {
  registries = await Promise.all([startTestRegistry(), startTestRegistry()]);
  cluster = await startRefusingCluster();
});
afterAll(async () => {
  await Promise.all([...registries.map(({ stop }) => stop()), cluster.stop()]);
});
beforeEach(async () => {
  space = workspace();
  space.chart('chart');
  path += 1;
  from = `oci://${registries[0].host}/from-${path}`;
  to = `oci://${registries[1].host}/to-${path}`;
  space.write('kubeconfig', cluster.kubeconfig);
  const { report } = await command(space, ['--registry', from]);
  digest = report?.published[0]?.digest ?? '';
  space.empty('chart');
});
afterEach(() => space.remove());

const promote = (...args: string[]): Promise<Ended> =>
  command(space, [`${from}/demo@${digest}`, ...args], { node: node24 });
const deploy = ['--deploy', 'default', '--kubeconfig', 'kubeconfig'];

test('it is copied to several places, and a second run finds it there', async () => {
  const ended = await promote('--registry', to, '--registry', 'oci-layout:layouts');
  const published = (outcome: string) => [
    { chart: 'demo', version: '1.0.0', registry: to, reference: `${to}/demo@${digest}`, digest, outcome },
    {
      ...{ chart: 'demo', version: '1.0.0', registry: 'oci-layout:layouts' },
      ...{ reference: `oci-layout:layouts/demo@${digest}`, digest, outcome },
    },
  ];
  expect([ended.code, ended.report?.published]).toEqual([0, published('pushed')]);
  expect(ended.report?.stages.map(({ name, status }) => [name, status])).toEqual([
    ['resolve', 'passed'],
    ['publish', 'passed'],
  ]);
  const again = await promote('--registry', to, '--registry', 'oci-layout:layouts', '--until', 'publish');
  expect([again.code, again.report?.published]).toEqual([0, published('already-published')]);
});

test('it is deployed from where it was copied to, and not at all where that failed', async () => {
  const ended = await promote('--registry', to, ...deploy);
  expect(ended.report?.published).toMatchObject([{ outcome: 'pushed' }]);
  expect(ended.report?.deployments).toMatchObject([
    { reference: `${to}/demo@${digest}`, outcome: 'failed', cause: { code: 'unauthorized' } },
  ]);

  space.chart('chart', { 'values.yaml': 'greeting: other\n' });
  const other = `${to}/elsewhere`;
  await command(space, ['--registry', other]);
  const refused = await promote('--registry', other, ...deploy);
  expect([refused.code, refused.report?.published]).toMatchObject([1, [{ outcome: 'refused' }]]);
  expect(refused.report?.findings).toMatchObject([{ rule: 'publish/refused' }]);
  expect(refused.report?.deployments).toMatchObject([{ outcome: 'skipped' }]);
});

test('alias tags follow where it was copied to, or is already, and not before it is deployed', async () => {
  const tagsAt = async (place: string): Promise<string[]> => {
    const [, host, where] = /^oci:\/\/([^/]+)\/(.*)$/.exec(place) ?? [];
    const listed = (await (await fetch(`http://${host}/v2/${where}/demo/tags/list`)).json()) as { tags: string[] };
    return listed.tags.sort();
  };
  const aliases = ['--alias-tags', '{{major}}', '--alias-tags', 'latest'];
  expect((await promote('--registry', to, ...aliases, ...deploy)).code).toBe(1);
  expect(await tagsAt(to)).toEqual(['1.0.0']);
  expect((await promote('--registry', to, ...aliases)).code).toBe(0);
  const there = await promote('--registry', from, ...aliases);
  expect([there.code, there.report?.published]).toMatchObject([
    0,
    [{ outcome: 'already-published', aliases: ['1', 'latest'] }],
  ]);
  expect(await tagsAt(to)).toEqual(['1', '1.0.0', 'latest']);
  expect(await tagsAt(from)).toEqual(['1', '1.0.0', 'latest']);
});

test('the outputs of the Action are those of the copy', async () => {
  const { code, outputs } = await action(space, { chart: `${from}/demo:1.0.0`, registry: to });
  expect(code).toBe(0);
  expect(outputs).toMatchObject({ reference: `${to}/demo@${digest}`, digest });
});

describe('nothing is copied', () => {
  test('to a registry that is only in the file: there it was published', async () => {
    space.write('chartship.yaml', `registry: ["${to}"]\n`);
    const ended = await promote(...deploy);
    expect(ended.report?.published).toEqual([]);
    expect(ended.report?.deployments).toMatchObject([{ reference: `${from}/demo@${digest}` }]);
    const alone = await promote();
    expect([alone.code, alone.report?.findings]).toMatchObject([2, [{ rule: 'request/no-environment' }]]);
  });

  test('by a dry run, which says so', async () => {
    const { report } = await promote('--registry', to, ...deploy, '--dry-run', 'true');
    expect(report?.published).toEqual([]);
    expect(report?.findings).toContainEqual(expect.objectContaining({ rule: 'publish/dry-run', severity: 'note' }));
  });

  test('by a stage that what is published never comes by', async () => {
    const { code, report } = await promote('--registry', to, '--until', 'package');
    expect([code, report?.findings]).toMatchObject([2, [{ rule: 'request/no-stage' }]]);
  });
});
