import type { Schema } from './kubernetes-schemas.ts';

/**
 * The schema of a definition that a chart brings: keywords that aren't of their type are as good as absent (the
 * definition itself is checked as an object), so is a `$ref`, which a structural schema can't have. What is deeper or
 * larger than any schema is left open.
 */
export function readSchema(given: unknown): { schema: Schema; leftToServer: boolean } {
  let leftToServer = false;
  let left = MOST;
  const read = (node: unknown, depth: number): Schema => {
    const from = mapping(node);
    if (depth > DEEPEST || --left < 0) return {};
    const schema: Record<string, unknown> = {};
    for (const [keyword, kind] of KEYWORDS) {
      const value = Object.hasOwn(from, keyword) ? from[keyword] : undefined;
      if (value !== undefined && isA(value, kind)) schema[keyword] = value;
    }
    if (schema.type !== undefined && !TYPES.includes(String(schema.type))) delete schema.type;
    leftToServer ||= from['x-kubernetes-validations'] !== undefined;
    if (isMapping(from.properties)) {
      // Without a prototype: a field may be called as what every object has.
      const properties = Object.create(null) as Record<string, Schema>;
      for (const [name, property] of Object.entries(from.properties)) properties[name] = read(property, depth + 1);
      schema.properties = properties;
    }
    const { items, additionalProperties: rest } = from;
    if (isMapping(items)) schema.items = read(items, depth + 1);
    if (isMapping(rest)) schema.additionalProperties = read(rest, depth + 1);
    else if (typeof rest === 'boolean') schema.additionalProperties = rest;
    for (const keyword of ['allOf', 'anyOf', 'oneOf'] as const) {
      const several = from[keyword];
      if (Array.isArray(several)) schema[keyword] = several.map((each) => read(each, depth + 1));
    }
    if (isMapping(from.not)) schema.not = read(from.not, depth + 1);
    return schema as Schema;
  };
  return { schema: read(given, 0), leftToServer };
}

/** The API server's own bounds are far below them. */
const DEEPEST = 200;
const MOST = 100_000;

type KeywordKind = 'text' | 'number' | 'boolean' | 'list' | 'texts' | 'any';

const KEYWORDS = Object.entries<KeywordKind>({
  type: 'text',
  format: 'text',
  pattern: 'text',
  enum: 'list',
  default: 'any',
  required: 'texts',
  nullable: 'boolean',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'boolean',
  exclusiveMaximum: 'boolean',
  multipleOf: 'number',
  minLength: 'number',
  maxLength: 'number',
  minItems: 'number',
  maxItems: 'number',
  uniqueItems: 'boolean',
  minProperties: 'number',
  maxProperties: 'number',
  'x-kubernetes-int-or-string': 'boolean',
  'x-kubernetes-preserve-unknown-fields': 'boolean',
  'x-kubernetes-embedded-resource': 'boolean',
  'x-kubernetes-list-type': 'text',
  'x-kubernetes-list-map-keys': 'texts',
});

const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean'];

function isA(value: unknown, kind: KeywordKind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'list':
      return Array.isArray(value);
    case 'texts':
      return Array.isArray(value) && value.every((each) => typeof each === 'string');
    case 'any':
      return true;
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return isMapping(value) ? value : {};
}
