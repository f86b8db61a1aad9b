import { fields } from '../diagnosis/reading.ts';
import { isQualifiedName } from '../object-names.ts';
import { neededText } from './needed-texts.ts';
import { thousandths } from './quantities.ts';
import { fault, isGiven, type ServerFault, shown } from './server-fault.ts';

const ALWAYS = ['metadata.name', 'metadata.namespace', 'metadata.uid'];
/** What a variable can be, and what a file of a volume can be. */
const PATHS = {
  variable: [
    ...ALWAYS,
    'spec.nodeName',
    'spec.serviceAccountName',
    'status.hostIP',
    'status.hostIPs',
    'status.podIP',
    'status.podIPs',
  ],
  file: [...ALWAYS, 'metadata.labels', 'metadata.annotations'],
};

export function fieldRefFaults(ref: unknown, path: readonly string[], of: keyof typeof PATHS): ServerFault[] {
  const { apiVersion, fieldPath } = fields(ref);
  if (typeof apiVersion === 'string' && apiVersion !== '' && apiVersion !== 'v1') {
    return [fault('schema/enum', [...path, 'apiVersion'], `${shown(apiVersion)} is not v1`)];
  }
  if (typeof fieldPath !== 'string' || isField(fieldPath, of)) return [];
  const all = [...PATHS[of], "metadata.labels['…']", "metadata.annotations['…']"];
  return [fault('schema/enum', [...path, 'fieldPath'], `${shown(fieldPath)} is not one of ${all.join(', ')}`)];
}

function isField(path: string, of: keyof typeof PATHS): boolean {
  const start = path.indexOf("['");
  if (start > 0 && path.endsWith("']") && start < path.length - 3) {
    const key = path.slice(start + 2, -2);
    const map = path.slice(0, start);
    if (map === 'metadata.annotations') return isQualifiedName(key.toLowerCase());
    return map === 'metadata.labels' && isQualifiedName(key);
  }
  // An old name of spec.nodeName.
  return PATHS[of].includes(path) || (of === 'variable' && path === 'spec.host');
}

const RESOURCES = ['limits', 'requests'].flatMap((kind) =>
  ['cpu', 'memory', 'ephemeral-storage'].map((name) => `${kind}.${name}`),
);

export function resourceFieldRefFaults(ref: unknown, path: readonly string[], of: keyof typeof PATHS): ServerFault[] {
  const { resource, divisor } = fields(ref);
  // A variable's is the container that has it.
  const faults = of === 'file' ? neededText(fields(ref), 'containerName', path) : [];
  if (
    typeof resource === 'string' &&
    !RESOURCES.includes(resource) &&
    !/^(?:limits|requests)\.hugepages-/.test(resource)
  ) {
    const message = `${shown(resource)} is not one of ${RESOURCES.join(', ')}`;
    faults.push(fault('schema/enum', [...path, 'resource'], message));
  }
  if (isGiven(divisor) && typeof resource === 'string' && /\.cpu$/.test(resource)) {
    const size = thousandths(divisor);
    if (size !== undefined && ![0n, 1n, 1000n].includes(size)) {
      faults.push(
        fault('schema/value', [...path, 'divisor'], `${shown(String(divisor))} is not 1 or 1m, as of cpu it must be`),
      );
    }
  }
  return faults;
}
