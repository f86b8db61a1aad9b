import { expect, test } from '@jest/globals';
import { saidOfPods } from '../support/said-of-pods.ts';

type Data = Record<string, unknown>;

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

function said(more: Data, minor = '1.35'): string[] {
  return saidOfPods({ containers: [{ name: 'a' }], ...more }, 'apps/v1 Deployment', minor);
}

test.each<[Data, string]>([
  [{}, ''],
  [{ effect: 'NoSchedule' }, ''],
  [{ key: '', operator: 'Equal' }, '.key'],
  [{ key: 'a', tolerationSeconds: 5 }, '.tolerationSeconds'],
  [{ key: 'a', effect: 'NoSchedule', tolerationSeconds: 0 }, '.tolerationSeconds'],
  [{ key: 'a', operator: 'Exists', value: 'b' }, '.value'],
])('toleration %j', (toleration, at) => {
  expect(said({ tolerations: [toleration] })).toEqual([`value tolerations.0${at}`]);
});

test('tolerations', () => {
  expect(said({ tolerations: [{ key: 'a b', operator: 'Exists' }] })).toEqual(['name tolerations.0.key']);
  expect(said({ tolerations: [{ key: 'a', value: 'b c' }] })).toEqual(['name tolerations.0.value']);
  const tolerations = [
    { operator: 'Exists' },
    { key: null, operator: 'Exists', value: '' },
    { key: 'a', operator: '', value: 'b' },
    { key: 'a.b/c', operator: 'Equal', effect: 'NoExecute', tolerationSeconds: -5 },
    { key: 'a', tolerationSeconds: null },
  ];
  expect(said({ tolerations })).toEqual([]);
});

test('nodeSelector', () => {
  expect(said({ nodeSelector: { a: 'b c' } })).toEqual(['name nodeSelector.a']);
  expect(said({ nodeSelector: { 'a b': 'c' } })).toEqual(['name nodeSelector.a b']);
  expect(said({ nodeSelector: { 'a.b/c': '', d: null } })).toEqual([]);
});

test.each<[Data, string]>([
  [{ operator: 'In' }, 'required '],
  [{ operator: 'NotIn', values: [] }, 'required .values'],
  [{ operator: 'Exists', values: ['b'] }, 'value .values'],
  [{ operator: 'DoesNotExist', values: ['b'] }, 'value .values'],
  [{ operator: 'Gt' }, 'required '],
  [{ operator: 'Lt', values: ['1', '2'] }, 'value .values'],
  [{ operator: '' }, 'required .operator'],
  [{ key: 'a b', operator: 'Exists' }, 'name .key'],
  [{ operator: 'In', values: ['b', '-b'] }, 'name .values.1'],
])('nodes by %j', (more, expected) => {
  const [rule, at] = expected.split(' ');
  const term = { matchExpressions: [{ key: 'a', ...more }] };
  const nodeAffinity = { [REQUIRED]: { nodeSelectorTerms: [term] } };
  const path = `affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms.0.matchExpressions.0`;
  expect(said({ affinity: { nodeAffinity } })).toEqual([`${rule} ${path}${at}`]);
});

test('the values of labels that nodes must have are looked at from 1.33 on, of those they should have never', () => {
  const term = { matchExpressions: [{ key: 'a', operator: 'In', values: ['b c'] }] };
  const required = { affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: [term] } } } };
  expect(said(required, '1.33')).toHaveLength(1);
  expect(said(required, '1.32')).toEqual([]);
  expect(said({ affinity: { nodeAffinity: { [PREFERRED]: [{ weight: 1, preference: term }] } } })).toEqual([]);
});

test.each<[Data, string]>([
  [{ key: 'metadata.namespace' }, 'enum .key'],
  [{ operator: 'Exists' }, 'enum .operator'],
  [{ values: [] }, 'value .values'],
  [{ values: null }, 'value '],
  [{ values: ['a', 'b'] }, 'value .values'],
  [{ values: ['A_'] }, 'name .values.0'],
])('a field of nodes %j', (more, expected) => {
  const [rule, at] = expected.split(' ');
  const field = { key: 'metadata.name', operator: 'In', values: ['a'], ...more };
  const nodeAffinity = { [PREFERRED]: [{ weight: 1, preference: { matchFields: [field] } }] };
  const path = `affinity.nodeAffinity.${PREFERRED}.0.preference.matchFields.0`;
  expect(said({ affinity: { nodeAffinity } })).toEqual([`${rule} ${path}${at}`]);
});

