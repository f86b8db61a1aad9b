import { describe, expect, test } from '@jest/globals';
import { differenceOf } from '../../src/domain/comparison.ts';
import type { KubeObject } from '../../src/domain/kube-object.ts';

const object = (apiVersion: string, kind: string, rest: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'a', ...metadata },
  ...rest,
});
const same = (text: string): string => text;
const dangers = (before: KubeObject, after: KubeObject | undefined): string[] =>
  differenceOf([before], after === undefined ? [] : [after], same).dangers.map(
    ({ kind, object: name, message }) => `${kind}: ${name} ${message}`,
  );

const deployment = (spec: object): KubeObject => object('apps/v1', 'Deployment', { spec });
const set = (spec: object): KubeObject => object('apps/v1', 'StatefulSet', { spec });
const claim = (size: string): KubeObject =>
  object('v1', 'PersistentVolumeClaim', { spec: { resources: { requests: { storage: size } } } });
const service = (spec: object): KubeObject => object('v1', 'Service', { spec });
const hook = { annotations: { 'helm.sh/hook': 'pre-upgrade' } };
const kept = { annotations: { 'helm.sh/resource-policy': 'keep' } };

describe('dangers', () => {
  test.each<[string, KubeObject, KubeObject | undefined, string[]]>([
    ['an object that goes', service({}), undefined, ['deletion: Service/a is deleted']],
    [
      'a claim that goes',
      claim('1Gi'),
      undefined,
      ['volume: PersistentVolumeClaim/a is deleted, and what it holds with it'],
    ],
    ['one that is kept', { ...claim('1Gi'), metadata: { name: 'a', ...kept } }, undefined, []],
    ['a hook that goes', object('batch/v1', 'Job', {}, hook), undefined, []],
    [
      'a claim that grows',
      claim('1Gi'),
      claim('2Gi'),
      [
        'volume: PersistentVolumeClaim/a spec.resources.requests.storage changes (1Gi → 2Gi): a claim can grow where its class allows it, and nothing else',
      ],
    ],
    [
      'claims of a StatefulSet',
      set({ volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { storageClassName: 'a' } }] }),
      set({ volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { storageClassName: 'b' } }] }),
      [
        'volume: StatefulSet/a spec.volumeClaimTemplates changes (a → b): a claim can grow where its class allows it, and nothing else',
      ],
    ],
    [
      "a StatefulSet's service",
      set({ serviceName: 'x', replicas: 1 }),
      set({ serviceName: 'y', replicas: 2 }),
      ["immutable: StatefulSet/a spec.serviceName can't be changed, only made anew (x → y)"],
    ],
    [
      'what may change of a StatefulSet',
      set({ replicas: 1, template: { a: 1 }, updateStrategy: { type: 'a' } }),
      set({ replicas: 2, template: { a: 2 }, updateStrategy: { type: 'b' } }),
      [],
    ],
    [
      'a selector of a Deployment, told once',
      deployment({ selector: { matchLabels: { a: '1', b: '1' } } }),
      deployment({ selector: { matchLabels: { a: '2', b: '2' } } }),
      ["immutable: Deployment/a spec.selector can't be changed, only made anew"],
    ],
    [
      'the template of a Job',
      object('batch/v1', 'Job', { spec: { template: { spec: { x: 1, y: 1 } }, backoffLimit: 1 } }),
      object('batch/v1', 'Job', { spec: { template: { spec: { x: 2, y: 2 } }, backoffLimit: 2 } }),
      ["immutable: Job/a spec.template can't be changed, only made anew"],
    ],
    [
      'that of a hook, which helm makes anew',
      object('batch/v1', 'Job', { spec: { template: { x: 1 } } }, hook),
      object('batch/v1', 'Job', { spec: { template: { x: 2 } } }, hook),
      [],
    ],
    [
      'a ConfigMap that says so',
      object('v1', 'ConfigMap', { immutable: true, data: { x: '1' } }),
      object('v1', 'ConfigMap', { immutable: true, data: { x: '2' } }),
      ["immutable: ConfigMap/a data can't be changed, only made anew"],
    ],
    [
      'the type of a Secret, without its value',
      object('v1', 'Secret', { type: 'secret-a' }),
      object('v1', 'Secret', { type: 'secret-b' }),
      ["immutable: Secret/a type can't be changed, only made anew"],
    ],
    [
      'no replicas',
      deployment({ replicas: 3 }),
      deployment({ replicas: 0 }),
      ['no-replicas: Deployment/a replicas go from 3 to 0'],
    ],
    ['fewer replicas', deployment({ replicas: 3 }), deployment({ replicas: 1 }), []],
    [
      'where the traffic goes',
      service({ selector: { app: 'x' }, ports: [] }),
      service({ selector: { app: 'y' }, ports: [] }),
      ['selector: Service/a spec.selector.app changes (x → y)'],
    ],
    [
      'a kind of the same name of another group',
      object('serving.knative.dev/v1', 'Service', { spec: { selector: { a: '1' } } }),
      object('serving.knative.dev/v1', 'Service', { spec: { selector: { a: '2' } } }),
      [],
    ],
  ])('%s', (_name, before, after, expected) => {
    expect(dangers(before, after)).toEqual(expected);
  });

  test('what holds data comes first', () => {
    const all = [service({}), { ...claim('1Gi'), metadata: { name: 'b' } }];
    expect(differenceOf(all, [], same).dangers.map(({ kind }) => kind)).toEqual(['volume', 'deletion']);
  });
});

test('images, of the containers alone', () => {
  const pod = (image: string): KubeObject =>
    deployment({
      image,
      template: { spec: { initContainers: [{ name: 'i', image }], containers: [{ name: 'c', image }] } },
    });
  expect(differenceOf([pod('x:1')], [pod('x:2')], same).images).toEqual([
    { object: 'Deployment/a', container: 'i', from: 'x:1', to: 'x:2' },
    { object: 'Deployment/a', container: 'c', from: 'x:1', to: 'x:2' },
  ]);
});

test('labels that only name the version make no difference; on pods they restart them', () => {
  const labelled = (version: string): KubeObject =>
    object(
      'apps/v1',
      'Deployment',
      { spec: { template: { metadata: { labels: { 'helm.sh/chart': `demo-${version}` } } } } },
      { labels: { 'helm.sh/chart': `demo-${version}`, 'app.kubernetes.io/version': version, other: 'x' } },
    );
  expect(differenceOf([labelled('1.0.0')], [labelled('1.1.0')], same).objects).toEqual([
    {
      kind: 'changed',
      object: 'Deployment/a',
      changes: ['spec.template.metadata.labels.helm.sh/chart: demo-1.0.0 → demo-1.1.0'],
    },
  ]);
});

test('of a Secret nothing is said but that it is another one', () => {
  const secret = (data: string): KubeObject => object('v1', 'Secret', { data: { key: data } });
  const difference = differenceOf([secret('b2xk')], [secret('bmV3')], same);
  expect(difference).toEqual({
    dangers: [],
    images: [],
    objects: [{ kind: 'changed', object: 'Secret/a', changes: ['its content'] }],
  });
});

test('a secret is taken out before a text is cut', () => {
  const secret = `s3cr3t-${'x'.repeat(80)}`;
  const map = (text: string): KubeObject => object('v1', 'ConfigMap', { data: { key: text } });
  const difference = differenceOf([map('old')], [map(secret)], (text) => text.replaceAll(secret, '***'));
  expect(JSON.stringify(difference)).not.toContain('s3cr3t');
});
