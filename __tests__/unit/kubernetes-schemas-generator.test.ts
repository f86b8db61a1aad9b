import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readKubernetesSchemas, type Schema } from '../../src/domain/kubernetes-schemas.ts';
import { repository } from '../support/scenario.ts';

interface Version {
  readonly release: string;
  readonly sum: string;
  readonly kinds: Map<string, { definition: string; namespaced: boolean }>;
  readonly definitions: Map<string, Schema>;
}

const part = async (name: string) => import(pathToFileURL(join(repository, `scripts/schemas/${name}.mjs`)).href);
const { writeDocument } = (await part('document')) as {
  writeDocument: (versions: Version[], lifecycles: Map<string, object>) => string;
};
const { readOpenApi } = (await part('openapi')) as {
  readOpenApi: (folder: string) => Omit<Version, 'release' | 'sum'>;
};
const { addEnums, readEnums } = (await part('enums')) as {
  readEnums: (folder: string) => Map<string, unknown>;
  addEnums: (definitions: Map<string, Schema>, enums: Map<string, unknown>) => void;
};
const { readLifecycles } = (await part('lifecycles')) as { readLifecycles: (folder: string) => Map<string, object> };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartship-generator-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

describe('histories', () => {
  const pod = (properties: Schema['properties']): Schema => ({ type: 'object', properties: properties ?? {} });
  const version = (release: string, definitions: Record<string, Schema>): Version => ({
    release,
    sum: 'h1:',
    kinds: new Map(Object.keys(definitions).map((name) => [`v1 ${name}`, { definition: name, namespaced: true }])),
    definitions: new Map(Object.entries(definitions)),
  });
  const a = { a: { type: 'string' } } as const;
  const b = { b: { type: 'string' } } as const;

  test('what came, changed, went and came again, over minors of two and of three digits', () => {
    const versions = [
      version('1.100.0', { Pod: pod(a), Job: pod(a) }),
      version('1.98.1', { Pod: pod(a) }),
      version('1.99.0', { Pod: pod(b) }),
      version('1.101.2', { Job: pod(a) }),
      version('1.102.2', { Job: pod(a), Pod: pod(b) }),
    ];
    const text = writeDocument(versions, new Map());
    const schemas = readKubernetesSchemas(brotliCompressSync(Buffer.from(text)));
    expect(schemas.releases).toEqual(['1.98.1', '1.99.0', '1.100.0', '1.101.2', '1.102.2']);
    const of = (kind: string) =>
      schemas.minors.map((minor) => schemas.version(minor)?.kind({ apiVersion: 'v1', kind })?.schema.properties);
    expect(of('Pod')).toEqual([a, b, a, undefined, b]);
    expect(of('Job')).toEqual([undefined, undefined, a, a, a]);
    expect(schemas.minorsWith({ apiVersion: 'v1', kind: 'Pod' })).toEqual(['1.98', '1.99', '1.100', '1.102']);
    expect(writeDocument(versions.toReversed(), new Map())).toBe(text);
  });
});

describe('the specification', () => {
  const post = (kind: string) => ({
    'x-kubernetes-group-version-kind': { group: '', version: 'v1', kind },
    requestBody: { content: { '*/*': { schema: { $ref: `#/components/schemas/${kind}` } } } },
  });
  const specification = (schemas: Record<string, unknown>, file = 'api__v1_openapi.json'): void =>
    write(
      `api/openapi-spec/v3/${file}`,
      JSON.stringify({
        paths: {
          '/api/v1/namespaces': { post: post('Namespace') },
          '/api/v1/namespaces/{namespace}/pods': { post: post('Pod') },
          '/api/v1/pods': { get: {} },
          '/api/v1/namespaces/{namespace}/pods/{name}/eviction': { post: post('Eviction') },
        },
        components: { schemas: { Namespace: { type: 'object' }, Eviction: {}, ...schemas } },
      }),
    );

  test('kinds, their scope, and only what they lead to, without the text', () => {
    const spec = { allOf: [{ $ref: '#/components/schemas/Spec' }], default: {}, description: 'text' };
    const ports = { type: 'array', items: { type: 'integer', format: 'int32', default: 0 }, description: 'text' };
    specification({ Pod: { type: 'object', properties: { spec } }, Spec: { properties: { ports } }, Other: {} });
    const { kinds, definitions } = readOpenApi(folder);
    expect([...kinds.values()].map((kind) => [kind.definition, kind.namespaced])).toEqual([
      ['Namespace', false],
      ['Pod', true],
    ]);
    expect(Object.fromEntries(definitions)).toEqual({
      Namespace: { type: 'object' },
      Pod: { type: 'object', properties: { spec: { $ref: 'Spec' } } },
      Spec: { properties: { ports: { type: 'array', items: { type: 'integer', format: 'int32' } } } },
    });
  });

  test('stops at a keyword that is new', () => {
    specification({ Pod: { type: 'object', 'x-kubernetes-novelty': true } });
    expect(() => readOpenApi(folder)).toThrow('Pod has "x-kubernetes-novelty"');
  });

  test('stops at two contents of one name', () => {
    specification({ Pod: { type: 'object' } });
    specification({ Pod: { type: 'string' } }, 'apis__b.json');
    expect(() => readOpenApi(folder)).toThrow('Pod has two contents');
  });
});

