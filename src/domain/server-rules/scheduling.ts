import { type Fields, list } from '../diagnosis/reading.ts';
import { affinityFaults, labelKeysFaults } from './affinity.ts';
import { labelFaults, labelKeyFaults, labelValueFaults, selectorFaults } from './labels.ts';
import { filledText } from './needed-texts.ts';
import { addAll, below, fault, isEmptyText, isGiven, type ServerFault, type Since } from './server-fault.ts';

/** What says where a pod may run. */
export function schedulingFaults(spec: Fields, path: readonly string[], since: Since): ServerFault[] {
  const { nodeSelector, affinity, tolerations, topologySpreadConstraints: spread } = spec;
  const faults: ServerFault[] = [];
  if (isGiven(nodeSelector)) addAll(faults, labelFaults(nodeSelector, [...path, 'nodeSelector']));
  if (isGiven(affinity)) addAll(faults, affinityFaults(affinity, [...path, 'affinity'], since));
  for (const [index, toleration] of list(tolerations).entries()) {
    addAll(faults, tolerationFaults(toleration, [...path, 'tolerations', String(index)]));
  }
  for (const [index, constraint] of list(spread).entries()) {
    addAll(faults, spreadFaults(constraint, [...path, 'topologySpreadConstraints', String(index)]));
  }
  return faults;
}

/** Without an operator it is Equal. */
function tolerationFaults(toleration: Fields, path: readonly string[]): ServerFault[] {
  const { key, operator, value, effect, tolerationSeconds } = toleration;
  const faults: ServerFault[] = [];
  if (isEmptyText(key)) {
    if (operator !== 'Exists') {
      const at = key === '' ? [...path, 'key'] : path;
      faults.push(fault('schema/value', at, 'without a key the operator must be Exists'));
    }
  } else {
    addAll(faults, labelKeyFaults(key, [...path, 'key']));
  }
  if (isGiven(tolerationSeconds) && effect !== 'NoExecute') {
    const message = 'it may only be given with the effect NoExecute';
    faults.push(fault('schema/value', [...path, 'tolerationSeconds'], message));
  }
  if (operator === 'Exists' && !isEmptyText(value)) {
    faults.push(fault('schema/value', [...path, 'value'], 'the operator Exists takes no value'));
  } else if (isEmptyText(operator) || operator === 'Equal') {
    addAll(faults, labelValueFaults(value, [...path, 'value']));
  }
  return faults;
}

function spreadFaults(constraint: Fields, path: readonly string[]): ServerFault[] {
  const { maxSkew, minDomains, whenUnsatisfiable, labelSelector } = constraint;
  const faults = [
    ...below(maxSkew, 1, [...path, 'maxSkew']),
    ...['topologyKey', 'whenUnsatisfiable', 'nodeAffinityPolicy', 'nodeTaintsPolicy'].flatMap((field) =>
      filledText(constraint, field, path),
    ),
    ...below(minDomains, 1, [...path, 'minDomains']),
    ...labelKeysFaults(constraint, path),
  ];
  if (isGiven(minDomains) && whenUnsatisfiable === 'ScheduleAnyway') {
    const message = 'it may only be given with whenUnsatisfiable: DoNotSchedule';
    faults.push(fault('schema/value', [...path, 'minDomains'], message));
  }
  if (isGiven(labelSelector)) addAll(faults, selectorFaults(labelSelector, [...path, 'labelSelector']));
  return faults;
}
