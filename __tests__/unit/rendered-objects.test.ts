import { describe, expect, test } from '@jest/globals';
import { NO_CUSTOM_KINDS } from '../../src/domain/custom-kinds.ts';
import { duplicates } from '../../src/domain/duplicate-objects.ts';
import { targetVersion } from '../../src/domain/object-faults.ts';
import { readDocument } from '../../src/domain/rendered-objects.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';

describe('what a document holds', () => {
  test('lists are taken apart, and an item of a ServiceList is a Service', () => {
    const { objects } = readDocument(
      'apiVersion: v1\nkind: ServiceList\nitems: [{ metadata: { name: a } }, { kind: X, apiVersion: v9 }]\n',
    );
    expect(objects).toEqual([
      { within: '/items/0', data: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } } },
      { within: '/items/1', data: { kind: 'X', apiVersion: 'v9' } },
    ]);
  });

  test.each([['# only a note\n'], ['\n'], ['null\n']])('nothing: %j', (text) => {
    expect(readDocument(text)).toEqual({ objects: [], annotations: {} });
  });

  test('of a key that comes twice the last counts, and the key is told', () => {
    expect(readDocument('kind: A\na: 1\nb: { kind: x, kind: z }\n')).toMatchObject({
      repeatedKey: { name: 'kind', line: expect.any(Number) },
      objects: [{ data: { kind: 'A', b: { kind: 'z' } } }],
    });
  });

  test.each([
    ['a list', '- a\n', 'is a list, and no object'],
    ['a scalar', 'just text\n', 'is a scalar, and no object'],
    ['a tag', 'a: !foo 1\n', /^can't be read: /],
    ['a nesting of ten thousand', `a: ${'['.repeat(10_000)}${']'.repeat(10_000)}\n`, /./],
    ['an alias of itself', 'a: &a\n  b: *a\n', /aliases/],
    ['aliases that stand for a billion', billion(), /aliases/],
  ])('%s is not read, and it is said why', (_what, text, reason) => {
    const started = performance.now();
    expect(readDocument(text).unread).toMatch(reason);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

function billion(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
  }
  return `${lines.join('\n')}\n`;
}

describe('objects that are the same to the API server', () => {
  const object = (name: string, more = '', kind = 'ConfigMap', apiVersion = 'v1'): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n${more}`;
  const hook = (events: string, deletes = ''): string =>
    `  annotations:\n    helm.sh/hook: ${events}\n${deletes === '' ? '' : `    helm.sh/hook-delete-policy: ${deletes}\n`}`;
  const found = (...texts: string[]): string[] => {
    const placed = texts.flatMap((text, index) => {
      const { objects, annotations } = readDocument(text);
      return objects.map((object) => ({ document: { template: `${index}.yaml`, text }, annotations, object }));
    });
    return duplicates(placed, 'here', [targetVersion('1.35', kubernetesSchemas())], NO_CUSTOM_KINDS).map(
      ({ document, fault }) => `${fault.severity} ${document.template}`,
    );
  };

  const cases: [string, string[], string[]][] = [
    ['of one name', [object('a'), object('a')], ['error 1.yaml']],
    ['three of one name', [object('a'), object('a'), object('a')], ['error 1.yaml', 'error 2.yaml']],
    [
      'in one list',
      [`apiVersion: v1\nkind: ConfigMapList\nitems: [{ metadata: { name: a } }, { metadata: { name: a } }]\n`],
      ['error 0.yaml'],
    ],
    ['of other names', [object('a'), object('b')], []],
    ['of other kinds', [object('a'), object('a', '', 'Secret')], []],
    [
      'of two versions of a group',
      [object('a', '', 'Deployment', 'apps/v1'), object('a', '', 'Deployment', 'apps/v1beta1')],
      ['error 1.yaml'],
    ],
    ['the namespace of the release, and named', [object('a'), object('a', '  namespace: here\n')], ['error 1.yaml']],
    ['of two namespaces', [object('a'), object('a', '  namespace: there\n')], []],
    [
      'of no namespace, whatever they say',
      [
        object('a', '  namespace: x\n', 'ClusterRole', 'rbac.authorization.k8s.io/v1'),
        object('a', '', 'ClusterRole', 'rbac.authorization.k8s.io/v1'),
      ],
      ['error 1.yaml'],
    ],
    ['without a name', [object('""'), object('""')], []],
    ['hooks of other events', [object('a', hook('pre-install')), object('a', hook('pre-upgrade, post-delete'))], []],
    [
      'hooks of one event',
      [object('a', hook('pre-install,pre-upgrade')), object('a', hook('pre-upgrade'))],
      ['warning 1.yaml'],
    ],
    [
      'hooks of one event that are left',
      [object('a', hook('test', 'hook-failed')), object('a', hook('test-success', 'hook-succeeded'))],
      ['error 1.yaml'],
    ],
    ['a hook and an object', [object('a'), object('a', hook('pre-upgrade'))], ['error 1.yaml']],
    ['a hook that comes after all has gone', [object('a'), object('a', hook('post-delete'))], []],
    [
      'a hook that goes before the object comes',
      [object('a'), object('a', hook('pre-install', 'before-hook-creation,hook-succeeded'))],
      [],
    ],
  ];
  test.each(cases)('%s', (_what, texts, expected) => {
    expect(found(...texts)).toEqual(expected);
  });
});
