import { describe, expect, test } from '@jest/globals';
import { diagnose } from '../../src/domain/diagnosis/diagnose.ts';
import { releasePods } from '../../src/domain/diagnosis/release-pods.ts';
import { Look, remember } from '../../src/domain/diagnosis/seen.ts';
import type { KubeObject } from '../../src/domain/kube-object.ts';
import { type Course, courseNames, momentsOf, played, recordedCourse } from '../support/recorded-course.ts';

/**
 * The contract's table of terminal causes, on courses that a real cluster took (__tests__/fixtures/diagnosis). `by`:
 * the second by which it is terminal; without it, it must not become so.
 */
const COURSES: Record<string, { code?: string; of?: string; says?: RegExp; by?: number; notBefore?: number }> = {
  healthy: {},
  'image-not-found': {
    code: 'image-pull',
    by: 20,
    says: /registry\.test\/s404\/agent:9\.9 .*does not exist in its registry/,
  },
  'image-denied': { code: 'image-pull', by: 20, says: /does not let the cluster pull .*\(403 Forbidden\)/ },
  'image-unauthorized': { code: 'image-pull', by: 20, says: /does not let the cluster pull .*\(401 Unauthorized\)/ },
  'image-rate-limited': { code: 'image-pull', says: /429 Too Many Requests/ },
  'image-server-error': { code: 'image-pull', says: /503 Service Unavailable/ },
  'image-unreachable': { code: 'image-pull', says: /could not be pulled yet/ },
  'image-invalid': {
    code: 'image-pull',
    by: 20,
    says: /no valid image name: repository name \(Agent\) must be lowercase/,
  },
  'image-never': { code: 'image-pull', by: 20, says: /not on the node, and its pull policy is Never/ },
  'crash-loop': { code: 'crash-loop', by: 21, notBefore: 10, says: /ended with exit code 3, 3 times/ },
  'crash-after-a-moment': { code: 'crash-loop', by: 25, notBefore: 10, says: /exit code 1/ },
  'crash-exit-zero': { code: 'crash-loop', by: 21, says: /exit code 0, though it is to go on running/ },
  'crash-no-program': { code: 'crash-loop', by: 21, says: /could not be started: exec: "\/no\/such\/program"/ },
  'crash-no-executable': { code: 'crash-loop', by: 21, says: /126 \(the command can not be executed\)/ },
  'crash-out-of-memory': { code: 'crash-loop', by: 22, says: /more memory than its limit of 48Mi/ },
  'crash-liveness': { code: 'crash-loop', by: 25, says: /its liveness probe fails \(no heart\)/ },
  'crash-init': { code: 'crash-loop', by: 21, says: /container wait .* exit code 7/ },
  'crash-sidecar': { code: 'crash-loop', by: 21, says: /container proxy .* exit code 9/ },
  'crash-until-database': { code: 'crash-loop', of: 'Deployment/agent' },
  'crash-of-both': { code: 'crash-loop', by: 22, of: 'StatefulSet/database' },
  'upgrade-crashes': { code: 'crash-loop', by: 22, says: /exit code 6/ },
  'not-root': { code: 'not-ready', says: /runAsUser breaks non-root policy$/ },
  'never-ready': { code: 'not-ready', says: /its readiness probe fails: redis: connection refused$/ },
  evicted: {
    code: 'not-ready',
    says: /evicted from its node: Usage of EmptyDir volume "data" exceeds the limit "5Mi"/,
  },
  'missing-secret': { code: 'missing-config', by: 16, notBefore: 10, says: /^the Secret credentials does not exist$/ },
  'missing-secret-volume': { code: 'missing-config', by: 16, says: /^the Secret credentials does not exist$/ },
  'missing-key': { code: 'missing-config', by: 16, says: /^the ConfigMap settings has no key LEVEL$/ },
  'missing-key-volume': { code: 'missing-config', by: 16, says: /^the Secret credentials has no key password$/ },
  'secret-made-late': { code: 'missing-config', says: /does not exist yet; ExternalSecret\/agent may make it/ },
  'unschedulable-cpu': { code: 'unschedulable', by: 66, notBefore: 60, says: /Insufficient cpu \(3 of 3 nodes\)/ },
  'unschedulable-selector': {
    code: 'unschedulable',
    by: 66,
    notBefore: 60,
    says: /affinity\/selector \(3 of 3 nodes\)/,
  },
  'volume-no-class': { code: 'volume', by: 66, notBefore: 60, says: /there is no storage class fast/ },
  'volume-none-left': { code: 'volume', by: 66, notBefore: 60, says: /no persistent volumes available/ },
  'volume-waits': {},
  'volume-missing-claim': {
    code: 'volume',
    by: 66,
    notBefore: 60,
    says: /the volume claim data of the pod .* does not exist/,
  },
  quota: { code: 'refused', by: 16, notBefore: 10, says: /exceeded quota: few, requested: pods=1/ },
  'quota-stateful': { code: 'refused', by: 16, notBefore: 10, of: 'StatefulSet/database', says: /exceeded quota: few/ },
  'pod-security': { code: 'refused', by: 10, says: /violates PodSecurity "restricted:latest"/ },
  'no-service-account': { code: 'refused', by: 16, says: /serviceaccount "robot" not found/ },
  'job-failed': { code: 'job-failed', by: 10, says: /^the Job migrate failed: container app ended with exit code 4$/ },
  'job-deadline': { code: 'job-failed', by: 15, says: /longer than its activeDeadlineSeconds of 5 s/ },
  'job-failure-policy': { code: 'job-failed', by: 10, says: /podFailurePolicy .* exit code 42/ },
  'job-tries-again': { code: 'job-failed', says: /of 7 tries so far; container app ended with exit code 4/ },
  'hook-failed': {
    code: 'hook-failed',
    by: 10,
    says: /^the pre-upgrade hook migrate failed: container app ended with exit code 4$/,
  },
  'hook-failed-before': {},
  'hook-pod-failed': { code: 'hook-failed', by: 10, says: /^the post-install hook check failed/ },
  'daemon-image-not-found': { code: 'image-pull', by: 20, of: 'DaemonSet/collector' },
  'hook-image-not-found': { code: 'image-pull', by: 20, of: 'Job/migrate' },
  'missing-config-of-both': { code: 'missing-config', by: 18, of: 'StatefulSet/database' },
  'upgrade-rolls': {},
  'upgrade-fails-beside-old': { code: 'image-pull', by: 20, of: 'Deployment/agent' },
  'stateful-stuck': { code: 'not-ready', says: /does not replace its pod database-0/ },
};

