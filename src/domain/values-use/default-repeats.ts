import { isMapping } from '../merged-values.ts';
import type { ValuesLayer } from '../values.ts';

/** A key of an environment's values file that says what the defaults say. */
export interface DefaultRepeat {
  readonly layer: ValuesLayer;
  readonly path: readonly string[];
}

/** Keys that differ from the defaults somewhere, or in which something does. */
class Differing {
  readonly inner = new Map<string, Differing>();

  add(path: readonly string[]): void {
    let node: Differing = this;
    for (const key of path) {
      const inner: Differing = node.inner.get(key) ?? new Differing();
      node.inner.set(key, inner);
      node = inner;
    }
  }
}

/**
 * The outermost keys of environments' layers by which no environment ever differs from the defaults. One that says
 * what the defaults say where another says something else is there to be compared, and is none; neither is one beside
 * plain values that differ.
 */
export function defaultRepeats(defaults: unknown, layers: Iterable<ValuesLayer>): DefaultRepeat[] {
  const files = new Map<string, ValuesLayer>();
  const differing = new Differing();
  for (const layer of layers) {
    // Several environments may have one file.
    if (layer.kind === 'file' && files.has(layer.shown)) continue;
    if (layer.kind === 'file') files.set(layer.shown, layer);
    for (const path of layer.paths ?? []) differing.add(path);
    compare(layer.source?.data, defaults, [], differing);
  }
  const found: DefaultRepeat[] = [];
  for (const layer of files.values()) {
    const walk = (data: unknown, value: unknown, differs: Differing | undefined, path: readonly string[]): void => {
      if (path.length > 0 && differs === undefined && !isEmpty(data)) found.push({ layer, path });
      else if (isMapping(data) && isMapping(value) && (path.length === 0 || !isGroup(data, value)))
        for (const [key, each] of Object.entries(data)) walk(each, value[key], differs?.inner.get(key), [...path, key]);
    };
    walk(layer.source?.data, defaults, differing, []);
  }
  return found;
}

/** Adds every value that isn't the default's. A mapping of nothing says nothing. */
function compare(data: unknown, value: unknown, path: string[], differing: Differing): void {
  if (isMapping(data) && isMapping(value)) {
    for (const [key, each] of Object.entries(data)) {
      path.push(key);
      compare(each, Object.hasOwn(value, key) ? value[key] : undefined, path, differing);
      path.pop();
    }
  } else if (path.length > 0 && (data === null || value === undefined || !isSame(data, value))) differing.add(path);
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
