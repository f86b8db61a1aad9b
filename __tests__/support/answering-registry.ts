import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ranWell } from './cluster.ts';
import { tool } from './registry.ts';

/** The pause program as an image that no node has yet; returns what nodes call it. */
export async function pushPause(folder: string, host: string): Promise<string> {
  // @ts-expect-error a script of the repository, plain JavaScript
  const { packLayer, writeArchive } = await import('../../scripts/cluster/oci-archive.mjs');
  // @ts-expect-error a script of the repository, plain JavaScript
  const { getTool } = await import('../../scripts/tools.mjs');
  const at = (...names: string[]): string => join(folder, ...names);
  for (const name of ['content', 'layout']) mkdirSync(at(name));
  copyFileSync(await getTool('pause'), at('content', 'pause'));
  await packLayer(at('content'), at('layer.tar'));
  const config = { User: '65535', Entrypoint: ['/pause'] };
  await writeArchive([{ names: ['pulled:1'], layers: [at('layer.tar')], config }], at('images.tar'));
  execFileSync('tar', ['--extract', '--file', at('images.tar'), '--directory', at('layout')]);
  const { manifests } = JSON.parse(readFileSync(at('layout', 'index.json'), 'utf8'));
  const from = `${at('layout')}@${manifests[0].digest}`;
  await ranWell(tool('oras'), ['cp', '--from-oci-layout', from, '--to-plain-http', `${host}/pulled:1`]);
  return 'registry.test/pulled:1';
}

/** Requests that are less than this apart belong to one pull of one node. Milliseconds. */
const ONE_PULL = 4_000;

/**
 * Stands before a real registry on loopback: who asks for `denied` is unknown to it, and two pulls of a name that
 * begins with `busy` find it busy, the third gets the image `pulled`.
 */
export async function answeringRegistry(host: string): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const [hostname, port] = host.split(':');
  const pulls = new Map<string, { count: number; last: number }>();
  const server = createServer((incoming, response) => {
    const name = /^\/v2\/([^/]+)\//.exec(incoming.url ?? '')?.[1] ?? '';
    if (name === 'denied') return response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
    if (name.startsWith('busy')) {
      const pull = pulls.get(name) ?? { count: 0, last: 0 };
      const now = performance.now();
      if (pull.count === 0 || now - pull.last > ONE_PULL) pull.count++;
      pulls.set(name, { ...pull, last: now });
      if (pull.count <= 2) return response.writeHead(429).end();
    }
    const path = (incoming.url ?? '').replace(/^\/v2\/busy[^/]*\//, '/v2/pulled/');
    const onward = request({ hostname, port, path, method: incoming.method, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
