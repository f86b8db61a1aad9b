import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Cluster, clusterCommand, clusterScript, eventually, ran, startCluster } from '../support/cluster.ts';
import { machineState, processesOf, remains, type Traces, traces } from '../support/cluster-remains.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot, clusterNamed } = await import('../../scripts/cluster/docker-free.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { isPossible: kindIsPossible } = await import('../../scripts/cluster/kind.mjs');

/** Here the cluster is our own: it takes Linux and root, and where kind works or one is given, that is used instead. */
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG && !kindIsPossible();
const ours = isOurs ? describe : describe.skip;

/** Numbers that come again with the same seed: https://en.wikipedia.org/wiki/Linear_congruential_generator */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

ours('the cluster without Docker', () => {
  let before: Record<string, string>;
  let cluster: Cluster;
  beforeAll(async () => {
    await clusterCommand('prepare');
    before = await machineState();
    cluster = await startCluster('e2e');
  }, 900_000);
  afterAll(() => cluster?.down(), 60_000);

  test('has three nodes that are ready, and is up already when asked for again', async () => {
    const started = performance.now();
    expect(await clusterCommand('up', '--name', cluster.name)).toBe(`${cluster.kubeconfig}\n`);
    expect(performance.now() - started).toBeLessThan(5_000);
    const { items } = await cluster.get('nodes');
    const ready = items.map((node: { status: { conditions: { type: string; status: string }[] } }) =>
      node.status.conditions.find(({ type }) => type === 'Ready'),
    );
    expect(ready.map(({ status }: { status: string }) => status)).toEqual(['True', 'True', 'True']);
  }, 30_000);

  test('has no way out: no interface and no route leads to this machine or beyond', async () => {
    for (const network of ['control-plane', 'node1', 'node2', 'node3']) {
      const interfaces = await cluster.exec(network, 'ip', '-brief', 'link');
      expect(
        interfaces
          .trim()
          .split('\n')
          .filter((line) => !/^(lo|cluster|node\d|eth0|veth\w+)[@ ]/.test(line)),
      ).toEqual([]);
      // Only looked up, nothing is sent.
      const lookUp = ['exec', '--name', cluster.name, '--in', network, '--', 'ip', 'route', 'get', '192.0.2.1'];
      const route = await ran(process.execPath, [clusterScript, ...lookUp]);
      expect(route).toMatchObject({ code: 2, stderr: expect.stringMatching(/no route to host/i) });
    }
  }, 30_000);

  test('its nodes do what nodes do: Services and names from everywhere, limits of memory and disk, a network that can be cut', async () => {
    await cluster.apply(
      deployment('web', 3, ['python3', '-m', 'http.server', '8000', '--directory', '/tmp']),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8000 }] },
      },
      pod('greedy', ['python3', '-c', 'import time; x = bytearray(200_000_000); time.sleep(600)'], { memory: '50Mi' }),
      pod('bloated', ['sh', '-c', 'head -c 30000000 /dev/zero > /tmp/x; sleep 600'], { 'ephemeral-storage': '10Mi' }),
    );
    await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    const { items } = await cluster.get('pods', '--selector', 'app=web');
    const places = items.map(({ spec }: { spec: { nodeName: string } }) => spec.nodeName);
    expect(new Set(places).size).toBeGreaterThan(1);

    const ask = (url: string): string[] => [
      process.execPath,
      '-e',
      `fetch('${url}', { signal: AbortSignal.timeout(1_000) }).then(({ status }) => console.log(status), ({ name }) => console.log(name))`,
    ];
    for (const node of ['node1', 'node2', 'node3']) {
      for (let times = 0; times < 5; times++) {
        expect(await cluster.exec(node, ...ask('http://web.default.svc.cluster.local/'))).toBe('200\n');
      }
    }
    // Also when the Service leads a pod back to itself, or to one on the same node.
    const script = "import urllib.request as r; print({r.urlopen('http://web', timeout=3).status for _ in range(20)})";
    expect(await cluster.kubectl('exec', items[0].metadata.name, '--', 'python3', '-c', script)).toBe('{200}\n');

    const { podIP } = items[0].status;
    const [home] = places;
    const nft = (statement: string): Promise<string> => cluster.exec(home, 'nft', statement);
    const other = ['node1', 'node2', 'node3'].find((node) => node !== home) ?? '';
    await nft(`table ip cut { chain forward { type filter hook forward priority -200; ip daddr ${podIP} drop; }; }`);
    expect(await cluster.exec(other, ...ask(`http://${podIP}:8000/`))).toBe('TimeoutError\n');
    await nft('delete table ip cut');
    expect(await cluster.exec(other, ...ask(`http://${podIP}:8000/`))).toBe('200\n');

    const fate = async (name: string): Promise<string> => {
      const { status } = await cluster.get('pod', name);
      return status.reason ?? status.containerStatuses?.[0]?.state?.terminated?.reason ?? '';
    };
    await eventually(async () => expect(await fate('greedy')).toBe('OOMKilled'));
    await eventually(async () => expect(await fate('bloated')).toBe('Evicted'));
  }, 120_000);

  test('a second cluster lives beside it, and goes without it', async () => {
    const other = await startCluster('e2e-other', 1);
    try {
      expect((await other.get('nodes')).items).toHaveLength(1);
      expect((await cluster.get('nodes')).items).toHaveLength(3);
      const left = await traces(other.name);
      await other.down();
      expect(await remains(left)).toEqual([]);
      expect((await cluster.get('nodes')).items).toHaveLength(3);
    } finally {
      await other.down();
    }
  }, 60_000);

  test('its API server can be taken away and given back', async () => {
    await clusterCommand('kill', 'kube-apiserver', '--name', cluster.name);
    await expect(cluster.get('nodes')).rejects.toThrow(/refused|EOF|reset|closed/i);
    await clusterCommand('start', 'kube-apiserver', '--name', cluster.name);
    await eventually(() => cluster.get('nodes'));
  }, 60_000);

  test('down leaves nothing, and this machine as it was', async () => {
    const left = await traces(cluster.name);
    // That these are found while it runs is what makes their absence say something.
    expect(left.namespaces.size).toBeGreaterThan(6);
    const found = (await remains(left)).join('\n');
    for (const kind of ['process', 'mount', 'control group', 'file']) expect(found).toContain(`${kind} `);
    await cluster.down();
    expect(await remains(left)).toEqual([]);
    expect(await machineState()).toEqual(before);
  }, 60_000);

  test('down leaves nothing after processes were killed in any order', async () => {
    const seed = Number(process.env.CHARTSHIP_SEED ?? Date.now() % 2 ** 31);
    const next = random(seed);
    for (const share of [0.1, 0.5, 1]) {
      const victim = await startCluster('e2e-killed', 1);
      const left = await traces(victim.name);
      const pids = await processesOf(victim.name);
      const order = pids.map((pid) => [next(), pid] as const).sort(([a], [b]) => a - b);
      const killed = order.slice(0, Math.ceil(order.length * share)).map(([, pid]) => pid);
      for (const pid of killed) killHard(pid);
      await victim.down();
      expect({ seed, share, remains: await remains(left) }).toEqual({ seed, share, remains: [] });
    }
  }, 120_000);

  test('the cluster ends as a whole when its first process does, and can be started anew', async () => {
    const victim = await startCluster('e2e-first', 1);
    const left = await traces(victim.name);
    const [first] = (await processesOf(victim.name)).sort((a, b) => a - b);
    killHard(first ?? Number.NaN);
    await gone(left);
    expect(await clusterCommand('status')).toContain(`${victim.name}: not running`);
    const again = await startCluster('e2e-first', 1);
    expect((await again.get('nodes')).items).toHaveLength(1);
    await again.down();
    expect(await remains(left)).toEqual([]);
  }, 120_000);

  test('an up and a down that are killed at any moment are made good by the next', async () => {
    const seed = Number(process.env.CHARTSHIP_SEED ?? Date.now() % 2 ** 31);
    const next = random(seed);
    const name = `e2e-cut-${process.pid}`;
    const seen: Traces[] = [];
    for (const [verb, within] of [
      ['up', 500],
      ['up', 3_000],
      ['down', 100],
      ['down', 300],
      ['down', 600],
    ] as const) {
      if (verb === 'down') {
        await clusterCommand('up', '--name', name, '--nodes', '1');
        seen.push(await traces(name));
      }
      const child = spawn(process.execPath, [clusterScript, verb, '--name', name, '--nodes', '1'], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.on('close', resolve));
      await wait(next() * within);
      child.kill('SIGKILL');
      await ended;
      if (verb === 'up') seen.push(await traces(name));
    }
    await clusterCommand('down', '--name', name);
    for (const left of seen) expect({ seed, remains: await remains(left) }).toEqual({ seed, remains: [] });
  }, 120_000);

  test('a name that could be a path or a group of its own is refused', async () => {
    for (const name of ['../x', 'A', '', 'a/b', '-']) {
      const { code, stderr } = await ran(process.execPath, [clusterScript, 'up', `--name=${name}`]);
      expect({ name, code, said: /no name for a cluster/.test(stderr) }).toEqual({ name, code: 1, said: true });
    }
  });
});

