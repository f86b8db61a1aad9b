import { expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/domain/kube-object.ts';
import { diffLines, diffReleases } from '../../src/domain/release-diff.ts';

const object = (kind: string, rest: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'a', ...metadata },
  ...rest,
});
const lines = (live: KubeObject[], next: KubeObject[]): string[] => diffLines(diffReleases(live, next, (text) => text));
const pod = (containers: object[]): KubeObject => object('Pod', { spec: { containers } });

test.each<[string, KubeObject[], KubeObject[], string[]]>([
  ['nothing', [object('ConfigMap')], [object('ConfigMap')], []],
  ['null is absent', [object('ConfigMap', { data: null })], [object('ConfigMap')], []],
  ['what comes and goes', [object('Service')], [object('Pod')], ['+ Pod/a', '- Service/a']],
  [
    'another version of its kind is the same object',
    [{ ...object('Job'), apiVersion: 'batch/v1beta1' }],
    [{ ...object('Job'), apiVersion: 'batch/v1' }],
    ['~ Job/a', '    apiVersion: batch/v1beta1 → batch/v1'],
  ],
  [
    'another group is another object',
    [{ ...object('X'), apiVersion: 'a/v1' }],
    [{ ...object('X'), apiVersion: 'b/v1' }],
    ['+ X/a', '- X/a'],
  ],
  [
    'another namespace is another object',
    [object('Pod')],
    [object('Pod', {}, { namespace: 'n' })],
    ['+ Pod/a in n', '- Pod/a'],
  ],
  [
    'images first; entries by their names, not their places',
    [pod([{ name: 'x', env: [{ name: 'E', value: '1' }], image: 'i:1' }, { name: 'y' }])],
    [pod([{ name: 'y' }, { name: 'x', env: [{ name: 'E', value: '2' }], image: 'i:2' }])],
    ['~ Pod/a', '    spec.containers[x].image: i:1 → i:2', '    spec.containers[x].env[E].value: 1 → 2'],
  ],
  [
    'entries without names by their places',
    [object('Pod', { spec: { args: ['a', 'b'] } })],
    [object('Pod', { spec: { args: ['a', 'c', 'd'] } })],
    ['~ Pod/a', '    spec.args[1]: b → c', '    spec.args[2]: (none) → d'],
  ],
  [
    "a Secret's content is not shown",
    [object('Secret', { data: { password: 'b2xk' } })],
    [object('Secret', { data: { password: 'bmV3' } })],
    ['~ Secret/a', '    its content'],
  ],
  [
    'what is long is cut, what is more is counted',
    [object('ConfigMap', { data: {} })],
    [
      object('ConfigMap', {
        data: { a: 'x'.repeat(99), ...Object.fromEntries('bcdefghij'.split('').map((key) => [key, key])) },
      }),
    ],
    [
      '~ ConfigMap/a',
      `    data.a: (none) → ${'x'.repeat(60)}…`,
      ...'bcdefgh'.split('').map((key) => `    data.${key}: (none) → ${key}`),
      '    and 2 more',
    ],
  ],
  [
    'a value of several lines is one line',
    [object('ConfigMap', { data: { a: 'x' } })],
    [object('ConfigMap', { data: { a: 'x\n::error::y\n' } })],
    ['~ ConfigMap/a', '    data.a: x → x ::error::y '],
  ],
])('%s', (_, live, next, expected) => {
  expect(lines(live, next)).toEqual(expected);
});
