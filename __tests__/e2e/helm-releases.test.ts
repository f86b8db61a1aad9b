import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Cancelled } from '../../src/domain/errors.ts';
import type { HelmUpgradeCall } from '../../src/ports.ts';
import { closedPort } from '../support/closed-port.ts';
import { type Cluster, clusterCommand, startCluster } from '../support/cluster.ts';
import { accessTo, administrator, kubeconfigFor, type TestAccess } from '../support/cluster-access.ts';

const IMAGE = 'chartship.test/redis:7';
const CHART = {
  'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\n',
  'values.yaml':
    'replicas: 1\napp: app\nimage: chartship.test/redis:7\nnote: plain\nsecret: none\nhook: "true"\ntest: "true"\nextra: {}\n',
  'templates/app.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: app }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: {{ .Values.app }} } }
  template:
    metadata: { labels: { app: {{ .Values.app }} }, annotations: { note: {{ .Values.note | quote }} } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - { name: app, image: {{ .Values.image | quote }}, command: [sleep, "10000"] }
  {{- with .Values.extra }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
---
apiVersion: v1
kind: Secret
metadata: { name: app }
stringData: { value: {{ .Values.secret | quote }} }
{{- if eq .Values.note "broken" }}{{ fail "this note is broken" }}{{ end }}
`,
  'templates/hook.yaml': `apiVersion: batch/v1
kind: Job
metadata:
  name: before
  annotations: { helm.sh/hook: pre-upgrade, helm.sh/hook-delete-policy: before-hook-creation }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers: [{ name: h, image: ${IMAGE}, command: [sh, -c, {{ .Values.hook | quote }}] }]
`,
  'templates/test.yaml': `apiVersion: v1
kind: Pod
metadata:
  name: check
  annotations: { helm.sh/hook: test, helm.sh/hook-delete-policy: before-hook-creation }
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers: [{ name: t, image: ${IMAGE}, command: [sh, -c, {{ .Values.test | quote }}] }]
`,
};

let cluster: Cluster;
let folder: string;
let chart: string;
let there: Record<string, unknown>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chartship-releases-'));
  chart = join(folder, 'demo');
  for (const [path, text] of Object.entries(CHART)) {
    mkdirSync(dirname(join(chart, path)), { recursive: true });
    writeFileSync(join(chart, path), text);
  }
  await clusterCommand('prepare');
  cluster = await startCluster('e2e-releases', 1);
  const { server, ca } = administrator(cluster.kubeconfig);
  there = { server: server.href, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
}, 900_000);
afterAll(async () => {
  await cluster?.down();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe.each(['helm', 'helm3'] as const)('releases by %s', (helm) => {
  let access: TestAccess;
  let namespace: string;
  let count = 0;
  beforeEach(async () => {
    namespace = `${helm}-${++count}`;
    await cluster.kubectl('create', 'namespace', namespace);
    access = await accessTo({ path: cluster.kubeconfig }, { helm });
  });
  afterEach(() => access.close());

  const upgradeOf = (rest: Partial<HelmUpgradeCall> = {}): HelmUpgradeCall => ({
    release: 'r',
    namespace,
    timeout: 60,
    chart,
    values: [],
    set: [],
    labels: {},
    description: 'sha256:abc',
    ...rest,
  });
  const upgrade = (rest: Partial<HelmUpgradeCall> = {}) => access.releases.upgrade(upgradeOf(rest));
  const records = async (): Promise<string[]> => {
    const secrets = await cluster.get('secrets', '-n', namespace, '-l', 'owner=helm,name=r');
    return secrets.items.map(({ metadata: { labels } }: { metadata: { labels: Record<string, string> } }) =>
      [labels.version, labels.status, labels['chartship.dev/verdict']].join(' '),
    );
  };

  test('are installed, upgraded, rolled back, tested and removed', async () => {
    const labels = { 'chartship.dev/verdict': 'pending' };
    expect(await upgrade({ labels })).toMatchObject({ ok: true });
    expect(await upgrade({ labels: { 'chartship.dev/verdict': 'again' }, set: ['note=second'] })).toMatchObject({
      ok: true,
    });
    expect(await records()).toEqual(['1 superseded pending', '2 deployed again']);
    const history = JSON.parse(await cluster.helm('history', 'r', '-n', namespace, '-o', 'json'));
    expect(history[1].description).toBe('sha256:abc');
    expect(await access.releases.test({ release: 'r', namespace, timeout: 60 })).toMatchObject({ ok: true });
    expect(await access.releases.rollback({ release: 'r', namespace, timeout: 60, revision: 1 })).toMatchObject({
      ok: true,
    });
    expect((await records()).slice(-1)).toEqual([expect.stringMatching(/^3 deployed/)]);
    expect((await cluster.get('deployment', 'app', '-n', namespace)).spec.template.metadata.annotations.note).toBe(
      'plain',
    );
    expect(await access.releases.uninstall({ release: 'r', namespace, timeout: 60 })).toMatchObject({ ok: true });
    expect(await records()).toEqual([]);
    expect(await access.releases.uninstall({ release: 'r', namespace, timeout: 60 })).toMatchObject({ ok: true });
  }, 120_000);

  test('get secret values by standard input, and the cluster by a private file', async () => {
    const values = join(folder, 'a,"b.yaml');
    writeFileSync(values, 'note: from a file\nsecret: to be overridden\n');
    const secretValues = 'secret: s3cret-value\n';
    const first = await upgrade({ values: [values], secretValues });
    expect(first).toMatchObject({ ok: true });
    const secret = await cluster.get('secret', 'app', '-n', namespace);
    expect(Buffer.from(secret.data.value, 'base64').toString()).toBe('s3cret-value');
    const call = access.calls.at(-1);
    expect(JSON.stringify([call?.args, call?.env])).not.toContain('s3cret-value');
    const kubeconfig = call?.args[call.args.indexOf('--kubeconfig') + 1] ?? '';
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(kubeconfig)).mode & 0o777).toBe(0o700);
    expect(JSON.parse(readFileSync(kubeconfig, 'utf8')).clusters).toHaveLength(1);
    expect(call?.env).not.toHaveProperty('AWS_REGION');
    expect(access.masked).toContain(administrator(cluster.kubeconfig).key);
  }, 60_000);

  test('are rendered without being applied, hooks apart', async () => {
    const dry = await access.releases.dryRun(upgradeOf({ secretValues: 'secret: s3cret-value' }));
    if (!dry.ok) throw new Error(dry.message);
    expect(dry.manifest).toContain('value: "s3cret-value"');
    expect(dry.manifest).not.toContain('name: before');
    expect(dry.hooks).toContain('---\n# Source: demo/templates/hook.yaml\napiVersion: batch/v1\n');
    expect(dry.hooks).toContain('# Source: demo/templates/test.yaml\n');
    expect(await records()).toEqual([]);
  });

  test('take back what was changed by hand, and keep what is not theirs', async () => {
    expect(await upgrade()).toMatchObject({ ok: true });
    await cluster.kubectl('scale', 'deployment', 'app', '--replicas=2', '-n', namespace);
    await cluster.kubectl('set', 'env', 'deployment/app', 'BY_HAND=1', '-n', namespace);
    await cluster.kubectl('annotate', 'deployment', 'app', 'somebody/else=1', '-n', namespace);
    expect(await upgrade({ set: ['note=two'] })).toMatchObject({ ok: true });
    const { metadata, spec } = await cluster.get('deployment', 'app', '-n', namespace);
    expect(metadata.annotations['somebody/else']).toBe('1');
    expect(spec.replicas).toBe(1);
  }, 90_000);

  test('that fail say why: a hook, a test, an image that never comes', async () => {
    expect(await upgrade({ set: ['test=exit 1'] })).toMatchObject({ ok: true });
    expect(await access.releases.test({ release: 'r', namespace, timeout: 30 })).toMatchObject({
      ok: false,
      ended: 'failed',
      kind: 'test-failed',
      message: expect.stringContaining('pod check failed'),
    });
    expect(await upgrade({ set: ['hook=exit 3'] })).toMatchObject({
      ok: false,
      kind: 'hook-failed',
      message: expect.stringMatching(/^pre-upgrade hooks failed: .*before/),
    });
    const late = await upgrade({ set: ['image=chartship.test/absent:1'], timeout: 4 });
    expect(late).toMatchObject({ ok: false, ended: 'failed', kind: 'not-ready' });
    expect((await records()).at(-1)).toMatch(/^3 failed/);
    expect(await upgrade()).toMatchObject({ ok: true });
  }, 120_000);

  test('end when they are stopped, and the next one goes on', async () => {
    expect(await upgrade()).toMatchObject({ ok: true });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 2_500);
    const started = performance.now();
    const ended = await upgrade({ set: ['image=chartship.test/absent:1'], stop: stop.signal });
    expect(ended).toMatchObject({ ok: false, ended: 'stopped' });
    expect((performance.now() - started) / 1000).toBeLessThan(5);
    expect((await records()).at(-1)).toMatch(/^2 failed/);
    expect(await upgrade()).toMatchObject({ ok: true });
    expect(await upgrade({ stop: stop.signal })).toMatchObject({ ok: false, ended: 'stopped' });
  }, 90_000);

  test('end when the run is interrupted, and helm has marked its revision', async () => {
    const running = upgrade({ set: ['image=chartship.test/absent:1'] });
    setTimeout(() => access.cancel(new Cancelled('SIGTERM')), 2_500);
    await expect(running).rejects.toThrow(Cancelled);
    expect(await records()).toEqual([expect.stringMatching(/^1 failed/)]);
    await expect(upgrade()).rejects.toThrow(Cancelled);
    expect(await access.cluster.version()).toMatchObject({ ok: true });
  }, 60_000);

  test('on which another works are busy', async () => {
    expect(await upgrade()).toMatchObject({ ok: true });
    const stop = new AbortController();
    const first = upgrade({ set: ['hook=sleep 100'], stop: stop.signal });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await upgrade({ set: ['note=two'] })).toMatchObject({ ok: false, kind: 'busy' });
    stop.abort();
    expect(await first).toMatchObject({ ok: false, ended: 'stopped' });
  }, 60_000);

  const ALL = ['helm', 'helm3'];
  test.each<[string, Partial<HelmUpgradeCall>, string, RegExp, readonly string[]]>([
    ['a template that fails', { set: ['note=broken'] }, 'render', /this note is broken/, ALL],
    ['a namespace that is not there', { namespace: 'nowhere' }, 'refused', /namespaces "nowhere" not found/, ALL],
    [
      'an unknown field',
      { set: ['extra.replicass=1'] },
      'refused',
      /replicass.*field not declared in schema/,
      ['helm'],
    ],
    ['a wrong value', { set: ['replicas=-1'] }, 'refused', /spec\.replicas: Invalid value/, ALL],
    ['a chart that is not there', { chart: '/nowhere/chart.tgz' }, 'other', /nowhere/, ALL],
  ])('refused for %s', async (_, rest, kind, message, helms) => {
    const ended = await upgrade({ timeout: 5, ...rest });
    if (!helms.includes(helm)) return expect(ended).toMatchObject({ ok: true });
    expect(ended).toMatchObject({ ok: false, ended: 'failed', kind, message: expect.stringMatching(message) });
  });

  test('refused for a quota, and an immutable field', async () => {
    await cluster.quota(namespace, 'none', 'secrets=2');
    await cluster.kubectl('create', 'secret', 'generic', 'one', '-n', namespace);
    expect(await upgrade({ timeout: 5 })).toMatchObject({
      ok: false,
      kind: 'refused',
      message: expect.stringContaining('exceeded quota: none'),
    });
    await cluster.kubectl('delete', 'quota', 'none', '-n', namespace);
    await cluster.kubectl('delete', 'deployment', 'app', '-n', namespace, '--ignore-not-found');
    await access.releases.uninstall({ release: 'r', namespace, timeout: 20 });
    expect(await upgrade()).toMatchObject({ ok: true });
    expect(await upgrade({ set: ['app=other'], timeout: 20 })).toMatchObject({
      ok: false,
      kind: 'refused',
      message: expect.stringContaining('field is immutable'),
    });
  }, 60_000);

  test('of a revision that is not there', async () => {
    expect(await access.releases.rollback({ release: 'r', namespace, timeout: 5, revision: 7 })).toMatchObject({
      ok: false,
      kind: 'not-found',
    });
    expect(await access.releases.test({ release: 'r', namespace, timeout: 5 })).toMatchObject({
      ok: false,
      kind: 'not-found',
    });
  });

  test('without the right, without a credential, without a cluster', async () => {
    await cluster.kubectl('create', 'serviceaccount', 'me', '-n', namespace);
    const token = (await cluster.kubectl('create', 'token', 'me', '-n', namespace)).trim();
    const by = async (...kubeconfig: Parameters<typeof kubeconfigFor>) => {
      const other = await accessTo(kubeconfigFor(...kubeconfig), { helm });
      try {
        return await other.releases.upgrade(upgradeOf({ timeout: 5 }));
      } finally {
        other.close();
      }
    };
    expect(await by(there, { token })).toMatchObject({
      ok: false,
      kind: 'forbidden',
      message: expect.stringContaining('secrets'),
    });
    expect(await by(there, { token: 'wrong-token' })).toMatchObject({ ok: false, kind: 'unauthorized' });
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'false', interactiveMode: 'Never' };
    expect(await by(there, { exec })).toMatchObject({ ok: false, kind: 'unauthorized' });
    const nobody = { server: `https://127.0.0.1:${await closedPort()}` };
    expect(await by(nobody, { token })).toMatchObject({ ok: false, kind: 'unreachable' });
  }, 60_000);

  test('with a credential plugin, which gets what it needs and nothing of the runner', async () => {
    const credential = join(folder, 'credential');
    const token = (await cluster.kubectl('create', 'token', 'default', '-n', namespace)).trim();
    await cluster.kubectl(
      ...`create rolebinding all --clusterrole=admin --serviceaccount=${namespace}:default -n ${namespace}`.split(' '),
    );
    const apiVersion = 'client.authentication.k8s.io/v1';
    writeFileSync(credential, JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token } }));
    const script = `env > ${folder}/env; cat ${credential}`;
    const exec = { apiVersion, command: 'sh', args: ['-c', script], interactiveMode: 'IfAvailable' };
    const environment = {
      PATH: process.env.PATH,
      AWS_REGION: 'eu-1',
      INPUT_X: 'no',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'no',
    };
    const other = await accessTo(kubeconfigFor(there, { exec }), { helm, environment });
    try {
      const ended = await other.releases.upgrade(upgradeOf({ secretValues: 'secret: by standard input' }));
      expect(ended).toMatchObject({ ok: true });
      const env = readFileSync(join(folder, 'env'), 'utf8');
      expect(env).toMatch(/^AWS_REGION=eu-1$/m);
      expect(env).not.toMatch(/INPUT_X|ACTIONS_/);
    } finally {
      other.close();
    }
  }, 60_000);
});

