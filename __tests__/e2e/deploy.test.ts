import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Cluster, clusterCommand, startCluster } from '../support/cluster.ts';
import { administrator, kubeconfigFor } from '../support/cluster-access.ts';
import { type Ask, type Deploying, deploying, packed, smallChart } from '../support/deploying.ts';
import { pinned } from '../support/scenario.ts';

let cluster: Cluster;
let folder: string;
let chart: string;
let namespace: string;
let count = 0;

beforeAll(async () => {
  await clusterCommand('prepare');
  cluster = await startCluster('e2e-deploy', 2);
  folder = mkdtempSync(join(tmpdir(), 'chartship-deploy-'));
  chart = await packed(folder);
}, 900_000);
afterAll(async () => {
  await cluster?.down();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
beforeEach(() => {
  count += 1;
  namespace = `deploy-${count}`;
});

const run = (ask: Partial<Ask> = {}): Promise<Deploying> => deploying(cluster, { package: chart, namespace, ...ask });

interface Row {
  readonly revision: number;
  readonly status: string;
}
const history = async (release = 'small'): Promise<string[]> => {
  const rows = JSON.parse(await cluster.helm('history', release, '-n', namespace, '-o', 'json')) as Row[];
  return rows.map(({ revision, status }) => `${revision} ${status}`);
};
const environmentOf = async (): Promise<string> => {
  const deployment = await cluster.get('deployment', 'small', '-n', namespace);
  return deployment.spec.template.spec.containers[0].env[0].value;
};
/** Ready some seconds after it is started: there is time to do something meanwhile. */
const SLOW = ['command=sleep 5; touch /tmp/ready; sleep 3600', 'probe=test -f /tmp/ready'];
/** Helm 4 calls a container without a probe ready between two crashes, if it looks just then. */
const NEVER_READY = 'probe=exit 1';
const isUnderWay = /^Deployment\/small: .*new ready/;

const definition = (group: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets', singular: 'widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
});

describe.each(['helm', 'helm3'] as const)('with %s', (helm) => {
  test('installed, unchanged, upgraded; what was changed by hand is taken back', async () => {
    const first = await run({ helm });
    expect(first.outcome).toMatchObject({
      outcome: 'deployed',
      revision: 1,
      cause: null,
      tests: [{ name: 'small-test', outcome: 'passed' }],
    });
    expect(first.findings).toEqual([]);
    expect(first.lines).toContain(`made the namespace ${namespace}`);
    expect((await run({ helm })).outcome).toMatchObject({
      outcome: 'unchanged',
      revision: 1,
      tests: [{ outcome: 'passed' }],
    });
    const second = await run({ helm, set: ['env=b'] });
    expect(second.outcome).toMatchObject({ outcome: 'deployed', revision: 2 });
    expect(second.lines).toContain('      spec.template.spec.containers[main].env[E].value: a → b');

    await cluster.kubectl('set', 'env', 'deployment/small', 'E=by-hand', '-n', namespace);
    await cluster.kubectl('scale', 'deployment/small', '--replicas=2', '-n', namespace);
    const third = await run({ helm, set: ['env=b'] });
    expect(third.lines).toContain('changed by hand since revision 2: Deployment/small');
    expect(third.outcome).toMatchObject({ outcome: 'deployed', revision: 3 });
    expect(await environmentOf()).toBe('b');
    expect((await cluster.get('deployment', 'small', '-n', namespace)).spec.replicas).toBe(1);
    expect(await history()).toEqual(['1 superseded', '2 superseded', '3 deployed']);
  }, 120_000);

  test('values are those of the run alone: none of the revision before stays, also where no value is given', async () => {
    await run({ helm, set: ['env=b'] });
    const second = await run({ helm });
    expect(second.lines).toContain('      spec.template.spec.containers[main].env[E].value: b → a');
    expect(second.outcome).toMatchObject({ outcome: 'deployed', revision: 2 });
    expect(await environmentOf()).toBe('a');
    expect((await run({ helm })).outcome).toMatchObject({ outcome: 'unchanged', revision: 2 });
  }, 120_000);

  test('a revision that crashes is told by its cause and goes back; the old one serves on', async () => {
    await run({ helm });
    const failed = await run({ helm, set: ['command=echo no such database; exit 3', 'env=b', NEVER_READY] });
    expect(failed.outcome).toMatchObject({
      outcome: 'rolled-back',
      revision: 3,
      cause: { code: 'crash-loop', log: 'no such database' },
    });
    // Long before the time is up, also where the machine has much to do.
    expect(failed.seconds).toBeLessThan(50);
    expect(Object.keys(failed.evidence)).toEqual(expect.arrayContaining(['causes.txt', 'pods.txt', 'events.txt']));
    expect(failed.findings).toMatchObject([{ rule: 'deploy/crash-loop', severity: 'error' }]);
    expect(await history()).toEqual(['1 superseded', '2 failed', '3 deployed']);
    expect(await environmentOf()).toBe('a');
    // What was gone back to is healthy, and the same as before.
    expect((await run({ helm })).outcome).toMatchObject({ outcome: 'unchanged', revision: 3 });
  }, 120_000);

  test('a failed test is a failed deployment', async () => {
    await run({ helm });
    const failed = await run({ helm, set: ['env=b', 'test=echo it is wrong; exit 1'] });
    expect(failed.outcome).toMatchObject({
      outcome: 'rolled-back',
      cause: { code: 'test-failed', log: 'it is wrong' },
      tests: [{ name: 'small-test', outcome: 'failed', log: 'it is wrong' }],
    });
    expect(await environmentOf()).toBe('a');
    expect((await run({ helm, set: ['env=b'] })).outcome).toMatchObject({ outcome: 'deployed' });
  }, 120_000);

  test('helm killed in mid-upgrade: the next run repairs it at once', async () => {
    await run({ helm });
    await killedHelm(helm, 'upgrade', 2);
    await cluster.kubectl('get', 'configmap', 'small-extra', '-n', namespace);
    expect((await history()).at(-1)).toBe('2 pending-upgrade');
    const next = await run({ helm, set: ['env=c'] });
    expect(next.lines).toContain('revision 2 was left pending-upgrade by a run that is no more: repaired');
    expect(next.outcome).toMatchObject({ outcome: 'deployed', revision: 3 });
    // What the killed revision brought and the next one hasn't is gone: with Helm 3 its probe alone would have stayed.
    const { spec } = (await cluster.get('deployment', 'small', '-n', namespace)).spec.template;
    expect(spec.containers[0].readinessProbe).toBeUndefined();
    await expect(cluster.kubectl('get', 'configmap', 'small-extra', '-n', namespace)).rejects.toThrow(/not found/);
    expect(await history()).toEqual(['1 superseded', '2 superseded', '3 deployed']);
  }, 120_000);
});

test.each(['helm', 'helm3'] as const)(
  'with %s, a chart that brings a kind and an object of it is installed; a dry run leaves the kind out',
  async (helm) => {
    const group = `${helm}.chartship.test`;
    const widgets = await packed(folder, {
      'crds/widgets.yaml': JSON.stringify(definition(group)),
      'templates/widget.yaml': `apiVersion: ${group}/v1\nkind: Widget\nmetadata: { name: one }\nspec: { size: 1 }\n`,
    });
    const tried = await run({ helm, package: widgets, dryRun: true });
    expect(tried.outcome).toMatchObject({ outcome: 'skipped', cause: null });
    expect(tried.findings).toMatchObject([{ rule: 'deploy/unknown', severity: 'note' }]);
    expect(tried.findings[0]?.message).toContain(`CustomResourceDefinition/widgets.${group}`);
    const kind = ['get', 'crd', `widgets.${group}`, '--ignore-not-found', '--output=name'];
    expect(await cluster.kubectl(...kind)).toBe('');

    const first = await run({ helm, package: widgets });
    expect(first.outcome).toMatchObject({ outcome: 'deployed', cause: null });
    expect(first.lines).toContain(`made CustomResourceDefinition/widgets.${group}`);
    expect((await cluster.get(`widgets.${group}`, 'one', '-n', namespace)).spec.size).toBe(1);
    expect((await run({ helm, package: widgets })).outcome).toMatchObject({ outcome: 'unchanged' });
    // What helm leaves alone from then on is told.
    const changed = JSON.stringify(definition(group)).replace('integer', 'number');
    const other = await packed(folder, { 'crds/widgets.yaml': changed });
    const upgraded = await run({ helm, package: other, set: ['env=b'] });
    expect(upgraded.outcome).toMatchObject({ outcome: 'deployed', revision: 2 });
    expect(upgraded.findings).toMatchObject([{ rule: 'deploy/crds', severity: 'warning' }]);
    expect(upgraded.findings[0]?.message).toMatch(/is another one, and helm leaves crds\/ alone/);
    await cluster.kubectl('delete', 'crd', `widgets.${group}`);
  },
  120_000,
);

describe.each(['helm', 'helm3'] as const)(
  'a hook that helm itself would not remove before it is made anew, with %s',
  (helm) => {
    const hookedChart = (): Promise<string> =>
      packed(folder, {
        'templates/hook.yaml':
          smallChart['templates/hook.yaml']?.replace('before-hook-creation', 'hook-succeeded') ?? '',
      });
    const jobs = async (): Promise<string> => await cluster.kubectl('get', 'jobs', '-n', namespace, '--output=name');

    test('is in nobody’s way after it failed: neither at an install nor at an upgrade', async () => {
      const hooked = await hookedChart();
      const first = await run({ helm, package: hooked, set: ['hook=exit 1'] });
      expect(first.outcome).toMatchObject({ outcome: 'removed', cause: { code: 'hook-failed' } });
      expect(await jobs()).toBe('');
      expect((await run({ helm, package: hooked, set: ['hook=true'] })).outcome).toMatchObject({ outcome: 'deployed' });
      const failed = await run({ helm, package: hooked, set: ['hook=exit 1', 'env=b'] });
      expect(failed.outcome).toMatchObject({ outcome: 'rolled-back', cause: { code: 'hook-failed' } });
      const next = await run({ helm, package: hooked, set: ['hook=true', 'env=b'] });
      expect(next.lines).toContain('removed Job/small-hook, which a hook left');
      expect(next.outcome).toMatchObject({ outcome: 'deployed' });
    }, 120_000);

    test('does not run on beside the revision that is gone back to', async () => {
      const hooked = await hookedChart();
      expect((await run({ helm, package: hooked, set: ['hook=true'] })).outcome).toMatchObject({ outcome: 'deployed' });
      const hanging = await run({ helm, package: hooked, set: ['hook=sleep 1000', 'env=b'], timeout: 8 });
      expect(hanging.outcome).toMatchObject({ outcome: 'rolled-back', cause: { code: 'hook-failed' } });
      expect(await jobs()).toBe('');
    }, 120_000);

    test('does not run on when its release is removed', async () => {
      const hanging = await run({ helm, set: ['hook=sleep 1000'], timeout: 8 });
      expect(hanging.outcome).toMatchObject({ outcome: 'removed', cause: { code: 'hook-failed' } });
      expect(await jobs()).toBe('');
    }, 120_000);
  },
);

test('a first install that fails is removed, with all that older revisions had, but for what holds data', async () => {
  const claim = 'claim=small-data';
  const withData = await packed(folder, {
    'templates/data.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: {{ .Release.Name }}-data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
    'templates/old.yaml': `{{- if .Values.old }}
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}-old }
{{- end }}
`,
  });
  const left = await run({
    package: withData,
    set: ['command=exit 3', 'old=yes', claim, NEVER_READY],
    rollback: false,
  });
  expect(left.outcome).toMatchObject({ outcome: 'failed', revision: 1, cause: { code: 'crash-loop' } });
  await cluster.kubectl('get', 'configmap', 'small-old', '-n', namespace);

  // As plain helm does it: the newest revision doesn't know of the ConfigMap any more.
  await expect(
    cluster.helm(
      'upgrade',
      'small',
      withData,
      '-n',
      namespace,
      '--set',
      `command=exit 3,${claim},${NEVER_READY}`,
      '--wait',
      '--timeout',
      '3s',
    ),
  ).rejects.toThrow();
  const again = await run({ package: withData, set: ['command=exit 4', claim, NEVER_READY] });
  expect(again.lines).toContain('no revision of small ever worked: it is removed and installed anew');
  expect(again.lines).toContain('kept: PersistentVolumeClaim/small-data');
  expect(again.outcome).toMatchObject({ outcome: 'removed', cause: { code: 'crash-loop' } });
  const names = await cluster.kubectl('get', 'deployments,pods,configmaps,secrets,pvc', '-o', 'name', '-n', namespace);
  expect(
    names
      .trim()
      .split('\n')
      .filter((name) => !name.endsWith('kube-root-ca.crt')),
  ).toEqual(['persistentvolumeclaim/small-data']);
  expect((await run({ package: withData, set: [claim] })).outcome).toMatchObject({ outcome: 'deployed', revision: 1 });
}, 180_000);

test('a revision that crashes soon after helm called it ready is found out, with no probe and no test to tell', async () => {
  await run();
  const failed = await run({ set: ['command=sleep 3; exit 3', 'env=b'], test: false });
  expect(failed.outcome).toMatchObject({ outcome: 'rolled-back', cause: { code: 'crash-loop' } });
  expect(await environmentOf()).toBe('a');
}, 120_000);

test('while nothing changes a line says every 15 s what is waited for', async () => {
  const late = await run({ set: ['command=sleep 20; touch /tmp/ready; sleep 3600', 'probe=test -f /tmp/ready'] });
  expect(late.outcome).toMatchObject({ outcome: 'deployed' });
  expect(late.lines).toContainEqual(expect.stringMatching(/^nothing new; waiting for Deployment\/small/));
}, 120_000);

test('where the evidence can not be written, what failed is told and undone all the same', async () => {
  await run();
  const full = join(folder, 'no-folder');
  writeFileSync(full, '');
  const failed = await run({
    set: ['command=echo no such database; exit 3', 'env=b', NEVER_READY],
    evidenceFolder: join(full, 'evidence'),
  });
  expect(failed.lines).toContainEqual(expect.stringMatching(/^evidence is missing: .*can't be written/));
  expect(failed.outcome).toMatchObject({
    outcome: 'rolled-back',
    cause: { code: 'crash-loop', log: 'no such database' },
  });
  // Nor is a test's log in the way.
  const next = await run({ set: ['env=c'], evidenceFolder: join(full, 'evidence') });
  expect(next.outcome).toMatchObject({ outcome: 'deployed', tests: [{ outcome: 'passed' }] });
}, 120_000);

test('where going back fails, too, that is an error of its own beside the cause', async () => {
  await run();
  const kubectl = (...args: string[]): unknown =>
    spawnSync(join(dirname(cluster.kubeconfig), 'bin', 'kubectl'), [...args, '-n', namespace], { env: cluster.env });
  const failed = await run({
    set: ['env=b', NEVER_READY],
    timeout: 8,
    told: (line) => {
      if (!line.startsWith('failed: ')) return;
      kubectl('create', 'quota', 'none', '--hard=pods=0');
      kubectl('wait', 'quota/none', '--for=jsonpath={.status.hard}', '--timeout=30s');
      kubectl('delete', 'pods', '--all', '--now', '--wait=false');
    },
  });
  expect(failed.outcome).toMatchObject({ outcome: 'failed', cause: { code: 'not-ready' }, revision: 3 });
  expect(failed.findings.map(({ rule }) => rule)).toEqual(['deploy/not-undone', 'deploy/not-ready']);
  expect(failed.findings[0]?.message).toMatch(/going back to revision 1 failed: /);
}, 120_000);

test('without rollback a failed revision stays, and the next run deploys over it', async () => {
  await run();
  const failed = await run({ set: ['command=exit 3'], rollback: false });
  expect(failed.outcome).toMatchObject({ outcome: 'failed', revision: 2, cause: { code: 'crash-loop' } });
  expect((await run({ set: ['env=b'] })).outcome).toMatchObject({ outcome: 'deployed', revision: 3 });
}, 120_000);

describe('who holds a release', () => {
  test('of two runs the second waits, says for whom, and then does its own', async () => {
    await run();
    const started = performance.now();
    let first: Promise<Deploying> | undefined;
    await new Promise<void>((resolve) => {
      first = run({ set: ['env=b', ...SLOW], told: (line) => isUnderWay.test(line) && resolve() });
    });
    const second = await run({ set: ['env=c'] });
    expect((await first)?.outcome).toMatchObject({ outcome: 'deployed', revision: 2 });
    expect(second.lines[0]).toMatch(
      /^small is held by another run: \S+ \(process \d+\), since 20\S+Z; waiting, 60 s at most$/,
    );
    expect(second.outcome).toMatchObject({ outcome: 'deployed', revision: 3 });
    expect(performance.now() - started).toBeLessThan(60_000);
  }, 120_000);

  test('one that is held for the whole time limit is a busy one, and nothing is touched', async () => {
    await run();
    await hold({ holderIdentity: 'somebody', renewTime: '2026-01-01T00:00:00.000000Z' });
    const waited = await run({ timeout: 4, set: ['env=b'] });
    expect(waited.outcome).toMatchObject({ outcome: 'failed', cause: { code: 'busy' } });
    expect(waited.outcome.cause?.message).toContain('somebody');
    expect(waited.seconds).toBeGreaterThan(4);
    expect(await history()).toEqual(['1 deployed']);
  }, 60_000);

  test('a holder that gives no sign of life for a minute is dead, whatever its clock says', async () => {
    await run();
    await hold({ holderIdentity: 'somebody', renewTime: '2099-01-01T00:00:00.000000Z' });
    const next = await run({ timeout: 90, set: ['env=b'] });
    expect(next.outcome).toMatchObject({ outcome: 'deployed', revision: 2 });
    expect(next.seconds).toBeGreaterThan(60);
    expect(next.lines).toContain('small was held by somebody: it gave no sign of life for 60 s, taking over');
  }, 120_000);

  test('a run whose Lease is taken stops helm and touches nothing more', async () => {
    await run();
    const taken = await run({
      set: ['env=b', 'probe=exit 1'],
      timeout: 60,
      told: (line) => {
        if (isUnderWay.test(line)) void hold({ holderIdentity: 'a thief' });
      },
    });
    expect(taken.outcome).toMatchObject({ outcome: 'failed', cause: { code: 'busy' } });
    expect(taken.outcome.cause?.message).toMatch(/the Lease of small was taken by a thief/);
    expect(taken.seconds).toBeLessThan(30);
    expect(await history()).toEqual(['1 deployed', '2 failed']);
    const lease = await cluster.get('lease', 'chartship-small', '-n', namespace);
    expect(lease.spec.holderIdentity).toBe('a thief');
  }, 90_000);

  test('plain helm at work is waited for', async () => {
    await run();
    const helm = cluster.helm(
      'upgrade',
      'small',
      chart,
      '-n',
      namespace,
      '--wait',
      ...SLOW.flatMap((set) => ['--set', set]),
    );
    await untilPending();
    const next = await run({ set: ['env=b'] });
    await helm;
    expect(next.lines[0]).toMatch(
      /^helm, not started by Chartship, is at work on small: revision 2 is pending-upgrade/,
    );
    expect(next.outcome).toMatchObject({ outcome: 'deployed', revision: 3 });
    expect(await history()).toEqual(['1 superseded', '2 superseded', '3 deployed']);
  }, 90_000);

  test('a revision that plain helm left pending is repaired once it is older than the time limit', async () => {
    await run();
    const dead = spawn(
      pinned('helm'),
      ['upgrade', 'small', chart, '-n', namespace, '--wait', '--set', 'probe=exit 1'],
      {
        env: cluster.env,
        stdio: 'ignore',
      },
    );
    await untilPending();
    dead.kill('SIGKILL');
    const next = await run({ timeout: 10, set: ['env=b'] });
    expect(next.lines).toContain('revision 2 was left pending-upgrade by a run that is no more: repaired');
    expect(next.outcome).toMatchObject({ outcome: 'deployed', revision: 3 });
  }, 90_000);
});

test('an interrupted run leaves the release to the next one, within seconds', async () => {
  await run();
  let at = 0;
  const cut = await run({
    set: ['env=b', 'probe=exit 1'],
    told: (line, cancel) => {
      if (!isUnderWay.test(line)) return;
      at = performance.now();
      cancel();
    },
  });
  expect(performance.now() - at).toBeLessThan(7_000);
  expect(cut.outcome).toMatchObject({ outcome: 'cancelled', cause: null });
  expect(await history()).toEqual(['1 deployed', '2 failed']);
  expect((await cluster.get('lease', 'chartship-small', '-n', namespace)).spec.holderIdentity).toBeFalsy();
  const next = await run({ set: ['env=b'] });
  expect(next.outcome).toMatchObject({ outcome: 'deployed', revision: 3 });
  expect(next.lines.join('\n')).not.toMatch(/held by/);
}, 90_000);

test('a release that plain helm made is taken over, and plain helm can go on', async () => {
  await cluster.helm('install', 'small', chart, '-n', namespace, '--create-namespace', '--wait');
  expect((await run({ set: ['env=b'] })).outcome).toMatchObject({ outcome: 'deployed', revision: 2 });
  await cluster.helm('upgrade', 'small', chart, '-n', namespace, '--wait', '--set', 'env=c');
  // What plain helm deployed is nothing that was judged, whatever labels it inherited.
  expect((await run({ set: ['env=b'] })).outcome).toMatchObject({ outcome: 'deployed', revision: 4 });
}, 90_000);

test('a release of another chart is replaced with a warning', async () => {
  const other = await packed(folder, { 'Chart.yaml': 'apiVersion: v2\nname: other\nversion: 1.0.0\n' });
  await cluster.helm('install', 'small', other, '-n', namespace, '--create-namespace', '--wait');
  const first = await run({ dryRun: true });
  expect(first.findings).toMatchObject([{ rule: 'deploy/other-chart', severity: 'warning' }]);
  expect(first.findings[0]?.message).toContain('the release small is of the chart other, which small replaces');
  expect((await run()).outcome).toMatchObject({ outcome: 'deployed', revision: 2 });
  expect((await run({ set: ['env=b'] })).findings).toEqual([]);
}, 120_000);

describe('before anything is changed', () => {
  test('a dry run says what would change, and changes nothing', async () => {
    const before = await run({ dryRun: true });
    expect(before.outcome).toMatchObject({ outcome: 'skipped', cause: null });
    expect(before.lines).toEqual([
      `the namespace ${namespace} is not there and would be made`,
      'what changes:',
      '  + Deployment/small',
    ]);
    await expect(cluster.kubectl('get', 'namespace', namespace)).rejects.toThrow(/not found/);
    await run();
    const versions = async (): Promise<string> =>
      cluster.kubectl(
        'get',
        'secrets,leases,deployments,configmaps',
        '-n',
        namespace,
        '-o',
        'jsonpath={range .items[*]}{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
      );
    const now = await versions();
    const after = await run({ dryRun: true, set: ['image=chartship.test/agent:2.0.0'] });
    expect(after.lines).toEqual([
      'what changes:',
      '  ~ Deployment/small',
      '      spec.template.spec.containers[main].image: chartship.test/agent:1.0.0 → chartship.test/agent:2.0.0',
    ]);
    expect((await run({ dryRun: true })).outcome).toMatchObject({ outcome: 'unchanged' });
    expect(await versions()).toBe(now);
  }, 60_000);

  test.each([
    [
      'a field that nobody knows',
      { 'templates/x.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndatta: {}\n' },
      'refused',
      /ConfigMap\/x.*datta/,
    ],
    [
      'a kind that is not served',
      { 'templates/x.yaml': 'apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: { name: x }\n' },
      'refused',
      /no matches for kind "Ingress"/,
    ],
    [
      'a template that fails with what the cluster has',
      { 'templates/x.yaml': '{{ fail "not like this" }}' },
      'render',
      /not like this/,
    ],
    [
      'an object of somebody else',
      { 'templates/x.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kube-root-ca.crt }\n' },
      'refused',
      /ConfigMap\/kube-root-ca.crt/,
    ],
  ])(
    '%s',
    async (_, files, code, message) => {
      await cluster.kubectl('create', 'namespace', namespace);
      const refused = await run({ package: await packed(folder, files as Record<string, string>) });
      expect(refused.outcome).toMatchObject({ outcome: 'failed', cause: { code } });
      expect(refused.outcome.cause?.message).toMatch(message);
      await expect(cluster.helm('history', 'small', '-n', namespace)).rejects.toThrow(/not found/);
    },
    60_000,
  );

  test('a quota, before the old revision is touched', async () => {
    await run();
    await cluster.quota(namespace, 'tight', 'count/configmaps=1');
    const more = await packed(folder, {
      'templates/x.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n',
    });
    const refused = await run({ package: more, set: ['env=b'] });
    expect(refused.outcome).toMatchObject({ outcome: 'failed', revision: 1, cause: { code: 'refused' } });
    expect(refused.outcome.cause?.message).toMatch(/exceeded quota: tight/);
    expect(await history()).toEqual(['1 deployed']);
  }, 60_000);

  test('a release that Flux owns', async () => {
    await run();
    await cluster.kubectl('label', 'deployment/small', 'helm.toolkit.fluxcd.io/name=small', '-n', namespace);
    const refused = await run({ set: ['env=b'] });
    expect(refused.outcome).toMatchObject({
      outcome: 'failed',
      cause: { code: 'not-ours', resource: 'Deployment/small' },
    });
    expect(await history()).toEqual(['1 deployed']);
  }, 60_000);

  test.each(['helm', 'helm3'] as const)(
    'with %s, a webhook that does not answer says nothing about the object before, and is the cause after',
    async (helm) => {
      await cluster.kubectl('create', 'namespace', namespace);
      await cluster.apply({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: namespace },
        webhooks: [
          {
            name: 'absent.chartship.test',
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
            clientConfig: { url: 'https://127.0.0.1:1/' },
            failurePolicy: 'Fail',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
            rules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['*'], resources: ['deployments'] }],
          },
        ],
      });
      try {
        const { outcome, findings } = await run({ helm });
        expect(outcome).toMatchObject({ outcome: 'removed', cause: { code: 'refused' } });
        expect(outcome.cause?.message).toMatch(/failed calling webhook "absent.chartship.test"/);
        expect(findings.map(({ rule }) => rule)).toEqual(['deploy/unknown', 'deploy/refused']);
      } finally {
        await cluster.kubectl('delete', 'validatingwebhookconfiguration', namespace);
      }
      expect((await run({ helm })).outcome).toMatchObject({ outcome: 'deployed' });
    },
    180_000,
  );

  test('rights that are missing, each by name', async () => {
    await cluster.kubectl('create', 'namespace', namespace);
    const kubeconfig = await accountWith(
      '--verb=*',
      '--resource=secrets,leases.coordination.k8s.io,pods,pods/log,events,configmaps',
    );
    // Helm itself looks before it says what it would do.
    expect((await run({ kubeconfig })).outcome).toMatchObject({ outcome: 'failed', cause: { code: 'forbidden' } });
    await cluster.kubectl('create', 'role', 'see', '--verb=get', '--resource=deployments.apps', '-n', namespace);
    const account = `--serviceaccount=${namespace}:me`;
    await cluster.kubectl('create', 'rolebinding', 'see', '--role=see', account, '-n', namespace);
    const refused = await run({ kubeconfig });
    expect(refused.outcome.cause).toMatchObject({
      code: 'forbidden',
      message: `the account may not create deployments.apps in ${namespace}, patch deployments.apps in ${namespace}`,
    });
    await expect(cluster.helm('history', 'small', '-n', namespace)).rejects.toThrow(/not found/);
  }, 60_000);

  test('the rights of edit in a namespace are enough', async () => {
    await cluster.kubectl('create', 'namespace', namespace);
    await cluster.kubectl('create', 'serviceaccount', 'me', '-n', namespace);
    await cluster.kubectl(
      'create',
      'rolebinding',
      'me',
      '--clusterrole=edit',
      `--serviceaccount=${namespace}:me`,
      '-n',
      namespace,
    );
    const deployed = await run({ kubeconfig: await tokenOf('me') });
    expect(deployed.outcome).toMatchObject({ outcome: 'deployed', revision: 1 });
    expect(deployed.findings).toEqual([]);
  }, 60_000);

  test('a namespace that is not there and can not be made', async () => {
    await cluster.kubectl('create', 'namespace', namespace);
    const kubeconfig = await accountWith('--verb=get', '--resource=pods');
    await cluster.kubectl('create', 'clusterrole', `look-${namespace}`, '--verb=get', '--resource=namespaces');
    await cluster.kubectl(
      'create',
      'clusterrolebinding',
      `look-${namespace}`,
      `--clusterrole=look-${namespace}`,
      `--serviceaccount=${namespace}:me`,
    );
    const refused = await run({ kubeconfig, namespace: `${namespace}-not-there` });
    expect(refused.outcome).toMatchObject({
      outcome: 'failed',
      cause: { code: 'forbidden', resource: `Namespace/${namespace}-not-there` },
    });
  }, 60_000);
});

