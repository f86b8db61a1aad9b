import { type Fields, fields, list } from '../diagnosis/reading.ts';
import { choiceFaults } from './choices.ts';
import { fieldRefFaults, resourceFieldRefFaults } from './field-refs.ts';
import { filledText, neededText, objectNameFaults } from './needed-texts.ts';
import { addAll, fault, isGiven, type ServerFault, shown } from './server-fault.ts';

const BULK = ['configMapRef', 'secretRef'];
const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef'];

/** A container's `env`. No value is ever quoted. */
export function envFaults(env: unknown, path: readonly string[]): ServerFault[] {
  return list(env).flatMap((variable, index) => {
    const { name, valueFrom } = variable;
    // Of most there is nothing to say: no path is made for them.
    if (!isGiven(valueFrom) && typeof name === 'string' && name !== '' && isVariableName(name)) return [];
    const own = [...path, String(index)];
    return [
      ...filledText(variable, 'name', own),
      ...variableNameFaults(name, [...own, 'name']),
      ...(isGiven(valueFrom) ? valueFromFaults(variable, [...own, 'valueFrom']) : []),
    ];
  });
}

function valueFromFaults({ value, valueFrom }: Fields, path: readonly string[]): ServerFault[] {
  const from = fields(valueFrom);
  const given = SOURCES.filter((source) => isGiven(from[source]));
  const faults = given.flatMap((source) => sourceFaults(source, fields(from[source]), [...path, source]));
  if (given.length > 0 && typeof value === 'string' && value !== '') {
    const message = 'there is a value already, and only one of value and valueFrom may be given';
    return [...faults, fault('schema/value', path, message)];
  }
  return [...faults, ...choiceFaults(from, SOURCES, path)];
}

function sourceFaults(source: string, ref: Fields, path: readonly string[]): ServerFault[] {
  if (source === 'fieldRef') return fieldRefFaults(ref, path, 'variable');
  if (source === 'resourceFieldRef') return resourceFieldRefFaults(ref, path, 'variable');
  return [
    ...neededText(ref, 'name', path),
    ...objectNameFaults(ref.name, [...path, 'name']),
    ...filledText(ref, 'key', path),
    ...dataKeyFaults(ref.key, [...path, 'key']),
  ];
}

/** A container's `envFrom`. */
export function envFromFaults(envFrom: unknown, path: readonly string[]): ServerFault[] {
  return list(envFrom).flatMap((source, index) => {
    const own = [...path, String(index)];
    const faults = choiceFaults(source, BULK, own);
    for (const kind of BULK) {
      if (!isGiven(source[kind])) continue;
      const ref = fields(source[kind]);
      addAll(
        faults,
        neededText(ref, 'name', [...own, kind]),
        objectNameFaults(asPrefix(ref.name), [...own, kind, 'name']),
      );
    }
    return [...faults, ...variableNameFaults(source.prefix, [...own, 'prefix'])];
  });
}

/** The server takes the name of envFrom for a beginning, which may end with a dash. */
function asPrefix(name: unknown): unknown {
  return typeof name === 'string' && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

function variableNameFaults(name: unknown, path: readonly string[]): ServerFault[] {
  if (typeof name !== 'string' || isVariableName(name)) return [];
  return [
    fault(
      'schema/name',
      path,
      `${shown(name.replace(/=.*$/s, '=…'))} is not the name of a variable: printable ASCII characters without =`,
    ),
  ];
}

function isVariableName(name: string): boolean {
  return /^[ -<>-~]*$/.test(name);
}

function dataKeyFaults(key: unknown, path: readonly string[]): ServerFault[] {
  if (typeof key !== 'string' || key === '') return [];
  if (key.length <= 253 && /^[-._a-zA-Z0-9]+$/.test(key) && key !== '.' && !key.startsWith('..')) return [];
  const message = `${shown(key)} is not the key of any data: at most 253 letters, digits, - _ ., and not . nor .. at the beginning`;
  return [fault('schema/name', path, message)];
}