test('what Helm 3 made goes over to Helm 4, and its fields with it', async () => {
  await cluster.kubectl('create', 'namespace', 'three-to-four');
  const by = (helm: 'helm' | 'helm3') => accessTo({ path: cluster.kubeconfig }, { helm });
  const [three, four] = [await by('helm3'), await by('helm')];
  const call = {
    release: 'r',
    namespace: 'three-to-four',
    timeout: 60,
    chart,
    values: [],
    labels: {},
    description: 'd',
  };
  expect(await three.releases.upgrade({ ...call, set: ['extra.minReadySeconds=1'] })).toMatchObject({ ok: true });
  expect(await four.releases.upgrade({ ...call, set: ['note=two'] })).toMatchObject({ ok: true });
  const { metadata, spec } = await cluster.get('deployment', 'app', '-n', 'three-to-four', '--show-managed-fields');
  // What is no longer in the manifest is no longer in the object either.
  expect(spec.minReadySeconds).toBeUndefined();
  const ofHelm = metadata.managedFields.filter(({ manager }: { manager: string }) => manager.startsWith('helm'));
  expect(ofHelm.map(({ operation }: { operation: string }) => operation)).toEqual(['Apply']);
  expect(await three.releases.upgrade({ ...call, set: ['note=three'] })).toMatchObject({ ok: true });
  three.close();
  four.close();
}, 120_000);