test('a test that helm removes when it has passed is reported with its log; a Job is a test, too', async () => {
  const pod = smallChart['templates/test.yaml'] ?? '';
  const removing = await packed(folder, {
    'templates/test.yaml': pod.replace('before-hook-creation', 'before-hook-creation,hook-succeeded'),
    'templates/job.yaml': `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-job
  annotations: { helm.sh/hook: test, helm.sh/hook-weight: "1", helm.sh/hook-delete-policy: before-hook-creation }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: test, image: "chartship.test/agent:1.0.0", command: [sh, -c, "echo job; exit {{ .Values.exit | default 0 }}"] }]
`,
  });
  const passed = await run({ package: removing, set: ['test=echo pod; sleep 2'] });
  expect(passed.outcome.tests).toEqual([
    { name: 'small-test', outcome: 'passed', log: 'pod' },
    { name: 'small-job', outcome: 'passed', log: 'job' },
  ]);
  const failed = await run({ package: removing, set: ['test=echo pod; sleep 2', 'exit=1'] });
  expect(failed.outcome).toMatchObject({
    outcome: 'rolled-back',
    cause: { code: 'test-failed', resource: 'Job/small-job', log: 'job' },
    tests: [
      { name: 'small-test', outcome: 'passed', log: 'pod' },
      { name: 'small-job', outcome: 'failed', log: 'job' },
    ],
  });
}, 120_000);

