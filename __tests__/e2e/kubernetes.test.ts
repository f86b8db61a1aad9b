import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/domain/kube-object.ts';
import type { ClusterAnswer, ClusterFault } from '../../src/ports.ts';
import { type Cluster, clusterCommand, eventually, startCluster } from '../support/cluster.ts';
import { accessTo, administrator, kubeconfigFor, type TestAccess } from '../support/cluster-access.ts';

let cluster: Cluster;
let admin: TestAccess;
let namespace: string;
let count = 0;

beforeAll(async () => {
  await clusterCommand('prepare');
  cluster = await startCluster('e2e-kubernetes', 1);
  admin = await accessTo({ path: cluster.kubeconfig });
}, 900_000);
afterAll(async () => {
  admin?.close();
  await cluster?.down();
}, 60_000);
beforeEach(async () => {
  count += 1;
  namespace = `kubernetes-${count}`;
  await cluster.kubectl('create', 'namespace', namespace);
});

const CONFIGMAP = { apiVersion: 'v1', kind: 'ConfigMap' };
const configMap = (data: Record<string, string>, name = 'a'): KubeObject => ({
  ...CONFIGMAP,
  metadata: { name, namespace },
  data,
});
const deployment = (rest: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'd' } },
    template: {
      metadata: { labels: { app: 'd' } },
      spec: { containers: [{ name: 'c', image: 'chartship.test/redis:7' }] },
    },
    ...rest,
  },
});

function value<T>(answer: ClusterAnswer<T>): T {
  if (!answer.ok) throw new Error(`${answer.fault.kind}: ${answer.fault.message}`);
  return answer.value;
}

function fault<T>(answer: ClusterAnswer<T>): ClusterFault {
  if (answer.ok) throw new Error(`no fault, but ${JSON.stringify(answer.value)}`);
  return answer.fault;
}

/** A ServiceAccount's own kubeconfig; `rules` as kubectl takes them: `--verb=get`, `--resource=pods`. */
async function accountWith(...rules: string[]): Promise<TestAccess> {
  await cluster.kubectl('create', 'serviceaccount', 'me', '-n', namespace);
  if (rules.length > 0) {
    await cluster.kubectl('create', 'role', 'few', ...rules, '-n', namespace);
    await cluster.kubectl(
      ...`create rolebinding few --role=few --serviceaccount=${namespace}:me -n ${namespace}`.split(' '),
    );
  }
  const token = (await cluster.kubectl('create', 'token', 'me', '-n', namespace)).trim();
  const { server, ca } = administrator(cluster.kubeconfig);
  const there = { server: server.href, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return await accessTo(kubeconfigFor(there, { token }));
}

describe('objects', () => {
  test('are made, read, replaced, patched and removed', async () => {
    const name = { ...CONFIGMAP, namespace, name: 'a' };
    expect(value(await admin.cluster.get(name))).toBeUndefined();
    const made = value(await admin.cluster.create(configMap({ a: '1' })));
    expect(made).toMatchObject({ ...CONFIGMAP, data: { a: '1' } });
    const replaced = value(await admin.cluster.replace({ ...made, data: { a: '2', b: '2' } }));
    value(await admin.cluster.patch(name, { data: { a: null, c: '3' }, metadata: { labels: { x: 'y' } } }));
    const read = value(await admin.cluster.get(name));
    expect(read).toMatchObject({
      data: { b: '2', c: '3' },
      metadata: { labels: { x: 'y' }, managedFields: expect.anything() },
    });
    expect(read?.metadata.resourceVersion).not.toBe(replaced.metadata.resourceVersion);
    expect(value(await admin.cluster.remove(name, { uid: '00000000-0000-0000-0000-000000000000' }))).toBe(false);
    expect(value(await admin.cluster.get(name))).toBeDefined();
    expect(value(await admin.cluster.remove(name, { uid: made.metadata.uid ?? '' }))).toBe(true);
    expect(value(await admin.cluster.remove(name))).toBe(false);
  });

  test('that changed meanwhile, or are there already, are a conflict', async () => {
    const made = value(await admin.cluster.create(configMap({ a: '1' })));
    value(await admin.cluster.patch({ ...CONFIGMAP, namespace, name: 'a' }, { data: { a: '2' } }));
    expect(fault(await admin.cluster.replace(made)).kind).toBe('conflict');
    expect(fault(await admin.cluster.create(configMap({})))).toEqual({
      kind: 'conflict',
      message: 'configmaps "a" already exists',
    });
  });

  test('are listed by labels and fields, over several pages, with their kind', async () => {
    const names = Array.from({ length: 620 }, (_, index) => `n${String(index).padStart(4, '0')}`);
    for (let start = 0; start < names.length; start += 50) {
      const batch = names.slice(start, start + 50);
      await Promise.all(batch.map(async (name) => value(await admin.cluster.create(configMap({}, name)))));
    }
    const all = value(await admin.cluster.list(CONFIGMAP, namespace));
    expect(all.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('n'))).toEqual(names);
    expect(all[0]).toMatchObject(CONFIGMAP);
    const one = value(await admin.cluster.list(CONFIGMAP, undefined, { fields: 'metadata.name=n0007' }));
    expect(one.map(({ metadata }) => metadata.namespace)).toEqual([namespace]);
    value(await admin.cluster.patch({ ...CONFIGMAP, namespace, name: 'n0009' }, { metadata: { labels: { x: 'y' } } }));
    const labelled = value(await admin.cluster.list(CONFIGMAP, namespace, { labels: 'x in (y),!z' }));
    expect(labelled.map(({ metadata }) => metadata.name)).toEqual(['n0009']);
  }, 60_000);

  test('of no namespace are found with or without one', async () => {
    const kind = { apiVersion: 'v1', kind: 'Namespace', name: namespace };
    expect(value(await admin.cluster.get(kind))?.metadata.name).toBe(namespace);
    expect(value(await admin.cluster.get({ ...kind, namespace: 'default' }))?.metadata.name).toBe(namespace);
  });

  test('in a namespace that is not there, or is going, are refused by name', async () => {
    const nowhere = { ...configMap({}), metadata: { name: 'a', namespace: 'nowhere' } };
    expect(fault(await admin.cluster.create(nowhere))).toEqual({
      kind: 'not-found',
      message: 'namespaces "nowhere" not found',
    });
    value(
      await admin.cluster.create({
        ...configMap({}),
        metadata: { name: 'a', namespace, finalizers: ['chartship.test/stays'] },
      }),
    );
    value(await admin.cluster.remove({ apiVersion: 'v1', kind: 'Namespace', name: namespace }));
    expect(fault(await admin.cluster.create(configMap({}, 'b')))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('is being terminated'),
    });
    value(await admin.cluster.patch({ ...CONFIGMAP, namespace, name: 'a' }, { metadata: { finalizers: null } }));
    expect(fault(await admin.cluster.patch({ ...CONFIGMAP, namespace: 'nowhere', name: 'a' }, {})).kind).toBe(
      'not-found',
    );
  });
});

