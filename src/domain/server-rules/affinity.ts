import { type Fields, fields, list } from '../diagnosis/reading.ts';
import { isLabel, isSubdomain } from '../object-names.ts';
import { labelKeyFaults, requirementFaults, selectorFaults, valuesFaults } from './labels.ts';
import { filledText } from './needed-texts.ts';
import { addAll, between, fault, isGiven, type ServerFault, type Since, shown } from './server-fault.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** A pod's `affinity`. */
export function affinityFaults(affinity: unknown, path: readonly string[], since: Since): ServerFault[] {
  const { nodeAffinity } = fields(affinity);
  return [
    ...(isGiven(nodeAffinity) ? nodeFaults(fields(nodeAffinity), [...path, 'nodeAffinity'], since) : []),
    ...['podAffinity', 'podAntiAffinity'].flatMap((kind) => {
      const towards = fields(affinity)[kind];
      return isGiven(towards) ? podFaults(fields(towards), [...path, kind]) : [];
    }),
  ];
}

function nodeFaults(affinity: Fields, path: readonly string[], since: Since): ServerFault[] {
  const terms = fields(affinity[REQUIRED]).nodeSelectorTerms;
  const at = [...path, REQUIRED, 'nodeSelectorTerms'];
  const none =
    Array.isArray(terms) && terms.length === 0 ? [fault('schema/required', at, 'nodeSelectorTerms is empty')] : [];
  return [
    ...none,
    // Only since 1.33 does what must be met need values that a label can have.
    ...list(terms).flatMap((term, index) => termFaults(term, [...at, String(index)], since(33))),
    ...list(affinity[PREFERRED]).flatMap(({ weight, preference }, index) => {
      const own = [...path, PREFERRED, String(index)];
      return [...weightFaults(weight, own), ...termFaults(fields(preference), [...own, 'preference'], false)];
    }),
  ];
}

function termFaults(term: Fields, path: readonly string[], isStrict: boolean): ServerFault[] {
  return [
    ...list(term.matchExpressions).flatMap((expression, index) => {
      const own = [...path, 'matchExpressions', String(index)];
      const values = isStrict ? valuesFaults(expression.values, [...own, 'values']) : [];
      return [...requirementFaults(expression, own), ...values];
    }),
    ...list(term.matchFields).flatMap((field, index) => fieldFaults(field, [...path, 'matchFields', String(index)])),
  ];
}

/** Nodes by their name, the one field that there is. */
function fieldFaults({ key, operator, values }: Fields, path: readonly string[]): ServerFault[] {
  if (typeof key === 'string' && key !== 'metadata.name') {
    return [fault('schema/enum', [...path, 'key'], `${shown(key)} is not metadata.name, the only field of a node`)];
  }
  if (typeof operator === 'string' && operator !== 'In' && operator !== 'NotIn') {
    return [fault('schema/enum', [...path, 'operator'], `${shown(operator)} is not one of In, NotIn`)];
  }
  const [name, more] = Array.isArray(values) ? values : [];
  if (name === undefined || more !== undefined) {
    const at = isGiven(values) ? [...path, 'values'] : path;
    return [fault('schema/value', at, 'one name of a node is asked for')];
  }
  if (typeof name !== 'string' || isSubdomain(name)) return [];
  return [fault('schema/name', [...path, 'values', '0'], `${shown(name)} is not the name of a node`)];
}

function podFaults(affinity: Fields, path: readonly string[]): ServerFault[] {
  return [
    ...list(affinity[REQUIRED]).flatMap((term, index) => podTermFaults(term, [...path, REQUIRED, String(index)])),
    ...list(affinity[PREFERRED]).flatMap(({ weight, podAffinityTerm }, index) => {
      const own = [...path, PREFERRED, String(index)];
      return [...weightFaults(weight, own), ...podTermFaults(fields(podAffinityTerm), [...own, 'podAffinityTerm'])];
    }),
  ];
}

function weightFaults(weight: unknown, path: readonly string[]): ServerFault[] {
  return between(weight, 1, 100, [...path, 'weight']);
}

function podTermFaults(term: Fields, path: readonly string[]): ServerFault[] {
  const { topologyKey, labelSelector, namespaceSelector, namespaces } = term;
  const faults =
    topologyKey === '' ? filledText(term, 'topologyKey', path) : labelKeyFaults(topologyKey, [...path, 'topologyKey']);
  if (isGiven(labelSelector)) addAll(faults, selectorFaults(labelSelector, [...path, 'labelSelector']));
  if (isGiven(namespaceSelector)) addAll(faults, selectorFaults(namespaceSelector, [...path, 'namespaceSelector']));
  for (const [index, name] of Array.isArray(namespaces) ? namespaces.entries() : []) {
    if (typeof name !== 'string' || isLabel(name)) continue;
    faults.push(
      fault('schema/name', [...path, 'namespaces', String(index)], `${shown(name)} is not the name of a namespace`),
    );
  }
  return [...faults, ...labelKeysFaults(term, path)];
}

/** Keys of labels whose values are the pod's own. */
export function labelKeysFaults(term: Fields, path: readonly string[]): ServerFault[] {
  return ['matchLabelKeys', 'mismatchLabelKeys'].flatMap((field) => {
    const keys = term[field];
    if (!Array.isArray(keys) || keys.length === 0) return [];
    if (!isGiven(term.labelSelector)) {
      return [fault('schema/value', [...path, field], 'it may only be given with a labelSelector')];
    }
    return keys.flatMap((key, index) => labelKeyFaults(key, [...path, field, String(index)]));
  });
}
