import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Matrix } from '../../src/domain/planned-work.ts';
import { action, command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

const named = (name: string): Record<string, string> => ({
  'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
});
const ENVIRONMENTS = 'environments: { dev: {}, staging: {}, prod: {} }\n';
const matrixOf = (text: string | undefined): Matrix => JSON.parse(text ?? '') as Matrix;
/** No helm and no oras can be had: a plan starts nothing. */
const nothing = { PATH: '/nowhere' };

test('the plan is printed, its matrix given, and nothing run', async () => {
  space.write('chartship.yaml', `charts: [charts/*]\nregistry: oci://registry.invalid/charts\n${ENVIRONMENTS}`);
  space.chart('charts/a', named('a'));
  space.chart('charts/b', { ...named('b'), 'big.txt': 'x'.repeat(5000) });
  space.chart('charts/c', named('c'));
  const ended = await action(space, { plan: 'true' }, { environment: nothing });
  expect([ended.code, ended.outputs.status, ended.report]).toEqual([0, 'passed', undefined]);
  expect(matrixOf(ended.outputs.matrix)).toEqual({
    charts: {
      include: [
        { shard: 1, name: 'a, c', chart: 'charts/a\ncharts/c' },
        { shard: 2, name: 'b', chart: 'charts/b' },
      ],
    },
    environments: ['dev', 'staging', 'prod'],
  });
  expect(ended.stdout).toContain('a 1.0.0 (charts/a): dev, staging, prod; Kubernetes 1.');
  expect(ended.stdout).toContain('publish → oci://registry.invalid/charts');
  expect(ended.stdout).toContain('deploy: dev → staging → prod');
  expect(ended.stdout).toContain('passed: planned, nothing was run: 3 charts × 3 environments in 2 shards');
  expect(ended.summary).toContain('| 2 | b 1.0.0 |');
  const written = JSON.parse(readFileSync(join(space.root, 'chartship-report/plan.json'), 'utf8'));
  expect(written.matrix).toEqual(matrixOf(ended.outputs.matrix));
});

test('charts are spread by what an earlier run measured, and that measure stays', async () => {
  for (const name of ['a', 'b', 'c', 'd']) space.chart(`charts/${name}`, named(name));
  const run = (chart: string, seconds: number) => ({ name: 'render', chart, status: 'passed', seconds });
  space.write('chartship-report/job-1/report.json', JSON.stringify({ stages: [run('a', 300), run('b', 100)] }));
  space.write('chartship-report/job-2/report.json', JSON.stringify({ stages: [run('c', 90), run('d', 110)] }));
  space.write('chartship-report/job-3/report.json', 'cut off');
  const plan = async (...more: string[]) => {
    const ended = await command(space, ['charts/*', '--plan', ...more], { environment: nothing });
    const [, matrix] = /^matrix: (.+)$/m.exec(ended.stdout) ?? [];
    return matrixOf(matrix).charts.include.map(({ name }) => name);
  };
  expect(await plan()).toEqual(['a', 'b, c, d']);
  expect(await plan('--shards', '1')).toEqual(['a, b, c and 1 more']);
  expect(existsSync(join(space.root, 'chartship-report/job-1/report.json'))).toBe(true);
});

describe('the environments of the matrix', () => {
  const environments = async (inputs: Record<string, string>, event = 'push'): Promise<readonly string[]> => {
    const ended = await action(
      space,
      { plan: 'true', ...inputs },
      { environment: { ...nothing, GITHUB_EVENT_NAME: event } },
    );
    if (ended.code !== 0) throw new Error(ended.stdout);
    return matrixOf(ended.outputs.matrix).environments;
  };
  beforeEach(() => space.chart('chart', { 'values-prod.yaml': 'a: 1\n', 'values-dev.yaml': 'a: 1\n' }));

  test('are those of deploy; those of chartship.yaml, in its order; those of environments', async () => {
    expect(await environments({ deploy: 'prod,dev' })).toEqual(['prod', 'dev']);
    space.write('chartship.yaml', ENVIRONMENTS);
    expect(await environments({})).toEqual(['dev', 'staging', 'prod']);
    expect(await environments({ environments: 'prod,dev' })).toEqual(['dev', 'prod']);
  });

  test('are none where their order is not known, where no deployment is to be reached, and on pull requests', async () => {
    expect(await environments({})).toEqual([]);
    space.write('chartship.yaml', ENVIRONMENTS);
    expect(await environments({ until: 'package' })).toEqual([]);
    for (const event of ['pull_request', 'pull_request_target', 'merge_group']) {
      expect(await environments({}, event)).toEqual([]);
      expect(await environments({ deploy: 'dev' }, event)).toEqual([]);
    }
  });
});

describe('what is wrong is said, and there is no matrix', () => {
  test.each<[string, Record<string, string>, string]>([
    ['shards', { shards: '0' }, 'request/wrong-type'],
    ['shards', { shards: '257' }, 'request/wrong-type'],
    ['shards', { shards: 'many' }, 'request/wrong-type'],
    ['a published chart', { chart: 'oci://registry.invalid/demo:1.0.0' }, 'request/plan'],
    ['an environment that is not there', { deploy: 'nowhere' }, 'request/unknown-environment'],
  ])('%s', async (_what, inputs, rule) => {
    space.chart('chart');
    const ended = await action(space, { plan: 'true', ...inputs }, { environment: nothing });
    expect([ended.code, ended.outputs.matrix, ended.report?.findings.map((each) => each.rule)]).toEqual([
      2,
      '',
      [rule],
    ]);
  });

  test('a chart that can not be read', async () => {
    space.chart('charts/good', named('good'));
    space.chart('charts/bad', { 'Chart.yaml': 'name: bad\n' });
    const ended = await action(space, { plan: 'true', chart: 'charts/*' }, { environment: nothing });
    expect([ended.code, ended.outputs.matrix]).toEqual([1, '']);
    expect(ended.report?.findings).toMatchObject([{ rule: 'resolve/chart-yaml', file: 'charts/bad/Chart.yaml' }]);
  });
});
