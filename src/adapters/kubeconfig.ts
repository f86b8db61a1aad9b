import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { invalid } from '../domain/errors.ts';
import { kubeconfigSecrets } from '../domain/kubeconfig.ts';
import { SOURCE_BYTES } from '../domain/limits.ts';
import {
  type ChosenContext,
  chooseContext,
  type Kubeconfig,
  KubeconfigFault,
  kubeconfigOf,
  mergeKubeconfigs,
  parseKubeconfig,
} from './kubeconfig-merge.ts';

export interface KubeconfigSource {
  /** The input `kubeconfig`. */
  readonly given?: { readonly path: string } | { readonly content: string } | undefined;
  /** The input `kube-context`, or the environment's. */
  readonly context?: string | undefined;
  /** Where relative paths begin. */
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly home: string;
  /** Told of every secret before anything is done with it. */
  readonly mask: (secret: string) => void;
}

/** Where a pod finds who it is. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The cluster that is meant, by kubectl's rules: what was given, else the files of KUBECONFIG (those that are
 * there), else ~/.kube/config, else the pod's own service account. Throws a `RequestError`, which never quotes
 * the kubeconfig.
 */
export async function findContext(source: KubeconfigSource): Promise<ChosenContext> {
  const { what, config } = await find(source);
  try {
    const chosen = chooseContext(config, source.context);
    for (const secret of await secretsOfFiles(chosen)) source.mask(secret);
    return chosen;
  } catch (error) {
    throw refused(what, error);
  }
}

/** Writes the chosen context, and nothing else of a kubeconfig, where only we can read it; the path. */
export async function writePrivateKubeconfig(chosen: ChosenContext, folder: string): Promise<string> {
  const file = path.join(folder, 'kubeconfig.json');
  await writeFile(file, kubeconfigOf(chosen), { mode: 0o600, flag: 'wx' });
  return file;
}

async function find(source: KubeconfigSource): Promise<{ readonly what: string; readonly config: Kubeconfig }> {
  const { given, cwd, environment, home } = source;
  const parse = (what: string, text: string, folder: string): Kubeconfig => {
    for (const secret of kubeconfigSecrets(text)) source.mask(secret);
    try {
      return parseKubeconfig(text, folder);
    } catch (error) {
      throw refused(what, error);
    }
  };
  if (given !== undefined) {
    if ('content' in given) return { what: 'kubeconfig', config: parse('kubeconfig', given.content, cwd) };
    const file = path.resolve(cwd, given.path);
    const text = await read(file);
    if (text === undefined) throw invalid('request/kubeconfig', `kubeconfig ${file} is not there`);
    return { what: file, config: parse(file, text, path.dirname(file)) };
  }
  const named = (environment.KUBECONFIG ?? '').split(path.delimiter).filter((file) => file !== '');
  const files = named.length > 0 ? named.map((file) => path.resolve(cwd, file)) : [path.join(home, '.kube', 'config')];
  const all: Kubeconfig[] = [];
  for (const file of files) {
    const text = await read(file);
    if (text !== undefined) all.push(parse(file, text, path.dirname(file)));
  }
  if (all.length > 0) return { what: files.join(path.delimiter), config: mergeKubeconfigs(all) };
  const config = await ofServiceAccount(environment);
  if (config !== undefined) return { what: 'the service account of this pod', config };
  throw invalid(
    'request/kubeconfig',
    `there is no kubeconfig: ${files.join(' and ')} ${files.length === 1 ? 'is' : 'are'} not there`,
    {
      hint: 'Give kubeconfig (a path or the content), or set KUBECONFIG.',
    },
  );
}

function refused(what: string, error: unknown): unknown {
  return error instanceof KubeconfigFault ? invalid('request/kubeconfig', `${what} ${error.message}`) : error;
}

async function read(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    if (size > SOURCE_BYTES) throw invalid('request/kubeconfig', `${file} is too large for a kubeconfig`);
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === undefined) throw error;
    throw invalid('request/kubeconfig', `${file} can't be read (${code})`);
  }
}

async function ofServiceAccount(environment: NodeJS.ProcessEnv): Promise<Kubeconfig | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  const tokenFile = `${SERVICE_ACCOUNT}/token`;
  if (!host || !port || (await stat(tokenFile).catch(() => undefined)) === undefined) return undefined;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    clusters: new Map([['cluster', { server, 'certificate-authority': `${SERVICE_ACCOUNT}/ca.crt` }]]),
    users: new Map([['user', { tokenFile }]]),
    contexts: new Map([['in-cluster', { cluster: 'cluster', user: 'user' }]]),
    current: 'in-cluster',
  };
}

/** The token and the key that lie in files of their own. What can't be read is said when it is needed. */
async function secretsOfFiles({ user }: ChosenContext): Promise<string[]> {
  const files = [user.tokenFile, user['client-key']].filter((file) => typeof file === 'string');
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.map((text) => text.trim()).filter((text) => text !== '');
}
