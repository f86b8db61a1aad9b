import { at } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';

/** Workloads that say their number of replicas though an autoscaler decides it. */
export const replicasAndAutoscaler: Policy = {
  name: 'replicas-and-autoscaler',
  of: ['Deployment', 'StatefulSet', 'ReplicaSet'],
  across: true,
  severity: 'warning',
  check: (object, release) => {
    const replicas = at(object.data, 'spec', 'replicas');
    if (object.apiVersion !== 'apps/v1' || typeof replicas !== 'number') return [];
    const scaler = release
      .ofKind('HorizontalPodAutoscaler')
      .find(
        (each) =>
          release.namespaceOf(each) === release.namespaceOf(object) &&
          at(each.data, 'spec', 'scaleTargetRef', 'kind') === object.kind &&
          at(each.data, 'spec', 'scaleTargetRef', 'name') === object.name,
      );
    if (scaler === undefined) return [];
    return [
      {
        message: `says ${replicas} replicas though HorizontalPodAutoscaler/${scaler.name} decides: each upgrade sets them back`,
        hint: 'Leave spec.replicas out where the autoscaler is on.',
        path: '/spec/replicas',
      },
    ];
  },
};
