import { describe, expect, test } from '@jest/globals';
import { all, one, refusal, render } from './rendering.ts';

describe('the disruption budget', () => {
  test.each([
    ['dev', 0],
    ['staging', 1],
    ['prod', 1],
  ] as const)('%s has %d', async (environment, count) => {
    const budgets = all(await render({ environment }), 'PodDisruptionBudget');
    expect(budgets).toHaveLength(count);
    for (const { spec } of budgets) {
      expect(spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
    }
  });

  test('counts by the least that autoscaling leaves', async () => {
    const budgets = async (minReplicas: number) => {
      const values = { autoscaling: { enabled: true, minReplicas }, agent: { replicaCount: 3 } };
      return all(await render({ values }), 'PodDisruptionBudget').length;
    };
    expect([await budgets(1), await budgets(2)]).toEqual([0, 1]);
  });

  test.each([
    [{ maxUnavailable: '50%' }, { maxUnavailable: '50%' }],
    [{ maxUnavailable: '', minAvailable: 2 }, { minAvailable: 2 }],
    [{ maxUnavailable: '', minAvailable: '66%' }, { minAvailable: '66%' }],
    [{ maxUnavailable: '', minAvailable: 0 }, { minAvailable: 0 }],
  ])('of %j', async (podDisruptionBudget, spec) => {
    const objects = await render({ environment: 'prod', values: { podDisruptionBudget } });
    expect(one(objects, 'PodDisruptionBudget').spec).toMatchObject(spec);
  });

  test.each([
    [{ maxUnavailable: 0 }, /maxUnavailable is 0, which blocks every eviction/],
    [{ maxUnavailable: '0%' }, /maxUnavailable is 0%, which blocks every eviction/],
    [{ maxUnavailable: '', minAvailable: 3 }, /minAvailable is 3 of 3 agents, which blocks every eviction/],
    [{ maxUnavailable: '', minAvailable: 4 }, /minAvailable is 4 of 3 agents/],
    [{ maxUnavailable: '', minAvailable: '100%' }, /minAvailable is 100% of 3 agents/],
    // Two thirds of three, rounded up by Kubernetes.
    [{ maxUnavailable: '', minAvailable: '67%' }, /minAvailable is 67% of 3 agents/],
    [{ minAvailable: 1 }, /needs one of maxUnavailable and minAvailable/],
    [{ maxUnavailable: '' }, /needs one of maxUnavailable and minAvailable/],
  ])('%j is refused', async (podDisruptionBudget, message) => {
    expect(await refusal({ environment: 'prod', values: { podDisruptionBudget } })).toMatch(message);
  });
});
