import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Cluster, clusterCommand, startCluster } from '../support/cluster.ts';
import { testPod, webChart } from '../support/web-chart.ts';
import { type WebDeployment, webDeployment } from '../support/web-deployment.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { isPossible: kindIsPossible } = await import('../../scripts/cluster/kind.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG && !kindIsPossible();

const AUTOSCALER = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .Release.Name }}
spec:
  minReplicas: 2
  maxReplicas: 4
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ .Release.Name }} }
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
`;

(isOurs ? describe : describe.skip)('a release that others work on, too', () => {
  let cluster: Cluster;
  let folder: string;
  const webs: WebDeployment[] = [];

  beforeAll(async () => {
    await clusterCommand('prepare');
    cluster = await startCluster('e2e-takeover', 1);
    folder = mkdtempSync(join(tmpdir(), 'chartship-e2e-takeover-'));
  }, 900_000);
  afterAll(async () => {
    await cluster?.down();
    for (const { space } of webs) space.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  function webIn(namespace: string): WebDeployment {
    const web = webDeployment(cluster, namespace);
    webs.push(web);
    web.is({ 'templates/test.yaml': testPod('echo fine') });
    return web;
  }
  const byHelm = (helm: Cluster['helm'], web: WebDeployment, ...more: string[]): Promise<string> =>
    helm(
      ...['upgrade', '--install', 'web', join(web.space.root, 'chart'), '--namespace', web.namespace],
      ...['--create-namespace', '--wait', '--timeout', '1m', ...more],
    );
  const live = async (namespace: string) => await cluster.get('deployment', 'web', '--namespace', namespace);
  const history = async (namespace: string): Promise<string[]> =>
    JSON.parse(await cluster.helm('history', 'web', '--namespace', namespace, '--output', 'json')).map(
      ({ revision, status }: { revision: number; status: string }) => `${revision} ${status}`,
    );
  async function deployed(web: WebDeployment, args: readonly string[], helm: 'helm' | 'helm3' = 'helm') {
    const ended = await web.deploy([...args, '--timeout', '60s'], { helm });
    if (ended.code !== 0) throw new Error(`${ended.stdout}\n${ended.stderr}`);
    return ended;
  }

  test.each(['helm', 'helm3'] as const)(
    'one made by plain %s is taken over, and plain helm can go on',
    async (helm) => {
      const namespace = `plain-${helm}`;
      const web = webIn(namespace);
      await byHelm(cluster[helm], web, '--set', 'note=one');
      const { metadata } = await live(namespace);
      const first = await deployed(web, ['--set', 'note=two'], helm);
      expect(first.deployment).toMatchObject({ outcome: 'deployed', revision: 2, tests: [{ outcome: 'passed' }] });
      expect((await live(namespace)).metadata.uid).toBe(metadata.uid);
      await byHelm(cluster[helm], web, '--set', 'note=three');
      expect((await live(namespace)).spec.template.metadata.annotations.note).toBe('three');
      // Helm hands the labels of a revision on to the next: what they say is of the one before.
      const second = await deployed(web, ['--set', 'note=two'], helm);
      expect(second.deployment).toMatchObject({ outcome: 'deployed', revision: 4 });
      await cluster[helm]('rollback', 'web', '1', '--namespace', namespace, '--wait');
      expect((await live(namespace)).spec.template.metadata.annotations.note).toBe('one');
      const third = await deployed(web, ['--set', 'note=two'], helm);
      expect(third.deployment).toMatchObject({ outcome: 'deployed', revision: 6 });
      // One that fails goes back to what Chartship called healthy, and so do those that plain helm made.
      const failed = await web.deploy(['--set', 'note=bad', '--set', 'command={sh,-c,exit 3}', '--timeout', '60s'], {
        helm,
      });
      expect(failed.deployment).toMatchObject({ outcome: 'rolled-back', cause: { code: 'crash-loop' } });
      expect((await live(namespace)).spec.template.metadata.annotations.note).toBe('two');
      await cluster[helm]('uninstall', 'web', '--namespace', namespace, '--wait');
      const again = await deployed(web, ['--set', 'note=new'], helm);
      expect(again.deployment).toMatchObject({ outcome: 'deployed', revision: 1 });
    },
    240_000,
  );

  test('one of Helm 3 goes on with Helm 4, and back', async () => {
    const web = webIn('mixed');
    await byHelm(cluster.helm3, web, '--set', 'note=one');
    await deployed(web, ['--set', 'note=two'], 'helm');
    await deployed(web, ['--set', 'note=three'], 'helm3');
    await deployed(web, ['--set', 'note=four'], 'helm');
    expect((await live('mixed')).spec.template.metadata.annotations.note).toBe('four');
    expect((await history('mixed')).at(-1)).toBe('4 deployed');
  }, 120_000);

  test('objects that kubectl made for the release are taken over', async () => {
    const namespace = 'by-hand';
    const web = webIn(namespace);
    await cluster.kubectl('create', 'namespace', namespace);
    await cluster.kubectl('create', 'configmap', 'web', '--namespace', namespace, '--from-literal=a=hand');
    web.is({
      'templates/config.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata: { a: chart }\n',
    });
    const { code, deployment } = await web.deploy([]);
    // Helm owns nothing that doesn't say so: it is named, and nothing is broken.
    expect({ code, outcome: deployment?.outcome }).toEqual({ code: 1, outcome: 'failed' });
    expect(deployment?.cause?.message).toMatch(/ConfigMap.*web/);
    const { data } = await cluster.get('configmap', 'web', '--namespace', namespace);
    expect(data).toEqual({ a: 'hand' });
  }, 120_000);

  test.each(['helm', 'helm3'] as const)(
    'with %s changes by hand do not block an upgrade, nor a rollback',
    async (helm) => {
      const namespace = `hands-${helm}`;
      const web = webIn(namespace);
      await deployed(web, ['--set', 'note=one'], helm);
      const byHand = async (): Promise<void> => {
        await cluster.kubectl('scale', 'deployment', 'web', '--namespace', namespace, '--replicas=2');
        await cluster.kubectl('set', 'env', 'deployment/web', '--namespace', namespace, 'MODE=hand');
        await cluster.kubectl(
          'set',
          'image',
          'deployment/web',
          '--namespace',
          namespace,
          'web=chartship.test/postgresql:15',
        );
        await cluster.kubectl('rollout', 'status', 'deployment/web', '--namespace', namespace);
      };
      await byHand();
      await deployed(web, ['--set', 'note=two'], helm);
      const { spec } = await live(namespace);
      // The chart sets replicas and image; the variable isn't its own.
      expect(spec.replicas).toBe(1);
      expect(spec.template.spec.containers[0].image).toBe('chartship.test/redis:7');
      expect(spec.template.metadata.annotations.note).toBe('two');
      await byHand();
      const failed = await web.deploy(['--set', 'note=bad', '--set', 'command={sh,-c,exit 3}', '--timeout', '60s'], {
        helm,
      });
      if (failed.deployment?.outcome !== 'rolled-back') throw new Error(`${failed.stdout}\n${failed.stderr}`);
      expect(failed.deployment).toMatchObject({ outcome: 'rolled-back', cause: { code: 'crash-loop' } });
      const after = await live(namespace);
      expect(after.spec.template.spec.containers[0].image).toBe('chartship.test/redis:7');
      expect(after.spec.template.metadata.annotations.note).toBe('two');
      expect(after.status.readyReplicas).toBe(after.spec.replicas);
    },
    240_000,
  );

  test('fields that a controller owns stay its own', async () => {
    const namespace = 'autoscaled';
    const web = webIn(namespace);
    web.is({
      'templates/autoscaler.yaml': AUTOSCALER,
      'templates/deployment.yaml': (webChart()['templates/deployment.yaml'] ?? '').replace(/ {2}replicas:.*\n/, ''),
    });
    await deployed(web, ['--set', 'note=one']);
    // Without metrics the autoscaler keeps the least that it may.
    await cluster.kubectl('scale', 'deployment', 'web', '--namespace', namespace, '--replicas=3');
    await deployed(web, ['--set', 'note=two']);
    const { spec } = await live(namespace);
    expect(spec.replicas).toBe(3);
    expect(spec.template.metadata.annotations.note).toBe('two');
  }, 120_000);
});
