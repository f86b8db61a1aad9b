import { type CustomKinds, NO_CUSTOM_KINDS } from '../../src/domain/custom-kinds.ts';
import { goRegexp } from '../../src/domain/go-regexp.ts';
import type { KubernetesSchemas } from '../../src/domain/kubernetes-schemas.ts';
import { type Applied, type ObjectFault, objectFaults, targetVersion } from '../../src/domain/object-faults.ts';
import { createPatterns } from '../../src/domain/patterns.ts';
import { readDocument } from '../../src/domain/rendered-objects.ts';
import { isTakenInStatus, mutantsOf } from './mutants.ts';

type Data = Record<string, unknown>;

/** A document with one thing changed, as a template could have rendered it. */
export interface RenderedMutant {
  readonly what: string;
  /** What was changed, for people. */
  readonly path: string;
  readonly object: Data;
  /** JSON, which is YAML too. */
  readonly text: string;
}

/** Every mutant of an object for a version: by its schema at every depth, in its names, its API version and its keys. */
export function renderedMutants(object: Data, schemas: KubernetesSchemas, minor: string): RenderedMutant[] {
  const version = schemas.version(minor);
  const kind = version?.kind(object as never);
  if (version === undefined || kind === undefined) return [];
  const mutants: RenderedMutant[] = mutantsOf(object, kind.schema, version)
    .filter((mutant) => mutant.what !== 'null' && !isTakenInStatus(mutant))
    .map(({ what, path, object: changed }) => made(what, path.join('.'), changed));
  return [...mutants, ...mutantsOfAnyKind(object)];
}

/** Every mutant that needs no schema: in an object's names, its API version and its keys. */
export function mutantsOfAnyKind(object: Data): RenderedMutant[] {
  const mutants: RenderedMutant[] = [];
  const metadata = (object.metadata ?? {}) as Data;
  const withMetadata = (what: string, path: string, more: Data): void => {
    mutants.push(made(what, path, { ...object, metadata: { ...metadata, ...more } }));
  };
  for (const name of ['Upper', 'under_score', 'a/b', '-a', 'a.b', '1a', 'a'.repeat(64), 'a'.repeat(254), '', 'a b']) {
    withMetadata('bad name', `metadata.name ${name.slice(0, 12)}`, { name });
  }
  for (const [key, value] of Object.entries({
    'a b': 'x',
    a: 'x y',
    'A.b/c': 'x',
    'a/b/c': 'x',
    b: 'x'.repeat(64),
    c: '-',
  })) {
    withMetadata('bad label', `metadata.labels.${key}`, { labels: { ...(metadata.labels as Data), [key]: value } });
  }
  for (const key of ['a b', 'a/b/c', '/a']) {
    withMetadata('bad annotation', `metadata.annotations.${key}`, {
      annotations: { ...(metadata.annotations as Data), [key]: 'x' },
    });
  }
  const group = String(object.apiVersion).split('/').slice(0, -1)[0];
  for (const apiVersion of [
    group === undefined ? 'apps/v1' : 'v1',
    `${group ?? 'core'}/v1beta1`,
    `${group ?? 'core'}/v9`,
  ]) {
    if (apiVersion !== object.apiVersion) mutants.push(made('wrong apiVersion', apiVersion, { ...object, apiVersion }));
  }
  for (const path of keysOf(object)) mutants.push(repeated(object, path));
  return mutants;
}

export function made(what: string, path: string, object: Data): RenderedMutant {
  return { what, path, object, text: JSON.stringify(object) };
}

/** Of each mapping one key. */
function keysOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  const [first] = Array.isArray(value) ? [] : Object.keys(value);
  const below = Object.entries(value).flatMap(([key, each]) => keysOf(each, [...path, key]));
  return first === undefined ? below : [[...path, first], ...below];
}

function repeated(object: Data, path: readonly string[]): RenderedMutant {
  const copy = structuredClone(object);
  const holder = path.slice(0, -1).reduce<Data>((node, step) => node[step] as Data, copy);
  const key = path.at(-1) ?? '';
  holder[`${key}__again`] = holder[key];
  const text = JSON.stringify(copy).replace(`${JSON.stringify(`${key}__again`).slice(0, -1)}"`, JSON.stringify(key));
  return { what: 'duplicate key', path: path.join('.'), object, text };
}

/** What is found in a document that refuses it. */
export function refusals(
  ...asked: Parameters<typeof told>
): Pick<ObjectFault, 'rule' | 'message' | 'path' | 'severity'>[] {
  return told(...asked).filter(({ severity }) => severity === 'error');
}

/** What is found in a document. */
export function told(
  text: string,
  schemas: KubernetesSchemas,
  minor: string,
  kinds: CustomKinds = NO_CUSTOM_KINDS,
  applied?: Applied,
): Pick<ObjectFault, 'rule' | 'message' | 'path' | 'severity'>[] {
  const { objects, repeatedKey } = readDocument(text);
  const target = targetVersion(minor, schemas, applied);
  const twice =
    repeatedKey === undefined
      ? []
      : [{ rule: 'schema/duplicate-key' as const, severity: 'error' as const, message: repeatedKey.name, path: '' }];
  const faults = objects.flatMap(({ data }) => objectFaults(data, target, kinds, createPatterns(goRegexp)));
  return [...twice, ...faults];
}
