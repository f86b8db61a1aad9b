import { type Fields, fields, list, text } from '../diagnosis/reading.ts';
import {
  addAll,
  between,
  fault,
  isEmptyText,
  isGiven,
  missing,
  needsSome,
  oneOf,
  type ServerFault,
  type Since,
} from './server-fault.ts';
import { countOrShare } from './texts.ts';

/** A type of metric → the key that has what it is of. */
const METRICS: Readonly<Record<string, string>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};

/** k8s.io/kubernetes, pkg/apis/autoscaling/validation: ValidateHorizontalPodAutoscaler. */
export function autoscalerFaults({ spec: given }: Fields, since: Since): ServerFault[] {
  const spec = fields(given);
  const { minReplicas, maxReplicas, scaleTargetRef, behavior } = spec;
  const metrics = list(spec.metrics);
  const faults: ServerFault[] = [];
  // None at all are for metrics that are there without pods, where a server is set so.
  const mayBeNone = metrics.some(({ type }) => type === 'Object' || type === 'External');
  if (typeof minReplicas === 'number' && minReplicas < 1 && !(minReplicas === 0 && mayBeNone))
    faults.push(fault('schema/range', ['spec', 'minReplicas'], `${minReplicas} is less than 1`));
  if (typeof maxReplicas === 'number') {
    const least = typeof minReplicas === 'number' ? minReplicas : 1;
    const path = ['spec', 'maxReplicas'];
    if (maxReplicas < 1) faults.push(fault('schema/range', path, `${maxReplicas} is less than 1`));
    else if (maxReplicas < least)
      faults.push(fault('schema/range', path, `${maxReplicas} is less than minReplicas, which is ${least}`));
  }
  const { apiVersion } = fields(scaleTargetRef);
  // Since 1.34 it must say of which group the kind is, but for the one that has none.
  if (
    isGiven(scaleTargetRef) &&
    !text(apiVersion).includes('/') &&
    fields(scaleTargetRef).kind !== 'ReplicationController' &&
    since(34)
  ) {
    const path = ['spec', 'scaleTargetRef', ...(isGiven(apiVersion) ? ['apiVersion'] : [])];
    faults.push(
      fault('schema/value', path, 'a new one must name a group in apiVersion, such as apps/v1 (from 1.34 on)'),
    );
  }
  for (const key of ['kind', 'name']) {
    const value = fields(scaleTargetRef)[key];
    if (value === '') faults.push(fault('schema/required', ['spec', 'scaleTargetRef', key], 'is empty'));
  }
  return [
    ...faults,
    ...metrics.flatMap((metric, index) => ofMetric(metric, ['spec', 'metrics', String(index)])),
    ...['scaleUp', 'scaleDown'].flatMap((key) => ofRules(fields(behavior)[key], ['spec', 'behavior', key])),
  ];
}

function ofMetric(metric: Fields, path: readonly string[]): ServerFault[] {
  const type = text(metric.type);
  const key = Object.hasOwn(METRICS, type) ? METRICS[type] : undefined;
  if (key === undefined) return oneOf(type, Object.keys(METRICS), [...path, 'type']);
  const other = Object.values(METRICS).find((each) => each !== key && isGiven(metric[each]));
  if (other !== undefined) return [fault('schema/value', [...path, other], `is not for the type ${type}`)];
  if (!isGiven(metric[key])) return [missing([...path, key], `the type is ${type}`)];
  const { target } = fields(metric[key]);
  return isGiven(target) ? ofTarget(fields(target), [...path, key, 'target']) : [];
}

const VALUES = { Utilization: 'averageUtilization', Value: 'value', AverageValue: 'averageValue' };

function ofTarget(target: Fields, path: readonly string[]): ServerFault[] {
  const { type, averageUtilization } = target;
  const faults = oneOf(type, Object.keys(VALUES), [...path, 'type']);
  if (faults.length > 0) return faults;
  if (Object.values(VALUES).every((key) => !isGiven(target[key])))
    return [fault('schema/required', path, `has none of ${Object.values(VALUES).join(', ')}`)];
  if (isGiven(averageUtilization) && isGiven(target.averageValue))
    return [fault('schema/value', [...path, 'averageValue'], 'may not stand beside averageUtilization')];
  if (typeof averageUtilization === 'number' && averageUtilization < 1)
    return [fault('schema/range', [...path, 'averageUtilization'], `${averageUtilization} is less than 1`)];
  return [];
}

function ofRules(given: unknown, path: readonly string[]): ServerFault[] {
  if (!isGiven(given)) return [];
  const { policies, stabilizationWindowSeconds, selectPolicy } = fields(given);
  const faults = [
    ...between(stabilizationWindowSeconds, 0, 3600, [...path, 'stabilizationWindowSeconds']),
    ...oneOf(selectPolicy, ['Max', 'Min', 'Disabled'], [...path, 'selectPolicy']),
  ];
  if (isGiven(policies)) addAll(faults, needsSome(policies, [...path, 'policies']));
  return [
    ...faults,
    ...list(policies).flatMap(({ type, value, periodSeconds }, index) => {
      const at = [...path, 'policies', String(index)];
      return [
        ...oneOf(type, ['Pods', 'Percent'], [...at, 'type']),
        ...between(value, 1, 2 ** 31 - 1, [...at, 'value']),
        ...between(periodSeconds, 1, 1800, [...at, 'periodSeconds']),
      ];
    }),
  ];
}

/** k8s.io/kubernetes, pkg/apis/policy/validation: ValidatePodDisruptionBudgetSpec. */
export function budgetFaults({ spec: given }: Fields): ServerFault[] {
  const spec = fields(given);
  const { minAvailable, maxUnavailable } = spec;
  if (isGiven(minAvailable) && isGiven(maxUnavailable))
    return [fault('schema/value', ['spec', 'maxUnavailable'], 'may not stand beside minAvailable')];
  return ['minAvailable', 'maxUnavailable'].flatMap((key) =>
    isEmptyText(spec[key]) && spec[key] !== '' ? [] : countOrShare(spec[key], ['spec', key], '100%'),
  );
}
