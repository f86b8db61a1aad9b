import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { Schema, VersionSchemas } from '../../src/domain/kubernetes-schemas.ts';
import { KUBERNETES_YAML } from '../../src/domain/kubernetes-yaml.ts';
import { mutantsOf } from './mutants.ts';
import { made, mutantsOfAnyKind, type RenderedMutant } from './rendered-mutants.ts';
import { repository } from './scenario.ts';

type Data = Record<string, unknown>;
type Path = readonly (string | number)[];

/** Definitions as operators have them, and resources of theirs that a server takes. */
export function customFixtures(): { readonly definitions: Data[]; readonly objects: Data[] } {
  const folder = join(repository, '__tests__/fixtures/custom-resources');
  const documents = readdirSync(folder).flatMap(
    (file) => loadAll(readFileSync(join(folder, file), 'utf8'), { schema: KUBERNETES_YAML }) as Data[],
  );
  const isDefinition = ({ kind }: Data): boolean => kind === 'CustomResourceDefinition';
  return {
    definitions: documents.filter(isDefinition),
    objects: documents.filter((document) => !isDefinition(document)),
  };
}

/** Every mutant of a custom resource: by the schema of its definition, and in its names, its API version and its keys. */
export function customMutants(object: Data, schema: Schema, version: VersionSchemas): RenderedMutant[] {
  const group = String(object.apiVersion).split('/')[0];
  const others = mutantsOfAnyKind(object).map((mutant) =>
    mutant.what === 'wrong apiVersion' && String(mutant.object.apiVersion).startsWith(`${group}/`)
      ? { ...mutant, what: UNDEFINED_VERSION }
      : mutant,
  );
  return [...schemaMutants(object, schema, version), ...others];
}

/** Of which Chartship warns only: the definition in the cluster may have more versions than the chart's. */
export const UNDEFINED_VERSION = 'version that is not defined';

/** Those by what the schema says, at every depth. */
export function schemaMutants(object: Data, schema: Schema, version: VersionSchemas): RenderedMutant[] {
  const mutants: RenderedMutant[] = mutantsOf(object, schema, version).map(({ what, path, object: changed }) =>
    made(what, path.join('.'), changed),
  );
  const put = (what: string, path: Path, value: unknown): void => {
    const copy = structuredClone(object);
    const holder = path.slice(0, -1).reduce<Record<string | number, unknown>>((node, step) => node[step] as Data, copy);
    holder[path.at(-1) ?? ''] = value;
    mutants.push(made(what, `${path.join('.')} = ${JSON.stringify(value)?.slice(0, 60)}`, copy));
  };
  const walk = (value: unknown, own: Schema, path: Path): void => {
    if (value === null || value === undefined) return;
    if (path.length > 0) for (const [what, other] of otherValues(value, own)) put(what, path, other);
    if (Array.isArray(value)) {
      for (const [index, entry] of value.entries()) walk(entry, own.items ?? {}, [...path, index]);
    } else if (typeof value === 'object') {
      for (const [name, field] of Object.entries(value)) {
        const rest = own.additionalProperties;
        const next = own.properties?.[name] ?? (typeof rest === 'object' ? rest : undefined);
        if (next !== undefined) walk(field, next, [...path, name]);
      }
    }
  };
  walk(object, schema, []);
  return mutants;
}

/** Values that a keyword of the schema may have something against, by what they are meant to break. */
function otherValues(value: unknown, schema: Schema): [string, unknown][] {
  const { pattern, format, minimum, maximum, multipleOf, minLength, maxLength } = schema;
  const others: [string, unknown][] = [];
  const add = (what: string, ...values: readonly unknown[]): void =>
    void others.push(...values.map((each): [string, unknown] => [what, each]));
  if (typeof value === 'string') {
    if (pattern !== undefined) add('another pattern', '!!', `${value} `, `${value}\n`, value.toUpperCase(), '');
    if (format !== undefined) add('bad format', 'no such thing', `${value}~`, value.slice(1), '');
    if (minLength !== undefined || maxLength !== undefined) add('bad length', '', 'x'.repeat((maxLength ?? 0) + 1));
    if (maxLength !== undefined) add('bad length', '😀'.repeat(maxLength));
  }
  if (typeof value === 'number') {
    if (minimum !== undefined) add('out of bounds', minimum - 1, minimum);
    if (maximum !== undefined) add('out of bounds', maximum + 1, maximum);
    if (multipleOf !== undefined) add('out of bounds', value + 1);
  }
  if (Array.isArray(value)) {
    if (schema.minItems !== undefined) add('bad length', []);
    if (schema.maxItems !== undefined) add('bad length', Array(schema.maxItems + 1).fill(value[0]));
    if (schema['x-kubernetes-list-type'] !== undefined) add('entry twice', [...value, value[0]]);
    return others;
  }
  if (typeof value !== 'object' || value === null) return others;
  const fields = value as Data;
  if (schema.minProperties !== undefined) add('bad length', {});
  if (schema.maxProperties !== undefined) {
    const more = Array.from({ length: schema.maxProperties + 1 }, (_, index) => [`more${index}`, 'x']);
    add('bad length', Object.fromEntries(more));
  }
  if ((schema.oneOf ?? schema.anyOf ?? schema.not) !== undefined) {
    for (const name of Object.keys(schema.properties ?? {})) {
      const { [name]: there, ...rest } = fields;
      add('another branch', there === undefined ? { ...fields, [name]: sample(schema.properties?.[name]) } : rest);
    }
  }
  if (schema['x-kubernetes-embedded-resource'] === true) {
    const { apiVersion: _version, ...noVersion } = fields;
    const { kind: _kind, ...noKind } = fields;
    const metadata = fields.metadata as Data;
    add('bad object within', noVersion, noKind, { ...fields, apiVersion: 'a/b/c' }, { ...fields, kind: 'No kind' });
    for (const more of [{ name: 'No name' }, { labels: { 'a b': 'c' } }, { notAField: 1 }, { annotations: { a: 1 } }]) {
      add('bad object within', { ...fields, metadata: { ...metadata, ...more } });
    }
    add('bad object within', { ...fields, metadata: null }, { ...fields, status: {} });
  }
  return others;
}

function sample(schema: Schema | undefined): unknown {
  switch (schema?.type) {
    case 'object':
      return Object.fromEntries((schema.required ?? []).map((name) => [name, sample(schema.properties?.[name])]));
    case 'array':
      return [];
    case 'boolean':
      return true;
    default:
      return schema?.format === 'date' ? '2026-01-01' : 'x';
  }
}
