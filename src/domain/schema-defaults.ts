import type { Schema } from './kubernetes-schemas.ts';

/**
 * A value with the defaults of a definition's schema, and without nulls that mean nothing, as the server makes it before
 * it looks at anything else: a branch of `oneOf` may be decided by one. What is so already is the same value again.
 */
export function withDefaults(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return value;
    const entries = value.map((entry) => withDefaults(entry, items));
    return entries.some((entry, index) => entry !== value[index]) ? entries : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const { properties, additionalProperties: rest } = schema;
  const mapping = value as Readonly<Record<string, unknown>>;
  const added: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(properties ?? {})) {
    if (field.default === undefined) continue;
    const given = Object.hasOwn(mapping, name) ? mapping[name] : undefined;
    if (given === undefined || (given === null && field.nullable !== true)) added[name] = field.default;
  }
  let changed = Object.keys(added).length > 0;
  const fields = Object.entries(changed ? { ...mapping, ...added } : mapping).flatMap(([name, each]) => {
    const known = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : rest;
    if (typeof known !== 'object') return [[name, each] as const];
    const isNothing = each === null && known.nullable !== true;
    const defaulted = withDefaults(each, known);
    changed ||= isNothing || defaulted !== each;
    return isNothing ? [] : [[name, defaulted] as const];
  });
  return changed ? Object.fromEntries(fields) : value;
}
