import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dump, loadAll, load as parse } from 'js-yaml';
import { merged } from '../chart/toggles.ts';
import { type Cluster, chartWithDependencies, clusterCommand, eventually, startCluster } from '../support/cluster.ts';
import { type Load, startLoad } from '../support/load.ts';
import { commandBlock, commandsUnder } from '../support/readme-commands.ts';
import { pinned } from '../support/scenario.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { isPossible: kindIsPossible } = await import('../../scripts/cluster/kind.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG && !kindIsPossible();

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects, as they are
type Foreign = any;

/** What the README's commands, written for production, are run with here: two agents, and probes that look often. */
const smaller = {
  agent: { replicaCount: 2, resources: { requests: { cpu: '100m', memory: '128Mi' } } },
  postgresql: {
    architecture: 'standalone',
    primary: { readinessProbe: { initialDelaySeconds: 1, periodSeconds: 1 } },
  },
  redis: {
    master: { readinessProbe: { initialDelaySeconds: 1, periodSeconds: 1 } },
    replica: { replicaCount: 1, readinessProbe: { initialDelaySeconds: 1, periodSeconds: 1 } },
  },
};

const at = ['--namespace', 'prod'];

// One release goes through all of it, in this order, under the names that the README's commands have.
(isOurs ? describe : describe.skip)('the chart under fire', () => {
  let cluster: Cluster;
  let folder: string;
  let committed: Foreign;
  let load: Load;
  let kept: number;

  beforeAll(async () => {
    await clusterCommand('prepare');
    cluster = await startCluster('e2e-fire');
    folder = mkdtempSync(join(tmpdir(), 'chartship-fire-'));
    renameSync(chartWithDependencies(folder), join(folder, 'chart'));
    committed = parse(readFileSync(join(folder, 'chart/values-prod.yaml'), 'utf8'));
    values({});
    mkdirSync(join(folder, 'bin'));
    symlinkSync(pinned('helm'), join(folder, 'bin/helm'));
    symlinkSync(join(dirname(cluster.kubeconfig), 'bin/kubectl'), join(folder, 'bin/kubectl'));
    await cluster.kubectl('create', 'namespace', 'prod');
    await cluster.kubectl('label', 'namespace', 'prod', 'pod-security.kubernetes.io/enforce=restricted');
  }, 900_000);
  afterAll(async () => {
    await load?.end();
    await cluster?.down();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** What values-prod.yaml has from here on. */
  function values(more: object): void {
    writeFileSync(join(folder, 'chart/values-prod.yaml'), dump(merged(merged(committed, smaller), more)));
  }
  const version = (tag: string): object => ({
    agent: { image: { repository: 'chartship.test/agent', tag } },
    migration: { image: `chartship.test/agent:${tag}` },
  });

  function upgrade(...more: string[]): Promise<string> {
    const file = join(folder, 'chart/values-prod.yaml');
    const args = ['upgrade', '--install', 'agent-prod', join(folder, 'chart'), ...at, '--values', file];
    return cluster.helm(...args, '--wait', '--timeout', '4m', ...more);
  }

  /** Runs commands of the README, with names put in. */
  function run(commands: string, names: Record<string, string> = {}): Promise<string> {
    const script = Object.entries(names).reduce((text, [name, value]) => text.replaceAll(name, value), commands);
    const env = { ...cluster.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
    return new Promise((resolve, reject) => {
      execFile('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, env }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${script}\n${stdout}\n${stderr}`));
        else resolve(stdout);
      });
    });
  }

  async function pods(...labels: string[]): Promise<Foreign[]> {
    const selector = ['app=task-api', ...labels].join();
    return (await cluster.get('pods', ...at, '--selector', selector)).items;
  }
  /** Without those that are on their way out. */
  const agents = async (): Promise<Foreign[]> =>
    (await pods('app.kubernetes.io/component=agent')).filter(({ metadata }) => !metadata.deletionTimestamp);
  const namesOf = (objects: Foreign[]): string[] => objects.map(({ metadata }) => metadata.name).sort();
  const readyAgents = async (): Promise<number> =>
    (await cluster.get('deployment', 'agent-prod', ...at)).status.readyReplicas ?? 0;
  const restarts = async (): Promise<number[]> =>
    (await agents()).map(({ status }) => status.containerStatuses[0].restartCount);

  async function ask(path: string, task?: object): Promise<{ status: number; body: Foreign }> {
    const { spec } = await cluster.get('service', 'agent-prod', ...at);
    const options = {
      ...(task && { method: 'POST', body: JSON.stringify(task), headers: { 'content-type': 'application/json' } }),
    };
    const script = `fetch('http://${spec.clusterIP}:8000${path}', ${JSON.stringify(options)})
      .then(async (answer) => console.log(JSON.stringify({ status: answer.status, body: await answer.json() })))`;
    return JSON.parse(await cluster.exec('node1', process.execPath, '--eval', script));
  }

  async function secret(): Promise<Record<string, string>> {
    const { data } = await cluster.get('secret', 'agent-prod-secret', ...at);
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString()]),
    );
  }

  /** What PostgreSQL answers the agent's user; the password goes by standard input, as none is an argument. */
  async function query(statement: string, password?: string): Promise<string> {
    const psql = `read -r PGPASSWORD; export PGPASSWORD; exec psql -h 127.0.0.1 -U agent_user -d agent_db -tAc "${statement}"`;
    return run(
      `printf '%s\\n' '${password ?? (await secret()).password}' |
      kubectl exec -i -n prod agent-prod-postgresql-0 -c postgresql -- sh -c '${psql}'`,
    );
  }

  /** For whoever wants to know why a request failed. */
  async function whatHappened(): Promise<string> {
    const seen = await run(
      'kubectl get pods,endpointslices -n prod -o wide; kubectl get events -n prod --sort-by=.lastTimestamp',
    );
    return seen.split('\n').slice(-80).join('\n');
  }

  /** Since the last look requests were answered, at least so many and none badly; asks on until there are enough. */
  async function expectNoneFailed(atLeast: number): Promise<void> {
    let total = 0;
    for (;;) {
      const { answered, faults } = await load.sinceLast();
      if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${await whatHappened()}`);
      total += answered;
      if (total >= atLeast) break;
      await wait(2_000);
    }
    console.log(`${expect.getState().currentTestName}: ${total} requests, all answered`);
  }

  test('Kubernetes makes pods for a StatefulSet of 52 characters and none for one of 53: the chart refuses no other', async () => {
    const set = (length: number): object => ({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 's'.repeat(length) },
      spec: {
        serviceName: 's',
        selector: { matchLabels: { app: `s${length}` } },
        template: {
          metadata: { labels: { app: `s${length}` } },
          spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 's', image: 'chartship.test/pause:1' }] },
        },
      },
    });
    await cluster.apply(set(52), set(53));
    await eventually(async () => expect(namesOf((await cluster.get('pods')).items)).toEqual([`${'s'.repeat(52)}-0`]));
    await eventually(async () => {
      const said = await cluster.kubectl('get', 'events', '--field-selector', `involvedObject.name=${'s'.repeat(53)}`);
      expect(said).toMatch(/must be no more than 63/);
    });
    await cluster.kubectl('delete', 'statefulsets', '--all');
  }, 60_000);

  test('a first install that failed is put right by the next upgrade of plain helm', async () => {
    values({ postgresql: { image: { tag: 'no-such' } } });
    await expect(upgrade('--timeout', '8s')).rejects.toThrow(/context deadline exceeded/);
    const before = await secret();
    values({});
    const repair = upgrade();
    // "When something is wrong" in the README: a pod of a StatefulSet that was never ready isn't replaced.
    await eventually(async () => {
      const [{ spec }] = (await pods('app.kubernetes.io/name=postgresql')) as [Foreign];
      const set = await cluster.get('statefulset', 'agent-prod-postgresql', ...at);
      expect(set.spec.template.spec.containers[0].image).not.toContain('no-such');
      if (spec.containers[0].image.includes('no-such')) await run('kubectl delete pod agent-prod-postgresql-0 -n prod');
    });
    await repair;
    // No database was there to be migrated before the upgrade.
    const jobs = (await cluster.get('jobs', ...at)).items as Foreign[];
    expect(jobs.map(({ metadata, status }) => [metadata.name, status.succeeded])).toEqual([
      ['agent-prod-migration-2', 1],
    ]);
    expect(await secret()).toEqual(before);
    expect(await readyAgents()).toBe(2);
    kept = (await ask('/tasks', { title: 'kept' })).body.id;

    const all = await run(commandBlock('Install', 'kubectl get all').replaceAll('dev', 'prod'));
    for (const kind of [
      'deployment.apps/agent-prod ',
      'statefulset.apps/agent-prod-postgresql ',
      'job.batch/agent-prod-migration',
    ])
      expect(all.split(kind)).toHaveLength(3);
    const shown = commandBlock('Environments', 'helm get values').split('\n').slice(-3);
    expect(await run(shown.join('\n'))).toMatch(/agent-prod +2\/2[\s\S]*replicaCount: 2/);
  }, 400_000);

  test('what a render keeps for itself is not in the release: passwords are no values', async () => {
    const all = await cluster.helm('get', 'values', 'agent-prod', ...at, '--all', '--output', 'json');
    for (const password of Object.values(await secret())) expect(all).not.toContain(password);
    expect(Object.keys(JSON.parse(all).secret)).toEqual(['keep']);
  }, 30_000);

  test('an upgrade with a new image and a migration loses no request', async () => {
    const { spec } = await cluster.get('service', 'agent-prod', ...at);
    const before = await secret();
    load = startLoad(cluster, 'node1', `http://${spec.clusterIP}:8000`, 100);
    values(version('2.0.0'));
    // The README's: helm upgrade, and helm test.
    await run(commandBlock('Upgrade', 'helm upgrade'));
    expect((await ask('/health')).body.version).toBe('2.0.0');
    // The passwords are the same, and the hook has gone with what it carried.
    expect(await secret()).toEqual(before);
    const jobs = (await cluster.get('jobs', ...at)).items as Foreign[];
    expect(jobs.map(({ metadata, status }) => [metadata.name, status.succeeded])).toEqual([
      ['agent-prod-pre-upgrade', 1],
    ]);
    expect(namesOf((await cluster.get('secrets', ...at, '--selector', 'app=task-api')).items)).toEqual([
      'agent-prod-secret',
    ]);
    await expectNoneFailed(5_000);
  }, 400_000);

  test('a migration that fails leaves what runs alone, and the log says why', async () => {
    const before = namesOf(await agents());
    const { metadata } = await cluster.get('deployment', 'agent-prod', ...at);
    values(version('3.0.0-broken'));
    await expect(upgrade()).rejects.toThrow(/pre-upgrade hooks failed/);
    expect(namesOf(await agents())).toEqual(before);
    expect((await cluster.get('deployment', 'agent-prod', ...at)).metadata.generation).toBe(metadata.generation);
    const log = await run('kubectl logs -n prod -l app=task-api,job=migration --tail=100');
    expect(log).toMatch(/invalid input syntax for type integer/);
    expect((await cluster.get('jobs', ...at)).items[0].status.failed).toBe(1);
    expect((await ask(`/tasks/${kept}`)).body).toMatchObject({ title: 'kept', priority: 0 });
    await expectNoneFailed(100);
  }, 400_000);

  test('a rollback goes to an image that is older than the schema', async () => {
    values({});
    await run(commandBlock('Roll back', 'helm rollback'), { REVISION: '2' });
    expect((await ask('/health')).body.version).toBe('1.0.0');
    expect((await ask(`/tasks/${kept}`)).body).toEqual({ id: kept, title: 'kept', done: false });
    await expectNoneFailed(1_000);
  }, 400_000);

  test('autoscaling goes on and off, and never are there fewer agents than before', async () => {
    const seen: number[] = [];
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        seen.push((await cluster.get('deployment', 'agent-prod', ...at)).spec.replicas);
        await wait(500);
      }
    })();
    try {
      await run('kubectl scale deployment agent-prod -n prod --replicas=3');
      values({ autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 4 } });
      await upgrade();
      expect((await cluster.get('deployment', 'agent-prod', ...at)).spec.replicas).toBe(3);
      expect((await cluster.get('hpa', 'agent-prod', ...at)).spec.minReplicas).toBe(2);
      // What runs now is asked for within the bounds alone.
      for (const [minReplicas, maxReplicas, wanted] of [
        [4, 5, 4],
        [1, 2, 2],
      ]) {
        values({ agent: { replicaCount: wanted }, autoscaling: { enabled: true, minReplicas, maxReplicas } });
        const said = JSON.parse(await upgrade('--dry-run=server', '--output', 'json'));
        const objects = loadAll(said.manifest) as Foreign[];
        expect(objects.find(({ kind }) => kind === 'Deployment').spec.replicas).toBe(wanted);
      }
      values({ agent: { replicaCount: 3 } });
      await upgrade();
      expect((await cluster.get('hpa', ...at)).items).toEqual([]);
    } finally {
      isOver = true;
      await watching;
    }
    // Two until the scaling, and then never fewer than three.
    expect(seen.slice(seen.indexOf(3)).filter((replicas) => replicas < 3)).toEqual([]);
    await expectNoneFailed(500);
  }, 400_000);

  test('after autoscaling another number of agents is set by force, as the README says', async () => {
    values({});
    await expect(upgrade()).rejects.toThrow(/conflict with .* with subresource "scale" .*\.spec\.replicas/);
    await upgrade('--force-conflicts');
    expect((await cluster.get('deployment', 'agent-prod', ...at)).spec.replicas).toBe(2);
    await expectNoneFailed(100);
  }, 400_000);

  test('a node is drained, and its agents move while others serve; the budget holds the second eviction up', async () => {
    const [database] = await pods('app.kubernetes.io/name=postgresql');
    const places = (await agents()).map(({ spec }) => spec.nodeName);
    const place = places.find((node) => node !== database.spec.nodeName);
    expect(place).toBeDefined();
    const evict = (name: string): Promise<string> =>
      run(
        `kubectl create --raw /api/v1/namespaces/prod/pods/${name}/eviction -f - <<< '${JSON.stringify({
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name, namespace: 'prod' },
        })}'`,
      );
    await run(`kubectl drain ${place} --ignore-daemonsets --delete-emptydir-data --timeout=120s`);
    expect((await agents()).filter(({ spec }) => spec.nodeName === place)).toEqual([]);
    await eventually(async () => expect(await readyAgents()).toBe(2));
    await run(`kubectl uncordon ${place}`);
    await eventually(async () =>
      expect((await cluster.get('pdb', 'agent-prod', ...at)).status.disruptionsAllowed).toBe(1),
    );
    const [first, second] = namesOf(await agents());
    await evict(first ?? '');
    await expect(evict(second ?? '')).rejects.toThrow(
      /Cannot evict pod as it would violate the pod's disruption budget/,
    );
    await eventually(async () => expect(await readyAgents()).toBe(2));
    await expectNoneFailed(1_000);
  }, 400_000);

  test('the network is cut to PostgreSQL, then to Redis, and heals: no restart', async () => {
    await load.end();
    const cut = async (store: string): Promise<() => Promise<unknown>> => {
      const [pod] = await pods(store);
      const nft = (statement: string) => cluster.exec(pod.spec.nodeName, 'nft', statement);
      await nft(
        `table ip cut { chain forward { type filter hook forward priority -200; ip daddr ${pod.status.podIP} drop; }; }`,
      );
      return () => nft('delete table ip cut');
    };
    const before = await restarts();
    const healPostgresql = await cut('app.kubernetes.io/name=postgresql');
    await eventually(async () => expect(await readyAgents()).toBe(0));
    await healPostgresql();
    await eventually(async () => expect(await readyAgents()).toBe(2));
    const healRedis = await cut('app.kubernetes.io/name=redis,app.kubernetes.io/component=master');
    await eventually(async () => expect((await ask('/ready')).body.status).toBe('degraded'));
    expect((await ask(`/tasks/${kept}`)).body.title).toBe('kept');
    expect(await readyAgents()).toBe(2);
    await healRedis();
    await eventually(async () => expect((await ask('/ready')).body.status).toBe('ready'));
    expect(await restarts()).toEqual(before);
  }, 400_000);

  test('PostgreSQL is killed, and comes back with its data', async () => {
    const before = await restarts();
    await run('kubectl delete pod agent-prod-postgresql-0 -n prod --grace-period=0 --force');
    await eventually(async () => expect((await ask(`/tasks?limit=100`)).status).toBe(200));
    await eventually(async () => expect(await readyAgents()).toBe(2));
    expect((await ask(`/tasks/${kept}`)).body.title).toBe('kept');
    expect(await restarts()).toEqual(before);
  }, 120_000);

  test('an agent that fills its disk is evicted and replaced', async () => {
    values({ agent: { resources: { limits: { 'ephemeral-storage': '100Mi' } } } });
    await upgrade();
    // Not one of the revision before, which may still be told to end when helm has seen the new ones ready.
    const isLimited = ({ spec }: Foreign): boolean =>
      spec.containers.some(({ resources }: Foreign) => resources?.limits?.['ephemeral-storage'] === '100Mi');
    const [victim = ''] = namesOf((await agents()).filter(isLimited));
    // /tmp counts for the pod, whose limit is the greatest of its containers': that of the wait for the schema.
    // The eviction may come while the disk is being filled: 137 is what the command ends with then.
    await run(
      `kubectl exec -n prod ${victim} -c agent -- sh -c 'head -c 300000000 /dev/zero > /tmp/full' || [ $? -eq 137 ]`,
    );
    // Told by the event: an agent that ends well when it is told to may leave its pod as Succeeded, whatever ended it.
    // A kubelet measures a pod's volumes anew after one to two minutes, and looks at what was measured every ten seconds.
    await eventually(async () => {
      const ofVictim = ['--field-selector', `reason=Evicted,involvedObject.name=${victim}`];
      expect((await cluster.get('events', ...at, ...ofVictim)).items[0]?.message).toMatch(/ephemeral local storage/);
    }, 200);
    await eventually(async () => expect(await readyAgents()).toBe(2));
    expect((await ask('/health')).status).toBe(200);
    values({});
  }, 600_000);

  test("PostgreSQL's password is changed by the README's commands, and the old one is refused", async () => {
    const before = await secret();
    expect(await query('SELECT 1', before.password)).toBe('1\n');
    const said = await run(commandBlock('Rotate the passwords', 'ALTER ROLE'), { PRIMARY: 'agent-prod-postgresql-0' });
    expect(said).toContain('All connectivity tests passed!');
    const after = await secret();
    expect(after.password).not.toBe(before.password);
    expect(after['database-url']).toContain(`:${after.password}@`);
    await expect(query('SELECT 1', before.password)).rejects.toThrow(/password authentication failed/);
    expect(await query('SELECT 1', after.password)).toBe('1\n');
  }, 400_000);

  test("Redis' password likewise", async () => {
    const before = await secret();
    const said = await run(commandBlock('Rotate the passwords', 'redis-password'));
    expect(said).toContain('All connectivity tests passed!');
    const after = await secret();
    expect(after['redis-url']).toContain(`:${after['redis-password']}@`);
    const ping = (password = ''): Promise<string> =>
      run(
        `printf '%s\\n' '${password}' | kubectl exec -i -n prod agent-prod-redis-master-0 -- sh -c 'read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli ping' 2>&1`,
      );
    expect(await ping(before['redis-password'])).toMatch(/WRONGPASS|NOAUTH/);
    expect(await ping(after['redis-password'])).toBe('PONG\n');
  }, 400_000);

  test("a row is backed up, lost and restored by the README's commands", async () => {
    await run(commandBlock('Back up and restore', 'PersistentVolumeClaim'));
    const log = await run(commandBlock('Back up and restore', 'cronjob/agent-prod-backup'));
    const [, backup = ''] = /Backup (agent-prod-\w+\.dump): \d+ bytes/.exec(log) ?? [];
    expect(backup).not.toBe('');
    await query(`DELETE FROM tasks WHERE id = ${kept}`);
    const said = await run(commandBlock('Back up and restore', 'cronjob/agent-prod-restore'), {
      'agent-prod-20260101T030000Z.dump': backup,
    });
    expect(said).toContain(`Restored ${backup}`);
    expect(await query(`SELECT title FROM tasks WHERE id = ${kept}`)).toBe('kept\n');
    await run(commandBlock('Back up and restore', 'UNLINK'));
    expect((await ask(`/tasks/${kept}`)).body.title).toBe('kept');
    await run(commandBlock('Test', 'helm test').replaceAll('dev', 'prod'));
  }, 400_000);

  test('it is uninstalled, and a new install goes on with the volumes and the Secret that were kept', async () => {
    const before = await secret();
    const commands = (heading: string, text: string): string => commandBlock(heading, text).replaceAll('dev', 'prod');
    await run(commands('Uninstall', 'helm uninstall'));
    await eventually(async () =>
      expect(await pods('app.kubernetes.io/component in (agent,primary,master)')).toEqual([]),
    );
    const install = commandBlock('Environments', 'helm install agent-prod')
      .split('\n')
      .filter((line) => line.includes('agent-prod'));
    await run(install.join('\n'));
    expect(await secret()).toEqual(before);
    expect((await ask(`/tasks/${kept}`)).body.title).toBe('kept');
  }, 400_000);

  test('and uninstalled for good: nothing of it is left', async () => {
    for (const block of commandsUnder('Uninstall')) await run(block.replaceAll('dev', 'prod'));
    const left = async (): Promise<string> =>
      run(
        'kubectl get all,secrets,configmaps,pvc,networkpolicies,pdb -n prod -l app.kubernetes.io/instance=agent-prod -o name',
      );
    await eventually(async () => expect(await left()).toBe(''));
  }, 120_000);
});
