import { type Fields, fields, list } from '../diagnosis/reading.ts';
import { isLabelValue, isQualifiedName } from '../object-names.ts';
import { filledText } from './needed-texts.ts';
import { fault, isGiven, type ServerFault, shown } from './server-fault.ts';

const NAME = 'at most 63 letters, digits, - _ . that begin and end with a letter or digit';

export function labelKeyFaults(key: unknown, path: readonly string[]): ServerFault[] {
  if (typeof key !== 'string' || isQualifiedName(key)) return [];
  const message = `${shown(key)} is not the key of a label: ${NAME}, after a DNS subdomain and / or not`;
  return [fault('schema/name', path, message)];
}

export function labelValueFaults(value: unknown, path: readonly string[]): ServerFault[] {
  if (typeof value !== 'string' || isLabelValue(value)) return [];
  return [fault('schema/name', path, `${shown(value)} is not the value of a label: ${NAME}`)];
}

/** A mapping of labels, such as a nodeSelector. */
export function labelFaults(labels: unknown, path: readonly string[]): ServerFault[] {
  return Object.entries(fields(labels)).flatMap(([key, value]) => [
    ...labelKeyFaults(key, [...path, key]),
    ...labelValueFaults(value, [...path, key]),
  ]);
}

/** A LabelSelector (apimachinery's ValidateLabelSelector). */
export function selectorFaults(selector: unknown, path: readonly string[]): ServerFault[] {
  const { matchLabels, matchExpressions } = fields(selector);
  return [
    ...(isGiven(matchLabels) ? labelFaults(matchLabels, [...path, 'matchLabels']) : []),
    ...list(matchExpressions).flatMap((expression, index) => {
      const own = [...path, 'matchExpressions', String(index)];
      const { operator } = expression;
      if (typeof operator === 'string' && operator !== '' && !SELECTING.includes(operator)) {
        return [fault('schema/enum', [...own, 'operator'], `${shown(operator)} is not one of ${SELECTING.join(', ')}`)];
      }
      return [...requirementFaults(expression, own), ...valuesFaults(expression.values, [...own, 'values'])];
    }),
  ];
}

/** Whether a selector is there, and would select everything. */
export function isEmptySelector(selector: unknown): boolean {
  const { matchLabels, matchExpressions } = fields(selector);
  return isGiven(selector) && Object.keys(fields(matchLabels)).length === 0 && list(matchExpressions).length === 0;
}

const SELECTING = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** The key of an expression, and how many values it has; of a node's also with the operators of numbers. */
export function requirementFaults(expression: Fields, path: readonly string[]): ServerFault[] {
  const { key, operator, values } = expression;
  const faults = [...labelKeyFaults(key, [...path, 'key']), ...filledText(expression, 'operator', path)];
  const count = Array.isArray(values) ? values.length : 0;
  const at = isGiven(values) ? [...path, 'values'] : path;
  if ((operator === 'In' || operator === 'NotIn') && count === 0) {
    faults.push(fault('schema/required', at, `the operator ${operator} needs values`));
  } else if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0) {
    faults.push(fault('schema/value', at, `the operator ${operator} takes no values`));
  } else if ((operator === 'Gt' || operator === 'Lt') && count !== 1) {
    faults.push(
      fault(count === 0 ? 'schema/required' : 'schema/value', at, `the operator ${operator} takes one value`),
    );
  }
  return faults;
}

export function valuesFaults(values: unknown, path: readonly string[]): ServerFault[] {
  if (!Array.isArray(values)) return [];
  return values.flatMap((value, index) => labelValueFaults(value, [...path, String(index)]));
}
