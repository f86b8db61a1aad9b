import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type ReleasePod, releasePods } from '../../src/domain/diagnosis/release-pods.ts';
import { Look, remember } from '../../src/domain/diagnosis/seen.ts';
import type { KubeObject } from '../../src/domain/kube-object.ts';
import { objectsOf } from '../../src/domain/manifest-objects.ts';
import { progressLines, rolloutStates, unfinished } from '../../src/domain/rollout-progress.ts';
import { ownsReplicas, scaledWorkloads } from '../../src/domain/scaled.ts';
import type { ServedKind } from '../../src/ports.ts';
import { tellForeignFields } from '../../src/stages/deploy/fields.ts';
import { secretsReferenced } from '../../src/stages/deploy/masking.ts';
import { ownerOutside } from '../../src/stages/deploy/ownership.ts';
import { recordTooLarge } from '../../src/stages/deploy/package.ts';
import { checksFor } from '../../src/stages/deploy/rights.ts';
import type { Session } from '../../src/stages/deploy/session.ts';
import { Steadiness } from '../../src/stages/deploy/standing.ts';
import { momentsOf, recordedCourse } from '../support/recorded-course.ts';

const object = (kind: string, name: string, rest: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
  kind,
  metadata: { name, uid: name, ...metadata },
  ...rest,
});

describe('objects of a manifest', () => {
  test('lists are taken apart, comments and what is no object left out, the last of equal keys counts', async () => {
    const manifest = [
      '# Source: a\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: 1, x: 2}}',
      '# nothing',
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}',
      'text: |\n  --- not a document\n',
      'a: [',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: c}\n',
    ].join('\n---\n');
    const objects = await objectsOf(manifest);
    expect(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual(['ConfigMap/a', 'Pod/b', 'Pod/c']);
    expect(objects[0]?.data).toEqual({ x: 2 });
  });
});

