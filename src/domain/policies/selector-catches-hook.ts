import { at, type Fields, fields, list } from '../diagnosis/reading.ts';
import type { Policy, PolicyFault } from './policy.ts';
import type { Release } from './release.ts';
import type { PodTemplate, ReleaseObject } from './release-object.ts';

/** Selectors of Services, budgets and scaled workloads that catch the pods of hooks, tests and Jobs, too. */
export const selectorCatchesHook: Policy = {
  name: 'selector-catches-hook',
  of: ['Service', 'PodDisruptionBudget', 'Deployment', 'StatefulSet', 'ReplicaSet'],
  across: true,
  severity: 'warning',
  check: (object, release) => {
    const { apiVersion, kind, data } = object;
    if (apiVersion === 'v1' && kind === 'Service') {
      const selected = release.podsWith(fields(at(data, 'spec', 'selector')), object);
      const ports = list(at(data, 'spec', 'ports'));
      return caught(
        selected,
        selected.filter((pods) => ports.some((port) => reaches(port, pods))),
        'sends requests to',
        '/spec/selector',
      );
    }
    if (apiVersion === 'policy/v1' && kind === 'PodDisruptionBudget') {
      const selected = release.podsSelected(fields(at(data, 'spec', 'selector')), object);
      return caught(selected, selected, 'counts', '/spec/selector');
    }
    // An autoscaler measures every pod that the selector of its target matches.
    if (apiVersion === 'apps/v1' && isScaled(object, release)) {
      const selected = release.podsSelected(fields(at(data, 'spec', 'selector')), object);
      return caught(selected, selected, 'lets its autoscaler measure', '/spec/selector');
    }
    return [];
  },
};

/** Those that pass, where there are others that are meant. */
function caught(
  selected: readonly PodTemplate[],
  reached: readonly PodTemplate[],
  does: string,
  path: string,
): PolicyFault[] {
  if (selected.every(({ passing }) => passing)) return [];
  return reached
    .filter(({ passing }) => passing)
    .slice(0, 5)
    .map(({ owner }) => {
      const what = owner.hook.includes('test') ? 'a test' : owner.hook.length > 0 ? 'a hook' : `a ${owner.kind}`;
      return {
        message: `${does} the pods of ${owner.kind}/${owner.name}, too: ${what}`,
        hint: 'Give the pods that are meant a label of their own (app.kubernetes.io/component), and the selector with them.',
        path,
      };
    });
}

/** Whether requests to a port arrive in such a pod: by a name, only where a container has it. */
function reaches(port: Fields, { containers }: PodTemplate): boolean {
  const target = port.targetPort ?? port.port;
  if (typeof target !== 'string') return true;
  return containers.some(({ data }) => list(data.ports).some(({ name }) => name === target));
}

function isScaled(object: ReleaseObject, release: Release): boolean {
  return release
    .ofKind('HorizontalPodAutoscaler')
    .some(
      (scaler) =>
        release.namespaceOf(scaler) === release.namespaceOf(object) &&
        at(scaler.data, 'spec', 'scaleTargetRef', 'kind') === object.kind &&
        at(scaler.data, 'spec', 'scaleTargetRef', 'name') === object.name,
    );
}