describe('a recorded course', () => {
  test('each is in the table', () => {
    expect(courseNames()).toEqual(Object.keys(COURSES).sort());
  });

  test.each(Object.entries(COURSES))('%s', (name, { code, of = /./, says = /./, by, notBefore = 0 }) => {
    const course = played(recordedCourse(name));
    const first = course.find(({ troubles }) => troubles[0]?.terminal === true);
    // Told for as long as it lasts; the first of the troubles is the one that is shown.
    const told = course.flatMap(({ troubles }) => troubles.slice(0, 1)).filter(({ cause }) => cause.code === code);
    if (by === undefined) {
      expect(first).toBeUndefined();
      if (code === undefined) {
        expect(course.flatMap(({ troubles }) => troubles).filter(({ cause }) => cause.code !== 'not-ready')).toEqual(
          [],
        );
        return;
      }
      expect(told.map(({ cause }) => cause.message).find((message) => says.test(message))).toBeDefined();
      expect(told.some((trouble) => trouble.of.match(of))).toBe(true);
      return;
    }
    expect(first?.at).toBeLessThanOrEqual(by);
    expect(first?.at).toBeGreaterThanOrEqual(notBefore);
    expect(first?.troubles[0]).toMatchObject({ cause: { code, message: expect.stringMatching(says) } });
    expect(first?.troubles[0]?.of).toMatch(of);
    // Nothing else is called terminal beside it.
    expect(first?.troubles.filter(({ terminal }) => terminal)).toHaveLength(1);
  });
});