describe('kinds', () => {
  test('are found by what the API server serves, also one that comes later', async () => {
    const kind = { apiVersion: 'chartship.test/v1', kind: 'Thing' };
    expect(fault(await admin.cluster.list(kind, namespace))).toEqual({
      kind: 'unknown-kind',
      message: 'the cluster serves no Thing of chartship.test/v1',
    });
    const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    value(
      await admin.cluster.create({
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'things.chartship.test' },
        spec: {
          group: 'chartship.test',
          scope: 'Namespaced',
          names: { kind: 'Thing', plural: 'things' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
        },
      }),
    );
    await cluster.kubectl('wait', '--for=condition=Established', 'crd/things.chartship.test', '--timeout=20s');
    let made: ClusterAnswer<KubeObject>;
    const until = Date.now() + 10_000;
    do {
      made = await admin.cluster.create({ ...kind, metadata: { name: 't', namespace }, spec: { a: 1 } });
    } while (!made.ok && Date.now() < until);
    expect(value(made)).toMatchObject({ spec: { a: 1 } });
    expect(value(await admin.cluster.kinds())).toContainEqual({ ...kind, resource: 'things', namespaced: true });
  }, 40_000);

  test('are all that kubectl knows', async () => {
    const kinds = value(await admin.cluster.kinds());
    const known = (await cluster.kubectl('api-resources', '--no-headers', '-o', 'wide')).trim().split('\n');
    const ofKubectl = known.map((line) => /\s(\S+)\s+(true|false)\s+(\S+)\s/.exec(line)?.slice(1, 4).join(' '));
    // kubectl shows each kind by its preferred version alone.
    const ours = kinds.map(({ apiVersion, namespaced, kind }) => `${apiVersion} ${namespaced} ${kind}`);
    expect(ofKubectl.length).toBeGreaterThan(50);
    expect(ofKubectl.filter((each) => !ours.includes(each ?? ''))).toEqual([]);
    expect(new Set(ours).size).toBe(ours.length);
  });

  test('the server says its version', async () => {
    expect(value(await admin.cluster.version())).toMatch(/^v1\.\d+\.\d+/);
    expect(admin.cluster.host).toBe(administrator(cluster.kubeconfig).server.host);
  });
});