describe('replicas that an autoscaler decides on', () => {
  const autoscaler = {
    'templates/autoscaler.yaml': `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: {{ .Release.Name }} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ .Release.Name }} }
  minReplicas: 2
  maxReplicas: 5
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
`,
  };
  const replicas = async (): Promise<number> =>
    (await cluster.get('deployment', 'small', '-n', namespace)).spec.replicas;

  test('are kept when the chart leaves them to it, also in a release that Helm 3 made', async () => {
    for (const helm of ['helm', 'helm3'] as const) {
      namespace = `${namespace}-${helm}`;
      await run({ helm, set: ['replicas=3'] });
      const scaled = await packed(folder, autoscaler);
      const on = await run({ package: scaled, set: ['replicas=0'] });
      expect(on.lines).toContain('Deployment/small keeps its 3 replicas: from now on an autoscaler decides');
      expect(on.outcome).toMatchObject({ outcome: 'deployed' });
      expect(await replicas()).toBe(3);
      await cluster.kubectl('scale', 'deployment/small', '--replicas=4', '-n', namespace);
      expect((await run({ package: scaled, set: ['replicas=0', 'env=b'] })).findings).toEqual([]);
      expect(await replicas()).toBe(4);
    }
  }, 180_000);

  test('are told of when the chart sets them, and when Helm 3 would drop them', async () => {
    const scaled = await packed(folder, autoscaler);
    await run({ package: scaled, set: ['replicas=2'] });
    await cluster.kubectl('scale', 'deployment/small', '--replicas=3', '-n', namespace);
    const told = { rule: 'deploy/scaled-by-others', severity: 'warning', resource: 'Deployment/small' };
    expect((await run({ package: scaled, dryRun: true, set: ['replicas=2', 'env=b'] })).findings).toMatchObject([told]);
    expect((await run({ package: scaled, dryRun: true, helm: 'helm3', set: ['replicas=0'] })).findings).toEqual([]);
    await run({ package: scaled, helm: 'helm3', set: ['replicas=2', 'env=c'] });
    expect((await run({ package: scaled, dryRun: true, helm: 'helm3', set: ['replicas=0'] })).findings).toMatchObject([
      told,
    ]);
  }, 120_000);
});

