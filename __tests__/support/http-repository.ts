import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpRepository {
  /** `http://127.0.0.1:PORT/charts` */
  readonly url: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Paths that were asked for and given. */
  readonly served: string[];
  stop(): Promise<void>;
}

export interface ServedChart {
  readonly name: string;
  readonly version: string;
  readonly archive: Uint8Array;
}

/**
 * A chart repository as helm knows it: an index.yaml and archives beside it, on a free port of loopback. `second`
 * is another one on the same host, at `/second`.
 */
export async function startHttpRepository(
  charts: readonly ServedChart[],
  options: { username?: string; password?: string; status?: number; second?: readonly ServedChart[] } = {},
): Promise<HttpRepository> {
  const served: string[] = [];
  const files = new Map<string, Uint8Array>();
  for (const [folder, list] of [
    ['/charts', charts],
    ['/second', options.second ?? []],
  ] as const) {
    files.set(`${folder}/index.yaml`, Buffer.from(indexOf(list)));
    for (const { name, version, archive } of list) files.set(`${folder}/${name}-${version}.tgz`, archive);
  }
  const wanted =
    options.password === undefined
      ? undefined
      : `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`;
  const server = http.createServer((request, response) => {
    const content = files.get(decodeURIComponent(request.url ?? ''));
    if (options.status !== undefined) response.writeHead(options.status).end();
    else if (wanted !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="charts"' }).end();
    } else if (content === undefined) response.writeHead(404).end();
    else {
      served.push(request.url ?? '');
      response.writeHead(200).end(content);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/charts`,
    host,
    served,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Newest first, as `helm repo index` sorts them; the caller lists them so. */
function indexOf(charts: readonly ServedChart[]): string {
  const entries = new Map<string, ServedChart[]>();
  for (const chart of charts) entries.set(chart.name, [...(entries.get(chart.name) ?? []), chart]);
  const lines = [
    'apiVersion: v1',
    'generated: "2020-01-01T00:00:00Z"',
    entries.size === 0 ? 'entries: {}' : 'entries:',
  ];
  for (const [name, versions] of entries) {
    lines.push(`  ${name}:`);
    for (const { version, archive } of versions) {
      const digest = createHash('sha256').update(archive).digest('hex');
      lines.push(`    - apiVersion: v2`, `      name: ${name}`, `      version: ${JSON.stringify(version)}`);
      lines.push(`      digest: ${digest}`, `      urls: [${JSON.stringify(`${name}-${version}.tgz`)}]`);
    }
  }
  return `${lines.join('\n')}\n`;
}
