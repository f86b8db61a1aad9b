import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { KNOWN_KUBE_VERSIONS } from '../../src/domain/kubernetes.ts';
import { readKubernetesSchemas, type Schema, type VersionSchemas } from '../../src/domain/kubernetes-schemas.ts';
import { kubernetesSchemas, schemaBytes } from '../support/kubernetes-schemas.ts';

const schemas = kubernetesSchemas();
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };

function versionOf(minor: string): VersionSchemas {
  const version = schemas.version(minor);
  if (version === undefined) throw new Error(`No schemas of ${minor}`);
  return version;
}

describe('the committed schemas', () => {
  test('are of the versions that Chartship knows', () => {
    expect([...schemas.releases].reverse()).toEqual(KNOWN_KUBE_VERSIONS.map(({ full }) => full));
    expect([...schemas.minors].reverse()).toEqual(KNOWN_KUBE_VERSIONS.map(({ label }) => label));
  });

  test('take at most 40 KB', () => {
    expect(schemaBytes.length).toBeLessThan(40_000);
  });

  test('are written in the one canonical way: a line a definition, keys in order, nothing twice in a row', () => {
    const text = brotliDecompressSync(schemaBytes).toString();
    const lines = text.split('\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) if (line !== canonical(JSON.parse(line))) expect(line).toBe(canonical(JSON.parse(line)));
    const [header, ...histories] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(Object.keys(header ?? {})).toEqual(['definitions', 'kinds', 'lifecycles', 'releases']);
    expect(histories).toHaveLength(((header?.definitions ?? []) as string[]).length);
    for (const history of histories) {
      const contents = Object.values(history).map((content) => canonical(content));
      expect(contents.filter((content, index) => content === contents[index - 1])).toEqual([]);
    }
  });

  test.each(schemas.minors)('every reference leads somewhere (%s)', (minor) => {
    const version = versionOf(minor);
    const seen = new Set<string>();
    const walk = (schema: Schema): void => {
      if (schema.$ref !== undefined && !seen.has(schema.$ref)) {
        seen.add(schema.$ref);
        walk(version.definition(schema.$ref));
      }
      for (const child of Object.values(schema.properties ?? {})) walk(child);
      if (schema.items !== undefined) walk(schema.items);
      if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties);
    };
    const kinds = version.kinds();
    for (const name of kinds) walk(version.kind(name)?.schema ?? {});
    expect(kinds.length).toBeGreaterThan(70);
    expect(seen.size).toBeGreaterThan(400);
  });
});

describe('a kind', () => {
  test('has its fields, by references', () => {
    const version = versionOf('1.35');
    const spec = version.definition(version.kind(DEPLOYMENT)?.schema.properties?.spec?.$ref ?? '');
    expect(spec.properties?.replicas).toEqual({ type: 'integer', format: 'int32' });
    expect(spec.required).toEqual(['selector', 'template']);
    expect(JSON.stringify(spec)).not.toContain('description');
  });

  test('is namespaced or not', () => {
    const scope = (apiVersion: string, kind: string) => versionOf('1.35').kind({ apiVersion, kind })?.namespaced;
    expect(scope('apps/v1', 'Deployment')).toBe(true);
    expect(scope('v1', 'Namespace')).toBe(false);
    expect(scope('rbac.authorization.k8s.io/v1', 'ClusterRole')).toBe(false);
    expect(scope('rbac.authorization.k8s.io/v1', 'Role')).toBe(true);
  });

  test('has other fields in another version', () => {
    const fields = (minor: string) =>
      Object.keys(versionOf(minor).definition('io.k8s.api.core.v1.PodSpec').properties ?? {});
    expect(fields('1.32')).not.toContain('hostnameOverride');
    expect(fields('1.37')).toContain('hostnameOverride');
  });

  test('that is none', () => {
    const version = versionOf('1.35');
    for (const name of [
      { apiVersion: 'apps/v1', kind: 'Deploymen' },
      { apiVersion: 'apps/v1beta1', kind: 'Deployment' },
      { apiVersion: 'constructor', kind: 'name' },
      { apiVersion: 'apps/v1', kind: 'toString' },
      // What is created below another object can't be in a manifest, and a list is taken apart by helm.
      { apiVersion: 'policy/v1', kind: 'Eviction' },
      { apiVersion: 'v1', kind: 'ConfigMapList' },
    ]) {
      expect([name, version.kind(name)]).toEqual([name, undefined]);
    }
  });
});

