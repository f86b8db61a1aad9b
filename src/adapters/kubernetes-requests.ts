import { setMaxListeners } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import type { ClusterFault } from '../ports.ts';
import type { ApiCredentials } from './kubernetes-credentials.ts';
import { connectionFault, faultOf, parseStatus, type Refusal } from './kubernetes-faults.ts';
import { NoCredential } from './kubernetes-plugin.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query, below the server's URL. */
  readonly path: string;
  readonly body?: unknown;
  /** JSON when left out. */
  readonly contentType?: string;
  readonly accept?: string;
  /** Of one attempt. */
  readonly milliseconds?: number;
  /** Of an answer only the last bytes are kept; else an answer that is too long is a fault. */
  readonly lastBytes?: number;
  /** Not tried again. */
  readonly once?: boolean;
}

export type ApiAnswer =
  | { readonly ok: true; readonly body: string }
  /** `refusal`: the API server's answer, where there was one. */
  | { readonly ok: false; readonly fault: ClusterFault; readonly refusal?: Refusal };

export interface Stream {
  readonly path: string;
  readonly milliseconds: number;
  readonly signal: AbortSignal;
  /** One line of the answer. */
  line(text: string): void;
}

export interface ApiRequests {
  request(request: ApiRequest): Promise<ApiAnswer>;
  /** Reads lines until the server, the deadline or the signal ends it; `undefined` when it ended well. */
  stream(stream: Stream): Promise<{ readonly fault: ClusterFault; readonly status?: number } | undefined>;
}

/** Milliseconds, and bytes. */
export const REQUEST_LIMITS = {
  /** One attempt. */
  attempt: 10_000,
  /** All attempts of a request: an API server that restarts, or its load balancer, is back within this. */
  patience: 30_000,
  /** The same as long as it never answered: then the address is wrong more likely than the server away. */
  firstPatience: 10_000,
  /** What is left of all that once the run was interrupted: enough to give back a lease. */
  afterCancel: 3_000,
  /** An answer. */
  answerBytes: 64 * 1024 * 1024,
  /** A line of a watch: an object is 1.5 MiB at most in etcd, and longer as JSON. */
  lineBytes: 8 * 1024 * 1024,
} as const;

/**
 * Requests to an API server. What can be tried again is: a connection that failed, 429 and 503 (as long as the
 * server says), 502, 504 and 500 of etcd. A request that changes something may so arrive twice; the second one
 * then meets what the first one did, a conflict, which its caller must be ready for anyway.
 *
 * Nothing here throws when the run is interrupted: whoever gives back what it holds must be able to do so.
 * From then on each call has `afterCancel` left.
 */
export function createApiRequests(options: {
  readonly server: URL;
  readonly credentials: ApiCredentials;
  readonly cancel: AbortSignal;
}): ApiRequests {
  const { server, credentials, cancel } = options;
  let answered = false;
  // Every request under way waits for it; Node takes more than ten for a leak.
  setMaxListeners(0, cancel);

  const open = (
    { method, path, body, contentType, accept }: ApiRequest,
    base: RequestOptions,
    signal: AbortSignal,
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const headers: OutgoingHttpHeaders = {
        ...(base.headers as OutgoingHttpHeaders),
        accept: accept ?? 'application/json',
        'user-agent': 'chartship',
        ...(sent !== undefined && { 'content-type': contentType ?? 'application/json', 'content-length': sent.length }),
      };
      // `server` may have a path, behind Rancher for one.
      const url = new URL(server.href.replace(/\/$/, '') + path);
      const send = server.protocol === 'https:' ? httpsRequest : httpRequest;
      const outgoing = send(url, { ...base, method, headers, signal }, resolve);
      outgoing.on('error', reject);
      outgoing.end(sent);
    });

  /** One attempt; throws what the connection threw. */
  const attempt = async (request: ApiRequest, renewed: boolean, over: AbortSignal): Promise<Arrived> => {
    const base = await credentials.options(renewed);
    const deadline = AbortSignal.timeout(request.milliseconds ?? REQUEST_LIMITS.attempt);
    try {
      const incoming = await open(request, base, AbortSignal.any([deadline, over]));
      answered = true;
      const body = await collect(incoming, request.lastBytes);
      return { status: incoming.statusCode ?? 0, body, retryAfter: retryAfter(incoming) };
    } catch (error) {
      if (deadline.aborted || over.aborted) throw Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
      throw error;
    }
  };

  return {
    request: async (request) => {
      const over = overAfter(answered ? REQUEST_LIMITS.patience : REQUEST_LIMITS.firstPatience, cancel);
      let renewed = false;
      try {
        for (let tries = 0; ; tries++) {
          const answer = await attempt(request, renewed, over.signal).then(
            (arrived) => judge(arrived, server.host),
            (error: unknown) => failed(error, server.host),
          );
          if (answer.kind === 'done') return answer.answer;
          if (answer.kind === 'unauthorized' && credentials.renewable && !renewed) {
            renewed = true;
            continue;
          }
          if (answer.kind === 'unauthorized' || request.once === true) return answer.answer;
          const pause = answer.pause ?? PAUSES[Math.min(tries, PAUSES.length - 1)] ?? 0;
          if (over.left() <= pause || !(await slept(pause, over.signal))) return answer.answer;
        }
      } finally {
        over.close();
      }
    },
    stream: async ({ path, milliseconds, signal, line }) => {
      const deadline = AbortSignal.timeout(milliseconds);
      const request: ApiRequest = { method: 'GET', path };
      try {
        // A head that doesn't come is no watch, however long that may last.
        const head = new AbortController();
        const late = setTimeout(() => head.abort(), REQUEST_LIMITS.attempt);
        let incoming: IncomingMessage;
        try {
          const base = await credentials.options(false);
          incoming = await open(request, base, AbortSignal.any([deadline, signal, head.signal]));
        } finally {
          clearTimeout(late);
        }
        answered = true;
        if (incoming.statusCode !== 200) {
          const refusal = { status: incoming.statusCode ?? 0, body: await collect(incoming, undefined) };
          return { fault: faultOf(refusal, server.host), status: refusal.status };
        }
        await readLines(incoming, line);
        return undefined;
      } catch (error) {
        if (deadline.aborted || signal.aborted) return undefined;
        if (error instanceof NoCredential) return { fault: { kind: 'unauthorized', message: error.message } };
        return { fault: connectionFault(error, server.host).fault };
      }
    },
  };
}

