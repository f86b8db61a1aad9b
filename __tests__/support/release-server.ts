import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { pack } from 'tar-stream';

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

export interface ReleaseServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly requests: string[];
  /** The headers of the last request. */
  headers(): http.IncomingHttpHeaders;
  serve(path: string, answer: Answer): void;
  stop(): Promise<void>;
}

/** A server of release archives on loopback; what isn't served is a 404. */
export async function startReleaseServer(): Promise<ReleaseServer> {
  const answers = new Map<string, Answer>();
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let headers: http.IncomingHttpHeaders = {};
  const server = http.createServer((request, response) => {
    requests.push(request.url ?? '');
    headers = request.headers;
    const answer = answers.get(request.url ?? '') ?? status(404);
    answer(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // As a proxy: every CONNECT leads back to this server, whatever host was asked for.
  server.on('connect', (request, socket: Socket) => {
    requests.push(`CONNECT ${request.url}`);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    server.emit('connection', socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    headers: () => headers,
    serve: (path, answer) => void answers.set(path, answer),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function bytes(content: Uint8Array, type = 'application/octet-stream'): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': type, 'content-length': content.length }).end(content);
  };
}

/** Announces all of it, sends the first `length` bytes and hangs up. */
export function hangUpAfter(content: Uint8Array, length: number): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, length), () => response.destroy());
  };
}

/** Sends a bit every `milliseconds`: never silent, never done. */
export function trickle(content: Uint8Array, milliseconds: number): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': content.length });
    let at = 0;
    const timer = setInterval(() => response.write(content.subarray(at, ++at)), milliseconds);
    response.on('close', () => clearInterval(timer));
  };
}

/** Sends the first `length` bytes, then nothing more; without a length not even the headers. */
export function silentAfter(content: Uint8Array, length?: number): Answer {
  return (_request, response) => {
    if (length === undefined) return;
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, length));
  };
}

export function status(code: number): Answer {
  return (_request, response) =>
    void response.writeHead(code, { 'content-type': 'text/plain' }).end(`status ${code}\n`);
}

export function redirect(to: string): Answer {
  return (_request, response) => void response.writeHead(302, { location: to }).end();
}

/** One answer after the other; the last one stays. */
export function inTurn(...answers: readonly [Answer, ...Answer[]]): Answer {
  let turn = 0;
  return (request, response) => answers[Math.min(turn++, answers.length - 1)]?.(request, response);
}

export const LOGIN_PAGE = new TextEncoder().encode('<!doctype html><title>Sign in</title><form>…</form>');

/** A real `.tar.gz`; compressed quickly, for the programs are large. */
export async function tarGz(files: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name, mode: 0o755 }, Buffer.from(content));
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks), { level: 1 });
}

export function zip(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return zipSync({ ...files }, { level: 1 });
}