/** A recorded course in which something went otherwise. */
describe('what makes a cause not terminal', () => {
  function changed(name: string, change: (object: KubeObject, at: number) => KubeObject | undefined): Course {
    const course = recordedCourse(name);
    const moments = course.moments.map((moment) => ({
      ...moment,
      changed: moment.changed.flatMap((object) => change(object, moment.at) ?? []),
    }));
    return { ...course, moments };
  }
  const isTerminal = (course: Course): boolean => played(course).some(({ troubles }) => troubles[0]?.terminal === true);
  const replaced = (object: KubeObject, from: string | RegExp, to: string): KubeObject =>
    JSON.parse(JSON.stringify(object).replaceAll(new RegExp(from, 'g'), to));
  /** An event of the first pod that is seen. */
  function withEvent(name: string, reason: string): Course {
    const course = recordedCourse(name);
    const pod = course.moments.flatMap((moment) => moment.changed).find(({ kind }) => kind === 'Pod');
    const event: KubeObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'more', uid: 'more' },
      involvedObject: { kind: 'Pod', name: pod?.metadata.name, uid: pod?.metadata.uid },
      reason,
      message: 'a node is made',
    };
    // What was there at the first moment would be of an earlier time.
    const [first, ...others] = course.moments;
    const more = others.map((moment) => ({ ...moment, changed: [...moment.changed, event] }));
    return { ...course, moments: [...(first === undefined ? [] : [first]), ...more] };
  }
  const manifestWith = (name: string, ...more: KubeObject[]): Course => {
    const course = recordedCourse(name);
    return { ...course, manifest: [...course.manifest, ...more] };
  };
  const object = (apiVersion: string, kind: string, name: string, rest: object = {}): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name },
    ...rest,
  });
  const running = (...containers: object[]): object => ({ spec: { template: { spec: { containers } } } });

  test('a registry that answers 429 after it said 404', () => {
    const course = changed('image-not-found', (one, at) =>
      at < 8 ? one : replaced(one, 'code = NotFound|: not found', ': 429 Too Many Requests'),
    );
    expect(isTerminal(course)).toBe(false);
  });

  test('an autoscaler that has ordered a node', () => {
    expect(isTerminal(withEvent('unschedulable-cpu', 'TriggeredScaleUp'))).toBe(false);
    expect(isTerminal(withEvent('unschedulable-cpu', 'Nominated'))).toBe(false);
    expect(isTerminal(withEvent('unschedulable-cpu', 'NotTriggerScaleUp'))).toBe(true);
  });

  test('a pod that is leaving and makes room', () => {
    const course = recordedCourse('unschedulable-cpu');
    const [first, ...others] = course.moments;
    if (first === undefined) throw new Error('no moments');
    const leaving = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'old', uid: 'old', deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    const gone = (at: number): Course => ({
      ...course,
      moments: [{ ...first, changed: [...first.changed, leaving] }, ...others, { at, changed: [], gone: ['old'] }],
    });
    expect(isTerminal(gone(74))).toBe(false);
    expect(isTerminal(gone(4))).toBe(true);
  });

  test('a claim of a class that waits for a consumer', () => {
    const course = changed('volume-no-class', (one) =>
      replaced(one, '"storageClassName":"fast"', '"storageClassName":"standard"'),
    );
    expect(isTerminal(course)).toBe(false);
  });

  test.each<[string, KubeObject, boolean]>([
    [
      'an ExternalSecret that names it',
      object('external-secrets.io/v1', 'ExternalSecret', 'x', { spec: { target: { name: 'credentials' } } }),
      false,
    ],
    ['an ExternalSecret of its name', object('external-secrets.io/v1', 'ExternalSecret', 'credentials'), false],
    [
      'an ExternalSecret of another',
      object('external-secrets.io/v1', 'ExternalSecret', 'x', { spec: { target: { name: 'other' } } }),
      true,
    ],
    ['a SealedSecret', object('bitnami.com/v1alpha1', 'SealedSecret', 'credentials'), false],
    ['a Certificate', object('cert-manager.io/v1', 'Certificate', 'x', { spec: { secretName: 'credentials' } }), false],
    ['a database cluster that makes NAME-app', object('postgresql.cnpg.io/v1', 'Cluster', 'cred'), true],
    [
      'an Ingress that cert-manager looks at',
      {
        ...object('networking.k8s.io/v1', 'Ingress', 'x', { spec: { tls: [{ secretName: 'credentials' }] } }),
        metadata: { name: 'x', annotations: { 'cert-manager.io/cluster-issuer': 'le' } },
      },
      false,
    ],
    [
      'an Ingress alone',
      object('networking.k8s.io/v1', 'Ingress', 'x', { spec: { tls: [{ secretName: 'credentials' }] } }),
      true,
    ],
    ['a ServiceMonitor', object('monitoring.coreos.com/v1', 'ServiceMonitor', 'x', { spec: { selector: {} } }), true],
    [
      'a Job that speaks of it',
      object('batch/v1', 'Job', 'make', running({ args: ['--secret-name=credentials'] })),
      false,
    ],
    ['a Job of other things', object('batch/v1', 'Job', 'make', running({ args: ['--all'] })), true],
    [
      'a Role that may make Secrets',
      object('rbac.authorization.k8s.io/v1', 'Role', 'x', {
        rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create'] }],
      }),
      false,
    ],
    [
      'a Role that may read them',
      object('rbac.authorization.k8s.io/v1', 'Role', 'x', {
        rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
      }),
      true,
    ],
    ['the Secret itself', object('v1', 'Secret', 'credentials'), false],
  ])('a missing Secret and %s', (_name, maker, terminal) => {
    expect(isTerminal(manifestWith('missing-secret', maker))).toBe(terminal);
    expect(isTerminal(manifestWith('missing-secret-volume', maker))).toBe(terminal);
  });

  test('a Job that has ended without making the Secret is no excuse any more', () => {
    const job = object('batch/v1', 'Job', 'make', running({ args: ['--secret-name=credentials'] }));
    const course = manifestWith('missing-secret', job);
    const done = {
      ...job,
      metadata: { name: 'make', uid: 'make' },
      status: { conditions: [{ type: 'Complete', status: 'True' }] },
    };
    const [first, ...others] = course.moments;
    if (first === undefined) throw new Error('no moments');
    expect(isTerminal({ ...course, moments: [first, { at: 2, changed: [done], gone: [] }, ...others] })).toBe(true);
  });

  test('a refusal that is heard once', () => {
    const course = changed('pod-security', (one) =>
      one.kind === 'Event' && one.reason === 'FailedCreate' ? undefined : one,
    );
    const event = recordedCourse('pod-security')
      .moments.flatMap((moment) => moment.changed)
      .find(({ kind, reason }) => kind === 'Event' && reason === 'FailedCreate');
    if (event === undefined) throw new Error('no event');
    const heard = (times: number): Course => ({
      ...course,
      moments: [...course.moments, { at: 8, changed: [{ ...event, count: times }], gone: [] }].sort(
        (a, b) => a.at - b.at,
      ),
    });
    expect(isTerminal(heard(1))).toBe(false);
    expect(isTerminal(heard(2))).toBe(true);
  });

  test('a refusal that was overcome: the pods are there', () => {
    const course = changed('pod-security', (one) =>
      one.kind === 'ReplicaSet' ? { ...one, status: { replicas: 1 } } : one,
    );
    expect(isTerminal(course)).toBe(false);
  });

  test('a Job whose container is started again in its pod, which counts its tries by itself', () => {
    const course = recordedCourse('crash-loop');
    const manifest = [object('batch/v1', 'Job', 'migrate')];
    const owned = changed('crash-loop', (one) =>
      one.kind !== 'Pod'
        ? one
        : {
            ...one,
            spec: { ...(one.spec as object), restartPolicy: 'OnFailure' },
            metadata: {
              ...one.metadata,
              ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'migrate', uid: 'job', controller: true }],
            },
          },
    );
    expect(isTerminal({ ...owned, manifest })).toBe(false);
    expect(isTerminal(course)).toBe(true);
  });

  test('two that name each other and both crash: nobody will be the first', () => {
    const both = recordedCourse('crash-of-both');
    const manifest = both.manifest.map((one) =>
      one.kind === 'StatefulSet'
        ? replaced(one, '"command":', '"env":[{"name":"AGENT","value":"http://agent:80"}],"command":')
        : one,
    );
    const agent = object('v1', 'Service', 'agent', { spec: { selector: { app: 'agent' } } });
    expect(isTerminal({ ...both, manifest: [...manifest, agent] })).toBe(true);
  });

  test('what is configured by something outside of the manifest may wait for anything in it', () => {
    const course = recordedCourse('crash-until-database');
    const cache = course.manifest.map((one) =>
      one.kind === 'Deployment'
        ? replaced(
            one,
            '"value":"database:80"',
            '"value":"cache:80"},{"name":"URL","valueFrom":{"secretKeyRef":{"name":"outside","key":"url"}}',
          )
        : one,
    );
    const ready = object('v1', 'Service', 'cache', { spec: { selector: { app: 'cache' } } });
    const store = object('apps/v1', 'StatefulSet', 'cache', {
      spec: { replicas: 0, template: { metadata: { labels: { app: 'cache' } }, spec: {} } },
    });
    const live = { ...store, metadata: { name: 'cache', uid: 'cache' }, status: { updatedReplicas: 0 } };
    const moments = course.moments.map((moment) => ({ ...moment, changed: [...moment.changed, live] }));
    // Only the store that it names is ready; it may still be the other one that it waits for.
    const until = moments.filter(({ at }) => at < 44);
    expect(isTerminal({ ...course, seconds: 44, manifest: [...cache, ready, store], moments: until })).toBe(false);
    const whole = cache.map((one) => replaced(one, ',\\{"name":"URL".*?\\}\\}\\}', ''));
    expect(isTerminal({ ...course, seconds: 44, manifest: [...whole, ready, store], moments: until })).toBe(true);
  });

  test('a Secret that is there though the node does not know it yet', () => {
    const course = recordedCourse('missing-secret');
    const [first, ...others] = course.moments;
    if (first === undefined) throw new Error('no moments');
    const secret = { ...object('v1', 'Secret', 'credentials'), metadata: { name: 'credentials', uid: 'secret' } };
    expect(isTerminal({ ...course, moments: [{ ...first, changed: [...first.changed, secret] }, ...others] })).toBe(
      false,
    );
  });

  test('a key that the manifest has, though not the Secret in the cluster', () => {
    const made = object('v1', 'Secret', 'credentials', { stringData: { password: 'x' } });
    const course = recordedCourse('missing-key-volume');
    expect(
      isTerminal({ ...course, manifest: [...course.manifest.filter(({ kind }) => kind !== 'Secret'), made] }),
    ).toBe(false);
  });

  test('a crash loop beside a database that is not ready, whose address is in a Secret of the release', () => {
    const hidden = (name: string): Course => {
      const course = changed(name, (one) => replaced(one, '"env":\\[[^\\]]*\\],', ''));
      const manifest = course.manifest.map((one) =>
        one.kind === 'Deployment'
          ? replaced(one, '"env":\\[[^\\]]*\\]', '"envFrom":[{"secretRef":{"name":"url"}}]')
          : one,
      );
      const data = { url: Buffer.from('postgresql://u:p@database:5432/x').toString('base64') };
      return { ...course, manifest: [...manifest, object('v1', 'Secret', 'url', { data })] };
    };
    expect(isTerminal(hidden('crash-until-database'))).toBe(false);
  });

  test('exits with different codes', () => {
    const codes = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12].values();
    const course = changed('crash-loop', (one) =>
      one.kind === 'Pod' ? replaced(one, '"exitCode":3', `"exitCode":${codes.next().value ?? 13}`) : one,
    );
    expect(isTerminal(course)).toBe(false);
  });

  test('a container that was Ready before', () => {
    const course = changed('crash-after-a-moment', (one, at) =>
      one.kind === 'Pod' && at < 8 ? replaced(one, '"ready":false', '"ready":true') : one,
    );
    expect(isTerminal(course)).toBe(false);
  });

  test('nothing that was there before the upgrade', () => {
    for (const name of [
      'image-not-found',
      'crash-loop',
      'missing-secret',
      'hook-failed',
      'unschedulable-cpu',
      'volume-no-class',
    ]) {
      const course = recordedCourse(name);
      const all = course.moments.flatMap((moment) => moment.changed).filter(({ kind }) => kind !== 'Event');
      const before = [...new Map(all.map((one) => [one.metadata.uid, one])).values()];
      const moments = [{ at: 0, changed: before, gone: [] }, ...course.moments];
      expect({ name, terminal: isTerminal({ ...course, moments }) }).toEqual({ name, terminal: false });
    }
  });
});

