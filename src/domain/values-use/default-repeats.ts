import { isMapping } from '../merged-values.ts';
import type { ValuesLayer } from '../values.ts';

type Path = readonly string[];

/** A key of an environment's values file that says what the defaults say. */
export interface DefaultRepeat {
  readonly layer: ValuesLayer;
  readonly path: Path;
}

/**
 * The outermost keys of environments' layers by which no environment ever differs from the defaults. One that says
 * what the defaults say where another says something else is there to be compared, and is none; neither is one beside
 * plain values that differ.
 */
export function defaultRepeats(defaults: unknown, layers: Iterable<ValuesLayer>): DefaultRepeat[] {
  const files = new Map<string, ValuesLayer>();
  const differing = new Set<string>();
  /** With all around it: within what differs somewhere, nothing is a repeat as a whole. */
  const differs = (path: Path): void => {
    for (let depth = 1; depth <= path.length; depth += 1) differing.add(keyOf(path.slice(0, depth)));
  };
  for (const layer of layers) {
    if (layer.kind === 'set') for (const path of layer.paths ?? []) differs(path);
    else {
      compare(layer.source?.data, defaults, [], differs);
      if (layer.kind === 'file') files.set(layer.shown, layer);
    }
  }
  const found: DefaultRepeat[] = [];
  for (const layer of files.values()) {
    const walk = (data: unknown, value: unknown, path: Path): void => {
      if (path.length > 0 && !differing.has(keyOf(path)) && !isEmpty(data)) found.push({ layer, path });
      else if (isMapping(data) && isMapping(value) && (path.length === 0 || !isGroup(data, value)))
        for (const [key, each] of Object.entries(data)) walk(each, value[key], [...path, key]);
    };
    walk(layer.source?.data, defaults, []);
  }
  return found;
}

/** Tells of every value that isn't the default's. A mapping of nothing says nothing. */
function compare(data: unknown, value: unknown, path: Path, differs: (path: Path) => void): void {
  if (isMapping(data) && isMapping(value)) {
    for (const [key, each] of Object.entries(data))
      compare(each, Object.hasOwn(value, key) ? value[key] : undefined, [...path, key], differs);
  } else if (data === undefined || data === null || value === undefined || !isSame(data, value)) differs(path);
}

/** Plain values that stand together, one of which differs: a request for memory, and with it one for CPU. */
function isGroup(data: Readonly<Record<string, unknown>>, value: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(data);
  const isPlain = entries.length > 1 && entries.every(([, each]) => typeof each !== 'object');
  return isPlain && entries.some(([key, each]) => !isSame(each, value[key]));
}

function isEmpty(data: unknown): boolean {
  return isMapping(data) && Object.keys(data).length === 0;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((each, at) => isSame(each, b[at]));
  if (!isMapping(a) || !isMapping(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}
