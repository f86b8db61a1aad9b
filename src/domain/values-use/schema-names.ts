import { parsePointer } from '../pointer.ts';
import { schemaData } from '../schema-file.ts';
import type { ChartTree } from './chart-tree.ts';

type Schema = Readonly<Record<string, unknown>>;

interface Part {
  readonly schema: Schema;
  /** That in which its references lead. */
  readonly root: Schema;
}

/** What schemas say of a place in the values. */
export class SchemaPlace {
  readonly #parts: readonly Part[];
  /** The chart whose values these are. */
  readonly #chart: ChartTree | undefined;
  /** At the top, what all charts' schemas say of `global`. */
  readonly #global: SchemaPlace | undefined;
  /** The same keys are asked for in one values file after the other. */
  readonly #inner = new Map<string, SchemaPlace | undefined>();

  constructor(parts: readonly Part[], chart?: ChartTree, global?: SchemaPlace) {
    this.#parts = parts;
    this.#chart = chart;
    this.#global = global;
  }

  /** The keys that they name there. */
  get keys(): readonly string[] {
    return this.#parts.flatMap(({ schema }) => [
      ...(isMapping(schema.properties) ? Object.keys(schema.properties) : []),
      ...(Array.isArray(schema.required) ? schema.required.filter((each) => typeof each === 'string') : []),
    ]);
  }

  /** Whether they say anything of which keys there may be. */
  get isDescribed(): boolean {
    return this.#parts.some(
      ({ schema }) =>
        schema.properties !== undefined ||
        schema.patternProperties !== undefined ||
        schema.additionalProperties !== undefined,
    );
  }

  /** `undefined` for a key that they don't name. */
  at(key: string): SchemaPlace | undefined {
    const known = this.#inner.get(key);
    if (known !== undefined || this.#inner.has(key)) return known;
    const place = this.#lookUp(key);
    this.#inner.set(key, place);
    return place;
  }

  #lookUp(key: string): SchemaPlace | undefined {
    if (key === 'global' && this.#global !== undefined) return this.#global;
    const parts = partsAt(this.#parts, key);
    const chart = this.#chart?.inner.find((each) => each.key === key);
    if (chart !== undefined) return new SchemaPlace([...(parts ?? []), ...partsOf(chart)], chart);
    return parts && new SchemaPlace(parts);
  }

  /** Of a list: what they say of what is in it. */
  items(): SchemaPlace {
    const parts = this.#parts.flatMap(({ schema, root }) =>
      [schema.items, schema.prefixItems, schema.additionalItems]
        .flat()
        .flatMap((each) => (isMapping(each) ? expanded(each, root) : [])),
    );
    return new SchemaPlace(parts);
  }
}

/** What the schemas of a chart and of the charts within it say of its values. */
export function schemaPlace(chart: ChartTree): SchemaPlace {
  // What is global reaches the charts within, too.
  const globals = (of: ChartTree): readonly Part[] => [
    ...(partsAt(partsOf(of), 'global') ?? []),
    ...of.inner.flatMap(globals),
  ];
  const global = globals(chart);
  return new SchemaPlace(partsOf(chart), chart, global.length > 0 ? new SchemaPlace(global) : undefined);
}

const read = new WeakMap<Uint8Array, readonly Part[]>();

function partsOf({ files }: ChartTree): readonly Part[] {
  const content = files.find(({ path }) => path === 'values.schema.json')?.content;
  if (content === undefined) return [];
  let parts = read.get(content);
  if (parts === undefined) {
    // What is no JSON is told elsewhere.
    const schema = schemaData(content);
    parts = isMapping(schema) ? expanded(schema, schema) : [];
    read.set(content, parts);
  }
  return parts;
}

/** `undefined` where none of them names the key. */
function partsAt(parts: readonly Part[], key: string): readonly Part[] | undefined {
  let found: readonly Part[] | undefined;
  const add = (named: unknown, root: Schema): void => {
    if (named === false) return;
    const more = isMapping(named) ? expanded(named, root) : [];
    found = found === undefined ? more : [...found, ...more];
  };
  for (const { schema, root } of parts) {
    const { properties, patternProperties, additionalProperties, unevaluatedProperties, required } = schema;
    if (isMapping(properties) && Object.hasOwn(properties, key)) add(properties[key], root);
    // Whether a pattern matches isn't asked: it may.
    if (isMapping(patternProperties)) for (const each of Object.values(patternProperties)) add(each, root);
    // A schema for whatever key there is is one for this key.
    if (saysSomething(additionalProperties)) add(additionalProperties, root);
    if (saysSomething(unevaluatedProperties)) add(unevaluatedProperties, root);
    if (Array.isArray(required) && required.includes(key)) found ??= [];
  }
  return found;
}

function saysSomething(schema: unknown): boolean {
  return isMapping(schema) && Object.keys(schema).length > 0;
}

const MOST_PARTS = 100;
const COMBINING = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else'] as const;
const expansions = new WeakMap<Schema, readonly Part[]>();

/** A schema with those that it refers to and is put together of. */
function expanded(schema: Schema, root: Schema): readonly Part[] {
  let parts = expansions.get(schema);
  if (parts === undefined) {
    const all: Part[] = [];
    expand(schema, root, all);
    parts = all;
    expansions.set(schema, parts);
  }
  return parts;
}

function expand(node: unknown, root: Schema, all: Part[]): void {
  if (!isMapping(node) || all.length > MOST_PARTS || all.some(({ schema }) => schema === node)) return;
  all.push({ schema: node, root });
  if (typeof node.$ref === 'string' && node.$ref.startsWith('#')) expand(target(root, node.$ref.slice(1)), root, all);
  for (const word of COMBINING) {
    const each = node[word];
    if (Array.isArray(each)) for (const one of each) expand(one, root, all);
    else if (each !== undefined) expand(each, root, all);
  }
  const { dependentSchemas } = node;
  if (isMapping(dependentSchemas)) for (const each of Object.values(dependentSchemas)) expand(each, root, all);
}

function target(root: Schema, pointer: string): unknown {
  let node: unknown = root;
  for (const step of parsePointer(pointer))
    node = isMapping(node) && Object.hasOwn(node, step) ? node[step] : undefined;
  return node;
}

function isMapping(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
