import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { parse } from 'yaml';

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects, as they are
type Answer = any;

export interface ClusterReader {
  /** What the API server has at a path; `undefined`: nothing is there. */
  read(path: string): Promise<Answer | undefined>;
  close(): void;
}

/** Reads a cluster some ten times a second, which kubectl would be too slow and too heavy for. */
export function createClusterReader(kubeconfig: string): ClusterReader {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
  const { server, 'certificate-authority-data': authority } = clusters[0].cluster;
  const { 'client-certificate-data': certificate, 'client-key-data': key } = users[0].user;
  const agent = new Agent({
    keepAlive: true,
    ca: Buffer.from(authority, 'base64'),
    cert: Buffer.from(certificate, 'base64'),
    key: Buffer.from(key, 'base64'),
  });
  return {
    read: (path) =>
      new Promise((resolve, reject) => {
        get(new URL(path, server), { agent, timeout: 10_000 }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          response.on('end', () => {
            if (response.statusCode === 200) resolve(JSON.parse(text));
            else if (response.statusCode === 404) resolve(undefined);
            else reject(new Error(`GET ${path}: ${response.statusCode} ${text}`));
          });
          response.on('error', reject);
        }).on('error', reject);
      }),
    close: () => agent.destroy(),
  };
}
