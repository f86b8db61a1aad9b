import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the proxy saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
}

/** What happens instead of the registry's own answer. */
export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** The connection is cut: at the first bytes of the body where there is one, else at once. */
  | { readonly kind: 'cut' }
  /** It goes through, and the connection is cut instead of the answer. */
  | { readonly kind: 'lost' }
  /** Nothing is ever said. */
  | { readonly kind: 'silence' };

/** The fault of a request; `undefined` lets it through to the registry. */
export type Script = (seen: Seen) => Fault | undefined;

export interface FaultProxy {
  readonly host: string;
  readonly seen: Seen[];
  /** Requests that write: uploads of blobs, manifests, tags. */
  uploads(): number;
  /** Cuts every connection that is open now. */
  cut(): void;
  stop(): Promise<void>;
}

/** Plain HTTP on loopback in front of a server at `upstream` (`host:port`): a registry, or over TLS an API server. */
export async function startFaultProxy(
  upstream: string,
  script: Script,
  tls?: https.RequestOptions,
): Promise<FaultProxy> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const server = http.createServer((request, response) => {
    const here = { method: request.method ?? '', path: request.url ?? '' };
    seen.push(here);
    const fault = script(here);
    if (fault === undefined || fault.kind === 'lost') forward(upstream, request, response, tls, fault?.kind === 'lost');
    else play(fault, request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    uploads: () => seen.filter(({ method }) => method === 'POST' || method === 'PUT' || method === 'PATCH').length,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The Host header stays, so that the registry's Location headers lead back to the proxy. */
function forward(
  upstream: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  tls: https.RequestOptions | undefined,
  isLost: boolean,
): void {
  const [hostname, port] = upstream.split(':');
  const { method, url: path, headers } = request;
  const onward = (tls === undefined ? http : https).request(
    { ...tls, hostname, port, method, path, headers },
    (answer) => {
      if (isLost) {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // What a watch says is long in coming: its head goes on at once.
      response.flushHeaders();
      answer.pipe(response);
    },
  );
  response.on('close', () => onward.destroy());
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

function play(
  fault: Exclude<Fault, { kind: 'lost' }>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  switch (fault.kind) {
    case 'answer':
      request.resume();
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      response.end(fault.body ?? '');
      return;
    case 'cut':
      if (Number(request.headers['content-length'] ?? 0) === 0) request.socket.destroy();
      else request.once('data', () => request.socket.destroy());
      return;
    case 'silence':
      request.resume();
  }
}

/** The first `times` requests that match get the fault; all of them when left out. */
export function faulty(
  fault: Fault,
  matches: (seen: Seen) => boolean = () => true,
  times = Number.POSITIVE_INFINITY,
): Script {
  let left = times;
  return (seen) => {
    if (left <= 0 || !matches(seen)) return undefined;
    left -= 1;
    return fault;
  };
}

/** An error as registries write it (OCI distribution specification). */
export function refusal(status: number, code: string, message: string, headers: Record<string, string> = {}): Fault {
  return { kind: 'answer', status, headers, body: JSON.stringify({ errors: [{ code, message }] }) };
}
