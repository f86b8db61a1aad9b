import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  agentVersion,
  type Cluster,
  chartWithDependencies,
  clusterCommand,
  eventually,
  impatientStores,
  localStores,
  startCluster,
} from '../support/cluster.ts';
import { commandsOf } from '../support/cluster-remains.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { isPossible: kindIsPossible } = await import('../../scripts/cluster/kind.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG && !kindIsPossible();

/** A Kubernetes object, as far as these tests look at it. */
interface Pod {
  metadata: { name: string; labels: Record<string, string> };
  spec: { containers: { name: string; resources: { requests: Record<string, string> } }[] };
  status: { phase: string; podIP: string; containerStatuses: { ready: boolean; restartCount: number }[] };
}

(isOurs ? describe : describe.skip)('the chart on a cluster', () => {
  let cluster: Cluster;
  let chart: string;
  let folder: string;

  beforeAll(async () => {
    await clusterCommand('prepare');
    cluster = await startCluster('e2e-chart');
    folder = mkdtempSync(join(tmpdir(), 'chartship-e2e-'));
    chart = chartWithDependencies(folder);
  }, 900_000);
  afterAll(async () => {
    await cluster?.down();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const install = (environment: string, ...values: string[]): string[] => [
    ...['upgrade', '--install', `agent-${environment}`, chart, '--namespace', environment],
    ...['--values', join(chart, `values-${environment}.yaml`), ...impatientStores, ...values],
    ...['--wait', '--wait-for-jobs', '--timeout', '4m'],
  ];

  /** Asks an agent's Service, from a node, which reaches it as a pod would. */
  async function ask(environment: string, path: string, task?: object): Promise<Answer> {
    const { spec } = await cluster.get('service', `agent-${environment}`, '--namespace', environment);
    const options = task && {
      method: 'POST',
      body: JSON.stringify(task),
      headers: { 'content-type': 'application/json' },
    };
    const script = `fetch(${JSON.stringify(`http://${spec.clusterIP}:8000${path}`)}, ${JSON.stringify(options ?? {})})
      .then(async (answer) => console.log(JSON.stringify({ status: answer.status, cache: answer.headers.get('x-cache'), body: await answer.json() })))`;
    return JSON.parse(await cluster.exec('node2', process.execPath, '--eval', script));
  }

  async function pods(environment: string, ...labels: string[]): Promise<Pod[]> {
    const selector = ['app=task-api', ...labels].join();
    return (await cluster.get('pods', '--namespace', environment, '--selector', selector)).items;
  }

  test('dev, staging and prod come up side by side in restricted namespaces, from the committed values', async () => {
    for (const environment of ['dev', 'staging', 'prod']) {
      await cluster.kubectl('create', 'namespace', environment);
      await cluster.kubectl('label', 'namespace', environment, 'pod-security.kubernetes.io/enforce=restricted');
    }
    await Promise.all([
      cluster.helm(...install('dev', ...localStores, ...agentVersion('1.0.0'))),
      cluster.helm3(...install('staging')),
      cluster.helm(...install('prod')),
    ]);

    const wanted = {
      dev: { agents: 1, cpu: '100m', memory: '256Mi', postgresql: 1, redis: 1 },
      staging: { agents: 2, cpu: '250m', memory: '512Mi', postgresql: 1, redis: 2 },
      prod: { agents: 3, cpu: '500m', memory: '1Gi', postgresql: 3, redis: 3 },
    };
    for (const [environment, { agents, cpu, memory, postgresql, redis }] of Object.entries(wanted)) {
      const { status } = await cluster.get('deployment', `agent-${environment}`, '--namespace', environment);
      expect({ environment, ready: status.readyReplicas }).toEqual({ environment, ready: agents });
      const all = await pods(environment);
      const ofName = (name: string) => all.filter(({ metadata }) => metadata.labels['app.kubernetes.io/name'] === name);
      expect(ofName('postgresql')).toHaveLength(postgresql);
      expect(ofName('redis')).toHaveLength(redis);
      const [agent] = await pods(environment, 'app.kubernetes.io/component=agent');
      expect(agent?.spec.containers[0]?.resources.requests).toMatchObject({ cpu, memory });
      const jobs = await cluster.get('jobs', '--namespace', environment, '--selector', 'app=task-api');
      expect(jobs.items.map((job: { status: { succeeded: number } }) => job.status.succeeded)).toEqual([1]);
      const logs = await cluster.kubectl(
        'logs',
        '--namespace',
        environment,
        '--selector',
        'app=task-api,job=migration',
      );
      expect(logs).toContain('Migration completed successfully');
    }
    // Each release has its environment's settings, as they stand in the file.
    for (const [environment, { agents, cpu, memory }] of Object.entries(wanted)) {
      const at = ['--namespace', environment, '--output', 'json'];
      const values = JSON.parse(await cluster.helm('get', 'values', `agent-${environment}`, ...at));
      expect(values.agent).toMatchObject({ replicaCount: agents, resources: { requests: { cpu, memory } } });
    }
  }, 400_000);

  test('helm test passes with Helm 4 and Helm 3', async () => {
    const run = (helm: Cluster['helm'], environment: string): Promise<string> =>
      helm('test', `agent-${environment}`, '--namespace', environment, '--logs', '--timeout', '2m');
    const said = [await run(cluster.helm, 'dev'), await run(cluster.helm3, 'prod')];
    for (const log of said) expect(log).toContain('All connectivity tests passed!');
  }, 200_000);

  test('a task is in PostgreSQL, also on the replicas, and cached in Redis', async () => {
    const { status, body } = await ask('prod', '/tasks', { title: 'kept' });
    expect({ status, body }).toEqual({ status: 201, body: { id: expect.any(Number), title: 'kept', done: false } });
    expect(await ask('prod', `/tasks/${body.id}`)).toEqual({ status: 200, cache: 'hit', body });
    expect(await ask('prod', '/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
    for (const pod of ['agent-prod-postgresql-read-0', 'agent-prod-postgresql-read-1']) {
      expect((await query(pod, 'prod', 'SELECT pg_is_in_recovery(), title FROM tasks')).trim()).toBe('t|kept');
    }
    const keys = 'REDISCLI_AUTH=$REDIS_PASSWORD redis-cli --no-raw keys "task:*"';
    await eventually(async () =>
      expect(await inPod('agent-prod-redis-replicas-1', 'prod', keys)).toContain(`task:1.0.0:${body.id}`),
    );
  }, 60_000);

  test('without Redis the agent is degraded and goes on, without PostgreSQL it is not ready and is not restarted', async () => {
    const scale = (store: string, replicas: number): Promise<string> =>
      cluster.kubectl('scale', 'statefulset', store, '--namespace', 'dev', `--replicas=${replicas}`);
    const { body } = await ask('dev', '/tasks', { title: 'kept' });
    await scale('agent-dev-redis-master', 0);
    await eventually(async () =>
      expect(await ask('dev', '/ready')).toMatchObject({ status: 200, body: { status: 'degraded' } }),
    );
    expect(await ask('dev', `/tasks/${body.id}`)).toMatchObject({ status: 200, cache: 'unavailable', body });
    await scale('agent-dev-postgresql', 0);
    const isReady = async (): Promise<boolean | undefined> =>
      (await pods('dev', 'app.kubernetes.io/component=agent'))[0]?.status.containerStatuses[0]?.ready;
    await eventually(async () => expect(await isReady()).toBe(false));
    await Promise.all([scale('agent-dev-postgresql', 1), scale('agent-dev-redis-master', 1)]);
    await eventually(async () => expect(await isReady()).toBe(true));
    await eventually(async () => expect(await ask('dev', '/ready')).toMatchObject({ body: { status: 'ready' } }));
    // The volume has outlived the pod.
    expect(await ask('dev', `/tasks/${body.id}`)).toMatchObject({ status: 200, body: { title: 'kept' } });
    const [agent] = await pods('dev', 'app.kubernetes.io/component=agent');
    expect(agent?.status.containerStatuses[0]?.restartCount).toBe(0);
  }, 180_000);

  test('version 2 brings its migration, and one whose migration fails leaves it serving', async () => {
    await cluster.helm(...install('dev', ...localStores, ...agentVersion('2.0.0')));
    expect(await ask('dev', '/tasks', { title: 'new', priority: 3 })).toMatchObject({
      status: 201,
      body: { priority: 3 },
    });
    // The hook tries again for longer than this test needs to see.
    const broken = cluster.helm(...install('dev', ...localStores, ...agentVersion('3.0.0-broken')), '--timeout', '20s');
    await expect(broken).rejects.toThrow(/pre-upgrade hooks failed/);
    expect(await ask('dev', '/health')).toMatchObject({ status: 200, body: { version: '2.0.0' } });
    expect(await ask('dev', '/tasks')).toMatchObject({
      status: 200,
      body: [{ title: 'new', priority: 3 }, { title: 'kept' }],
    });
    const log = await cluster.kubectl('logs', '--namespace', 'dev', '--selector', 'job=migration', '--tail=-1');
    expect(log).toMatch(/invalid input syntax for type integer/);
    expect(await query('agent-dev-postgresql-0', 'dev', 'SELECT version_num FROM alembic_version')).toContain('0002');
  }, 400_000);

  test('volumes that were given up are empty when they are offered again', async () => {
    await cluster.helm('uninstall', 'agent-staging', '--namespace', 'staging', '--wait');
    const claims = await cluster.get('persistentvolumeclaims', '--namespace', 'staging');
    const names: string[] = claims.items.map((claim: { spec: { volumeName: string } }) => claim.spec.volumeName).sort();
    expect(names.length).toBeGreaterThan(2);
    await cluster.kubectl('delete', 'persistentvolumeclaims', '--namespace', 'staging', '--all');
    const volume = async (name: string) => await cluster.get('persistentvolume', name);
    for (const name of names) {
      await eventually(async () => expect((await volume(name)).status.phase).toBe('Released'));
      expect(readdirSync((await volume(name)).spec.hostPath.path)).not.toEqual([]);
    }
    const said = await clusterCommand('recycle', '--name', cluster.name);
    expect(said.trim()).toBe(`as new: ${names.join(', ')}`);
    for (const name of names) {
      await eventually(async () => expect((await volume(name)).status.phase).toBe('Available'));
      expect(readdirSync((await volume(name)).spec.hostPath.path)).toEqual([]);
    }
  }, 120_000);

  test('the stand-ins honour their contract: an existing Secret by tpl, any password, data that outlives the pod', async () => {
    const passwords = {
      password: `p@:/%#x '"\\$(id)`,
      'postgres-password': `admin:\\"'`,
      'replication-password': `r:e\\pl'"`,
      'redis-password': `r" \\'#x`,
    };
    const literals = Object.entries(passwords).map(([key, value]) => `--from-literal=${key}=${value}`);
    await cluster.kubectl('create', 'namespace', 'stores');
    await cluster.kubectl('create', 'secret', 'generic', 'db-credentials', '--namespace', 'stores', ...literals);
    const secret = '{{ .Release.Name }}-credentials';
    const values = (...roles: string[]): string[] =>
      roles.flatMap((role) => [
        '--set',
        `${role}.readinessProbe.initialDelaySeconds=1,${role}.readinessProbe.periodSeconds=1`,
      ]);
    const start = (name: string, ...more: string[]): string[] => [
      ...[
        'upgrade',
        '--install',
        'db',
        join(chart, 'charts', name),
        '--namespace',
        'stores',
        '--wait',
        '--timeout',
        '3m',
      ],
      ...['--set', 'architecture=replication', ...more],
      ...['--set-literal', `auth.existingSecret=${secret}`],
    ];
    const postgresql = [
      '--set',
      'auth.username=someone,auth.database=things,image.registry=',
      ...values('primary', 'readReplicas'),
    ];
    const image = ['--set', 'image.repository=chartship.test/postgresql', '--set-string', 'image.tag=15'];
    await cluster.helm(...start('postgresql', ...postgresql, ...image));

    const primary = 'db-postgresql-primary-0';
    const as = (user: string, password: string, statement: string, database = 'things'): Promise<string> =>
      cluster.kubectl(
        ...['exec', '--namespace', 'stores', primary, '--', 'env', `PGPASSWORD=${password}`],
        ...['psql', '--host=127.0.0.1', `--username=${user}`, `--dbname=${database}`, '-tAc', statement],
      );
    await as('someone', passwords.password, 'CREATE TABLE kept AS SELECT 7 AS number');
    expect((await as('postgres', passwords['postgres-password'], 'SELECT number FROM kept')).trim()).toBe('7');
    await expect(as('someone', 'wrong', 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    expect(await as('postgres', passwords['postgres-password'], 'SELECT state FROM pg_stat_replication')).toBe(
      'streaming\n',
    );
    await cluster.kubectl('delete', 'pod', primary, '--namespace', 'stores', '--grace-period=0', '--force');
    await eventually(async () =>
      expect((await as('someone', passwords.password, 'SELECT number FROM kept')).trim()).toBe('7'),
    );
    // No password in any argument: every user of a node can read those.
    const processes = await commandsOf(cluster.name);
    expect(processes.join()).toContain('postgres: walsender');
    for (const password of Object.values(passwords)) {
      expect(processes.filter((command) => command.includes(password))).toEqual([]);
    }

    await cluster.helm('uninstall', 'db', '--namespace', 'stores', '--wait');
    const redis = ['--set', 'image.registry=chartship.test,image.repository=redis,replica.replicaCount=1'];
    await cluster.helm(...start('redis', ...redis, '--set-string', 'image.tag=7', ...values('master', 'replica')));
    const cli = (pod: string, command: string): Promise<string> =>
      inPod(pod, 'stores', `REDISCLI_AUTH=$REDIS_PASSWORD redis-cli ${command}`);
    await cli('db-redis-master-0', 'set key kept');
    await eventually(async () => expect(await cli('db-redis-replicas-0', 'get key')).toBe('kept\n'));
    expect(await inPod('db-redis-master-0', 'stores', 'redis-cli get key')).toContain('NOAUTH');
  }, 240_000);

  function inPod(pod: string, namespace: string, script: string): Promise<string> {
    return cluster.kubectl('exec', '--namespace', namespace, pod, '--', 'sh', '-c', script);
  }

  function query(pod: string, namespace: string, statement: string): Promise<string> {
    const psql = `PGPASSWORD=$POSTGRES_PASSWORD psql -h 127.0.0.1 -U agent_user -tA agent_db -c '${statement}'`;
    return cluster.kubectl('exec', '--namespace', namespace, pod, '--container=postgresql', '--', 'sh', '-c', psql);
  }
});

interface Answer {
  readonly status: number;
  readonly cache: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the agent says
  readonly body: any;
}
