import type { Fields } from '../diagnosis/reading.ts';
import { fault, isGiven, type ServerFault } from './server-fault.ts';

/** Where one of several keys, and only one, must be given. */
export function choiceFaults(parent: Fields, keys: readonly string[], path: readonly string[]): ServerFault[] {
  const [first, second] = keys.filter((key) => isGiven(parent[key]));
  const all = keys.join(', ');
  if (second !== undefined) {
    return [fault('schema/value', [...path, second], `there is ${first} already, and only one of ${all} may be given`)];
  }
  // A misspelt one the schema tells.
  if (first !== undefined || Object.values(parent).some((value) => typeof value === 'object' && value !== null))
    return [];
  return [fault('schema/required', path, `names none of ${all}`)];
}