describe('progress', () => {
  const deployment = (status: object, generation = 1): KubeObject =>
    object('Deployment', 'd', { spec: { replicas: 2 }, status: { observedGeneration: 1, ...status } }, { generation });
  const pod = (status: object, metadata: object = {}): KubeObject =>
    object('Pod', 'p', { status, spec: { containers: [{ name: 'c' }] } }, metadata);
  const waiting = (reason: string, rest: object = {}): KubeObject =>
    pod({ phase: 'Pending', containerStatuses: [{ name: 'c', state: { waiting: { reason } }, ...rest }] });

  test.each<[string, KubeObject, string]>([
    ['done', deployment({ replicas: 2, updatedReplicas: 2, readyReplicas: 2 }), '2 ready'],
    ['begun', deployment({ replicas: 2, updatedReplicas: 2, readyReplicas: 2 }, 2), 'changed'],
    ['starts', deployment({ replicas: 2, updatedReplicas: 2 }), '0 of 2 ready'],
    ['pulls', waiting('ContainerCreating'), 'starting'],
    ['no image', waiting('ErrImagePull'), 'c: ErrImagePull'],
    [
      'crashes',
      waiting('CrashLoopBackOff', { restartCount: 2, lastState: { terminated: { exitCode: 3 } } }),
      'c: CrashLoopBackOff, exit code 3, 2 restarts',
    ],
    [
      'nowhere',
      pod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] }),
      'Unschedulable',
    ],
    ['ready', pod({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }), 'ready'],
    ['ends', pod({ phase: 'Running' }, { deletionTimestamp: 'now' }), 'ending'],
    ['evicted', pod({ phase: 'Failed', reason: 'Evicted' }), 'failed: Evicted'],
    ['done with', pod({ phase: 'Succeeded' }), 'completed'],
    ['job', object('Job', 'j', { status: { conditions: [{ type: 'Complete', status: 'True' }] } }), 'completed'],
    ['failing job', object('Job', 'j', { status: { failed: 2 } }), 'running, 2 failed'],
    [
      'failed job',
      object('Job', 'j', { status: { conditions: [{ type: 'Failed', status: 'True', message: 'too often' }] } }),
      'failed: too often',
    ],
  ])('%s', (_, one, state) => {
    expect([...rolloutStates([one], []).values()]).toEqual([state]);
  });

  test('one line for each change, and what is not done yet', () => {
    const rolling = deployment({ replicas: 2, updatedReplicas: 2, readyReplicas: 1 });
    const before = rolloutStates([rolling, pod({ phase: 'Pending' })], []);
    const pods = [of('ready', 'new'), of('ready', 'kept')];
    const now = rolloutStates([rolling], pods);
    expect(progressLines(before, now)).toEqual(['Deployment/d: 2 of 2 ready', 'Pod/p: gone']);
    expect(progressLines(now, now)).toEqual([]);
    expect(unfinished(now, pods)).toEqual(['Deployment/d 2 of 2 ready']);
  });

  /** A pod of the Deployment d. */
  function of(state: 'ready' | 'starts', revision: ReleasePod['revision'], name = 'd-1'): ReleasePod {
    const conditions = [{ type: 'Ready', status: state === 'ready' ? 'True' : 'False' }];
    const status = { phase: state === 'ready' ? 'Running' : 'Pending', conditions };
    return { pod: object('Pod', name, { status }), owner: object('Deployment', 'd'), of: 'Deployment/d', revision };
  }

  test('a rollout counts the new pods alone, though old ones are ready, and names those that it waits for', () => {
    // One pod, replaced by one more: what it counts by itself, one of one, is the old one.
    const rolling = object(
      'Deployment',
      'd',
      { spec: { replicas: 1 }, status: { observedGeneration: 1, replicas: 2, updatedReplicas: 1, readyReplicas: 1 } },
      { generation: 1 },
    );
    const states = (pods: readonly ReleasePod[]) => rolloutStates([rolling], pods);
    const begun = [of('ready', 'old', 'd-0'), of('starts', 'new')];
    expect(states(begun).get('Deployment/d')).toBe('0 of 1 new ready, 1 old left');
    expect(unfinished(states(begun), begun)).toEqual(['Deployment/d 0 of 1 new ready, 1 old left (d-1 starting)']);
    const ready = [of('ready', 'old', 'd-0'), of('ready', 'new')];
    expect(states(ready).get('Deployment/d')).toBe('1 of 1 new ready, 1 old left');
    expect(unfinished(states(ready), ready)).toEqual(['Deployment/d 1 of 1 new ready, 1 old left']);
    const alien = { ...of('ready', 'new'), of: 'Deployment/other' };
    expect(states([alien]).get('Deployment/d')).toBe('0 of 1 ready');
  });

  test('a rollout as a real cluster did it', () => {
    const course = recordedCourse('upgrade-rolls');
    const moments = momentsOf(course);
    const memory = remember(moments[0]?.objects ?? []);
    const said = moments.map(({ objects }) => {
      const look = new Look({ now: 0, manifest: course.manifest, objects, lookedUp: new Map() }, memory);
      const workloads = objects.filter(({ kind }) => kind === 'Deployment');
      return rolloutStates(workloads, releasePods(look)).get('Deployment/agent');
    });
    expect(said.filter((state, index) => state !== said[index - 1])).toEqual([
      '2 ready',
      '0 of 2 new ready, 2 old left',
      '1 of 2 new ready, 1 old left',
      '2 ready',
    ]);
  });

  test('of many pods some are named', () => {
    const pods = ['a', 'b', 'c', 'd', 'e'].map((name) => of('starts', 'new', name));
    const states = rolloutStates([deployment({ replicas: 5, updatedReplicas: 5 })], pods);
    expect(unfinished(states, pods)).toEqual([
      'Deployment/d 0 of 2 ready (a starting, b starting, c starting, 2 more)',
    ]);
  });
});

