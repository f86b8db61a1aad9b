import { describe, expect, test } from '@jest/globals';
import { all, type Case, containers, one, PASSWORDS, pods, refusal, render } from './rendering.ts';

const EVERYTHING = {
  ...PASSWORDS,
  backup: { enabled: true, s3: { bucket: 'b', existingSecret: 's3' } },
};

test('five pods of the chart are its own', async () => {
  const own = pods(await render({ values: EVERYTHING })).filter(({ spec }) => spec.enableServiceLinks === false);
  expect(own.map(({ labels }) => labels['app.kubernetes.io/component']).sort()).toEqual([
    'agent',
    'backup',
    'migration',
    'restore',
    'test',
  ]);
});

test('none of their containers can write to its image', async () => {
  const own = pods(await render({ values: EVERYTHING })).filter(({ spec }) => spec.enableServiceLinks === false);
  for (const { securityContext } of own.flatMap(containers)) expect(securityContext.readOnlyRootFilesystem).toBe(true);
});

test('an upgrade replaces pods one by one and loses no request', async () => {
  const { spec } = one(await render(), 'Deployment');
  expect(spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
  expect(spec.minReadySeconds).toBe(5);
  const pod = spec.template.spec;
  const [agent] = pod.containers;
  expect(agent.lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } });
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(5);
  expect(agent.startupProbe).toMatchObject({ httpGet: { path: '/health' }, periodSeconds: 2, failureThreshold: 25 });
  expect(agent.livenessProbe).toMatchObject({ httpGet: { path: '/health' } });
  expect(agent.readinessProbe).toMatchObject({ httpGet: { path: '/ready' }, periodSeconds: 5, failureThreshold: 2 });
  for (const probe of [agent.startupProbe, agent.livenessProbe, agent.readinessProbe]) {
    expect(probe.initialDelaySeconds).toBeUndefined();
  }
  expect(pod.topologySpreadConstraints.map((one: { whenUnsatisfiable: string }) => one.whenUnsatisfiable)).toEqual([
    'ScheduleAnyway',
    'ScheduleAnyway',
  ]);
  for (const { matchLabelKeys } of pod.topologySpreadConstraints) expect(matchLabelKeys).toEqual(['pod-template-hash']);
  expect(pod.serviceAccountName).toBe('agent-dev');
});

test('longer start and end', async () => {
  const values = { agent: { startupSeconds: 91, preStopSeconds: 20, terminationGracePeriodSeconds: 60 } };
  const { spec } = one(await render({ values }), 'Deployment');
  const [agent] = spec.template.spec.containers;
  expect(agent.startupProbe.failureThreshold).toBe(46);
  expect(agent.lifecycle.preStop.sleep.seconds).toBe(20);
  expect(spec.template.spec.terminationGracePeriodSeconds).toBe(60);
  expect(spec.progressDeadlineSeconds).toBe(240 + 91);
  expect(await refusal({ values: { agent: { preStopSeconds: 30 } } })).toMatch(
    /agent\.preStopSeconds is 30, which leaves nothing of agent\.terminationGracePeriodSeconds, 30/,
  );
});

