import { describe, expect, test } from '@jest/globals';
import { all, one, refusal, render } from './rendering.ts';

describe('autoscaling', () => {
  const on = (values: object = {}) => ({ autoscaling: { enabled: true, ...values }, agent: { replicaCount: 3 } });

  test('is off by default and then leaves nothing behind', async () => {
    expect(all(await render({ environment: 'prod' }), 'HorizontalPodAutoscaler')).toEqual([]);
  });

  test('scales the Deployment by what it is told', async () => {
    const values = on({
      targetMemoryUtilizationPercentage: 80,
      behavior: { scaleDown: { stabilizationWindowSeconds: 1 } },
    });
    const objects = await render({ values });
    const utilization = (name: string, averageUtilization: number) => ({
      type: 'Resource',
      resource: { name, target: { type: 'Utilization', averageUtilization } },
    });
    expect(one(objects, 'HorizontalPodAutoscaler').spec).toEqual({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: one(objects, 'Deployment').metadata.name },
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [utilization('cpu', 75), utilization('memory', 80)],
      behavior: { scaleDown: { stabilizationWindowSeconds: 1 } },
    });
  });

  test.each([false, true])('never leaves the number of replicas out (upgrade: %j)', async (upgrade) => {
    expect(one(await render({ values: on(), upgrade }), 'Deployment').spec.replicas).toBe(3);
    expect(one(await render({ environment: 'prod', upgrade }), 'Deployment').spec.replicas).toBe(3);
  });

  test.each([
    [on({ minReplicas: 5, maxReplicas: 4 }), /autoscaling\.minReplicas is 5, more than autoscaling\.maxReplicas, 4/],
    [on({ minReplicas: 4 }), /agent\.replicaCount is 3, outside of autoscaling\.minReplicas to maxReplicas, 4 to 10/],
    [on({ minReplicas: 1, maxReplicas: 2 }), /agent\.replicaCount is 3, outside/],
    [on({ targetCPUUtilizationPercentage: 0 }), /nothing to scale by/],
  ])('refuses %j', async (values, message) => {
    expect(await refusal({ values })).toMatch(message);
  });
});
