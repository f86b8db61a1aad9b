import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** What a server calls objects of a kind. */
export interface ApiResource {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** A real API server and its etcd, alone on loopback: no nodes, no controllers. Admission and storage are as they are. */
export interface ApiServer {
  /** `1.35` */
  readonly minor: string;
  /** Of its administrator: a private file. */
  readonly kubeconfig: string;
  call(method: string, path: string, body?: string, type?: string): Promise<ApiAnswer>;
  /** By `apps/v1/Deployment`: what it has now. */
  resources(): Promise<ReadonlyMap<string, ApiResource>>;
  down(): Promise<void>;
}

/** Takes the Kubernetes that the tests' clusters are of, and Debian's etcd; both are built or fetched once. */
export async function startApiServer(): Promise<ApiServer> {
  // @ts-expect-error a script of the repository, plain JavaScript
  const { getTool } = await import('../../scripts/tools.mjs');
  // @ts-expect-error a script of the repository, plain JavaScript
  const { nodePrograms } = await import('../../scripts/cluster/node-programs.mjs');
  // @ts-expect-error a script of the repository, plain JavaScript
  const { withPrograms } = await import('../../scripts/debian.mjs');
  // @ts-expect-error a script of the repository, plain JavaScript
  const { kubeconfig, makeKeys } = await import('../../scripts/cluster/keys.mjs');
  const kubernetes = await getTool('kubernetes');
  const folder = mkdtempSync(join(tmpdir(), 'chartship-api-'));
  const env = withPrograms(await nodePrograms(() => {}), { HOME: folder, LANG: 'C.UTF-8' });
  const keys = join(folder, 'keys');
  await makeKeys(keys, [], env);
  const [client, peer, secure] = (await freePorts(3)) as [number, number, number];

  const programs: ChildProcess[] = [];
  const start = (name: string, ...command: string[]): void => {
    const log = openSync(join(folder, `${name}.log`), 'a');
    // With the tests that started it, however they end.
    const guarded = ['--pdeathsig', 'KILL', '--', ...command];
    programs.push(spawn('setpriv', guarded, { env, cwd: folder, stdio: ['ignore', log, log] }));
    closeSync(log);
  };
  const stores = `http://127.0.0.1:${client}`;
  start(
    ...(['etcd', 'etcd', '--data-dir', join(folder, 'etcd')] as const),
    ...['--listen-client-urls', stores, '--advertise-client-urls', stores, '--unsafe-no-fsync', '--log-level', 'warn'],
    ...['--listen-peer-urls', `http://127.0.0.1:${peer}`],
  );
  const serviceAccounts = join(keys, 'service-accounts.key');
  start(
    ...(['kube-apiserver', kubernetes, 'kube-apiserver', `--etcd-servers=${stores}`] as const),
    ...['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${secure}`],
    ...['--endpoint-reconciler-type=none', '--service-cluster-ip-range=10.96.0.0/16', '--allow-privileged=true'],
    ...[`--tls-cert-file=${join(keys, 'apiserver.crt')}`, `--tls-private-key-file=${join(keys, 'apiserver.key')}`],
    ...[`--client-ca-file=${join(keys, 'ca.crt')}`, '--authorization-mode=RBAC'],
    ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${serviceAccounts}`],
    `--service-account-signing-key-file=${serviceAccounts}`,
  );
  const access = join(folder, 'kubeconfig');
  writeFileSync(access, kubeconfig(keys, 'admin', `https://127.0.0.1:${secure}`), { mode: 0o600 });
  const [ca, cert, key] = ['ca.crt', 'admin.crt', 'admin.key'].map((name) => readFileSync(join(keys, name)));
  const agent = new Agent({ keepAlive: true, ca, cert, key });
  const call: ApiServer['call'] = (method, path, body, type = 'application/json') =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) };
      const url = new URL(path, `https://127.0.0.1:${secure}`);
      const sent = request(url, { method, agent, headers, timeout: 30_000 }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const down = async (): Promise<void> => {
    agent.destroy();
    for (const program of programs.reverse()) {
      if (program.exitCode !== null || program.signalCode !== null) continue;
      const ended = new Promise((resolve) => program.once('exit', resolve));
      program.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(call, programs, () => readFileSync(join(folder, 'kube-apiserver.log'), 'utf8').slice(-2_000));
    const { major, minor } = JSON.parse((await call('GET', '/version')).text);
    return {
      minor: `${major}.${String(minor).replace(/\D.*$/, '')}`,
      kubeconfig: access,
      call,
      resources: () => resourcesOf(call),
      down,
    };
  } catch (error) {
    await down();
    throw error;
  }
}

async function ready(call: ApiServer['call'], programs: readonly ChildProcess[], log: () => string): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const { status } = await call('GET', '/readyz').catch(() => ({ status: 0 }));
    if (status === 200) return;
    const isOver = programs.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    if (isOver || performance.now() > deadline) throw new Error(`The API server didn't start:\n${log()}`);
    await wait(100);
  }
}

async function resourcesOf(call: ApiServer['call']): Promise<ReadonlyMap<string, ApiResource>> {
  const resources = new Map<string, ApiResource>();
  const { groups } = JSON.parse((await call('GET', '/apis')).text);
  const versions = groups.flatMap((group: { versions: { groupVersion: string }[] }) =>
    group.versions.map((each) => each.groupVersion),
  );
  for (const version of ['v1', ...versions]) {
    const path = version === 'v1' ? '/api/v1' : `/apis/${version}`;
    for (const { name, kind, namespaced } of JSON.parse((await call('GET', path)).text).resources ?? []) {
      if (!name.includes('/')) resources.set(`${version}/${kind}`, { plural: name, namespaced });
    }
  }
  return resources;
}

/** All are taken before one is given back, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const { port } = server.address() as AddressInfo;
      await new Promise((resolve) => server.close(resolve));
      return port;
    }),
  );
}
