import { expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/domain/kube-object.ts';
import { unionOf } from '../../src/domain/release-base.ts';

const object = (name: string, rest: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  ...rest,
});

test('each object, and each field of it, that any revision has; the later value where they differ', () => {
  const deployed = [object('old'), object('a', { spec: { x: 1, only: 'deployed', list: [1, 2] } })];
  const failed = [object('a', { spec: { x: 2, probe: {}, list: [3] } }), object('new')];
  expect(unionOf([deployed, failed])).toEqual([
    object('old'),
    object('a', { spec: { x: 2, only: 'deployed', probe: {}, list: [3] } }),
    object('new'),
  ]);
});

test('containers and variables by their names, wherever they stand', () => {
  const of = (containers: object[]): KubeObject[] => [object('a', { spec: { containers } })];
  const [union] = unionOf([
    of([{ name: 'one', env: [{ name: 'A', value: '1' }] }, { name: 'gone' }]),
    of([{ name: 'more' }, { name: 'one', env: [{ name: 'B', value: '2' }], readinessProbe: {} }]),
  ]);
  expect(union?.spec).toEqual({
    containers: [
      {
        name: 'one',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
        readinessProbe: {},
      },
      { name: 'gone' },
      { name: 'more' },
    ],
  });
});
