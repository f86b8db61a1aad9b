// chart/values.yaml as a tree of values with their documentation: what stands in the comment above each key.
import { isMap, isScalar, parse, parseDocument } from 'yaml';

/**
 * @typedef {{ key: string, path: string, description: string, schema: object, value: unknown, children?: Entry[] }} Entry
 * @param {string} text
 * @returns {Entry[]}
 */
export function readValues(text) {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw document.errors[0];
  return entriesOf(document.contents, '', { text, lines: text.split('\n') });
}

function entriesOf(map, parent, source) {
  return map.items.map(({ key, value }) => {
    const path = parent === '' ? key.value : `${parent}.${key.value}`;
    const { description, schema } = documentation(key, path, source);
    const entry = { key: key.value, path, description, schema, value: value.toJSON() };
    // What a definition describes is one value, however it is written; so is an empty one.
    const isBranch = isMap(value) && value.items.length > 0 && schema.$ref === undefined;
    return isBranch ? { ...entry, children: entriesOf(value, path, source) } : entry;
  });
}

/** The comment's lines directly above a key, at its indent. A comment that isn't there is an error: every value has one. */
function documentation(key, path, { text, lines }) {
  if (!isScalar(key) || !key.range) throw new Error(`values.yaml: ${path} is no plain key`);
  const line = text.slice(0, key.range[0]).split('\n').length - 1;
  let from = line;
  while (lines[from - 1]?.trim().startsWith('#')) from -= 1;
  const comment = lines.slice(from, line).map((one) => one.trim().replace(/^# ?/, ''));
  const annotations = comment.filter((one) => one.startsWith('@schema '));
  const description = comment.filter((one) => !one.startsWith('@schema ')).join(' ');
  if (description === '') throw new Error(`values.yaml: ${path} has no comment above it`);
  return { description, schema: Object.assign({}, ...annotations.map((one) => parse(one.slice('@schema '.length)))) };
}
