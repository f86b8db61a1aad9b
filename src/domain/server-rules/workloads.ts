import { type Fields, fields, list, text } from '../diagnosis/reading.ts';
import { claimFaults } from './claims.ts';
import { isEmptySelector, selectorFaults } from './labels.ts';
import { below, fault, isGiven, oneOf, type ServerFault, type Since } from './server-fault.ts';
import { countOrShare, isNone, label } from './texts.ts';

const SPEC = ['spec'] as const;

/** k8s.io/kubernetes, pkg/apis/apps/validation: ValidateDeploymentSpec. */
export function deploymentFaults({ spec: given }: Fields): ServerFault[] {
  const spec = fields(given);
  const { minReadySeconds } = spec;
  const progressDeadlineSeconds = spec.progressDeadlineSeconds ?? 600;
  const faults = [
    ...ofAll(spec),
    ...below(spec.progressDeadlineSeconds, 0, [...SPEC, 'progressDeadlineSeconds']),
    ...ofStrategy(fields(spec.strategy)),
  ];
  const least = typeof minReadySeconds === 'number' ? minReadySeconds : 0;
  if (typeof progressDeadlineSeconds === 'number' && progressDeadlineSeconds <= least && least >= 0) {
    const key = isGiven(spec.progressDeadlineSeconds) ? 'progressDeadlineSeconds' : 'minReadySeconds';
    faults.push(
      fault(
        'schema/range',
        [...SPEC, key],
        `a deadline of ${progressDeadlineSeconds} s for progress is over before the ${least} s of minReadySeconds`,
      ),
    );
  }
  return faults;
}

function ofStrategy({ type, rollingUpdate }: Fields): ServerFault[] {
  const path = [...SPEC, 'strategy', 'rollingUpdate'];
  if (!isGiven(rollingUpdate)) return [];
  if (type === 'Recreate')
    return [fault('schema/value', path, 'is for the strategy RollingUpdate, and this is Recreate')];
  const { maxSurge, maxUnavailable } = fields(rollingUpdate);
  const faults = [
    ...countOrShare(maxSurge, [...path, 'maxSurge']),
    ...countOrShare(maxUnavailable, [...path, 'maxUnavailable'], '100%'),
  ];
  if (isNone(maxSurge) && isNone(maxUnavailable))
    faults.push(
      fault('schema/value', [...path, 'maxUnavailable'], 'may not be 0 where maxSurge is 0: nothing could be replaced'),
    );
  return faults;
}

export function replicaSetFaults({ spec }: Fields): ServerFault[] {
  return ofAll(fields(spec));
}

export function statefulSetFaults({ spec: given }: Fields, since: Since): ServerFault[] {
  const spec = fields(given);
  const { type, rollingUpdate } = fields(spec.updateStrategy);
  const path = [...SPEC, 'updateStrategy', 'rollingUpdate'];
  const { whenDeleted, whenScaled } = fields(spec.persistentVolumeClaimRetentionPolicy);
  const policy = [...SPEC, 'persistentVolumeClaimRetentionPolicy'];
  // Before 1.34 nobody looks at its claims.
  const claims = list(spec.volumeClaimTemplates).filter(() => since(34));
  return [
    ...ofAll(spec),
    ...claims.flatMap((claim, index) => claimFaults(claim, [...SPEC, 'volumeClaimTemplates', String(index)])),
    ...label(spec.serviceName, [...SPEC, 'serviceName']).filter(() => since(33)),
    ...below(fields(spec.ordinals).start, 0, [...SPEC, 'ordinals', 'start']),
    ...below(fields(rollingUpdate).partition, 0, [...path, 'partition']),
    ...(type === 'OnDelete' && isGiven(rollingUpdate)
      ? [fault('schema/value', path, 'is for the strategy RollingUpdate, and this is OnDelete')]
      : []),
    ...oneOf(whenDeleted, ['Retain', 'Delete'], [...policy, 'whenDeleted']),
    ...oneOf(whenScaled, ['Retain', 'Delete'], [...policy, 'whenScaled']),
  ];
}

export function daemonSetFaults({ spec: given }: Fields): ServerFault[] {
  const spec = fields(given);
  const { type, rollingUpdate } = fields(spec.updateStrategy);
  const path = [...SPEC, 'updateStrategy', 'rollingUpdate'];
  if (text(type) === 'OnDelete' || !isGiven(rollingUpdate)) return ofAll(spec);
  const { maxSurge, maxUnavailable } = withDefaults(fields(rollingUpdate));
  const faults = [
    ...ofAll(spec),
    ...countOrShare(maxSurge, [...path, 'maxSurge'], '100%'),
    ...countOrShare(maxUnavailable, [...path, 'maxUnavailable'], '100%'),
  ];
  if (isNone(maxSurge) === isNone(maxUnavailable)) {
    const key = isGiven(fields(rollingUpdate).maxSurge)
      ? ['maxSurge']
      : isGiven(fields(rollingUpdate).maxUnavailable)
        ? ['maxUnavailable']
        : [];
    const message = isNone(maxSurge)
      ? 'maxSurge and maxUnavailable may not both be 0'
      : 'maxSurge may not be set unless maxUnavailable, which is 1 by default, is 0';
    faults.push(fault('schema/value', [...path, ...key], message));
  }
  return faults;
}

/** What the workloads have in common. That a selector selects its own pods is a policy's matter. */
function ofAll(spec: Fields): ServerFault[] {
  return [
    ...below(spec.replicas, 0, [...SPEC, 'replicas']),
    ...below(spec.minReadySeconds, 0, [...SPEC, 'minReadySeconds']),
    ...below(spec.revisionHistoryLimit, 0, [...SPEC, 'revisionHistoryLimit']),
    ...(isEmptySelector(spec.selector)
      ? [fault('schema/value', [...SPEC, 'selector'], 'is empty, and would select all pods')]
      : selectorFaults(spec.selector, [...SPEC, 'selector'])),
  ];
}

/** Null is nothing, and gets the default as well. */
function withDefaults({ maxSurge, maxUnavailable }: Fields): Fields {
  return { maxSurge: maxSurge ?? 0, maxUnavailable: maxUnavailable ?? 1 };
}
