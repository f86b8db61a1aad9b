import { type Fields, fields, list, text } from '../diagnosis/reading.ts';
import { isLabelValue, isQualifiedName } from '../object-names.ts';
import { fault, isGiven, needsSome, type ServerFault, shown } from './server-fault.ts';

/** A selector of the form `{ matchLabels, matchExpressions }`. */
export function labelSelector(selector: unknown, path: readonly string[]): ServerFault[] {
  if (!isGiven(selector)) return [];
  const { matchLabels, matchExpressions } = fields(selector);
  return [
    ...labels(matchLabels, [...path, 'matchLabels']),
    ...list(matchExpressions).flatMap((each, index) => expression(each, [...path, 'matchExpressions', String(index)])),
  ];
}

/** Keys and values of labels. */
export function labels(wanted: unknown, path: readonly string[]): ServerFault[] {
  if (!isGiven(wanted)) return [];
  const faults: ServerFault[] = [];
  const all = fields(wanted);
  for (const key in all) {
    if (!isQualifiedName(key))
      faults.push(fault('schema/name', [...path, key], `${shown(key)} can't be the key of a label`));
    const value = all[key];
    if (typeof value === 'string' && !isLabelValue(value))
      faults.push(fault('schema/name', [...path, key], `${shown(value)} can't be the value of a label`));
  }
  return faults;
}

export function isEmptySelector(selector: unknown): boolean {
  const { matchLabels, matchExpressions } = fields(selector);
  return isGiven(selector) && Object.keys(fields(matchLabels)).length === 0 && list(matchExpressions).length === 0;
}

function expression(each: Fields, path: readonly string[]): ServerFault[] {
  const { key, operator, values } = each;
  const faults: ServerFault[] = [];
  if (typeof key === 'string' && !isQualifiedName(key))
    faults.push(fault('schema/name', [...path, 'key'], `${shown(key)} can't be the key of a label`));
  const has = Array.isArray(values) && values.length > 0;
  switch (text(operator)) {
    case 'In':
    case 'NotIn':
      faults.push(...needsSome(values, [...path, 'values'], `${operator} asks for some`));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (has) faults.push(fault('schema/value', [...path, 'values'], `${operator} takes no values`));
      break;
    case '':
      break;
    default:
      faults.push(
        fault(
          'schema/enum',
          [...path, 'operator'],
          `${shown(text(operator))} is not one of In, NotIn, Exists, DoesNotExist`,
        ),
      );
  }
  return faults;
}
