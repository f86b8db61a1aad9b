import { Octokit } from '@octokit/core';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { RequestError } from '@octokit/request-error';
import { isLoopback } from '../domain/reference.ts';
import type { ForgeAnswer, ForgeFault } from '../ports.ts';
import { proxyFor } from './kubernetes-proxy.ts';

export interface ForgeOptions {
  /** `owner/name`. */
  readonly repository: string;
  readonly token: string;
  /** GITHUB_API_URL and the proxies are read. */
  readonly environment: NodeJS.ProcessEnv;
  /** Aborted when the run is interrupted: what is asked then has three seconds left. */
  readonly cancel: AbortSignal;
  readonly note: (text: string) => void;
  /** Milliseconds that stand for a second of waiting: for tests. */
  readonly second?: number;
  /** Milliseconds one try may take, and all of one call. */
  readonly tryMilliseconds?: number;
  readonly callMilliseconds?: number;
}

/** Sends a request: `POST /repos/{owner}/{repo}/…`, or to a whole address. Never throws but for bugs. */
export type Send = <T>(route: string, parameters?: Readonly<Record<string, unknown>>) => Promise<ForgeAnswer<T>>;

/** Asked for in `accept`, the content of a file is given, and not what is known of it. */
export const FILE_TYPE = 'application/octet-stream';
/** Files that are read are bundles of some kilobytes. */
const MOST_FILE_BYTES = 16 * 1024 * 1024;

/** What is waited for at most when GitHub says when to come again. */
const LONGEST_PAUSE = 60;
const TRY_MILLISECONDS = 20_000;
const CALL_MILLISECONDS = 150_000;
const INTERRUPTED_MILLISECONDS = 3_000;
/** Tries after the first one. */
const RETRIES = 2;

/**
 * Octokit with its plugins for limits and for trying again. What makes something new is never sent a second time but
 * where GitHub refused it for a limit: whoever asked looks first whether it was made.
 */
export function createClient(options: ForgeOptions): Send {
  const { environment, cancel, second = 1000 } = options;
  const base = (environment.GITHUB_API_URL || 'https://api.github.com').replace(/\/+$/, '');
  const { host, protocol } = new URL(base);
  if (!isSafe(new URL(base)))
    return async () => unreachable(`GITHUB_API_URL is ${protocol}//${host}: a token is not sent without encryption`);
  const waits = (pause: number, _options: unknown, _octokit: unknown, count: number): boolean => {
    const isSoon = pause <= LONGEST_PAUSE && count < RETRIES && !cancel.aborted;
    if (isSoon) options.note(`${host} says to come again in ${pause} s`);
    return isSoon;
  };
  const octokit = new (Octokit.plugin(retry, throttling))({
    auth: options.token,
    baseUrl: base,
    userAgent: 'chartship',
    // What is deprecated is our affair, not that of who reads the log.
    log: { debug: silent, info: silent, warn: silent, error: silent },
    retry: { retryAfterBaseValue: second, retries: RETRIES },
    throttle: {
      id: crypto.randomUUID(),
      onRateLimit: waits,
      onSecondaryRateLimit: waits,
      retryAfterBaseValue: second,
      // A second between writes is what GitHub asks for; a run says too little for the three of notifications.
      ...({ triggersNotification: () => false } as object),
    },
  });
  let isNoted = false;

  return async <T>(route: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<ForgeAnswer<T>> => {
    const whole = /^[A-Z]+ ([a-z]+:\/\/[^/{]+)/.exec(route)?.[1];
    if (whole !== undefined && !isSafe(new URL(whole)))
      return unreachable(`${whole}: a token is not sent without encryption`);
    if (!isNoted) options.note(`requests go to ${host}`);
    isNoted = true;
    const deadline = new AbortController();
    const stop = (): void => deadline.abort();
    const limit = setTimeout(
      stop,
      cancel.aborted ? INTERRUPTED_MILLISECONDS : (options.callMilliseconds ?? CALL_MILLISECONDS),
    );
    const hurry = (): void => void setTimeout(stop, INTERRUPTED_MILLISECONDS).unref();
    cancel.addEventListener('abort', hurry, { once: true });
    const isFile = (parameters.headers as { readonly accept?: string } | undefined)?.accept === FILE_TYPE;
    const [owner, repo] = options.repository.split('/');
    const asked = octokit.request(route, {
      owner,
      repo,
      ...parameters,
      headers: { 'x-github-api-version': '2022-11-28', ...(parameters.headers as object | undefined) },
      request: {
        fetch: (url: string, init: RequestInit) =>
          (isFile ? fetchFile : fetchOnce)(url, init, deadline.signal, options),
        // Left out where it is to be tried again: a number given here is tried for any answer, for a 403 as well.
        ...((route.startsWith('POST ') || cancel.aborted) && { retries: 0 }),
      },
    });
    try {
      const answer = await Promise.race([asked, ended(deadline.signal)]);
      if (answer === undefined) {
        asked.catch(silent);
        return unreachable(`${host} did not answer in time`);
      }
      return { ok: true, value: answer.data as T };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { ok: false, fault: faultOf(error, host) };
    } finally {
      clearTimeout(limit);
      cancel.removeEventListener('abort', hurry);
    }
  };
}

function isSafe({ protocol, host }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(host));
}

/** One try, with a deadline of its own, through the proxy that the environment names. */
async function fetchOnce(
  url: string,
  init: RequestInit,
  deadline: AbortSignal,
  { environment, tryMilliseconds = TRY_MILLISECONDS }: ForgeOptions,
): Promise<Response> {
  // A file takes the time that it takes; the call has its own deadline.
  const isUpload = ArrayBuffer.isView(init.body);
  const signal = isUpload ? deadline : AbortSignal.any([deadline, AbortSignal.timeout(tryMilliseconds)]);
  const proxy = proxyFor(new URL(url), environment);
  // A redirect is followed by nobody: what it leads to would get the token, and a POST would become a GET.
  const bounded: RequestInit = { ...init, signal, redirect: init.redirect ?? 'error' };
  if (proxy === undefined) return await fetch(url, bounded);
  const { default: undici } = await import('undici');
  const dispatcher = new undici.ProxyAgent(proxy);
  return (await undici.fetch(url, { ...bounded, dispatcher } as never)) as unknown as Response;
}

/** A file: GitHub leads to where it is stored, and there nobody needs the token. */
async function fetchFile(
  url: string,
  { redirect: _, ...init }: RequestInit,
  deadline: AbortSignal,
  options: ForgeOptions,
): Promise<Response> {
  const asked = await fetchOnce(url, { ...init, redirect: 'manual' }, deadline, options);
  const leads = asked.status >= 300 && asked.status < 400 ? asked.headers.get('location') : null;
  const stored = leads === null ? undefined : new URL(leads, url);
  if (stored !== undefined && !isSafe(stored)) throw new Error(`${stored.host} would give a file without encryption`);
  const answer = stored === undefined ? asked : await fetchOnce(stored.href, { method: 'GET' }, deadline, options);
  if (!answer.ok) return answer;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += chunk.byteLength;
    if (size > MOST_FILE_BYTES) throw new Error(`a file of more than ${MOST_FILE_BYTES} bytes`);
  }
  return new Response(Buffer.concat(chunks), { headers: { 'content-type': FILE_TYPE } });
}