test('what a Secret of its pods holds is in no line and no evidence', async () => {
  await run();
  await cluster.kubectl(
    'create',
    'secret',
    'generic',
    'credentials',
    '--from-literal=password=c4n4ry p@ss',
    '-n',
    namespace,
  );
  const command = 'echo the password is $PASSWORD; exit 3';
  const leaking = await packed(folder, {
    'templates/leak.yaml': `apiVersion: v1
kind: Pod
metadata: { name: {{ .Release.Name }}-leak }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: chartship.test/agent:1.0.0
      command: [sh, -c, ${JSON.stringify(command)}]
      env: [{ name: PASSWORD, valueFrom: { secretKeyRef: { name: credentials, key: password } } }]
`,
  });
  const failed = await run({ package: leaking, set: ['env=b'] });
  expect(failed.outcome).toMatchObject({
    outcome: 'rolled-back',
    cause: { code: 'crash-loop', log: 'the password is ***' },
  });
  expect(JSON.stringify(failed)).not.toContain('c4n4ry');
}, 120_000);

/** Starts helm as a run of ours would, and kills it and the run, which leave a Lease that names a process that is no more. */
async function killedHelm(helm: 'helm' | 'helm3', verb: string, revision: number): Promise<void> {
  const labels = `chartship.dev/verdict=pending,chartship.dev/revision=${revision},chartship.dev/run=dead,chartship.dev/content=x`;
  const args = [
    verb,
    'small',
    chart,
    '-n',
    namespace,
    '--wait',
    '--labels',
    labels,
    '--set',
    'env=b',
    '--set',
    'probe=exit 1',
    '--set',
    'extra=yes',
  ];
  const child = spawn(pinned(helm), args, { env: cluster.env, stdio: 'ignore' });
  await untilPending();
  // The Deployment is the last that it applies.
  while ((await environmentOf()) !== 'b') await wait(100);
  child.kill('SIGKILL');
}

async function untilPending(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await history()).some((row) => row.includes('pending'))) return;
    await wait(100);
  }
  throw new Error('helm did not begin');
}

async function hold(spec: object): Promise<void> {
  await cluster.kubectl(
    'patch',
    'lease',
    'chartship-small',
    '-n',
    namespace,
    '--type=merge',
    '-p',
    JSON.stringify({ spec }),
  );
}

/** The kubeconfig of a ServiceAccount that has these rights in the namespace. */
async function accountWith(...rules: string[]): Promise<{ readonly content: string }> {
  await cluster.kubectl('create', 'serviceaccount', 'me', '-n', namespace);
  await cluster.kubectl('create', 'role', 'me', ...rules, '-n', namespace);
  await cluster.kubectl(
    'create',
    'rolebinding',
    'me',
    '--role=me',
    `--serviceaccount=${namespace}:me`,
    '-n',
    namespace,
  );
  return tokenOf('me');
}

async function tokenOf(account: string): Promise<{ readonly content: string }> {
  const token = (await cluster.kubectl('create', 'token', account, '-n', namespace)).trim();
  const { server, ca } = administrator(cluster.kubeconfig);
  const there = { server: String(server), 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return kubeconfigFor(there, { token });
}