test('pods of the older revision are told from those of the new one, and until the controller has looked all are old', () => {
  const course = recordedCourse('upgrade-rolls');
  const memory = remember(momentsOf(course)[0]?.objects ?? []);
  const revisions = momentsOf(course).map(({ at: now, objects }) => {
    const look = new Look({ now, manifest: course.manifest, objects, lookedUp: new Map() }, memory);
    return releasePods(look).map(({ revision }) => revision);
  });
  expect(revisions[0]).toEqual(['kept', 'kept']);
  expect(revisions.some((each) => each.includes('old') && each.includes('new'))).toBe(true);
  expect(revisions.at(-1)).toEqual(['new', 'new']);
  expect(new Set(revisions.slice(1).flat())).toEqual(new Set(['old', 'new']));
  const objects = (momentsOf(course).at(-1)?.objects ?? []).map((one) =>
    one.kind === 'Deployment' ? { ...one, metadata: { ...one.metadata, generation: 99 } } : one,
  );
  const look = new Look({ now: 99, manifest: course.manifest, objects, lookedUp: new Map() }, memory);
  expect(releasePods(look).map(({ revision }) => revision)).toEqual(['old', 'old']);
});

test('objects of any form are looked at without an exception', () => {
  const odd: unknown[] = [null, 0, 'x', [], {}, [null], { a: null }];
  const course = recordedCourse('crash-of-both');
  for (const value of odd) {
    for (const field of ['spec', 'status', 'involvedObject', 'message']) {
      const moments = course.moments.map((moment) => ({
        ...moment,
        changed: moment.changed.map((one) => ({ ...one, [field]: value })),
      }));
      const manifest = course.manifest.map((one) => ({ ...one, [field]: value }));
      expect(() => played({ ...course, moments })).not.toThrow();
      expect(() => played({ ...course, manifest })).not.toThrow();
    }
  }
});

test('a hundred workloads that all crash and may all wait for each other take no time', () => {
  const course = recordedCourse('crash-of-both');
  const objects = momentsOf(course).at(-1)?.objects ?? [];
  const copies = (all: readonly KubeObject[], number: number): KubeObject[] =>
    all.map((one) =>
      JSON.parse(JSON.stringify(one).replace(/agent|database|"uid":"/g, (found) => `${found}${number}`)),
    );
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  const seen = {
    now: 0,
    manifest: numbers.flatMap((number) => copies(course.manifest, number)).filter(({ kind }) => kind !== 'Service'),
    objects: numbers.flatMap((number) => copies(objects, number)),
    lookedUp: new Map(),
  };
  const started = performance.now();
  expect(diagnose(seen, remember([])).troubles).toHaveLength(100);
  expect(performance.now() - started).toBeLessThan(5000);
});
