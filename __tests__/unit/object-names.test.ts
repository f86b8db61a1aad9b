import { describe, expect, test } from '@jest/globals';
import { nameFaults } from '../../src/domain/object-names.ts';

function faults(apiVersion: string, kind: string, metadata: Record<string, unknown>, more = {}, minor = '1.35') {
  const nature = { origin: 'built-in', namespaced: true } as const;
  return nameFaults({ metadata, ...more }, { apiVersion, kind }, nature, minor).map(
    ({ rule, path }) => `${rule} ${path.join('.')}`,
  );
}

const a = (length: number): string => 'a'.repeat(length);

/** apimachinery's pkg/api/validation and each kind's ValidateObjectMeta (k8s.io/kubernetes 1.32 to 1.37). */
describe('the name of each kind by its own rule', () => {
  const taken: [string, string, string][] = [
    ['v1', 'ConfigMap', 'a.b-c.1'],
    ['v1', 'ConfigMap', a(253)],
    ['v1', 'Namespace', '1-a'],
    ['v1', 'Service', a(63)],
    ['apps/v1', 'StatefulSet', '0a'],
    ['batch/v1', 'CronJob', a(52)],
    ['batch/v1', 'Job', a(63)],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'System:Some_Thing'],
    ['rbac.authorization.k8s.io/v1', 'RoleBinding', '-'],
    ['policy/v1', 'PodDisruptionBudget', 'Foo_Bar'],
    ['certificates.k8s.io/v1', 'CertificateSigningRequest', 'A b'],
  ];
  test.each(taken)('%s %s takes %s', (apiVersion, kind, name) => {
    expect(faults(apiVersion, kind, { name })).toEqual([]);
  });

  const refused: [string, string, string][] = [
    ['v1', 'ConfigMap', 'A'],
    ['v1', 'ConfigMap', 'a_b'],
    ['v1', 'ConfigMap', 'a.'],
    ['v1', 'ConfigMap', 'a..b'],
    ['v1', 'ConfigMap', '-a'],
    ['v1', 'ConfigMap', 'a\n'],
    ['v1', 'ConfigMap', a(254)],
    ['v1', 'Namespace', 'a.b'],
    ['v1', 'Service', '1-a'],
    ['v1', 'Service', 'a.b'],
    ['v1', 'Service', a(64)],
    ['apps/v1', 'StatefulSet', 'a.b'],
    ['batch/v1', 'CronJob', a(53)],
    ['batch/v1', 'Job', a(64)],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'a/b'],
    ['rbac.authorization.k8s.io/v1', 'Role', 'a%b'],
    ['policy/v1', 'PodDisruptionBudget', '..'],
  ];
  test.each(refused)('%s %s refuses %j', (apiVersion, kind, name) => {
    expect(faults(apiVersion, kind, { name })).toEqual(['schema/name metadata.name']);
  });

  test("a Service's name may begin with a digit from 1.36 on", () => {
    expect(faults('v1', 'Service', { name: '1-a' }, {}, '1.36')).toEqual([]);
    expect(faults('v1', 'Service', { name: 'a.b' }, {}, '1.36')).toEqual(['schema/name metadata.name']);
  });

  test('a Job whose selector is its own may have a long name', () => {
    expect(faults('batch/v1', 'Job', { name: a(64) }, { spec: { manualSelector: true } })).toEqual([]);
  });

  test('of a kind that nobody knows, only what a path asks', () => {
    const of = (name: string, origin: 'custom' | 'unknown') =>
      nameFaults({ metadata: { name } }, { apiVersion: 'x.io/v1', kind: 'X' }, { origin, namespaced: true }, '1.35')
        .length;
    expect([of('A_b', 'unknown'), of('a/b', 'unknown'), of('A_b', 'custom'), of('a.b', 'custom')]).toEqual([
      0, 1, 1, 0,
    ]);
  });
});

describe('without a name', () => {
  test.each([[{}], [{ name: '' }], [{ name: null }]])('%j', (metadata) => {
    expect(faults('v1', 'ConfigMap', metadata)).toEqual(['schema/no-name metadata']);
  });

  test.each([
    ['a-', []],
    ['a', []],
    ['A-', ['schema/name metadata.generateName']],
    ['a.', ['schema/name metadata.generateName']],
    ['-', ['schema/name metadata.generateName']],
  ])('generateName %s', (generateName, expected) => {
    expect(faults('v1', 'ConfigMap', { generateName })).toEqual(expected);
  });

  test('a review needs none', () => {
    expect(faults('authorization.k8s.io/v1', 'SubjectAccessReview', {})).toEqual([]);
  });
});

describe('namespaces, labels and annotations', () => {
  const cases: [string, Record<string, unknown>, string[]][] = [
    ['a namespace', { namespace: 'a-1' }, []],
    ['a namespace that is none', { namespace: 'a.b' }, ['schema/name metadata.namespace']],
    ['an empty namespace, which is none', { namespace: '' }, []],
    ['labels', { labels: { a: '', 'a.b/C_d': 'x.Y_z-1', A: a(63) } }, []],
    ['the key of a label', { labels: { 'a b': '' } }, ['schema/name metadata.labels.a b']],
    ['a prefix that is no subdomain', { labels: { 'A.b/c': '' } }, ['schema/name metadata.labels.A.b/c']],
    ['two slashes', { labels: { 'a/b/c': '' } }, ['schema/name metadata.labels.a/b/c']],
    ['nothing before the slash', { labels: { '/c': '' } }, ['schema/name metadata.labels./c']],
    ['nothing behind it', { labels: { 'c/': '' } }, ['schema/name metadata.labels.c/']],
    ['a long key', { labels: { [a(64)]: '' } }, [`schema/name metadata.labels.${a(64)}`]],
    ['the value of a label', { labels: { a: 'x y' } }, ['schema/name metadata.labels.a']],
    ['a value that ends with a dash', { labels: { a: 'x-' } }, ['schema/name metadata.labels.a']],
    ['a long value', { labels: { a: a(64) } }, ['schema/name metadata.labels.a']],
    ['an annotation, whose prefix may be in capitals', { annotations: { 'A.b/c': 'any\ntext' } }, []],
    ['the key of an annotation', { annotations: { 'a b': '' } }, ['schema/name metadata.annotations.a b']],
    ['annotations of 256 KiB', { annotations: { a: a(256 * 1024 - 1) } }, []],
    ['larger ones', { annotations: { a: a(256 * 1024) } }, ['schema/name metadata.annotations']],
    ['what is of another type, which the schema judges', { labels: [1], annotations: 'x', namespace: 1 }, []],
  ];
  test.each(cases)('%s', (_what, metadata, expected) => {
    expect(faults('v1', 'ConfigMap', { name: 'a', ...metadata })).toEqual(expected);
  });

  test.each([
    ['apps/v1', 'Deployment', ['spec', 'template']],
    ['batch/v1', 'CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
  ])('of the template of pods in %s %s', (apiVersion, kind, path) => {
    const template = { metadata: { labels: { a: 'x y' } } };
    const more = path.reduceRight<unknown>((inner, step) => ({ [step]: inner }), template) as Record<string, unknown>;
    expect(faults(apiVersion, kind, { name: 'a' }, more)).toEqual([
      `schema/name ${[...path, 'metadata', 'labels', 'a'].join('.')}`,
    ]);
  });
});
