import type { Fields } from '../diagnosis/reading.ts';
import { isSubdomain } from '../object-names.ts';
import { fault, isGiven, type ServerFault, shown } from './server-fault.ts';

/** A text that may be neither missing nor empty. */
export function neededText(parent: Fields, key: string, path: readonly string[], why = ''): ServerFault[] {
  if (isGiven(parent[key])) return filledText(parent, key, path, why);
  return [fault('schema/required', path, `${key} is missing${why === '' ? '' : `: ${why}`}`)];
}

/** A text that may not be empty; where it is missing the schema says so, or nobody minds. */
export function filledText(parent: Fields, key: string, path: readonly string[], why = ''): ServerFault[] {
  if (parent[key] !== '') return [];
  return [fault('schema/required', [...path, key], `${key} is empty${why === '' ? '' : `: ${why}`}`)];
}

/** The name of another object; whether it may be empty is asked elsewhere. */
export function objectNameFaults(name: unknown, path: readonly string[]): ServerFault[] {
  if (typeof name !== 'string' || name === '' || isSubdomain(name)) return [];
  const message = `${shown(name)} is not a DNS subdomain: lower-case letters, digits, - and ., at most 253, with a letter or digit at each end`;
  return [fault('schema/name', path, message)];
}
