import { type Fields, list } from '../diagnosis/reading.ts';
import { fault, type ServerFault, shown } from './server-fault.ts';

export function portFaults(container: Fields, path: readonly string[]): ServerFault[] {
  return list(container.ports).flatMap(({ name, containerPort, hostPort }, index) => {
    const at = (field: string): string[] => [...path, 'ports', String(index), field];
    return [
      ...(name === '' ? [] : portNameFault(name, at('name'))),
      ...portNumberFault(containerPort, at('containerPort')),
      // None is asked for by 0.
      ...(hostPort === 0 ? [] : portNumberFault(hostPort, at('hostPort'))),
    ];
  });
}

export function hostPortFaults(
  container: Fields,
  path: readonly string[],
  taken: Set<string>,
  isOnHost: boolean,
): ServerFault[] {
  return list(container.ports).flatMap(({ hostPort, containerPort, hostIP, protocol }, index): ServerFault[] => {
    if (typeof hostPort !== 'number' || hostPort === 0) return [];
    const at = [...path, 'ports', String(index), 'hostPort'];
    const key = `${hostPort} ${hostIP ?? ''} ${protocol ?? 'TCP'}`;
    const isTaken = taken.has(key);
    taken.add(key);
    if (isTaken) {
      const message = `${hostPort} is a port of the host that another one of the pod's ports takes already`;
      return [fault('schema/duplicate-entry', at, message)];
    }
    if (!isOnHost || typeof containerPort !== 'number' || containerPort === hostPort) return [];
    const message = `${hostPort} is not the containerPort ${containerPort}, as it must be with hostNetwork`;
    return [fault('schema/value', at, message)];
  });
}

/** IANA_SVC_NAME */
export function portNameFault(name: unknown, path: readonly string[]): ServerFault[] {
  if (typeof name !== 'string') return [];
  const isOne =
    name.length <= 15 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(name) && /[a-z]/.test(name) && !name.includes('--');
  if (isOne) return [];
  const message = `${shown(name)} is not the name of a port: at most 15 lower-case letters, digits and single -, a letter among them, with a letter or digit at each end`;
  return [fault('schema/name', path, message)];
}

export function portNumberFault(port: unknown, path: readonly string[]): ServerFault[] {
  // What no field of 32 bits can hold the schema tells.
  if (typeof port !== 'number' || (port | 0) !== port || (port >= 1 && port <= 65535)) return [];
  return [fault('schema/range', path, `${port} is not a port: 1 to 65535`)];
}
