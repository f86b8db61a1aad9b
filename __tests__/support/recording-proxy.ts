import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy on loopback that lets nobody through: it says which hosts were asked for, and no packet goes to any. */
export async function startRecordingProxy(): Promise<{
  readonly url: string;
  asked(): string[];
  stop(): Promise<void>;
}> {
  const hosts = new Set<string>();
  const server = createServer((_, response) => response.writeHead(502).end());
  server.on('connect', ({ url }, socket) => {
    hosts.add(url ?? '');
    socket.on('error', () => {});
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => {
      const asked = [...hosts];
      hosts.clear();
      return asked;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
