import type { KubernetesSchemas, Schema } from '../../src/domain/kubernetes-schemas.ts';
import { made, type RenderedMutant } from './rendered-mutants.ts';

type Data = Record<string, unknown>;

/**
 * An object with one entry more in each list that is a map or a set: the first again, the first with another text
 * beside its keys, and its keys alone.
 */
export function withEntryTwice(object: Data, schemas: KubernetesSchemas, minor: string): RenderedMutant[] {
  const version = schemas.version(minor);
  const kind = version?.kind(object as never);
  if (version === undefined || kind === undefined) return [];
  const mutants: RenderedMutant[] = [];
  const walk = (value: unknown, given: Schema, path: readonly (string | number)[]): void => {
    let schema = given;
    while (schema.$ref !== undefined) schema = version.definition(schema.$ref);
    if (typeof value !== 'object' || value === null || path[0] === 'status') return;
    if (Array.isArray(value)) {
      const type = schema['x-kubernetes-list-type'];
      const keys = type === 'set' ? [] : type === 'map' ? schema['x-kubernetes-list-map-keys'] : undefined;
      for (const more of keys === undefined || value.length === 0 ? [] : alike(value[0], keys)) {
        const copy = structuredClone(object);
        const holder = path.slice(0, -1).reduce<Data>((node, step) => node[step] as Data, copy);
        holder[String(path.at(-1))] = [...value, more];
        mutants.push(made('entry twice', `${path.join('.')} + ${JSON.stringify(more).slice(0, 80)}`, copy));
      }
      for (const [index, entry] of value.entries()) walk(entry, schema.items ?? {}, [...path, index]);
      return;
    }
    for (const [name, field] of Object.entries(value)) {
      const rest = schema.additionalProperties;
      const next = schema.properties?.[name] ?? (typeof rest === 'object' ? rest : undefined);
      if (next !== undefined) walk(field, next, [...path, name]);
    }
  };
  walk(object, kind.schema, []);
  return mutants;
}

function alike(entry: unknown, keys: readonly string[]): unknown[] {
  if (typeof entry !== 'object' || entry === null) return [entry];
  const fields = Object.entries(entry);
  const ofKeys = fields.filter(([name]) => keys.includes(name));
  // Of an expression another one would be none at all.
  const other = fields.find(
    ([name, value]) => !keys.includes(name) && name !== 'expression' && typeof value === 'string',
  );
  const changed = other === undefined ? [] : [{ ...entry, [other[0]]: `${other[1]}x` }];
  return [entry, ...changed, ...(ofKeys.length === fields.length ? [] : [Object.fromEntries(ofKeys)])];
}