describe('configuration', () => {
  test('is once in the ConfigMap, as texts, and the agent takes it from there', async () => {
    const env = { A: 'plain', NUMBER: 1_000_000, LARGE: 12345678901, HALF: 0.5, YES: true, YAML: 'no: [', EMPTY: '' };
    const objects = await render({ values: { agent: { env } } });
    expect(one(objects, 'ConfigMap', 'agent-dev-config').data).toEqual({
      A: 'plain',
      NUMBER: '1000000',
      LARGE: '12345678901',
      HALF: '0.5',
      YES: 'true',
      YAML: 'no: [',
      EMPTY: '',
      LOG_LEVEL: 'info',
      WORKER_THREADS: '4',
      ORGANIZATION: 'ai-platform',
      ENVIRONMENT: 'production',
      POSTGRES_HOST: 'agent-dev-postgresql',
      POSTGRES_PORT: '5432',
      REDIS_HOST: 'agent-dev-redis-master',
      REDIS_PORT: '6379',
    });
    const [agent] = one(objects, 'Deployment').spec.template.spec.containers;
    expect(agent.envFrom).toEqual([{ configMapRef: { name: 'agent-dev-config' } }]);
    expect(JSON.stringify(agent.env)).not.toContain('WORKER_THREADS');
  });

  test('a change of it rolls the pods; a new version of the chart or another upgrade does not', async () => {
    const template = async (wanted: Case) => one(await render(wanted), 'Deployment').spec.template;
    const [before, same, changed] = await Promise.all([
      template({}),
      template({ upgrade: true }),
      template({ values: { agent: { env: { A: 'b' } } } }),
    ]);
    expect(same).toEqual(before);
    expect(changed.metadata.annotations['checksum/config']).not.toBe(before.metadata.annotations['checksum/config']);
    expect(before.metadata.labels).not.toHaveProperty('helm.sh/chart');
    expect(before.metadata.labels).not.toHaveProperty('app.kubernetes.io/version');
  });

  test.each(['POSTGRES_HOST', 'DATABASE_URL', 'ENVIRONMENT'])(
    'what the chart sets itself, %s, is refused',
    async (key) => {
      expect(await refusal({ values: { agent: { env: { [key]: 'x' } } } })).toMatch(
        new RegExp(`agent\\.env\\.${key} is set by the chart itself: take it out`),
      );
    },
  );
});

test('extras', async () => {
  const volume = { name: 'ca', configMap: { name: 'ca' } };
  const mount = { name: 'ca', mountPath: '/ca' };
  const extras = {
    extraEnv: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'llm', key: 'token' } } }],
    extraVolumes: [volume],
    extraVolumeMounts: [mount],
  };
  const values = { ...EVERYTHING, agent: extras, migration: extras, backup: { ...EVERYTHING.backup, ...extras } };
  const own = pods(await render({ values })).filter(({ spec }) => spec.enableServiceLinks === false);
  expect(own).toHaveLength(5);
  for (const pod of own) {
    expect(pod.spec.volumes).toContainEqual(volume);
    for (const container of containers(pod)) {
      expect(container.volumeMounts).toContainEqual(mount);
      expect(container.env).toContainEqual(extras.extraEnv[0]);
    }
  }
});

test.each([
  ['agent', 'DATABASE_URL', {}],
  ['migration', 'PGCONNECT_TIMEOUT', {}],
  ['migration', 'MIGRATION_TIMEOUT', {}],
  ['backup', 'PGPASSWORD', { enabled: true, existingClaim: 'c' }],
  ['backup', 'RCLONE_CONFIG', { enabled: true, s3: { bucket: 'b', existingSecret: 's3' } }],
])('%s.extraEnv: a second %s, which Helm 4 could not apply, is refused', async (part, name, values) => {
  const given = { [part]: { ...values, extraEnv: [{ name, value: 'x' }] } };
  expect(await refusal({ values: given })).toContain(`${part}.extraEnv has ${name}, which the chart sets itself`);
});

test('scheduling and registry credentials hold for all pods of the chart', async () => {
  const tolerations = [{ key: 'gpu', operator: 'Exists' }];
  const values = {
    ...EVERYTHING,
    priorityClassName: 'high',
    nodeSelector: { disk: 'ssd' },
    tolerations,
    imagePullSecrets: ['one', { name: 'two' }],
    global: { imagePullSecrets: ['zero'] },
  };
  for (const { spec } of pods(await render({ values })).filter((pod) => pod.spec.enableServiceLinks === false)) {
    expect(spec).toMatchObject({ priorityClassName: 'high', nodeSelector: { disk: 'ssd' }, tolerations });
    expect(spec.imagePullSecrets).toEqual([{ name: 'zero' }, { name: 'one' }, { name: 'two' }]);
  }
});