describe('how long a pod stands', () => {
  const manifest = [object('Pod', 'p')];
  const pod = (ready: boolean, rest: { restarts?: number; probe?: boolean; at?: string } = {}): KubeObject =>
    object('Pod', 'p', {
      spec: { containers: [{ name: 'c', ...(rest.probe === true && { readinessProbe: {} }) }] },
      status: {
        phase: 'Running',
        conditions: [
          { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: rest.at ?? '2026-01-01T00:00:50Z' },
        ],
        containerStatuses: [
          {
            name: 'c',
            restartCount: rest.restarts ?? 0,
            ready,
            state: { running: { startedAt: rest.at ?? '2026-01-01T00:00:50Z' } },
          },
        ],
      },
    });
  /** A minute past the hour at 0 on our own clock. */
  const server = Date.parse('2026-01-01T00:01:00Z') / 1000;
  const stands = (...looks: [number, KubeObject][]) => {
    const steadiness = new Steadiness();
    const memory = remember([]);
    return looks.map(
      ([now, seen]) =>
        steadiness.of(new Look({ now, manifest, objects: [seen], lookedUp: new Map() }, memory), server + now)[0],
    );
  };

  test('since it looks so, before our eyes', () => {
    expect(stands([0, pod(false)], [1, pod(true)], [3, pod(true)])).toMatchObject([
      { isReady: false, steady: 0, needed: 5 },
      { isReady: true, steady: 0 },
      { isReady: true, steady: 2 },
    ]);
  });

  test('a restart begins anew, also between two looks', () => {
    expect(stands([0, pod(true)], [4, pod(true)], [6, pod(true, { restarts: 1 })])).toMatchObject([
      { steady: 0 },
      { steady: 4 },
      { steady: 0 },
    ]);
  });

  test('what a probe says is believed sooner', () => {
    expect(stands([0, pod(true, { probe: true })])).toMatchObject([{ needed: 2 }]);
  });

  test('what has been so for long by the clocks of the cluster needs no looking at; a little is no proof', () => {
    expect(stands([0, pod(true, { at: '2026-01-01T00:00:30Z' })])).toMatchObject([{ steady: 30 }]);
    expect(stands([0, pod(true, { at: '2026-01-01T00:00:45Z' })])).toMatchObject([{ steady: 0 }]);
    // Its node's clock is ahead.
    expect(stands([0, pod(true, { at: '2026-01-01T00:09:00Z' })])).toMatchObject([{ steady: 0 }]);
  });
});

test('the Secrets that pods get, wherever they are named', () => {
  const spec = {
    imagePullSecrets: [{ name: 'pull' }],
    initContainers: [{ envFrom: [{ secretRef: { name: 'from' } }, { configMapRef: { name: 'no' } }] }],
    containers: [{ env: [{ valueFrom: { secretKeyRef: { name: 'key' } } }, { value: 'no' }] }],
    volumes: [{ secret: { secretName: 'volume' } }, { projected: { sources: [{ secret: { name: 'projected' } }] } }],
  };
  const all = ['from', 'key', 'projected', 'pull', 'volume'];
  expect(secretsReferenced([object('Pod', 'a', { spec })])).toEqual(all);
  expect(secretsReferenced([object('Deployment', 'a', { spec: { template: { spec } } })])).toEqual(all);
  expect(
    secretsReferenced([object('CronJob', 'a', { spec: { jobTemplate: { spec: { template: { spec } } } } })]),
  ).toEqual(all);
  expect(secretsReferenced([object('ConfigMap', 'a', { spec: 'x' })])).toEqual([]);
});

test.each<[string, object, object, string | undefined]>([
  ['Flux', { labels: { 'helm.toolkit.fluxcd.io/name': 'a' } }, {}, 'Flux'],
  ['Argo CD', { annotations: { 'argocd.argoproj.io/tracking-id': 'a' } }, {}, 'Argo CD'],
  [
    'the chart itself says so',
    { labels: { 'argocd.argoproj.io/instance': 'a' } },
    { labels: { 'argocd.argoproj.io/instance': 'a' } },
    undefined,
  ],
  ['what a chart tells Argo CD is no claim', { annotations: { 'argocd.argoproj.io/sync-wave': '1' } }, {}, undefined],
  ['nobody', {}, {}, undefined],
])('who owns it: %s', (_, live, rendered, owner) => {
  const cause = ownerOutside(object('Pod', 'p', {}, live), object('Pod', 'p', {}, rendered));
  if (owner === undefined) expect(cause).toBeUndefined();
  else expect(cause?.message).toMatch(new RegExp(`^${owner} owns Pod/p`));
});

