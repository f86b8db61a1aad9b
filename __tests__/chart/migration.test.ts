import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository } from '../support/scenario.ts';
import { all, containers, type KubernetesObject, one, PASSWORDS, pods, render } from './rendering.ts';

const script = readFileSync(join(repository, 'chart/files/migrate.py'), 'utf8');
const isHook = ({ metadata }: KubernetesObject) => metadata.annotations?.['helm.sh/hook'] !== undefined;

describe.each(['helm', 'helm3'] as const)('with %s', (helm) => {
  test('on install an ordinary Job migrates, and the agent waits for it', async () => {
    const objects = await render({ helm });
    const job = one(objects, 'Job');
    expect(isHook(job)).toBe(false);
    expect(job.metadata.name).toBe('agent-dev-migration-1');
    const [container] = job.spec.template.spec.containers;
    expect(container.args).toEqual([script, 'migrate']);
    const [wait] = one(objects, 'Deployment').spec.template.spec.initContainers;
    expect(wait.args).toEqual([script, 'wait']);
    // What an image needs is told by that image alone.
    expect(wait.image).toBe(container.image);
  });

  test('on upgrade a hook does, before anything else changes', async () => {
    const objects = await render({ helm, upgrade: true });
    const job = one(objects, 'Job');
    expect(job.metadata.name).toBe('agent-dev-pre-upgrade');
    expect(job.metadata.annotations).toEqual({
      'helm.sh/hook': 'pre-upgrade',
      'helm.sh/hook-weight': '-5',
      'helm.sh/hook-delete-policy': 'before-hook-creation',
    });
    expect(one(objects, 'Deployment').spec.template.spec.initContainers).toHaveLength(1);
  });
});

test('the hook needs nothing of the new revision but what it carries itself, which comes before it', async () => {
  const objects = await render({
    environment: 'prod',
    upgrade: true,
    values: { ...PASSWORDS, migration: { extraEnv: [] } },
  });
  const job = one(objects, 'Job');
  const spec = job.spec.template.spec;
  expect(spec.serviceAccountName).toBeUndefined();
  expect(JSON.stringify(spec)).not.toMatch(/configMap/i);
  const used = JSON.stringify(spec).match(/"secretKeyRef":\{"name":"[^"]+","key":"[^"]+"\}/g);
  expect(used).toEqual(['"secretKeyRef":{"name":"agent-prod-pre-upgrade","key":"database-url"}']);
  const { metadata } = one(objects, 'Secret', 'agent-prod-pre-upgrade');
  expect(metadata.annotations).toEqual({
    'helm.sh/hook': 'pre-upgrade',
    'helm.sh/hook-weight': '-10',
    'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
  });
  const weight = (of: KubernetesObject['metadata']) => Number(of.annotations?.['helm.sh/hook-weight']);
  expect(weight(metadata)).toBeLessThan(weight(job.metadata));
});

test('with a Secret of its own making the hook uses that one', async () => {
  const values = { global: { taskApi: { existingSecret: 'mine' } } };
  const objects = await render({ upgrade: true, values });
  expect(all(objects, 'Secret')).toEqual([]);
  expect(JSON.stringify(one(objects, 'Job'))).toContain('"secretKeyRef":{"name":"mine","key":"database-url"}');
});

test.each([false, true])("the seed's labels find the Job and its log (upgrade: %j)", async (upgrade) => {
  const objects = await render({ upgrade });
  const wanted = { app: 'task-api', job: 'migration', 'app.kubernetes.io/instance': 'agent-dev' };
  expect(one(objects, 'Job').metadata.labels).toMatchObject(wanted);
  expect(pods(objects).find(({ of }) => of.startsWith('Job/'))?.labels).toMatchObject(wanted);
});

test('time limits: the script gives up before the Job, the Job before the Deployment, all before helm (5 min)', async () => {
  const objects = await render();
  const job = one(objects, 'Job').spec;
  const limits = [
    ...pods(objects)
      .filter(({ labels }) => labels.app === 'task-api')
      .flatMap(containers)
      .flatMap(({ env = [] }) => env)
      .filter(({ name }) => name === 'MIGRATION_TIMEOUT')
      .map(({ value }) => Number(value)),
  ];
  expect(limits).toEqual([230, 230]);
  expect(job.activeDeadlineSeconds).toBe(240);
  expect(one(objects, 'Deployment').spec.progressDeadlineSeconds).toBe(290);
  expect(job.backoffLimit).toBe(3);
});

test('a migration that would fail again is not repeated, one that met a drained node is', async () => {
  const code = /^FAULTY = (\d+)/m.exec(script)?.[1];
  for (const upgrade of [false, true]) {
    expect(one(await render({ upgrade }), 'Job').spec.podFailurePolicy.rules).toEqual([
      { action: 'FailJob', onExitCodes: { operator: 'In', values: [Number(code)] } },
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    ]);
  }
});

test('migration.enabled: false leaves out Job, hook and wait', async () => {
  for (const upgrade of [false, true]) {
    const objects = await render({ upgrade, values: { migration: { enabled: false } } });
    expect(all(objects, 'Job')).toEqual([]);
    expect(all(objects, 'Secret', /pre-upgrade/)).toEqual([]);
    expect(one(objects, 'Deployment').spec.template.spec.initContainers).toBeUndefined();
  }
});

test("migration.annotations are for tools that don't know Helm's hooks", async () => {
  const values = { migration: { annotations: { 'argocd.argoproj.io/hook': 'Sync' } } };
  for (const upgrade of [false, true]) {
    const annotations = one(await render({ upgrade, values }), 'Job').metadata.annotations;
    expect(annotations).toMatchObject(values.migration.annotations);
    expect(annotations?.['helm.sh/hook']).toBe(upgrade ? 'pre-upgrade' : undefined);
  }
});
