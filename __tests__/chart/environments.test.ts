import { describe, expect, test } from '@jest/globals';
import { all, containers, decoded, ENVIRONMENTS, one, PASSWORDS, pods, refusal, render, selects } from './rendering.ts';

const EVERYTHING = {
  ...PASSWORDS,
  backup: { enabled: true, s3: { bucket: 'b', existingSecret: 's3' } },
};

describe.each(ENVIRONMENTS)('%s', (environment) => {
  test('selectors of Service, Deployment and budget take in the agents alone', async () => {
    for (const upgrade of [false, true]) {
      const objects = await render({ environment, upgrade, values: EVERYTHING });
      const selectors = [
        one(objects, 'Service', `agent-${environment}`).spec.selector,
        one(objects, 'Deployment').spec.selector.matchLabels,
        ...all(objects, 'PodDisruptionBudget').map(({ spec }) => spec.selector.matchLabels),
      ];
      for (const selector of selectors) {
        const taken = pods(objects).filter((pod) => selects(selector, pod));
        expect(taken.map(({ of }) => of)).toEqual([`Deployment/agent-${environment}`]);
      }
    }
  });

  test('everything is found by app=task-api and by the instance', async () => {
    const objects = await render({ environment, values: EVERYTHING });
    const wanted = { app: 'task-api', 'app.kubernetes.io/instance': `agent-${environment}` };
    for (const { metadata } of objects) expect(metadata.labels).toMatchObject(wanted);
    for (const { labels } of pods(objects)) expect(labels).toMatchObject(wanted);
  });

  test('every pod satisfies the restricted Pod Security Standard; the own ones have a read-only root and no token', async () => {
    for (const upgrade of [false, true]) {
      for (const pod of pods(await render({ environment, upgrade, values: EVERYTHING }))) {
        const isOwn = 'app.kubernetes.io/component' in pod.labels && pod.spec.enableServiceLinks === false;
        for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod.spec[key]).toBeUndefined();
        for (const volume of pod.spec.volumes) {
          const [type] = Object.keys(volume).filter((key) => key !== 'name');
          expect(['configMap', 'emptyDir', 'secret', 'persistentVolumeClaim']).toContain(type);
        }
        for (const container of containers(pod)) {
          const security = { ...pod.spec.securityContext, ...container.securityContext };
          expect({ of: pod.of, container: container.name, security }).toMatchObject({
            security: {
              runAsNonRoot: true,
              allowPrivilegeEscalation: false,
              seccompProfile: { type: 'RuntimeDefault' },
              capabilities: { drop: ['ALL'] },
            },
          });
          expect(security.runAsUser).not.toBe(0);
          expect(security.privileged).toBeUndefined();
          if (isOwn) expect(security.readOnlyRootFilesystem).toBe(true);
          if (isOwn)
            expect(container.resources.requests).toMatchObject({ cpu: expect.anything(), memory: expect.anything() });
        }
        if (isOwn) expect(pod.spec.automountServiceAccountToken).toBe(false);
      }
    }
  });

  test('every container of the stores has requests', async () => {
    const stores = pods(await render({ environment })).filter(({ of }) => of.startsWith('StatefulSet/'));
    expect(stores.length).toBeGreaterThanOrEqual(2);
    for (const pod of stores) {
      for (const { resources } of pod.spec.containers) {
        expect(resources.requests).toEqual({ cpu: expect.anything(), memory: expect.anything() });
      }
    }
  });
});

test.each([
  ['dev', 1, '100m', '256Mi', 'standalone', 'standalone'],
  ['staging', 2, '250m', '512Mi', 'standalone', 'replication'],
  ['prod', 3, '500m', '1Gi', 'replication', 'replication'],
] as const)('%s: %d agents of %s and %s', async (environment, replicas, cpu, memory, postgresql, redis) => {
  const objects = await render({ environment });
  const { spec } = one(objects, 'Deployment', `agent-${environment}`);
  expect(spec.replicas).toBe(replicas);
  expect(spec.template.spec.containers[0].resources.requests).toMatchObject({ cpu, memory });
  const sets = all(objects, 'StatefulSet').map(({ metadata }) => metadata.name.replace(`agent-${environment}-`, ''));
  expect(sets.sort()).toEqual(
    [
      ...(postgresql === 'standalone' ? ['postgresql'] : ['postgresql-primary', 'postgresql-read']),
      ...(redis === 'standalone' ? ['redis-master'] : ['redis-master', 'redis-replicas']),
    ].sort(),
  );
  expect(all(objects, 'PodDisruptionBudget')).toHaveLength(replicas > 1 ? 1 : 0);
  expect(all(objects, 'NetworkPolicy').length > 0).toBe(environment !== 'dev');
});

test('prod has two read replicas of PostgreSQL and two of Redis', async () => {
  const objects = await render({ environment: 'prod' });
  expect(one(objects, 'StatefulSet', /postgresql-read/).spec.replicas).toBe(2);
  expect(one(objects, 'StatefulSet', /redis-replicas/).spec.replicas).toBe(2);
  expect(decoded(one(objects, 'Secret'))['database-url']).toContain('@agent-prod-postgresql-primary:5432/');
});

test('postgresql.replica, which has no effect, is refused with what has', async () => {
  expect(await refusal({ values: { postgresql: { replica: { replicaCount: 2 } } } })).toMatch(
    /postgresql\.replica is no value.*postgresql\.readReplicas/,
  );
});
