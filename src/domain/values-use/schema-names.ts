import { parsePointer } from '../pointer.ts';
import type { ChartTree } from './chart-tree.ts';

type Schema = Readonly<Record<string, unknown>>;

/** What schemas say of a place in the values. */
export interface SchemaPlace {
  /** The keys that they name there. */
  readonly keys: readonly string[];
  /** Whether they say anything of which keys there may be. */
  readonly isDescribed: boolean;
  /** `undefined` for a key that they don't name. */
  at(key: string): SchemaPlace | undefined;
  /** Of a list: what they say of what is in it. */
  items(): SchemaPlace;
}

interface Part {
  readonly schema: Schema;
  readonly root: Schema;
}

/** What the schemas of a chart and of the charts within it say of its values. */
export function schemaPlace(chart: ChartTree): SchemaPlace {
  const globals: Part[] = [];
  const place = (of: ChartTree, own: readonly Part[]): SchemaPlace => {
    const root = schemaOf(of);
    const parts = [...own, ...(root === undefined ? [] : expanded({ schema: root, root }))];
    const inner = new Map(of.inner.map((each) => [each.key, each]));
    return placeOf(parts, (key, found) => {
      const below = inner.get(key);
      return below === undefined ? undefined : place(below, found);
    });
  };
  // What is global reaches the charts within, too.
  const addGlobals = (of: ChartTree): void => {
    const root = schemaOf(of);
    if (root !== undefined) globals.push(...within(expanded({ schema: root, root }), 'global').parts);
    of.inner.forEach(addGlobals);
  };
  addGlobals(chart);
  const whole = place(chart, []);
  return { ...whole, at: (key) => (key === 'global' && globals.length > 0 ? placeOf(globals) : whole.at(key)) };
}

const read = new WeakMap<Uint8Array, Schema | undefined>();

function schemaOf({ files }: ChartTree): Schema | undefined {
  const content = files.find(({ path }) => path === 'values.schema.json')?.content;
  if (content === undefined) return undefined;
  if (!read.has(content)) {
    let schema: unknown;
    try {
      schema = JSON.parse(new TextDecoder().decode(content));
    } catch {
      // Told elsewhere.
    }
    read.set(content, isMapping(schema) ? schema : undefined);
  }
  return read.get(content);
}

function placeOf(
  parts: readonly Part[],
  inner: (key: string, parts: readonly Part[]) => SchemaPlace | undefined = () => undefined,
): SchemaPlace {
  // The same keys are asked for in one values file after the other.
  const known = new Map<string, SchemaPlace | undefined>();
  return {
    get keys() {
      return parts.flatMap(({ schema }) => [...namesIn(schema.properties), ...listed(schema.required)]);
    },
    get isDescribed() {
      return parts.some(
        ({ schema }) =>
          schema.properties !== undefined ||
          schema.patternProperties !== undefined ||
          schema.additionalProperties !== undefined,
      );
    },
    at: (key) => {
      if (known.has(key)) return known.get(key);
      const { parts: found, isNamed } = within(parts, key);
      const place = inner(key, found) ?? (isNamed ? placeOf(found) : undefined);
      known.set(key, place);
      return place;
    },
    items: () =>
      placeOf(
        parts.flatMap(({ schema, root }) =>
          [schema.items, schema.prefixItems, schema.additionalItems]
            .flat()
            .flatMap((each) => (isMapping(each) ? expanded({ schema: each, root }) : [])),
        ),
      ),
  };
}

function within(parts: readonly Part[], key: string): { readonly parts: readonly Part[]; readonly isNamed: boolean } {
  const found: Part[] = [];
  let isNamed = false;
  for (const { schema, root } of parts) {
    const { properties, patternProperties, additionalProperties: others, unevaluatedProperties: rest } = schema;
    const add = (named: unknown): void => {
      isNamed ||= named !== false;
      if (isMapping(named)) found.push(...expanded({ schema: named, root }));
    };
    if (isMapping(properties) && Object.hasOwn(properties, key)) add(properties[key]);
    // Whether a pattern matches isn't asked: it may.
    if (isMapping(patternProperties)) Object.values(patternProperties).forEach(add);
    // A schema for whatever key there is is one for this key.
    if (isMapping(others) && Object.keys(others).length > 0) add(others);
    if (isMapping(rest) && Object.keys(rest).length > 0) add(rest);
    isNamed ||= Array.isArray(schema.required) && schema.required.includes(key);
  }
  return { parts: found, isNamed };
}

const MOST_PARTS = 100;

/** A schema with those that it refers to and is put together of. */
function expanded(part: Part): readonly Part[] {
  const known = expansions.get(part.schema);
  if (known !== undefined) return known;
  const all: Part[] = [];
  const seen = new Set<Schema>();
  const add = (node: unknown): void => {
    if (!isMapping(node) || seen.has(node) || all.length > MOST_PARTS) return;
    seen.add(node);
    all.push({ schema: node, root: part.root });
    if (typeof node.$ref === 'string' && node.$ref.startsWith('#')) add(target(part.root, node.$ref.slice(1)));
    for (const word of COMBINING) {
      const each = node[word];
      if (Array.isArray(each)) each.forEach(add);
      else if (each !== undefined) add(each);
    }
    if (isMapping(node.dependentSchemas)) Object.values(node.dependentSchemas).forEach(add);
  };
  add(part.schema);
  expansions.set(part.schema, all);
  return all;
}

const COMBINING = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else'] as const;
const expansions = new WeakMap<Schema, readonly Part[]>();

function target(root: Schema, pointer: string): unknown {
  let node: unknown = root;
  for (const step of parsePointer(pointer))
    node = isMapping(node) && Object.hasOwn(node, step) ? node[step] : undefined;
  return node;
}

function namesIn(properties: unknown): string[] {
  return isMapping(properties) ? Object.keys(properties) : [];
}

function listed(required: unknown): string[] {
  return Array.isArray(required) ? required.filter((each) => typeof each === 'string') : [];
}

function isMapping(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
