import { parseDuration } from './domain/duration.ts';
import { isEnvironmentName } from './domain/environment.ts';
import type { Finding } from './domain/finding.ts';
import { suggestion } from './domain/nearest.ts';
import { readSource, type Source } from './domain/source.ts';
import { ENVIRONMENT_KEYS, type EnvironmentKey, INPUTS, type InputDeclaration, type InputName } from './inputs.ts';
import {
  choice,
  duration,
  fault,
  isSetting,
  type Pair,
  quote,
  type Setting,
  type Settings,
  splitPair,
} from './settings.ts';

/** An environment as chartship.yaml describes it. */
export interface EnvironmentSetting {
  readonly name: string;
  readonly namespace?: string;
  readonly release?: string;
  readonly values?: readonly string[];
  readonly set?: readonly string[];
  readonly timeout?: string;
  readonly kubeContext?: string;
  readonly kubeVersions?: readonly string[];
  readonly requiredValues?: readonly string[];
  readonly url?: string;
}

export interface ConfigFile {
  readonly settings: Settings;
  /** `undefined` when the file doesn't speak of environments: they are found beside Chart.yaml. */
  readonly environments: readonly EnvironmentSetting[] | undefined;
  /** Where a key stands, for messages that come later. */
  readonly position: Source['position'];
}

type Path = readonly (string | number)[];
const ENVIRONMENT_NAME_HINT =
  'Use letters, digits, hyphens, underscores and dots, at most 63; begin and end with a letter or digit.';
type Read<T> = { value: T } | { wrong: string; path: Path };

/** Reads chartship.yaml. Every fault has the file's line and column; all of them are reported at once. */
export function readConfigFile(bytes: Uint8Array, shown: string): { config: ConfigFile; faults: Finding[] } {
  const faults: Finding[] = [];
  const read = readSource(bytes);
  if (!read.ok) {
    const { message, ...rest } = read.fault;
    const nothing: ConfigFile = { settings: new Map(), environments: undefined, position: () => undefined };
    return { config: nothing, faults: [fault('configuration', `${shown} ${message}`, { file: shown, ...rest })] };
  }
  const { source } = read;
  const wrong = (rule: string, message: string, path: Path, what: 'key' | 'value', hint?: string): void => {
    faults.push(
      fault(rule, message, { file: shown, ...source.position(path, what), ...(hint !== undefined && { hint }) }),
    );
  };

  const settings = new Map<InputName, Setting>();
  let environments: EnvironmentSetting[] | undefined;
  const data = source.data ?? {};
  if (!isMapping(data)) {
    wrong('wrong-type', `${shown} must be a mapping of keys to values`, [], 'value');
    return { config: { settings, environments, position: source.position }, faults };
  }
  const known = knownKeys();
  for (const [key, value] of Object.entries(data)) {
    if (key === 'environments') {
      environments = readEnvironments(value, wrong, shown);
      continue;
    }
    const declaration = known.get(key);
    if (declaration === undefined) {
      const only = INPUTS.find((input) => camelCase(input.name) === key);
      if (only !== undefined && key !== 'chart') {
        wrong(
          'input-only',
          `${key} can't be set in ${shown}`,
          [key],
          'key',
          `It is an input only (${only.name}), so that a pull request can't change it.`,
        );
      } else {
        wrong(
          'unknown-key',
          `${shown} has no key ${quote(key)}`,
          [key],
          'key',
          suggestion(key, [...known.keys(), 'environments']),
        );
      }
      continue;
    }
    if (value === null) continue;
    const result = readValue(declaration, value, [key]);
    if ('wrong' in result) wrong('wrong-type', `${key} ${result.wrong}`, result.path, 'value');
    else settings.set(declaration.name as InputName, result.value);
  }
  return { config: { settings, environments, position: source.position }, faults };
}

/** Keys of chartship.yaml → their input. */
export function knownKeys(): Map<string, InputDeclaration> {
  const keys = new Map<string, InputDeclaration>();
  for (const input of INPUTS as readonly InputDeclaration[])
    if (input.fileKey !== undefined) keys.set(input.fileKey, input);
  return keys;
}

