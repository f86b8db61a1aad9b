import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An API server that knows nobody: a run that comes so far fails with the cause `unauthorized`, at once. */
export interface RefusingCluster {
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

export async function startRefusingCluster(): Promise<RefusingCluster> {
  const server = createServer((_, response) => response.writeHead(401).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    kubeconfig: JSON.stringify({
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: url } }],
      users: [{ name: 'u', user: { token: 'T0k3n-of-nobody' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
