import { type Fields, fields } from '../diagnosis/reading.ts';
import { isQuantity } from '../scalar-forms.ts';
import { selectorFaults } from './labels.ts';
import { objectNameFaults } from './needed-texts.ts';
import { addAll, fault, isGiven, missing, needsSome, type ServerFault } from './server-fault.ts';

/** k8s.io/kubernetes, pkg/apis/core/validation: ValidatePersistentVolumeClaimSpec. */
export function claimFaults(object: Fields, path: readonly string[] = []): ServerFault[] {
  const { spec } = object;
  const at = [...path, 'spec'];
  return isGiven(spec) ? claimSpecFaults(fields(spec), at) : [missing(at)];
}

function claimSpecFaults(spec: Fields, path: readonly string[]): ServerFault[] {
  const { accessModes, resources, storageClassName, selector } = spec;
  const faults = [
    ...objectNameFaults(storageClassName, [...path, 'storageClassName']),
    ...selectorFaults(selector, [...path, 'selector']),
  ];
  addAll(faults, needsSome(accessModes, [...path, 'accessModes'], 'there must be one at least, such as ReadWriteOnce'));
  const { requests } = fields(resources);
  const { storage } = fields(requests);
  if (!isGiven(storage)) {
    const around = isGiven(requests) ? ['resources', 'requests'] : isGiven(resources) ? ['resources'] : [];
    faults.push(fault('schema/required', [...path, ...around], 'says nothing of how much: resources.requests.storage'));
  } else if (isNothing(String(storage))) {
    faults.push(fault('schema/range', [...path, 'resources', 'requests', 'storage'], 'must be more than nothing'));
  }
  return faults;
}

/** A quantity of none, or of less. */
function isNothing(quantity: string): boolean {
  if (!isQuantity(quantity)) return false;
  return quantity.startsWith('-') || !/[1-9]/.test(quantity.replace(/[eE][+-]?[0-9]+$/, ''));
}