test('a version as people write it, and one without schemas', () => {
  expect(schemas.version('1.35.2')?.minor).toBe('1.35');
  expect(schemas.version('1.35')).toBe(schemas.version('1.35.9'));
  expect(schemas.version('1.24')).toBeUndefined();
  expect(schemas.version('1.3')).toBeUndefined();
});

test('enums, which the published specification leaves out', () => {
  const version = versionOf('1.35');
  const field = (definition: string, name: string) => version.definition(definition).properties?.[name];
  expect(field('io.k8s.api.core.v1.ContainerPort', 'protocol')).toEqual({
    type: 'string',
    default: 'TCP',
    enum: ['SCTP', 'TCP', 'UDP'],
  });
  expect(field('io.k8s.api.core.v1.PersistentVolumeClaimSpec', 'accessModes')?.items?.enum).toContain('ReadWriteOnce');
});

test('what is written in Go by hand: quantities, and numbers or texts', () => {
  const version = versionOf('1.35');
  expect(version.definition('io.k8s.apimachinery.pkg.api.resource.Quantity')).toEqual({ format: 'quantity' });
  expect(version.definition('io.k8s.apimachinery.pkg.util.intstr.IntOrString')).toEqual({
    'x-kubernetes-int-or-string': true,
  });
});

test('what the newest version no longer calls required never was', () => {
  expect(versionOf('1.32').definition('io.k8s.api.apps.v1.StatefulSetSpec').required).toEqual(['selector', 'template']);
  expect(versionOf('1.32').definition('io.k8s.api.networking.v1.NetworkPolicySpec').required).toBeUndefined();
});

describe('API versions that come and go', () => {
  test('the minors that have a kind', () => {
    const minors = (apiVersion: string) => schemas.minorsWith({ apiVersion, kind: 'ServiceCIDR' });
    expect(minors('networking.k8s.io/v1')).toEqual(['1.33', '1.34', '1.35', '1.36', '1.37']);
    expect(minors('networking.k8s.io/v1beta1')).toEqual(['1.32', '1.33', '1.34', '1.35', '1.36']);
    expect(minors('networking.k8s.io/v2')).toEqual([]);
  });

  test('since when, until when, and what instead', () => {
    expect(schemas.lifecycle({ apiVersion: 'extensions/v1beta1', kind: 'Ingress' })).toEqual({
      introduced: '1.1',
      deprecated: '1.14',
      removed: '1.22',
      replacement: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
    });
    expect(schemas.lifecycle({ apiVersion: 'policy/v1beta1', kind: 'PodSecurityPolicy' })?.removed).toBe('1.25');
    expect(
      schemas.lifecycle({ apiVersion: 'autoscaling/v2beta2', kind: 'HorizontalPodAutoscaler' })?.replacement,
    ).toEqual({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
    });
    expect(
      schemas.lifecycle({ apiVersion: 'networking.k8s.io/v1beta1', kind: 'IngressClass' })?.replacement?.kind,
    ).toBe('IngressClass');
    expect(schemas.lifecycle(DEPLOYMENT)).toBeUndefined();
  });

  // Two sources that know nothing of each other: the specification of each version, and the marks in the code.
  test('what is marked as removed is gone from the specification, and was there before', () => {
    const [oldest = ''] = schemas.minors;
    const newest = schemas.minors.at(-1) ?? '';
    const number = (minor: string) => Number(minor.slice(2));
    const wrong = schemas.minors.flatMap((minor) =>
      versionOf(minor)
        .kinds()
        .filter((name) => {
          const { removed, introduced } = schemas.lifecycle(name) ?? {};
          const early = introduced !== undefined && number(introduced) > number(minor);
          const late = removed !== undefined && number(removed) <= number(minor);
          return early || late;
        })
        .map((name) => `${name.apiVersion} ${name.kind} in ${minor}`),
    );
    expect(wrong).toEqual([]);
    expect([oldest, newest]).not.toContain('');
  });
});

test('a text that is none of these schemas is a bug, said so', () => {
  const text =
    '{"releases":{"1.40.0":"h1:"},"kinds":{"v1":{"Pod":{"1.40":{"definition":"Pod","namespaced":true}}}},"lifecycles":{},"definitions":[]}\n';
  const version = readKubernetesSchemas(brotliCompressSync(Buffer.from(text))).version('1.40');
  expect(() => version?.kind({ apiVersion: 'v1', kind: 'Pod' })).toThrow('have no Pod');
});

/** Keys in order, all the way down; here all keys that look like minors have the same number of digits. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, node: unknown) => {
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return node;
    return Object.fromEntries(Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