describe('enums', () => {
  const go = (...fields: string[]): void =>
    write(
      'pkg/generated/openapi/zz_generated.openapi.go',
      `func schema_k8sio_api_core_v1_Port(ref common.ReferenceCallback) common.OpenAPIDefinition {\n${fields.join('')}}\n`,
    );
  const field = (name: string, values: string): string =>
    `\t\t\t\t\t"${name}": {\n\t\t\t\t\t\tSchemaProps: spec.SchemaProps{\n\t\t\t\t\t\t\tEnum:        []interface{}{${values}},\n\t\t\t\t\t\t},\n\t\t\t\t\t},\n`;
  const items = (name: string, values: string): string =>
    `\t\t\t\t\t"${name}": {\n\t\t\t\t\t\t\tItems: &spec.SchemaOrArray{\n\t\t\t\t\t\t\t\t\t\tEnum:        []interface{}{${values}},\n\t\t\t\t\t\t\t},\n\t\t\t\t\t},\n`;
  const port = (properties: Schema['properties']) =>
    new Map<string, Schema>([['io.k8s.api.core.v1.Port', { properties: properties ?? {} }]]);

  test('of a field and of the items of a list', () => {
    go(field('protocol', '"TCP", "UDP"'), items('modes', '"A"'));
    const definitions = port({ protocol: { type: 'string' }, modes: { type: 'array', items: { type: 'string' } } });
    addEnums(definitions, readEnums(folder));
    expect(definitions.get('io.k8s.api.core.v1.Port')?.properties).toEqual({
      protocol: { type: 'string', enum: ['TCP', 'UDP'] },
      modes: { type: 'array', items: { type: 'string', enum: ['A'] } },
    });
  });

  test('stop at a field that is not there, and at a form that is new', () => {
    go(field('protocol', '"TCP"'));
    expect(() => addEnums(port({}), readEnums(folder))).toThrow('Port.protocol has an enum and is no string');
    go(field('protocol', '"TCP"').replace('[]interface{}', '[]any'));
    expect(() => readEnums(folder)).toThrow('An enum in a form that is new');
    go();
    expect(() => readEnums(folder)).toThrow('has no enums');
  });
});

test('lifecycles', () => {
  write('networking/v1beta1/register.go', 'package v1beta1\n\nconst GroupName = "networking.k8s.io"\n');
  const functions = (kind: string): string =>
    `func (in *${kind}) APILifecycleIntroduced() (major, minor int) {\n\treturn 1, 18\n}\n` +
    `func (in *${kind}) APILifecycleRemoved() (major, minor int) {\n\treturn 1, 22\n}\n` +
    `func (in *${kind}) APILifecycleReplacement() schema.GroupVersionKind {\n\treturn schema.GroupVersionKind{Group: "networking.k8s.io", Version: "v1", Kind: "IngressClassList"}\n}\n`;
  write(
    'networking/v1beta1/zz_generated.prerelease-lifecycle.go',
    functions('IngressClass') + functions('IngressClassList'),
  );
  expect(Object.fromEntries(readLifecycles(folder))).toEqual({
    'networking.k8s.io/v1beta1 IngressClass': {
      introduced: '1.18',
      removed: '1.22',
      replacement: { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass' },
    },
  });
});
