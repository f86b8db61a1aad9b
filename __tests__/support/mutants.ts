import type { Schema, VersionSchemas } from '../../src/domain/kubernetes-schemas.ts';

export type MutantKind =
  | 'unknown field'
  | 'wrong type'
  | 'missing field'
  | 'bad enum'
  | 'bad quantity'
  | 'out of range'
  | 'null';

/** An object with one thing changed. */
export interface Mutant {
  readonly what: MutantKind;
  readonly path: readonly (string | number)[];
  readonly object: Record<string, unknown>;
}

/** What is lacking in a status, which the server throws away when it creates, it takes. */
export function isTakenInStatus({ what, path }: Pick<Mutant, 'what' | 'path'>): boolean {
  return path[0] === 'status' && ['missing field', 'bad enum', 'null'].includes(what);
}

/** Every mutant that can be made of an object by what its schema says, at every depth, in its order. */
export function mutantsOf(object: Record<string, unknown>, schema: Schema, version: VersionSchemas): Mutant[] {
  const mutants: Mutant[] = [];
  const change = (
    what: MutantKind,
    path: readonly (string | number)[],
    to: (holder: never, step: never) => void,
  ): void => {
    const copy = structuredClone(object);
    const holder = path
      .slice(0, -1)
      .reduce((node: Record<string | number, unknown>, step) => node[step] as never, copy);
    to(holder as never, path.at(-1) as never);
    mutants.push({ what, path, object: copy });
  };
  const put = (what: MutantKind, path: readonly (string | number)[], value: unknown): void =>
    change(what, path, (holder: Record<string, unknown>, step: string) => {
      holder[step] = value;
    });
  const walk = (value: unknown, given: Schema, path: readonly (string | number)[]): void => {
    let schema = given;
    while (schema.$ref !== undefined) schema = version.definition(schema.$ref);
    if (value === null || value === undefined) return;
    if (path.length > 0) {
      put('null', path, null);
      for (const wrong of wrongTypes(schema)) put('wrong type', path, wrong);
      if (schema.enum !== undefined) put('bad enum', path, `${String(value)}x`);
      if (schema.format === 'quantity') for (const bad of ['1 Gi', '10MB', 'lots']) put('bad quantity', path, bad);
      if (schema.format === 'int32') put('out of range', path, 2 ** 31);
    }
    if (Array.isArray(value)) {
      for (const [index, entry] of value.entries()) walk(entry, schema.items ?? {}, [...path, index]);
    } else if (typeof value === 'object') {
      if (schema.properties !== undefined) put('unknown field', [...path, 'notAField'], 1);
      for (const field of schema.required ?? []) {
        if (!(field in value)) continue;
        change('missing field', [...path, field], (holder: Record<string, unknown>, step: string) => {
          delete holder[step];
        });
      }
      for (const [name, field] of Object.entries(value)) {
        if (path.length === 0 && (name === 'apiVersion' || name === 'kind')) continue;
        const { additionalProperties } = schema;
        const next =
          schema.properties?.[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
        if (next !== undefined) walk(field, next, [...path, name]);
      }
    }
  };
  walk(object, schema, []);
  return mutants;
}

function wrongTypes(schema: Schema): unknown[] {
  if (schema['x-kubernetes-int-or-string'] === true) return [true, 1.5, { a: 1 }];
  if (schema.format === 'quantity') return [true, ['1']];
  switch (schema.type) {
    case 'string':
      return [1, true, ['a']];
    case 'integer':
      return ['1', 1.5, true];
    case 'number':
      return ['1'];
    case 'boolean':
      return ['true', 1];
    case 'array':
      return [{ a: 1 }, 'a'];
    case 'object':
      return [['a'], 'a'];
    default:
      return [];
  }
}

/** Numbers from 0 up to below 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
