import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/scenario.ts';
import { type Foreign, valuesOf } from './rendering.ts';

export const schema = JSON.parse(readFileSync(join(repository, 'chart/values.schema.json'), 'utf8')) as Foreign;
const defaults = valuesOf('values.yaml');

/** A path for each value that is no group of others; below `$ref` and free maps it is the whole. */
function leaves(node: Foreign, own: Foreign, path: string[] = []): string[][] {
  return Object.entries(own as Record<string, Foreign>).flatMap(([key, value]) => {
    const here = node.properties?.[key];
    const isGroup =
      value !== null && typeof value === 'object' && !Array.isArray(value) && here?.properties !== undefined;
    return isGroup && Object.keys(value).length > 0 ? leaves(here, value, [...path, key]) : [[...path, key]];
  });
}

export const paths = leaves(schema, defaults);
export const defaultAt = (path: readonly string[]): Foreign =>
  path.reduce((value, key) => value?.[key], defaults as Foreign);
export const nested = (path: readonly string[], value: unknown): Record<string, unknown> =>
  path.reduceRight((inner, key) => ({ [key]: inner }), value as Foreign);
