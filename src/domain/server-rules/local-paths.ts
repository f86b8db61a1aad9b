import { fault, type ServerFault, shown } from './server-fault.ts';

/** Steps back are refused wherever a path leads out of a folder. */
export function backstepFaults(value: unknown, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string' || !value.includes('..') || !value.split('/').includes('..')) return [];
  return [fault('schema/value', path, `${shown(value)} has .. in it`)];
}

export function relativeFaults(value: unknown, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string') return [];
  if (value.startsWith('/'))
    return [fault('schema/value', path, `${shown(value)} begins with /, and must be relative`)];
  return backstepFaults(value, path);
}

/** Of files in a volume: names that begin with .. are the kubelet's own. */
export function filePathFaults(value: unknown, path: readonly string[]): ServerFault[] {
  const faults = relativeFaults(value, path);
  if (faults.length > 0 || typeof value !== 'string' || !value.startsWith('..')) return faults;
  return [fault('schema/value', path, `${shown(value)} begins with ..`)];
}
