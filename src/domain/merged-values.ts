import type { ValuesLayer } from './values.ts';

export type ValuesPath = readonly (string | number)[];

/** What is at a path once all layers are merged, and the layer that set it last. */
export interface MergedValue {
  readonly path: ValuesPath;
  /** `undefined` when it is set by `--set`, whose value isn't looked at. */
  readonly value: unknown;
  readonly layer: ValuesLayer;
}

interface Branch {
  readonly entries: Map<string, Branch | Leaf>;
  layer: ValuesLayer;
}

/** A scalar, or a list: of a list the last layer that has one is taken as a whole. */
interface Leaf {
  readonly value: unknown;
  readonly layer: ValuesLayer;
}

/**
 * Every value as Helm merges the layers, lowest priority first: mappings by key, everything else as a whole; null takes
 * a key away. Mappings and lists come before what is in them; the whole of the values isn't among them.
 */
export function mergedValues(layers: readonly ValuesLayer[]): MergedValue[] {
  const [first] = layers;
  if (first === undefined) return [];
  const root: Branch = { entries: new Map(), layer: first };
  for (const layer of layers) {
    for (const path of layer.paths ?? []) set(root, path, layer);
    if (isMapping(layer.source?.data)) merge(root, layer.source.data, layer);
  }
  return listed(root, []).slice(1);
}

/** Deep lists and mappings come from files, which are bounded; what is nested deeper than this is nobody's value. */
const DEEPEST = 100;

function merge(branch: Branch, data: Readonly<Record<string, unknown>>, layer: ValuesLayer, depth = 0): void {
  branch.layer = layer;
  for (const [key, value] of Object.entries(data)) {
    if (value === null || value === undefined) branch.entries.delete(key);
    else if (!isMapping(value)) branch.entries.set(key, { value, layer });
    else if (depth < DEEPEST) {
      const known = branch.entries.get(key);
      const inner = known !== undefined && 'entries' in known ? known : { entries: new Map(), layer };
      branch.entries.set(key, inner);
      merge(inner, value, layer, depth + 1);
    }
  }
}

function set(root: Branch, path: readonly string[], layer: ValuesLayer): void {
  let branch = root;
  for (const step of path.slice(0, -1)) {
    const known = branch.entries.get(step);
    if (known !== undefined && !('entries' in known)) {
      // Within a list, whose other entries stay; what they are isn't known any more.
      branch.entries.set(step, { value: undefined, layer });
      return;
    }
    const inner = known ?? { entries: new Map(), layer };
    branch.entries.set(step, inner);
    branch = inner;
  }
  const last = path.at(-1);
  if (last !== undefined) branch.entries.set(last, { value: undefined, layer });
}

function listed(node: Branch | Leaf, path: ValuesPath): MergedValue[] {
  if (!('entries' in node)) return within(node.value, path, node.layer);
  const inner = [...node.entries].flatMap(([key, each]) => listed(each, [...path, key]));
  const direct = inner.filter((each) => each.path.length === path.length + 1);
  const value = Object.fromEntries(direct.map((each) => [String(each.path.at(-1)), each.value]));
  return [{ path, value, layer: node.layer }, ...inner];
}

function within(value: unknown, path: ValuesPath, layer: ValuesLayer): MergedValue[] {
  const own = { path, value, layer };
  if (path.length > DEEPEST || typeof value !== 'object' || value === null) return [own];
  const inner = Array.isArray(value)
    ? value.flatMap((each, index) => within(each, [...path, index], layer))
    : Object.entries(value).flatMap(([key, each]) => within(each, [...path, key], layer));
  return [own, ...inner];
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a path is, or lies in, another. */
export function isWithin(path: ValuesPath, other: ValuesPath): boolean {
  return other.length <= path.length && other.every((step, index) => String(step) === String(path[index]));
}
