import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectCluster } from '../../src/adapters/cluster-connection.ts';
import { type Call, createRunner } from '../../src/adapters/process.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import type { ClusterAccess } from '../../src/ports.ts';
import { type FaultProxy, type Script, startFaultProxy } from './fault-proxy.ts';
import { pinned } from './scenario.ts';

export interface TestAccess extends ClusterAccess {
  /** Every program that was started. */
  readonly calls: readonly Call[];
  /** Everything that was masked. */
  readonly masked: readonly string[];
  /** The run's folder for private files. */
  readonly temporary: string;
  cancel(reason?: unknown): void;
  close(): void;
}

/** The ports of a cluster, as the composition root builds them. */
export async function accessTo(
  kubeconfig: { readonly path: string } | { readonly content: string } | undefined,
  options: {
    readonly helm?: 'helm' | 'helm3';
    readonly context?: string;
    readonly environment?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly home?: string;
  } = {},
): Promise<TestAccess> {
  const temporary = mkdtempSync(join(tmpdir(), 'chartship-access-'));
  const controller = new AbortController();
  const environment = options.environment ?? { PATH: process.env.PATH };
  const { run } = createRunner(DEFAULT_LIMITS, controller.signal, environment, 4);
  const calls: Call[] = [];
  const masked: string[] = [];
  const helm = options.helm ?? 'helm';
  const ports = await connectCluster({
    given: kubeconfig,
    context: options.context,
    cwd: options.cwd ?? temporary,
    environment,
    home: options.home ?? temporary,
    mask: (secret) => masked.push(secret),
    helm: async () => ({ path: pinned(helm), version: helm === 'helm' ? '4.3.1' : '3.22.0' }),
    run: (call) => {
      calls.push(call);
      return run(call);
    },
    temporary,
    limits: DEFAULT_LIMITS,
    cancel: controller.signal,
  });
  return {
    ...ports,
    calls,
    masked,
    temporary,
    cancel: (reason) => controller.abort(reason),
    close: () => rmSync(temporary, { recursive: true, force: true }),
  };
}

/** What the kubeconfig of a test's cluster says, decoded. */
export function administrator(path: string): {
  readonly server: URL;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
} {
  const { clusters, users } = JSON.parse(readFileSync(path, 'utf8'));
  const decoded = (text: string): string => Buffer.from(text, 'base64').toString();
  return {
    server: new URL(clusters[0].cluster.server),
    ca: decoded(clusters[0].cluster['certificate-authority-data']),
    cert: decoded(users[0].user['client-certificate-data']),
    key: decoded(users[0].user['client-key-data']),
  };
}

/** A kubeconfig of one context, as content. */
export function kubeconfigFor(
  cluster: Readonly<Record<string, unknown>>,
  user: Readonly<Record<string, unknown>> = {},
): { readonly content: string } {
  return {
    content: JSON.stringify({
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'there', user: 'me' } }],
      clusters: [{ name: 'there', cluster }],
      users: [{ name: 'me', user }],
    }),
  };
}

/** A cluster's API server behind a proxy that plays faults; whoever comes through it is the administrator. */
export async function startApiProxy(
  path: string,
  script: Script,
): Promise<FaultProxy & { readonly kubeconfig: { readonly content: string } }> {
  const { server, ca, cert, key } = administrator(path);
  const proxy = await startFaultProxy(server.host, script, { ca, cert, key });
  return { ...proxy, kubeconfig: kubeconfigFor({ server: `http://${proxy.host}` }) };
}

/** An error as the API server writes it. */
export function statusOf(code: number, reason: string, message: string): string {
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
}