function ended(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function unreachable(message: string): { ok: false; fault: ForgeFault } {
  return { ok: false, fault: { kind: 'unreachable', message } };
}

function faultOf(error: RequestError, host: string): ForgeFault {
  const { status, response } = error;
  const said = response === undefined ? undefined : wordsOf(response.data);
  const message = `${host} answered ${status}${said === undefined ? '' : `: ${said}`}`;
  // Without an answer octokit gives the status 500.
  if (response === undefined) return { kind: 'unreachable', message: `${host} can't be reached: ${causeOf(error)}` };
  if (status >= 500) return { kind: 'server-error', message };
  const isLimit =
    response.headers['retry-after'] !== undefined ||
    response.headers['x-ratelimit-remaining'] === '0' ||
    /\brate limit\b/i.test(said ?? '');
  switch (status) {
    case 401:
      return { kind: 'unauthorized', message };
    case 403:
      return { kind: isLimit ? 'rate-limited' : 'forbidden', message };
    case 429:
      return { kind: 'rate-limited', message };
    case 404:
    case 410:
      return { kind: 'not-found', message };
    case 409:
      return { kind: 'conflict', message };
    default:
      return { kind: 'invalid', message };
  }
}

/** GitHub's own words, with what was wrong where it says so; bounded. */
function wordsOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { message, errors } = data as { message?: unknown; errors?: unknown };
  if (typeof message !== 'string') return undefined;
  const details = (Array.isArray(errors) ? errors : [])
    .map((each) =>
      typeof each === 'string' ? each : (each?.message ?? [each?.field, each?.code].filter(Boolean).join(' ')),
    )
    .filter((text) => typeof text === 'string' && text !== '');
  return [message, ...details].join('; ').slice(0, 500);
}

/** `ECONNREFUSED` and the like: fetch itself says no more than that it failed. */
function causeOf({ cause, message }: RequestError): string {
  const thrown = (cause ?? {}) as { readonly message?: unknown; readonly cause?: { readonly code?: unknown } };
  return String(thrown.cause?.code ?? thrown.message ?? message);
}

function silent(): void {}