interface Arrived {
  readonly status: number;
  readonly body: string;
  /** Milliseconds. */
  readonly retryAfter: number | undefined;
}

type Judged =
  | { readonly kind: 'done'; readonly answer: ApiAnswer }
  | { readonly kind: 'unauthorized'; readonly answer: ApiAnswer }
  | { readonly kind: 'again'; readonly answer: ApiAnswer; readonly pause: number | undefined };

/** Milliseconds between attempts. */
const PAUSES = [200, 500, 1000, 2000, 3000] as const;
/** However long a server asks us to wait. */
const LONGEST_PAUSE = 10_000;

function judge({ status, body, retryAfter }: Arrived, host: string): Judged {
  if (status >= 200 && status < 300) return { kind: 'done', answer: { ok: true, body } };
  const refusal = { status, body };
  const answer: ApiAnswer = { ok: false, fault: faultOf(refusal, host), refusal };
  if (status === 401) return { kind: 'unauthorized', answer };
  return isPassing(refusal) ? { kind: 'again', answer, pause: retryAfter } : { kind: 'done', answer };
}

/** Whether the same request may well be answered otherwise in a moment. */
function isPassing({ status, body }: Refusal): boolean {
  if ([429, 502, 503, 504].includes(status)) return true;
  const { message, reason } = parseStatus(body);
  if (status === 500)
    return /etcdserver: |leader changed|connection refused/.test(message) || reason === 'ServerTimeout';
  // Two that count against one quota at once; the API server asks to try again.
  return status === 409 && reason === 'Conflict' && /resourcequotas? "/.test(message);
}

function failed(error: unknown, host: string): Judged {
  if (error instanceof NoCredential) {
    return { kind: 'done', answer: { ok: false, fault: { kind: 'unauthorized', message: error.message } } };
  }
  if (error instanceof TooLong) {
    const message = `the API server ${host} gave more than ${REQUEST_LIMITS.answerBytes / 1024 / 1024} MiB`;
    return { kind: 'done', answer: { ok: false, fault: { kind: 'other', message } } };
  }
  const { fault, again } = connectionFault(error, host);
  return again
    ? { kind: 'again', answer: { ok: false, fault }, pause: undefined }
    : { kind: 'done', answer: { ok: false, fault } };
}

function retryAfter({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, LONGEST_PAUSE) : undefined;
}

class TooLong extends Error {}

async function collect(incoming: IncomingMessage, lastBytes: number | undefined): Promise<string> {
  const chunks: Buffer[] = [];
  let held = 0;
  let read = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    held += chunk.length;
    read += chunk.length;
    if (read > REQUEST_LIMITS.answerBytes) throw new TooLong();
    while (lastBytes !== undefined && chunks[0] !== undefined && held - chunks[0].length >= lastBytes) {
      held -= chunks[0].length;
      chunks.shift();
    }
  }
  const whole = Buffer.concat(chunks);
  return (lastBytes === undefined ? whole : whole.subarray(Math.max(0, whole.length - lastBytes))).toString('utf8');
}

async function readLines(incoming: IncomingMessage, line: (text: string) => void): Promise<void> {
  let rest: Buffer[] = [];
  let held = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      line(Buffer.concat([...rest, chunk.subarray(from, end)]).toString('utf8'));
      rest = [];
      held = 0;
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    held += chunk.length - from;
    if (held > REQUEST_LIMITS.lineBytes) throw new TooLong();
  }
}

/** A time limit that grows short once the run is interrupted. */
function overAfter(
  milliseconds: number,
  cancel: AbortSignal,
): { readonly signal: AbortSignal; left(): number; close(): void } {
  const over = new AbortController();
  const started = performance.now();
  let until = started + milliseconds;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => over.abort(), Math.max(0, until - performance.now()));
  };
  const shorten = (): void => {
    until = Math.min(until, performance.now() + REQUEST_LIMITS.afterCancel);
    arm();
  };
  timer = setTimeout(() => over.abort(), milliseconds);
  if (cancel.aborted) shorten();
  else cancel.addEventListener('abort', shorten, { once: true });
  return {
    signal: over.signal,
    left: () => until - performance.now(),
    close: () => {
      clearTimeout(timer);
      cancel.removeEventListener('abort', shorten);
    },
  };
}

async function slept(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return await wait(milliseconds, true, { signal }).catch(() => false);
}
