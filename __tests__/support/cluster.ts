import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pinned, repository } from './scenario.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever that is. */
export function ran(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, args, { env, cwd: repository, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr: code === -1 ? `${error?.message}\n${stderr}` : stderr });
    });
  });
}

/** Runs a program that must end well; resolves with its standard output. */
export async function ranWell(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await ran(command, args, env);
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')}\nended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
}

export const clusterScript = join(repository, 'scripts', 'cluster.mjs');

/** `npm run cluster -- …` */
export const clusterCommand = (...args: string[]): Promise<string> =>
  ranWell(process.execPath, [clusterScript, ...args]);

export interface Cluster {
  readonly name: string;
  readonly kubeconfig: string;
  kubectl(...args: string[]): Promise<string>;
  /** kubectl … --output=json, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: a Kubernetes object, as it is
  get(...args: string[]): Promise<any>;
  apply(...objects: readonly object[]): Promise<void>;
  /** Makes a quota (`pods=1`) and waits until it counts: before its controller has looked at it, it refuses nothing. */
  quota(namespace: string, name: string, hard: string): Promise<void>;
  /** The pinned Helm 4; Helm 3 as `helm3`. Neither reads or writes what this machine's user has configured. */
  helm(...args: string[]): Promise<string>;
  helm3(...args: string[]): Promise<string>;
  /** The environment in which helm and kubectl mean this cluster. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs a command in a network of the cluster: a node's, which reaches pods and Services, or the control plane's. */
  exec(network: string, ...command: string[]): Promise<string>;
  /** Ends one of its programs, such as kube-apiserver, or starts it again. */
  program(verb: 'kill' | 'start', name: string): Promise<string>;
  down(): Promise<void>;
}

/** Starts one, or finds it running. Test files that share a label share a cluster; each process has its own. */
export async function startCluster(label: string, nodes = 3): Promise<Cluster> {
  const name = `${label}-${process.pid}`;
  const home = join(tmpdir(), `chartship-home-${name}`);
  mkdirSync(home, { recursive: true });
  const printed = await clusterCommand('up', '--name', name, '--nodes', String(nodes));
  const kubeconfig = printed.trim().split('\n').at(-1) ?? '';
  const kept = Object.entries(process.env).filter(([variable]) => !/^(HELM_|KUBE|XDG_)/.test(variable));
  const env = { ...Object.fromEntries(kept), HOME: home, KUBECONFIG: kubeconfig };
  const kubectl = (...args: string[]): Promise<string> =>
    ranWell(join(dirname(kubeconfig), 'bin', 'kubectl'), args, env);
  return {
    name,
    kubeconfig,
    env,
    kubectl,
    apply: async (...objects) => {
      const list = join(home, 'objects.json');
      writeFileSync(list, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
      await kubectl('apply', '--filename', list);
    },
    quota: async (namespace, name, hard) => {
      await kubectl('create', 'quota', name, `--hard=${hard}`, '-n', namespace);
      await kubectl('wait', `quota/${name}`, '--for=jsonpath={.status.hard}', '-n', namespace, '--timeout=30s');
    },
    get: async (...args) => JSON.parse(await kubectl('get', ...args, '--output=json')),
    helm: (...args) => ranWell(pinned('helm'), args, env),
    helm3: (...args) => ranWell(pinned('helm3'), args, env),
    exec: (network, ...command) => clusterCommand('exec', '--name', name, '--in', network, '--', ...command),
    program: (verb, program) => clusterCommand(verb, program, '--name', name),
    down: async () => {
      await clusterCommand('down', '--name', name);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The repository's chart with its dependencies in it: the stand-ins for Bitnami's. */
export function chartWithDependencies(folder: string): string {
  const chart = join(folder, 'task-api');
  cpSync(join(repository, 'chart'), chart, { recursive: true });
  for (const name of ['postgresql', 'redis']) {
    cpSync(join(repository, '__tests__/fixtures/charts', name), join(chart, 'charts', name), { recursive: true });
  }
  return chart;
}

/** Values with which the stores are looked at every second, not when Bitnami's charts would. */
export const impatientStores = [
  'postgresql.primary',
  'postgresql.readReplicas',
  'redis.master',
  'redis.replica',
].flatMap((store) =>
  ['initialDelaySeconds=1', 'periodSeconds=1'].flatMap((probe) => ['--set', `${store}.readinessProbe.${probe}`]),
);

/** Values with which the stores run the cluster's own images, under their own names. */
export const localStores = Object.entries({
  'postgresql.image': ['postgresql', '15'],
  'postgresql.metrics.image': ['postgres-exporter', '0'],
  'redis.image': ['redis', '7'],
}).flatMap(([image, [repository, tag]]) => [
  ...['--set', `${image}.registry=chartship.test`, '--set', `${image}.repository=${repository}`],
  ...['--set-string', `${image}.tag=${tag}`],
]);

/** Values with which agent and migration are of one version of the agent's image. */
export function agentVersion(version: '1.0.0' | '2.0.0' | '3.0.0-broken'): string[] {
  const image = `chartship.test/agent:${version}`;
  return [
    ...['--set', 'agent.image.repository=chartship.test/agent', '--set', `agent.image.tag=${version}`],
    ...['--set', `migration.image=${image}`],
  ];
}

/** Waits for a cluster to come round to it. */
export async function eventually(check: () => Promise<unknown>, seconds = 90): Promise<void> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await wait(300);
  }
}
