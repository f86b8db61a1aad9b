import { describe, expect, test } from '@jest/globals';
import { readRequest } from '../../src/config.ts';
import { RequestError } from '../../src/domain/errors.ts';
import { makePlan } from '../../src/plan.ts';
import type { RawRequest } from '../../src/request.ts';
import type { ChartOnDisk } from '../../src/survey.ts';

const chart: ChartOnDisk = {
  directory: '/repo/chart',
  source: 'chart',
  metadata: { name: 'demo', version: '1.0.0', apiVersion: 'v2', type: 'application', dependencies: [] },
  environments: ['dev', 'prod'],
};

const library: ChartOnDisk = {
  ...chart,
  source: 'library',
  metadata: { ...chart.metadata, name: 'library', type: 'library' },
};
const both = { deploy: 'dev,prod' };

async function plan(inputs: Record<string, string>, charts: readonly ChartOnDisk[] = [chart], file?: string) {
  const raw: RawRequest = {
    inputs: Object.entries(inputs).map(([name, text]) => ({ name, text, origin: name })),
    faults: [],
    cwd: '/repo',
    workflow: {},
  };
  const request = await readRequest(raw, {
    root: '/repo',
    read: async () => (file === undefined ? undefined : new TextEncoder().encode(file)),
    real: async (path) =>
      path === '/repo' || (file !== undefined && path === '/repo/chartship.yaml') ? path : undefined,
    kind: async () => undefined,
    glob: async () => [],
  });
  return makePlan(request, charts);
}

async function rules(...args: Parameters<typeof plan>): Promise<string[]> {
  try {
    await plan(...args);
    return [];
  } catch (error) {
    if (error instanceof RequestError) return error.findings.map(({ rule }) => rule);
    throw error;
  }
}

test('environments are found beside Chart.yaml; release and namespace follow from them', async () => {
  const { charts } = await plan({});
  expect(
    charts[0]?.environments.map(({ name, namespace, release, values }) => ({ name, namespace, release, values })),
  ).toEqual([
    { name: 'dev', namespace: 'dev', release: 'demo-dev', values: ['values-dev.yaml'] },
    { name: 'prod', namespace: 'prod', release: 'demo-prod', values: ['values-prod.yaml'] },
  ]);
  expect((await plan({}, [{ ...chart, environments: [] }])).charts[0]?.environments).toMatchObject([
    { name: 'default', release: 'demo-default', values: [] },
  ]);
});

test("Kubernetes versions: the input's, else the environment's, else the file's", async () => {
  const file = 'kubeVersions: ["1.34"]\nenvironments: { dev: { kubeVersions: ["1.33"] }, prod: {} }\n';
  const labels = async (inputs: Record<string, string>) =>
    (await plan(inputs, [chart], file)).charts[0]?.environments.map(({ kubeVersions }) =>
      kubeVersions.map(({ label }) => label),
    );
  expect(await labels({})).toEqual([['1.33'], ['1.34']]);
  expect(await labels({ 'kube-versions': '1.35' })).toEqual([['1.35'], ['1.35']]);
});

describe('what is ambiguous or named and not there', () => {
  test.each<[string, Record<string, string>, readonly ChartOnDisk[], string[]]>([
    ['an unknown environment', { environments: 'prd' }, [chart], ['request/unknown-environment']],
    ['one release for two environments', { release: 'x' }, [chart], ['request/ambiguous']],
    [
      'one namespace for two charts',
      { namespace: 'x' },
      [chart, { ...chart, source: 'b', metadata: { ...chart.metadata, name: 'b' } }],
      ['request/ambiguous'],
    ],
    ['a library to deploy', { deploy: 'dev' }, [library], ['request/library']],
    ['two charts of one name', {}, [chart, { ...chart, source: 'b' }], ['request/same-name']],
  ])('%s', async (_, inputs, charts, expected) => {
    expect(await rules(inputs, charts)).toEqual(expected);
  });
  test('a library beside a chart that can be deployed is none', async () => {
    expect(await rules({ deploy: 'dev' }, [chart, library])).toEqual([]);
    expect(await rules({}, [library])).toEqual([]);
  });
  const other = { ...chart, source: 'b', metadata: { ...chart.metadata, name: 'b' } };
  test.each([
    ['two charts', '{ dev: { release: x } }', [chart, other], { deploy: 'dev' }, 1],
    ['two charts that are only checked', '{ dev: { release: x } }', [chart, other], {}, 0],
    ['two charts under their own names', '{ dev: {} }', [chart, other], { deploy: 'dev' }, 0],
    ['two environments', '{ dev: { release: x }, prod: { release: x, namespace: dev } }', [chart], both, 1],
    ['two namespaces', '{ dev: { release: x }, prod: { release: x } }', [chart], both, 0],
    ['two clusters', '{ dev: { release: x }, prod: { release: x, namespace: dev, kubeContext: b } }', [chart], both, 0],
  ])('%s as one release', async (_, environments, charts, inputs, count) => {
    expect(await rules(inputs, charts, `environments: ${environments}\n`)).toEqual(
      Array(count).fill('request/same-release'),
    );
  });
  test('one environment is none', async () => {
    expect(await rules({ release: 'x', namespace: 'y', environments: 'dev' })).toEqual([]);
  });
});

test.each([
  ['a.b=1', 'a: {b: x}', 1],
  ['a=1', 'a: {b: x}', 1],
  ['a.b.c=1', 'a: {b: x}', 1],
  ['a.c=1', 'a: {b: x}', 0],
  ['b=1', 'a: x', 0],
])('set %s and the secret values %s: %i conflicts, since helm would take the former', async (set, secret, count) => {
  expect(await rules({ set, 'secret-values': secret })).toHaveLength(count);
});
