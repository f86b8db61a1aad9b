// Reads the OpenAPI v3 that k8s.io/kubernetes carries: which kinds there are, and what their fields are.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const REFERENCE = '#/components/schemas/';

/** Types whose JSON form is written in Go; the specification says less of them than the server knows. */
const BY_HAND = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { format: 'quantity' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { 'x-kubernetes-int-or-string': true },
};

/** What a validator reads, whether or not today's specifications have it. The rest is text, or for merging patches. */
const KEPT = [
  ...['type', 'format', 'required', 'enum', 'nullable', 'pattern', 'minimum', 'maximum', 'additionalProperties'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys'],
  ...['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string'],
];
const DROPPED = [
  ...['description', 'x-kubernetes-group-version-kind', 'x-kubernetes-unions', 'x-kubernetes-map-type'],
  ...['x-kubernetes-patch-merge-key', 'x-kubernetes-patch-strategy'],
];

/**
 * @param {string} folder of the module
 * @returns {{ kinds: Map<string, { apiVersion: string, kind: string, definition: string, namespaced: boolean }>,
 *             definitions: Map<string, object> }} the definitions are those that a kind leads to
 */
export function readOpenApi(folder) {
  const specification = join(folder, 'api/openapi-spec/v3');
  const kinds = new Map();
  const found = new Map();
  for (const file of readdirSync(specification).sort()) {
    const { paths = {}, components = {} } = JSON.parse(readFileSync(join(specification, file), 'utf8'));
    for (const [path, operations] of Object.entries(paths)) {
      const kind = creatable(path, operations);
      if (kind !== undefined) kinds.set(`${kind.apiVersion} ${kind.kind}`, kind);
    }
    for (const [name, schema] of Object.entries(components.schemas ?? {})) {
      // Some list the kinds of their own file; that is dropped, and all else must be the same in each file.
      const content = compact(BY_HAND[name] ?? schema, name);
      const known = found.get(name);
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(content)) {
        throw new Error(`${name} has two contents in ${specification}`);
      }
      found.set(name, content);
    }
  }
  return { kinds, definitions: reachable(kinds, found) };
}

/** A manifest can hold what is created by a POST to a collection. A path with a name in it is of a subresource. */
function creatable(path, { post }) {
  const kind = post?.['x-kubernetes-group-version-kind'];
  if (kind === undefined || path.includes('{name}')) return undefined;
  const body = post.requestBody.content['*/*'] ?? Object.values(post.requestBody.content)[0];
  return {
    apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
    kind: kind.kind,
    definition: body.schema.$ref.slice(REFERENCE.length),
    namespaced: path.includes('/namespaces/{namespace}/'),
  };
}

function reachable(kinds, found) {
  const reached = new Map();
  const reach = (name) => {
    if (reached.has(name)) return;
    const schema = found.get(name);
    if (schema === undefined) throw new Error(`No schema for ${name}`);
    reached.set(name, schema);
    visit(schema, (node) => node.$ref !== undefined && reach(node.$ref));
  };
  for (const { definition } of kinds.values()) reach(definition);
  return reached;
}

function visit(schema, see) {
  see(schema);
  for (const child of Object.values(schema.properties ?? {})) visit(child, see);
  for (const child of [schema.items, schema.additionalProperties]) if (typeof child === 'object') visit(child, see);
}

/** The schema with what a validator reads, its keys sorted, a reference by the bare name of its definition. */
function compact(schema, where) {
  const reference = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0].$ref : undefined);
  if (reference !== undefined) return { $ref: reference.slice(REFERENCE.length) };
  const result = {};
  for (const key of Object.keys(schema).sort()) {
    const value = schema[key];
    if (key === 'properties') {
      const names = Object.keys(value).sort();
      result.properties = Object.fromEntries(names.map((name) => [name, compact(value[name], `${where}.${name}`)]));
    } else if (key === 'items' || (key === 'additionalProperties' && typeof value === 'object')) {
      result[key] = compact(value, `${where}.${key}`);
    } else if (key === 'default') {
      // Go's zero values are the generator's noise; a real default also is the key of a list with map keys.
      if (typeof value !== 'object' && value !== '' && value !== 0 && value !== false) result.default = value;
    } else if (KEPT.includes(key)) {
      result[key] = value;
    } else if (!DROPPED.includes(key)) {
      throw new Error(`${where} has "${key}", of which nothing is known here: keep it or drop it`);
    }
  }
  return result;
}
