// The table of values in chart/README.md, from chart/values.yaml.
import { readValues } from './values.mjs';

/** A line for each value; a group of values has a line of its own, in bold, with what it is about. */
export function valuesTable(valuesYaml) {
  const rows = readValues(valuesYaml).flatMap(rowsOf);
  return ['| value | default | meaning |', '| --- | --- | --- |', ...rows];
}

function rowsOf({ path, description, value, children }) {
  if (!children) return [`| \`${path}\` | ${code(value)} | ${cell(description)} |`];
  return [`| **\`${path}\`** | | ${cell(description)} |`, ...children.flatMap(rowsOf)];
}

function code(value) {
  if (value === '') return 'none';
  return `\`${cell(typeof value === 'string' ? value : JSON.stringify(value))}\``;
}

const cell = (text) => text.replaceAll('|', '\\|');
