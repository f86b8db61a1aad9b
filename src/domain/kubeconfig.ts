import { readSource } from './source.ts';

/** A kubeconfig's content has lines or braces; any other text is the path of one. */
export function isKubeconfig(text: string): boolean {
  return /[\n{]/.test(text.trim());
}

/** Keys of a user that hold credentials, as they stand there and, of the base64 ones, as what they stand for. */
const CREDENTIALS = ['token', 'password', 'client-key-data', 'client-certificate-data'];

/** Of an auth provider's memory and a plugin's environment; a profile called `default` or a region is none. */
const CREDENTIAL_NAME = /token|secret|password|key/i;

/**
 * Every credential in a kubeconfig: tokens, passwords, keys, what an auth provider remembers, what an exec plugin is
 * given in its environment, and a proxy's password. Not the rest of it: server names and contexts may be shown. What
 * is no YAML is secret as a whole.
 */
export function kubeconfigSecrets(text: string): string[] {
  const read = readSource(new TextEncoder().encode(text));
  if (!read.ok) return text.split(/\r?\n/).map((line) => line.trim());
  const found: string[] = [];
  const take = (value: unknown): void => {
    if (typeof value === 'string') found.push(value);
  };
  for (const { user } of listOf(read.source.data, 'users')) {
    for (const key of CREDENTIALS) {
      const value = entry(user, key);
      take(value);
      if (key.endsWith('-data') && typeof value === 'string') found.push(Buffer.from(value, 'base64').toString());
    }
    const remembered = Object.entries(mapping(entry(entry(user, 'auth-provider'), 'config')));
    const given = listOf(entry(user, 'exec'), 'env').map(({ name, value }) => [String(name), value] as const);
    for (const [name, value] of [...remembered, ...given]) if (CREDENTIAL_NAME.test(name)) take(value);
  }
  for (const { cluster } of listOf(read.source.data, 'clusters')) {
    const proxy = entry(cluster, 'proxy-url');
    if (typeof proxy === 'string' && URL.canParse(proxy)) take(decodeURIComponent(new URL(proxy).password));
  }
  return found;
}

function listOf(data: unknown, key: string): Record<string, unknown>[] {
  const list = entry(data, key);
  return Array.isArray(list) ? list.map(mapping) : [];
}

function entry(data: unknown, key: string): unknown {
  return mapping(data)[key];
}

function mapping(data: unknown): Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : {};
}