describe('a dry run of an apply', () => {
  test('changes nothing, and says what would come of it', async () => {
    const dry = value(await admin.cluster.dryApply(deployment(), 'helm'));
    expect(dry).toMatchObject({ spec: { strategy: { type: 'RollingUpdate' } } });
    expect(
      value(await admin.cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'd' })),
    ).toBeUndefined();
  });

  test.each<[string, object, RegExp]>([
    ['an unknown field', { replicass: 1 }, /\.spec\.replicass: field not declared in schema/],
    ['a wrong value', { replicas: -1 }, /spec\.replicas: Invalid value: -1/],
    ['a wrong type', { replicas: 'many' }, /spec\.replicas/],
  ])('refuses %s', async (_, rest, message) => {
    const { kind, message: said } = fault(await admin.cluster.dryApply(deployment(rest), 'helm'));
    expect([kind, said]).toEqual(['refused', expect.stringMatching(message)]);
  });

  test('refuses a change of what is immutable, what is over a quota, and what an admission policy denies', async () => {
    await cluster.kubectl('create', 'deployment', 'd', '--image=x', '--replicas=0', '-n', namespace);
    const other = { matchLabels: { app: 'other' } };
    const template = { metadata: { labels: other.matchLabels }, spec: { containers: [{ name: 'c', image: 'x' }] } };
    expect(fault(await admin.cluster.dryApply(deployment({ selector: other, template }), 'helm'))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('field is immutable'),
    });
    // One ConfigMap is there: that with the cluster's certificate, once its controller has made it.
    await cluster.quota(namespace, 'none', 'configmaps=1');
    await eventually(async () =>
      expect(fault(await admin.cluster.dryApply(configMap({}), 'helm'))).toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('exceeded quota: none'),
      }),
    );
    await cluster.kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    };
    await eventually(async () =>
      expect(fault(await admin.cluster.dryApply(pod, 'helm'))).toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('violates PodSecurity "restricted'),
      }),
    );
  });

  test('names who else owns a field, unless it is forced', async () => {
    await cluster.kubectl('create', 'deployment', 'd', '--image=x', '--replicas=0', '-n', namespace);
    await cluster.kubectl('scale', 'deployment', 'd', '--replicas=1', '-n', namespace);
    expect(fault(await admin.cluster.dryApply(deployment({ replicas: 3 }), 'helm', { force: false }))).toMatchObject({
      kind: 'conflict',
      conflicts: expect.arrayContaining([{ manager: expect.stringMatching(/^kubectl/), field: '.spec.replicas' }]),
    });
    expect(value(await admin.cluster.dryApply(deployment({ replicas: 3 }), 'helm'))).toMatchObject({
      spec: { replicas: 3 },
    });
  });
});

describe('rights', () => {
  test('are told in the order they were asked for', async () => {
    const me = await accountWith('--verb=get,list', '--resource=pods,pods/log');
    const check = (verb: string, resource: string, group = '') => ({ verb, group, resource, namespace });
    expect(
      value(
        await me.cluster.allowed([
          check('get', 'pods'),
          check('create', 'pods'),
          check('get', 'pods/log'),
          check('get', 'pods/exec'),
          check('patch', 'deployments', 'apps'),
          ...Array.from({ length: 20 }, () => check('list', 'pods')),
        ]),
      ),
    ).toEqual([true, false, true, false, false, ...Array.from({ length: 20 }, () => true)]);
    expect(fault(await me.cluster.list(CONFIGMAP, namespace))).toMatchObject({
      kind: 'forbidden',
      message: expect.stringMatching(/configmaps is forbidden: User "system:serviceaccount:.*" cannot list resource/),
    });
    expect(fault(await me.cluster.create(configMap({}))).kind).toBe('forbidden');
    me.close();
  });
});

describe('logs', () => {
  const options = { lines: 100, bytes: 10_000 };
  test('are the last lines; none where there is no container, or not yet', async () => {
    // The runtime reads the two streams side by side: a pause keeps them in order.
    const script = 'for i in $(seq 1 300); do echo line $i; done; sleep 1; echo "::error::::[31mred" >&2';
    await cluster.kubectl(
      'run',
      'p',
      '--image=chartship.test/redis:7',
      '--restart=Never',
      '-n',
      namespace,
      '--command',
      '--',
      'sh',
      '-c',
      script,
    );
    await cluster.kubectl(
      'wait',
      'pod/p',
      '--for=jsonpath={.status.phase}=Succeeded',
      '-n',
      namespace,
      '--timeout=60s',
    );
    const pod = { namespace, name: 'p' };
    const log = value(await admin.cluster.logs(pod, 'p', options));
    expect(log.split('\n')).toHaveLength(101);
    expect(log).toContain('line 300\n::error::');
    expect(value(await admin.cluster.logs(pod, 'p', { lines: 100, bytes: 30 }))).toBe(log.slice(-30));
    expect(value(await admin.cluster.logs(pod, 'p', { ...options, previous: true }))).toBe('');
    expect(value(await admin.cluster.logs(pod, 'no-such', options))).toBe('');
    expect(value(await admin.cluster.logs({ namespace, name: 'no-such' }, 'p', options))).toBe('');
    await cluster.kubectl('run', 'q', '--image=chartship.test/absent:1', '--restart=Never', '-n', namespace);
    expect(value(await admin.cluster.logs({ namespace, name: 'q' }, 'q', options))).toBe('');
  }, 90_000);
});