test('where the cluster assigns users (OpenShift), none is asked for', async () => {
  for (const helm of ['helm', 'helm3'] as const) {
    const set = ['runAsUser', 'runAsGroup', 'fsGroup'].map((key) => `podSecurityContext.${key}=null`);
    const [pod] = pods(await render({ set, helm })).filter(({ spec }) => spec.enableServiceLinks === false);
    expect(pod?.spec.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  }
});

test('the image by tag, by the appVersion, by digest', async () => {
  const image = async (values: object) => {
    const objects = await render({ values: { agent: { image: values } } });
    const test = pods(objects).find(({ labels }) => labels['app.kubernetes.io/component'] === 'test');
    const own = one(objects, 'Deployment').spec.template.spec.containers[0].image;
    expect(test?.spec.containers[0].image).toBe(own);
    return own;
  };
  const digest = `sha256:${'0'.repeat(64)}`;
  expect(await image({ repository: 'r/a', tag: '2' })).toBe('r/a:2');
  expect(await image({ repository: 'r/a', tag: '' })).toBe('r/a:1.0.0');
  expect(await image({ repository: 'r/a', tag: '2', digest })).toBe(`r/a@${digest}`);
});

describe('the service account', () => {
  test.each([
    [{}, 'agent-dev', 1],
    [{ name: 'mine' }, 'mine', 1],
    [{ create: false }, 'default', 0],
    [{ create: false, name: 'mine' }, 'mine', 0],
  ] as const)('%j', async (serviceAccount, name, made) => {
    const objects = await render({ values: { serviceAccount } });
    expect(one(objects, 'Deployment').spec.template.spec.serviceAccountName).toBe(name);
    expect(all(objects, 'ServiceAccount', name)).toHaveLength(made);
  });

  test('its token is not mounted unless asked for, and then for the agent alone', async () => {
    const values = { serviceAccount: { automount: true, annotations: { 'iam/role': 'r' } } };
    const objects = await render({ values });
    expect(one(objects, 'ServiceAccount').metadata.annotations).toEqual({ 'iam/role': 'r' });
    const mounting = pods(objects).filter(({ spec }) => spec.automountServiceAccountToken === true);
    expect(mounting.map(({ of }) => of)).toEqual(['Deployment/agent-dev']);
    expect(one(await render(), 'ServiceAccount').automountServiceAccountToken).toBe(false);
  });
});

describe('the connection test', () => {
  test('runs as a test Pod with what the agent has, within a minute', async () => {
    const pod = one(await render(), 'Pod');
    expect(pod.metadata.annotations).toEqual({
      'helm.sh/hook': 'test',
      'helm.sh/hook-delete-policy': 'before-hook-creation',
    });
    expect(pod.spec.restartPolicy).toBe('Never');
    expect(pod.spec.activeDeadlineSeconds).toBe(60);
    const environment = Object.fromEntries(
      pod.spec.containers[0].env.map(({ name, value }: { name: string; value?: string }) => [name, value]),
    );
    expect(environment).toMatchObject({
      AGENT_URL: 'http://agent-dev:8000',
      CHECK_SCHEMA: 'true',
      PGCONNECT_TIMEOUT: '5',
    });
  });

  test('follows the port and whether there are migrations', async () => {
    const values = { agent: { service: { port: 80 } }, migration: { enabled: false } };
    const objects = await render({ values });
    expect(one(objects, 'Service', 'agent-dev').spec.ports[0]).toMatchObject({ port: 80, targetPort: 'http' });
    expect(one(objects, 'Pod').spec.containers[0].env).toEqual(
      expect.arrayContaining([
        { name: 'AGENT_URL', value: 'http://agent-dev:80' },
        { name: 'CHECK_SCHEMA', value: 'false' },
      ]),
    );
  });
});
