import path from 'node:path';
import { parse } from 'yaml';

type Fields = Readonly<Record<string, unknown>>;

/** What a kubeconfig says, of one file or of several. Nothing of an entry is certain but that it is an object. */
export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, Fields>;
  readonly users: ReadonlyMap<string, Fields>;
  readonly contexts: ReadonlyMap<string, Fields>;
  readonly current: string | undefined;
}

/** One cluster, and who we are there. */
export interface ChosenContext {
  readonly name: string;
  readonly cluster: Fields;
  readonly user: Fields;
}

/** A kubeconfig that can't be used; the message never quotes it. */
export class KubeconfigFault extends Error {}

/** Reads one kubeconfig. Relative paths in it are relative to `folder`, as for kubectl. */
export function parseKubeconfig(text: string, folder: string): Kubeconfig {
  let document: unknown;
  try {
    document = parse(text, { logLevel: 'error', maxAliasCount: 100 });
  } catch {
    // The parser's message quotes the line it stopped at, which may be a key.
    throw new KubeconfigFault('is no YAML');
  }
  if (document === null || document === undefined) document = {};
  if (!isFields(document)) throw new KubeconfigFault('is no kubeconfig: an object with clusters, users and contexts');
  const absolute = (fields: Fields, names: readonly string[]): Fields => {
    const changed: Record<string, unknown> = { ...fields };
    for (const name of names) {
      const value = fields[name];
      if (typeof value === 'string' && value !== '') changed[name] = path.resolve(folder, value);
    }
    return changed;
  };
  const current = document['current-context'];
  return {
    clusters: named(document, 'cluster', (cluster) => absolute(cluster, ['certificate-authority'])),
    users: named(document, 'user', (user) =>
      withPlugin(absolute(user, ['client-certificate', 'client-key', 'tokenFile']), folder),
    ),
    contexts: named(document, 'context', (context) => context),
    current: typeof current === 'string' && current !== '' ? current : undefined,
  };
}

/** kubectl's rule: of entries with one name, and of current contexts, the first counts. */
export function mergeKubeconfigs(all: readonly Kubeconfig[]): Kubeconfig {
  const merged = (of: 'clusters' | 'users' | 'contexts'): ReadonlyMap<string, Fields> =>
    new Map(all.toReversed().flatMap((each) => [...each[of]]));
  return {
    clusters: merged('clusters'),
    users: merged('users'),
    contexts: merged('contexts'),
    current: all.find((each) => each.current !== undefined)?.current,
  };
}

/** The context asked for, or the current one, with its cluster and user. */
export function chooseContext(config: Kubeconfig, wanted: string | undefined): ChosenContext {
  const name = wanted ?? config.current;
  const known = [...config.contexts.keys()];
  const listed = known.length === 0 ? 'it has none' : `it has ${known.slice(0, 20).join(', ')}`;
  if (name === undefined) throw new KubeconfigFault(`has no current context, and none was asked for; ${listed}`);
  const context = config.contexts.get(name);
  if (context === undefined) throw new KubeconfigFault(`has no context ${JSON.stringify(name)}; ${listed}`);
  const cluster = config.clusters.get(String(context.cluster));
  if (cluster === undefined) throw new KubeconfigFault(`has no cluster for the context ${JSON.stringify(name)}`);
  const server = cluster.server;
  if (typeof server !== 'string' || !/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw new KubeconfigFault(`names no server for the context ${JSON.stringify(name)}`);
  }
  return { name, cluster, user: config.users.get(String(context.user)) ?? {} };
}

/** The chosen context as a kubeconfig of its own: JSON, which is YAML. */
export function kubeconfigOf({ name, cluster, user }: ChosenContext): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: 'cluster', user: 'user' } }],
    clusters: [{ name: 'cluster', cluster }],
    users: [{ name: 'user', user }],
  });
}

export function pluginEnvironment(user: Fields): { readonly name: string; readonly value: string }[] {
  const exec = isFields(user.exec) ? user.exec.env : undefined;
  return (Array.isArray(exec) ? exec : [])
    .filter((each): each is Fields => isFields(each) && typeof each.name === 'string')
    .map((each) => ({ name: String(each.name), value: String(each.value ?? '') }));
}

/** A plugin named by a path is looked for from the kubeconfig's folder; a bare name on PATH. */
function withPlugin(user: Fields, folder: string): Fields {
  if (!isFields(user.exec) || typeof user.exec.command !== 'string') return user;
  const { command } = user.exec;
  if (!/[\\/]/.test(command)) return user;
  return { ...user, exec: { ...user.exec, command: path.resolve(folder, command) } };
}

function named(document: Fields, key: string, made: (fields: Fields) => Fields): ReadonlyMap<string, Fields> {
  const entries = document[`${key}s`] ?? [];
  if (!Array.isArray(entries)) throw new KubeconfigFault(`is no kubeconfig: ${key}s is no list`);
  const found = new Map<string, Fields>();
  for (const entry of entries) {
    if (!isFields(entry) || typeof entry.name !== 'string') throw new KubeconfigFault(`has a ${key} without a name`);
    const fields = entry[key];
    if (!found.has(entry.name)) found.set(entry.name, made(isFields(fields) ? fields : {}));
  }
  return found;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
