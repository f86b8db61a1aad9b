import { BlockList, isIP } from 'node:net';
import { isLoopback } from '../domain/reference.ts';

/**
 * The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for a server, by Go's rules: helm goes the same way.
 * NO_PROXY has hosts, domains (with what is below them), addresses and, often for clusters, ranges of addresses.
 */
export function proxyFor(server: URL, environment: NodeJS.ProcessEnv): string | undefined {
  const set = (name: string): string | undefined => environment[name] || environment[name.toLowerCase()] || undefined;
  const proxy = set(server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (proxy === undefined || isLoopback(server.host)) return undefined;
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  const excepted = (set('NO_PROXY') ?? '').split(',').map((entry) => entry.trim().toLowerCase());
  if (excepted.some((entry) => entry !== '' && excepts(entry, host, port))) return undefined;
  return /^[a-z0-9]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

function excepts(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const range = /^(.+)\/(\d{1,3})$/.exec(entry);
  if (range?.[1] !== undefined) return isWithin(range[1], Number(range[2]), host);
  if (isIP(entry)) return entry === host;
  const [, name = entry, only] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (only !== undefined && only !== port) return false;
  const domain = name.replace(/^\*\./, '.');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function isWithin(network: string, prefix: number, host: string): boolean {
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(host) === 0 || isIP(host) !== isIP(network) || prefix > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list.check(host, family);
}