function readEnvironments(
  value: unknown,
  wrong: (rule: string, message: string, path: Path, what: 'key' | 'value', hint?: string) => void,
  shown: string,
): EnvironmentSetting[] {
  const environments: EnvironmentSetting[] = [];
  if (!isMapping(value)) {
    wrong('wrong-type', 'environments must be a mapping of names to environments', ['environments'], 'value');
    return environments;
  }
  for (const [name, body] of Object.entries(value)) {
    if (!isEnvironmentName(name)) {
      wrong(
        'environment',
        `the name of the environment ${quote(name)} can't be used`,
        ['environments', name],
        'key',
        ENVIRONMENT_NAME_HINT,
      );
      continue;
    }
    const environment: Record<string, unknown> = { name };
    environments.push(environment as unknown as EnvironmentSetting);
    if (body === null) continue;
    if (!isMapping(body)) {
      wrong('wrong-type', `the environment ${quote(name)} must be a mapping`, ['environments', name], 'value');
      continue;
    }
    for (const [key, entry] of Object.entries(body)) {
      const path = ['environments', name, key];
      if (!Object.hasOwn(ENVIRONMENT_KEYS, key)) {
        wrong(
          'unknown-key',
          `an environment has no key ${quote(key)}`,
          path,
          'key',
          suggestion(key, Object.keys(ENVIRONMENT_KEYS)),
        );
        continue;
      }
      if (entry === null) continue;
      const { kind } = ENVIRONMENT_KEYS[key as EnvironmentKey];
      const result = kind === 'list' || kind === 'lines' ? texts(entry, path) : text(entry, path);
      if ('wrong' in result) wrong('wrong-type', `${key} ${result.wrong}`, result.path, 'value');
      else if (key === 'set')
        environment.set = settingsOf(result.value as readonly string[], path, Array.isArray(entry), wrong);
      else if (kind === 'duration' && parseDuration(String(result.value)) === undefined) {
        wrong('wrong-type', `${key} ${duration(String(result.value))}`, path, 'value');
      } else environment[key] = result.value;
    }
  }
  if (Object.keys(value).length === 0)
    wrong(
      'wrong-type',
      `${shown} lists no environment`,
      ['environments'],
      'value',
      'Leave the key out to have them found.',
    );
  return environments;
}

/** The entries of `set`; those that set nothing are faults. */
function settingsOf(
  entries: readonly string[],
  path: Path,
  isList: boolean,
  wrong: (rule: string, message: string, path: Path, what: 'key' | 'value') => void,
): readonly string[] {
  for (const [index, entry] of entries.entries()) {
    if (!isSetting(entry))
      wrong('wrong-type', `set must be path=value, not ${quote(entry)}`, isList ? [...path, index] : path, 'value');
  }
  return entries;
}

function readValue(declaration: InputDeclaration, value: unknown, path: Path): Read<Setting> {
  switch (declaration.kind) {
    case 'list':
    case 'lines':
      return texts(value, path);
    case 'boolean':
      return typeof value === 'boolean' ? { value } : { wrong: 'must be true or false', path };
    case 'pairs':
      return pairs(value, path);
    case 'choice': {
      const word = text(value, path);
      if ('wrong' in word) return word;
      const chosen = choice(declaration, word.value);
      return typeof chosen === 'string' ? { wrong: chosen, path } : chosen;
    }
    case 'duration': {
      const word = text(value, path);
      if ('wrong' in word) return word;
      const read = duration(word.value);
      return typeof read === 'string' ? { wrong: read, path } : read;
    }
    case 'text':
    case 'secret':
      return text(value, path);
  }
}

function text(value: unknown, path: Path): Read<string> {
  // Programs can't be given one, nor can a path hold one.
  if (typeof value === 'string' && value.includes('\0')) return { wrong: 'must be text without a NUL character', path };
  if (typeof value === 'string') return { value };
  // A version such as 1.30 is the number 1.3 to YAML: what was meant can't be known.
  if (typeof value === 'number')
    return { wrong: `must be text: write it in quotes (YAML reads a number, ${value})`, path };
  return { wrong: `must be text, not ${nameOf(value)}`, path };
}

function texts(value: unknown, path: Path): Read<readonly string[]> {
  if (typeof value === 'string') return { value: [value] };
  if (!Array.isArray(value)) return { wrong: `must be a list, not ${nameOf(value)}`, path };
  const list: string[] = [];
  for (const [index, entry] of value.entries()) {
    const read = text(entry, [...path, index]);
    if ('wrong' in read) return { wrong: `has an entry that ${read.wrong}`, path: read.path };
    list.push(read.value);
  }
  return { value: list };
}

function pairs(value: unknown, path: Path): Read<readonly Pair[]> {
  if (!isMapping(value) && !Array.isArray(value))
    return { wrong: `must be a mapping FROM: TO, not ${nameOf(value)}`, path };
  const list: Pair[] = [];
  for (const [key, entry] of Object.entries(value)) {
    const place = [...path, Array.isArray(value) ? Number(key) : key];
    const read = text(entry, place);
    if ('wrong' in read) return { wrong: `has an entry that ${read.wrong}`, path: place };
    const pair = Array.isArray(value) ? splitPair(read.value) : { from: key, to: read.value };
    if (pair === undefined) return { wrong: `has an entry that is not FROM=TO: ${quote(read.value)}`, path: place };
    list.push(pair);
  }
  return { value: list };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