test('KUBECONFIG never decides which cluster it is; the variable made for it does, and that cluster is not ended', async () => {
  const missing = { ...process.env, CHARTSHIP_E2E_KUBECONFIG: `${clusterScript}.missing`, KUBECONFIG: '/production' };
  expect(await ran(process.execPath, [clusterScript, 'up', '--name', 'given'], missing)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining("isn't there"),
  });
  const env = { ...process.env, CHARTSHIP_E2E_KUBECONFIG: clusterScript, KUBECONFIG: '/production' };
  const up = await ran(process.execPath, [clusterScript, 'up', '--name', 'given'], env);
  expect(up).toMatchObject({ code: 0, stdout: `${clusterScript}\n` });
  const down = await ran(process.execPath, [clusterScript, 'down', '--name', 'given'], env);
  expect(down).toMatchObject({ code: 0, stderr: expect.stringContaining('not ours to end') });
  expect(existsSync(clusterNamed('given').folder)).toBe(false);
});

function pod(name: string, command: string[], limits: Record<string, string> = {}): object {
  const container = { name, image: 'chartship.test/agent:1.0.0', command, resources: { limits } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { restartPolicy: 'Never', containers: [container] },
  };
}

function deployment(name: string, replicas: number, command: string[]): object {
  const container = { name, image: 'chartship.test/agent:1.0.0', command };
  const probed = { ...container, readinessProbe: { httpGet: { path: '/', port: 8000 }, periodSeconds: 1 } };
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [probed] } };
  const spec = { replicas, selector: { matchLabels: labels }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It may have ended with the one before.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function gone(left: Traces): Promise<void> {
  await eventually(async () => {
    expect((await remains(left)).filter((what) => what.startsWith('process '))).toEqual([]);
  });
}
