import { readFile } from 'node:fs/promises';
import type { Agent, RequestOptions } from 'node:https';
// Not the package's index: that would bring every typed client with it.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { type ChosenContext, isFields, kubeconfigOf } from './kubeconfig-merge.ts';
import { askPlugin, NoCredential, type PluginCredential } from './kubernetes-plugin.ts';
import { proxyFor } from './kubernetes-proxy.ts';
import type { Run } from './process.ts';

export interface CredentialsOptions {
  readonly chosen: ChosenContext;
  readonly run: Run;
  readonly environment: NodeJS.ProcessEnv;
  readonly mask: (secret: string) => void;
}

/** Who we are to the API server. */
export interface ApiCredentials {
  /** Agent and headers for a request; `renewed` after a 401: what can be had anew is. Throws `NoCredential`. */
  options(renewed: boolean): Promise<RequestOptions>;
  /** Whether there is something to renew. */
  readonly renewable: boolean;
}

/** A token in a file is changed by its keeper some minutes before it ends; client-go looks once a minute, too. */
const KEPT = 60_000;
/** What ends within this is as good as over: a request takes its time. */
const EARLY = 10_000;

/**
 * The library's KubeConfig knows certificates, proxies and providers. Tokens of files and plugins are fetched
 * here: the library overlooks kubectl's `tokenFile`, and see `askPlugin`.
 */
export function createApiCredentials({ chosen, run, environment, mask }: CredentialsOptions): ApiCredentials {
  const { cluster, user } = chosen;
  const plugin = isFields(user.exec);
  const tokenFile = typeof user.tokenFile === 'string' && user.tokenFile !== '' ? user.tokenFile : undefined;
  const server = new URL(String(cluster.server));
  const proxy = cluster['proxy-url'] ?? proxyFor(server, environment);
  let kept: { readonly options: RequestOptions; readonly until: number } | undefined;
  let asking: Promise<RequestOptions> | undefined;
  let agent: { readonly of: string; readonly agent: Agent } | undefined;

  const make = async (): Promise<RequestOptions> => {
    const given = plugin ? await askPlugin(chosen, run, environment) : await tokenOf(tokenFile);
    for (const secret of [given.token, given.key]) if (secret !== undefined) mask(secret);
    const config = new KubeConfig();
    config.loadFromString(
      kubeconfigOf({
        name: chosen.name,
        cluster: {
          ...cluster,
          ...(proxy !== undefined && { 'proxy-url': proxy }),
          // The library refuses plain HTTP otherwise; there is no certificate to verify.
          ...(server.protocol === 'http:' && { 'insecure-skip-tls-verify': true }),
        },
        user: {
          ...user,
          exec: undefined,
          ...(given.token !== undefined && { token: given.token }),
          ...(given.certificate !== undefined && {
            'client-certificate-data': Buffer.from(given.certificate).toString('base64'),
            'client-key-data': Buffer.from(given.key ?? '').toString('base64'),
            'client-certificate': undefined,
            'client-key': undefined,
          }),
        },
      }),
    );
    const options: RequestOptions = { headers: {} };
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new NoCredential(`the kubeconfig can't be used: ${(error as Error).message}`);
    }
    Object.assign(options.headers as object, impersonation(user));
    // One agent, with its open connections, for as long as it would be the same.
    const of = JSON.stringify([options.ca, options.cert, options.key, options.servername].map(String));
    if (agent?.of !== of) {
      agent?.agent.destroy();
      agent = { of, agent: Object.assign(options.agent as Agent, { keepAlive: true }) };
    }
    options.agent = agent.agent;
    const until = Math.min(
      given.expires === undefined ? Infinity : given.expires - EARLY,
      renewable ? Date.now() + lifetime : Infinity,
    );
    kept = { options, until };
    return options;
  };
  const renewable = plugin || tokenFile !== undefined || isFields(user['auth-provider']);
  /** A plugin says itself how long its answer holds. */
  const lifetime = plugin ? Infinity : KEPT;
  return {
    renewable,
    options: async (renewed) => {
      if (kept !== undefined && Date.now() < kept.until && !(renewed && renewable)) return kept.options;
      asking ??= make().finally(() => {
        asking = undefined;
      });
      return await asking;
    },
  };
}

async function tokenOf(file: string | undefined): Promise<PluginCredential> {
  if (file === undefined) return {};
  try {
    return { token: (await readFile(file, 'utf8')).trim() };
  } catch (error) {
    throw new NoCredential(`the kubeconfig's tokenFile can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** `as-groups` and the rest; the library knows `as` alone. */
function impersonation(user: Readonly<Record<string, unknown>>): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  if (Array.isArray(user['as-groups'])) headers['Impersonate-Group'] = user['as-groups'].map(String);
  if (typeof user['as-uid'] === 'string') headers['Impersonate-Uid'] = user['as-uid'];
  const extra = isFields(user['as-user-extra']) ? user['as-user-extra'] : {};
  for (const [name, values] of Object.entries(extra)) {
    if (Array.isArray(values)) headers[`Impersonate-Extra-${encodeURIComponent(name)}`] = values.map(String);
  }
  return headers;
}
