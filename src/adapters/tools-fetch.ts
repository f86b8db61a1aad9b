import { EnvironmentError } from '../domain/errors.ts';

const REDIRECTS = 10;

export interface Response {
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly status: number;
  /** `content-type`; empty when there is none. */
  readonly type: string;
  /** Bytes that the server announced. */
  readonly length: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * A GET that follows redirects itself, so that each host is named (`onHost`), a name and password stay with
 * the host they were given for, and https never becomes http. HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the
 * process hold for each hop; Node's own fetch doesn't look at them.
 */
export async function fetchFollowing(
  start: URL,
  options: { readonly signal: AbortSignal; readonly stallMilliseconds: number; onHost(url: URL): void },
): Promise<Response> {
  let url = start;
  for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
    const response = await get(url, options);
    const location = response.location;
    if (location === undefined) return response;
    await response.close();
    const next = new URL(location, url);
    if (next.protocol !== url.protocol && next.protocol !== 'https:') {
      throw new EnvironmentError(`it redirects from ${shown(url)} to ${shown(next)}, which is not safe`);
    }
    if (next.host !== url.host) options.onHost(next);
    url = next;
  }
  throw new EnvironmentError(`it redirects more than ${REDIRECTS} times`);
}

async function get(
  url: URL,
  options: { readonly signal: AbortSignal; readonly stallMilliseconds: number },
): Promise<Response & { readonly location: string | undefined }> {
  // Loaded here alone: 0.4 MB that a run with installed or cached tools never needs. The default export: a bundled
  // CommonJS module has no named ones when it is loaded lazily.
  const [{ default: undici }, { getProxyUrl }] = await Promise.all([import('undici'), import('@actions/http-client')]);
  const { Agent, ProxyAgent, request } = undici;
  const times = {
    headersTimeout: options.stallMilliseconds,
    bodyTimeout: options.stallMilliseconds,
    connect: { timeout: options.stallMilliseconds },
  };
  const proxy = getProxyUrl(url.href);
  const dispatcher = proxy === '' ? new Agent(times) : new ProxyAgent({ uri: proxy, ...times });
  try {
    const bare = withoutCredentials(url);
    const { statusCode, headers, body } = await request(bare, {
      dispatcher,
      // One of its own for each hop: undici leaves a listener on it.
      signal: AbortSignal.any([options.signal]),
      headers: headersFor(url),
    });
    body.on('error', () => {}); // told to whoever reads it; a body that is given up must not end the process
    const header = (name: string): string | undefined => [headers[name] ?? []].flat()[0];
    return {
      url,
      status: statusCode,
      type: header('content-type') ?? '',
      length: header('content-length') === undefined ? undefined : Number(header('content-length')),
      location: statusCode >= 300 && statusCode < 400 ? header('location') : undefined,
      body,
      close: () => dispatcher.destroy(),
    };
  } catch (error) {
    await dispatcher.destroy();
    throw error;
  }
}

function headersFor(url: URL): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': 'chartship', accept: '*/*' };
  if (url.username !== '' || url.password !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  return headers;
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/** A URL as it may be printed: without a name, a password, and a query that may hold a token. */
export function shown(url: URL): string {
  const bare = withoutCredentials(url);
  bare.search = '';
  bare.hash = '';
  return bare.href;
}
