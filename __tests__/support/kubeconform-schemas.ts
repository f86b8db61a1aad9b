import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KindName, Schema, VersionSchemas } from '../../src/domain/kubernetes-schemas.ts';
import { kubernetesSchemas, schemaBytes } from './kubernetes-schemas.ts';

/**
 * The folder with one Kubernetes version's schemas as kubeconform reads them, a JSON schema a kind, strict. It is made
 * once for what is in schemas/ and what stands in this file; processes may make it at the same time.
 */
export function kubeconformSchemas(minor: string): string {
  const base = join(process.env.CHARTSHIP_CACHE ?? join(tmpdir(), 'chartship-cache'), 'kubeconform-schemas');
  const hash = createHash('sha256')
    .update(schemaBytes)
    .update(readFileSync(fileURLToPath(import.meta.url)));
  const folder = join(base, `${minor}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  const version = kubernetesSchemas().version(minor);
  if (version === undefined) throw new Error(`There are no schemas of Kubernetes ${minor}`);
  mkdirSync(base, { recursive: true });
  const making = mkdtempSync(join(base, 'making-'));
  for (const name of version.kinds()) {
    writeFileSync(join(making, fileName(name)), JSON.stringify(jsonSchemaOf(name, version)));
  }
  try {
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    // Another process was first, with the same.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** As `{{ .ResourceKind }}{{ .KindSuffix }}` has it: `deployment-apps-v1`, `pod-v1`, `ingress-networking-v1`. */
function fileName({ apiVersion, kind }: KindName): string {
  const [groupOrVersion = '', version] = apiVersion.split('/');
  const suffix = [groupOrVersion.split('.')[0], ...(version === undefined ? [] : [version])].join('-');
  return `${kind}-${suffix}.json`.toLowerCase();
}

type JsonSchema = Readonly<Record<string, unknown>>;

function jsonSchemaOf(name: KindName, version: VersionSchemas): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};
  const kind = version.kind(name);
  if (kind === undefined) throw new Error(`Kubernetes ${version.minor} has no ${name.kind}`);
  const need = (definition: string): void => {
    if (definition in definitions) return;
    // A definition may hold itself (JSONSchemaProps): it is there before it is expanded.
    definitions[definition] = {};
    definitions[definition] = expand(version.definition(definition), need);
  };
  const root = expand(kind.schema, need);
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...root, definitions };
}

/** Standard JSON Schema of a schema in Kubernetes' own terms. */
function expand(schema: Schema, need: (definition: string) => void): JsonSchema {
  if (schema.$ref !== undefined) {
    need(schema.$ref);
    return { $ref: `#/definitions/${schema.$ref}` };
  }
  if (schema['x-kubernetes-int-or-string'] === true) return { anyOf: [{ type: 'string' }, INT32] };
  if (schema.format === 'quantity') return QUANTITY;
  if (schema.format === 'int32') return INT32;
  const result: Record<string, unknown> = {};
  if (schema.type !== undefined) result.type = schema.type;
  if (schema.format === 'byte') result.pattern = BASE64;
  else if (schema.format !== undefined) result.format = schema.format;
  // An empty text is as good as none: the API server puts the default there.
  if (schema.enum !== undefined) result.enum = [...new Set([...schema.enum, ''])];
  if (schema.required !== undefined) result.required = schema.required;
  if (schema.items !== undefined) result.items = nullable(expand(schema.items, need));
  const { properties, additionalProperties, required = [] } = schema;
  if (properties !== undefined) {
    // Null is as good as absent, and what is required must not be absent.
    const entries = Object.entries(properties).map(([name, property]) => {
      const expanded = expand(property, need);
      return [name, required.includes(name) ? expanded : nullable(expanded)];
    });
    result.properties = Object.fromEntries(entries);
    if (additionalProperties === undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true) {
      result.additionalProperties = false;
    }
  }
  if (typeof additionalProperties === 'object') {
    result.additionalProperties = nullable(expand(additionalProperties, need));
  }
  return result;
}

const INT32: JsonSchema = { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
const QUANTITY: JsonSchema = {
  anyOf: [
    { type: 'number' },
    {
      type: 'string',
      pattern: '^\\s*[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?\\s*$',
    },
  ],
};
const BASE64 = '^[A-Za-z0-9+/\\r\\n]*={0,2}[\\r\\n]*$';

function nullable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}
