import { type Fields, fields, list, text } from '../diagnosis/reading.ts';

/** Whether a selector of the form `{ matchLabels, matchExpressions }` selects these labels. An empty one selects all. */
export function selects(selector: Fields, labels: Fields): boolean {
  return (
    matchesLabels(fields(selector.matchLabels), labels) &&
    list(selector.matchExpressions).every((expression) => matchesExpression(expression, labels))
  );
}

/** Whether labels have all of these, which is what the selector of a Service asks. */
export function matchesLabels(wanted: Fields, labels: Fields): boolean {
  for (const key in wanted) if (labels[key] !== wanted[key]) return false;
  return true;
}

export function isEmpty(selector: Fields): boolean {
  return Object.keys(fields(selector.matchLabels)).length === 0 && list(selector.matchExpressions).length === 0;
}

function matchesExpression({ key, operator, values }: Fields, labels: Fields): boolean {
  const label = labels[text(key)];
  const among = Array.isArray(values) && values.includes(label);
  switch (operator) {
    case 'In':
      return label !== undefined && among;
    case 'NotIn':
      return label === undefined || !among;
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    default:
      return false;
  }
}
