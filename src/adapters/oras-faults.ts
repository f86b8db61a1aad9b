import { type Location, withoutAddresses } from '../domain/reference.ts';
import type { RegistryFault } from '../ports.ts';

/** What oras' stderr means. Every failure of oras is exit code 1; only the text tells them apart. */
interface Row {
  readonly pattern: RegExp;
  readonly kind: RegistryFault['kind'];
  /** Follows the registry's host in a sentence. */
  readonly said: string;
  readonly hint?: string;
  /** For this host alone the hint is another. */
  readonly hintFor?: Readonly<Record<string, string>>;
}

const LOG_IN =
  'Give registry-username and registry-password, or log in first with "docker login" or "helm registry login".';
const AGAIN = 'Run again later: what is published already is left as it is.';

/** The first row that matches is taken. Texts as oras 1.3 and Go's HTTP client print them (see the tests). */
const ROWS: readonly Row[] = [
  {
    pattern: /basic credential not found|credential required for basic auth/i,
    kind: 'unauthenticated',
    said: 'wants a login, and there is none for it',
    hint: LOG_IN,
  },
  {
    pattern:
      /response status code 401\b|\bunauthorized:|authentication required|credential required|incorrect username or password/i,
    kind: 'unauthenticated',
    said: 'does not accept the login (401)',
    hint: LOG_IN,
  },
  {
    pattern: /response status code 403\b|\bdenied:|permission_denied|requested access to the resource is denied/i,
    kind: 'denied',
    said: 'refuses access (403)',
    hint: 'The login may not read or write this repository.',
    hintFor: {
      'ghcr.io':
        'The workflow needs "permissions: packages: write", and the package must be linked to the repository (Package settings → Manage Actions access).',
    },
  },
  {
    pattern: /response status code 429\b|\btoomanyrequests:|too many requests/i,
    kind: 'rate-limited',
    said: 'says there were too many requests (429), also to the retries',
    hint: AGAIN,
  },
  {
    pattern: /response status code 5\d\d\b/i,
    kind: 'server-error',
    said: 'answers with an error of its own (5xx), also to the retries',
    hint: AGAIN,
  },
  {
    pattern: /x509: certificate signed by unknown authority|certificate is not trusted|unable to get local issuer/i,
    kind: 'transport',
    said: 'has a certificate from an authority that is not known here',
    hint: 'Give the authority’s certificate as ca-file.',
  },
  {
    pattern: /\bx509:|\btls:|certificate/i,
    kind: 'transport',
    said: 'could not be spoken to securely',
    hint: 'Check the host name and the certificate.',
  },
  {
    pattern: /server gave HTTP response to HTTPS client/i,
    kind: 'transport',
    said: 'speaks plain HTTP, not HTTPS',
    hint: 'For a registry without HTTPS set plain-http: true.',
  },
  {
    pattern: /malformed HTTP response|Client sent an HTTP request to an HTTPS server/i,
    kind: 'transport',
    said: 'speaks HTTPS, not plain HTTP',
    hint: 'Leave plain-http out.',
  },
  { pattern: /no such host|server misbehaving/i, kind: 'unreachable', said: 'is no host name that can be found' },
  { pattern: /connection refused/i, kind: 'unreachable', said: 'cannot be reached: connection refused' },
  {
    pattern: /i\/o timeout|TLS handshake timeout|context deadline exceeded|Client\.Timeout/i,
    kind: 'timeout',
    said: 'did not answer in time',
    hint: AGAIN,
  },
  {
    pattern: /\bEOF\b|connection reset|broken pipe|server closed|connection aborted|forcibly closed/i,
    kind: 'unreachable',
    said: 'closed the connection in the middle',
    hint: AGAIN,
  },
  {
    pattern: /network is unreachable|no route to host|host is down|proxyconnect|\bdial (?:tcp|udp)\b/i,
    kind: 'unreachable',
    said: 'cannot be reached',
  },
  {
    pattern: /immutable|TAG_INVALID|tag invalid/i,
    kind: 'denied',
    said: 'does not let this tag be written',
    hint: 'The registry keeps tags immutable: raise the version in Chart.yaml.',
  },
  {
    pattern:
      /stopped after 10 redirects|unknown response Content-Length|unknown response Content-Type|invalid character '<'/i,
    kind: 'other',
    said: 'does not answer like a registry',
    hint: 'Something else answers there, such as a login page: check the address.',
  },
  {
    pattern: /mismatch(?:ed)? digest|digest mismatch|invalid checksum|size mismatch|unexpected EOF/i,
    kind: 'corrupt',
    said: 'gave content that is not what its digest says',
  },
];

/** A failure of oras for a person. `host` is the registry, or the layout as it is to be named. */
export function faultOf(host: string, stderr: string): RegistryFault {
  const detail = detailOf(stderr);
  const said = withoutAddresses(stderr);
  const row = ROWS.find(({ pattern }) => pattern.test(said));
  if (row === undefined) return { kind: 'other', message: `${host}: ${detail || 'oras failed without a word'}` };
  const hint = row.hintFor?.[host] ?? row.hint;
  return { kind: row.kind, message: `${host} ${row.said} [${detail}]`, ...(hint !== undefined && { hint }) };
}

/**
 * Whether the registry (or the layout) itself said that there is no such manifest or blob. oras marks what a registry
 * answered by its prefix; a failure on the way there begins with a bare `Error:`. To a layout there is no way.
 */
export function saysAbsent(stderr: string, kind: Location['kind']): boolean {
  return kind === 'registry'
    ? /^Error response from registry: .*: not found\s*$/s.test(stderr)
    : /^Error(?: response from registry)?: (?:.*: )?not found\s*$/s.test(stderr);
}

/**
 * Whether the registry itself said that it has no such repository: NAME_UNKNOWN, which oras prints so. Any other 404 may be
 * of whatever stands in between.
 */
export function saysNoRepository(stderr: string): boolean {
  return /^Error response from registry: (?:GET "[^"\s]*": response status code 404: )?name unknown(?::|\s*$)/.test(
    stderr,
  );
}

/** oras' own words in short: its first line, without prefixes, and without the queries of URLs (they hold upload tokens). */
function detailOf(stderr: string): string {
  const line = stderr.split('\n').find((text) => text.trim() !== '') ?? '';
  const short = line
    .replace(/^Error(?: response from registry)?: /, '')
    .replace(/(https?:\/\/[^\s"?]*)\?[^\s"]*/g, '$1')
    .replace(/^failed to (?:fetch the content of|find|resolve digest:?) ("[^"]*": )?/, '')
    .trim();
  return short.length > 300 ? `${short.slice(0, 299)}…` : short;
}
