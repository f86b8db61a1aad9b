import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../../src/domain/kube-object.ts';

type Stored = KubeObject & { metadata: { resourceVersion?: string } };

/** As much of an API server as a release's Lease and records need, where no cluster is at hand: objects by path. */
export interface SmallApi {
  /** A kubeconfig for it. */
  readonly kubeconfig: string;
  readonly objects: Map<string, Stored>;
  /** `GET /path`, in order. */
  readonly requests: string[];
  /** Requests whose `METHOD /path` matches are never answered. */
  hang: RegExp | undefined;
  stop(): Promise<void>;
}

const RESOURCES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  '/api/v1': [
    ['namespaces', 'Namespace'],
    ['secrets', 'Secret'],
  ],
  '/apis/coordination.k8s.io/v1': [['leases', 'Lease']],
};

export async function startSmallApi(): Promise<SmallApi> {
  const objects = new Map<string, Stored>();
  const requests: string[] = [];
  let version = 1;
  const store = (path: string, object: Stored): Stored => {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } };
    objects.set(path, stored);
    return stored;
  };
  const answer = (method: string, path: string, body: Stored | undefined): [number, object] => {
    const found = objects.get(path);
    const resources = RESOURCES[path];
    if (resources !== undefined) {
      const list = resources.map(([name, kind]) => ({ name, kind, namespaced: kind !== 'Namespace' }));
      return [200, { kind: 'APIResourceList', resources: list }];
    }
    const isStale =
      body?.metadata.resourceVersion !== undefined && body.metadata.resourceVersion !== found?.metadata.resourceVersion;
    if (method === 'POST' && body !== undefined) return [201, store(`${path}/${body.metadata.name}`, body)];
    if (method === 'GET' && /\/secrets$/.test(path)) {
      const items = [...objects].filter(([at]) => at.startsWith(`${path}/`)).map(([, object]) => object);
      return [200, { kind: 'SecretList', apiVersion: 'v1', metadata: {}, items }];
    }
    if (found === undefined)
      return [404, { kind: 'Status', code: 404, reason: 'NotFound', message: `${path} not found` }];
    if (method === 'GET') return [200, found];
    if (isStale)
      return [409, { kind: 'Status', code: 409, reason: 'Conflict', message: 'the object has been modified' }];
    if (method === 'PUT' && body !== undefined) return [200, store(path, body)];
    if (method === 'PATCH' && body !== undefined) return [200, store(path, merged(found, body) as Stored)];
    return [405, { kind: 'Status', code: 405, message: `${method} is not for here` }];
  };
  const server = http.createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    const here = `${request.method} ${path}`;
    requests.push(here);
    if (api.hang?.test(here) === true) return;
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const [status, body] = answer(request.method ?? '', path, text === '' ? undefined : JSON.parse(text));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api: SmallApi = {
    kubeconfig: JSON.stringify({
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: url } }],
      users: [{ name: 'u', user: { token: 'T0k3n-of-the-small-one' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    }),
    objects,
    requests,
    hang: undefined,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return api;
}

/** A JSON merge patch (RFC 7386). */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(typeof target === 'object' ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