test('affinity to nodes', () => {
  const affine = (nodeAffinity: unknown): string[] => said({ affinity: { nodeAffinity } });
  const own = 'affinity.nodeAffinity';
  expect(affine({ [REQUIRED]: { nodeSelectorTerms: [] } })).toEqual([`required ${own}.${REQUIRED}.nodeSelectorTerms`]);
  expect(affine({ [PREFERRED]: [{ weight: 0, preference: {} }] })).toEqual([`range ${own}.${PREFERRED}.0.weight`]);
  const matchExpressions = [
    { key: 'a', operator: 'In', values: ['b', ''] },
    { key: 'a.b/c', operator: 'Exists', values: [] },
    { key: 'a', operator: 'Gt', values: ['1'] },
  ];
  const matchFields = [{ key: 'metadata.name', operator: 'NotIn', values: ['a.b'] }];
  expect(affine({ [REQUIRED]: { nodeSelectorTerms: [{ matchExpressions, matchFields }, {}] } })).toEqual([]);
  expect([affine(null), affine({ [REQUIRED]: null, [PREFERRED]: [] })].flat()).toEqual([]);
});

const selector = (...matchExpressions: Data[]): Data => ({ labelSelector: { matchExpressions } });

test.each<[Data, string]>([
  [{ topologyKey: '' }, 'required topologyKey'],
  [{ topologyKey: 'a b' }, 'name topologyKey'],
  [{ namespaces: ['a', 'A'] }, 'name namespaces.1'],
  [{ labelSelector: { matchLabels: { a: 'b c' } } }, 'name labelSelector.matchLabels.a'],
  [{ namespaceSelector: { matchLabels: { 'a b': 'c' } } }, 'name namespaceSelector.matchLabels.a b'],
  [selector({ key: 'a', operator: 'Gt', values: ['1'] }), 'enum labelSelector.matchExpressions.0.operator'],
  [selector({ key: 'a', operator: '' }), 'required labelSelector.matchExpressions.0.operator'],
  [selector({ key: 'a', operator: 'In' }), 'required labelSelector.matchExpressions.0'],
  [selector({ key: '', operator: 'Exists' }), 'name labelSelector.matchExpressions.0.key'],
  [selector({ key: 'a', operator: 'In', values: ['b c'] }), 'name labelSelector.matchExpressions.0.values.0'],
  [{ matchLabelKeys: ['a'] }, 'value matchLabelKeys'],
  [{ mismatchLabelKeys: ['a b'], labelSelector: {} }, 'name mismatchLabelKeys.0'],
])('affinity to pods %j', (more, expected) => {
  const [rule, ...at] = expected.split(' ');
  const term = { topologyKey: 'a', ...more };
  expect(said({ affinity: { podAffinity: { [REQUIRED]: [term] } } })).toEqual([
    `${rule} affinity.podAffinity.${REQUIRED}.0.${at.join(' ')}`,
  ]);
  expect(said({ affinity: { podAntiAffinity: { [PREFERRED]: [{ weight: 1, podAffinityTerm: term }] } } })).toEqual([
    `${rule} affinity.podAntiAffinity.${PREFERRED}.0.podAffinityTerm.${at.join(' ')}`,
  ]);
});

test('affinity to pods', () => {
  const weighing = (weight: number): string[] =>
    said({ affinity: { podAffinity: { [PREFERRED]: [{ weight, podAffinityTerm: { topologyKey: 'a.b/c' } }] } } });
  const at = `range affinity.podAffinity.${PREFERRED}.0.weight`;
  expect([weighing(0), weighing(101)]).toEqual([[at], [at]]);
  expect([weighing(1), weighing(100)].flat()).toEqual([]);
  const term = {
    topologyKey: 'kubernetes.io/hostname',
    namespaces: null,
    matchLabelKeys: ['a'],
    mismatchLabelKeys: [],
    ...selector({ key: 'a', operator: 'NotIn', values: ['b'] }, { key: 'c', operator: 'DoesNotExist' }),
  };
  expect(
    said({ affinity: { podAntiAffinity: { [REQUIRED]: [term, { topologyKey: 'a', labelSelector: null }] } } }),
  ).toEqual([]);
});

const spread = { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' };

test.each<[Data, string]>([
  [{ maxSkew: 0 }, 'range maxSkew'],
  [{ topologyKey: '' }, 'required topologyKey'],
  [{ whenUnsatisfiable: '' }, 'required whenUnsatisfiable'],
  [{ nodeTaintsPolicy: '' }, 'required nodeTaintsPolicy'],
  [{ minDomains: 0 }, 'range minDomains'],
  [{ minDomains: 1, whenUnsatisfiable: 'ScheduleAnyway' }, 'value minDomains'],
  [{ matchLabelKeys: ['a'] }, 'value matchLabelKeys'],
  [{ labelSelector: { matchLabels: { a: 'b c' } } }, 'name labelSelector.matchLabels.a'],
])('spread %j', (more, expected) => {
  expect(said({ topologySpreadConstraints: [{ ...spread, ...more }] })).toEqual([
    expected.replace(' ', ' topologySpreadConstraints.0.'),
  ]);
});

test('spreading', () => {
  const constraints = [
    { ...spread, topologyKey: 'a b', minDomains: 1 },
    { ...spread, whenUnsatisfiable: 'ScheduleAnyway', minDomains: null, matchLabelKeys: ['a'], labelSelector: {} },
  ];
  expect(said({ topologySpreadConstraints: constraints })).toEqual([]);
});