test('rights are asked for once each, where they are needed', () => {
  const kind = (apiVersion: string, name: string, resource: string, namespaced: boolean): [string, ServedKind] => [
    `${apiVersion}/${name}`,
    { apiVersion, kind: name, resource, namespaced },
  ];
  const kinds = new Map([
    kind('apps/v1', 'Deployment', 'deployments', true),
    kind('v1', 'Namespace', 'namespaces', false),
  ]);
  const objects = [
    object('Deployment', 'a'),
    object('Deployment', 'b'),
    object('Deployment', 'c', {}, { namespace: 'other' }),
    object('Namespace', 'n'),
    object('Unknown', 'u'),
  ];
  const checks = checksFor(objects, kinds, 'here').filter(({ verb }) => verb === 'patch');
  expect(checks).toEqual([
    { verb: 'patch', group: '', resource: 'secrets', namespace: 'here' },
    { verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'here' },
    { verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'other' },
    { verb: 'patch', group: '', resource: 'namespaces' },
  ]);
});

describe('who is scaled', () => {
  const scaler = (target: object, kind = 'HorizontalPodAutoscaler'): KubeObject =>
    object(kind, 's', { spec: { scaleTargetRef: target } });
  const deployment = object('Deployment', 'd', { spec: { replicas: 3 } });

  test.each<[string, KubeObject, boolean]>([
    ['by an autoscaler', scaler({ kind: 'Deployment', name: 'd' }), true],
    ["by KEDA, which needn't name the kind", scaler({ name: 'd' }, 'ScaledObject'), true],
    ['another kind of that name', scaler({ kind: 'StatefulSet', name: 'd' }), false],
    ['another name', scaler({ kind: 'Deployment', name: 'e' }), false],
  ])('%s', (_, one, isScaled) => {
    expect(scaledWorkloads([deployment], [one])).toHaveLength(isScaled ? 1 : 0);
    if (isScaled) expect(scaledWorkloads([deployment], [one])[0]).toMatchObject({ replicas: 3 });
  });

  test('whose its replicas are', () => {
    const managed = (manager: string, fieldsV1: object): KubeObject =>
      object('Deployment', 'd', {}, { managedFields: [{ manager, fieldsV1 }] });
    expect(ownsReplicas(managed('helm', { 'f:spec': { 'f:replicas': {} } }), 'helm')).toBe(true);
    expect(ownsReplicas(managed('helm', { 'f:spec': {} }), 'helm')).toBe(false);
    expect(ownsReplicas(managed('kube-controller-manager', { 'f:spec': { 'f:replicas': {} } }), 'helm')).toBe(false);
    expect(ownsReplicas(deployment, 'helm')).toBe(false);
  });
});

test.each([
  ['kubectl-set', '.spec.x', 'line'],
  ['Mozilla', '.spec.x', 'line'],
  ['kubectl', '.spec.replicas', 'line'],
  ['cert-manager-cainjector', '.webhooks', 'finding'],
  ['vpa-updater', '.spec.x', 'finding'],
  ['my-operator', '.spec.x', 'finding'],
  ['kube-controller-manager', '.spec.replicas', 'nothing'],
  ['helm', '.spec.x', 'nothing'],
  ['chartship', '.spec.replicas', 'nothing'],
])('%s wrote %s: %s', (manager, field, what) => {
  const lines: string[] = [];
  const session = { chart: 'c', environment: 'e', tell: (line: string) => lines.push(line) } as unknown as Session;
  const findings = tellForeignFields([{ object: object('Deployment', 'd'), field, manager }], session);
  expect({ lines: lines.length, findings: findings.length }).toEqual({
    lines: what === 'line' ? 1 : 0,
    findings: what === 'finding' ? 1 : 0,
  });
});

test('a record that no Secret can hold is known before', () => {
  const file = (bytes: number, random = true): { path: string; content: Uint8Array } => ({
    path: 'files/model.bin',
    content: random ? randomBytes(bytes) : new Uint8Array(bytes),
  });
  const empty = { manifest: '', hooks: '' };
  expect(recordTooLarge([file(500 * 1024)], empty)).toBeUndefined();
  expect(recordTooLarge([file(20 * 1024 * 1024, false)], empty)).toBeUndefined();
  expect(recordTooLarge([file(900 * 1024)], empty)).toMatchObject({
    code: 'refused',
    hint: expect.stringContaining('files/model.bin'),
  });
});
