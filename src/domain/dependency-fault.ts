import type { Finding } from './finding.ts';
import { withoutAddresses } from './reference.ts';

/** What went wrong with one dependency; where it stands is added by whoever knows. */
export type DependencyFault = Pick<Finding, 'rule' | 'message'> & { readonly hint?: string };

/** Why something could not be had of a repository, as the rule `resolve/KIND` says it. */
export type FetchFaultKind =
  | 'not-found'
  | 'unauthenticated'
  | 'denied'
  | 'unreachable'
  | 'rate-limited'
  | 'server-error'
  | 'timeout'
  | 'transport'
  | 'corrupt'
  | 'other';

/** What helm says when a pull fails → what it means. The first that fits counts. */
const SAID: readonly (readonly [RegExp, FetchFaultKind])[] = [
  [
    /\b(?:connection refused|no such host|connection reset|network is unreachable|no route to host|unexpected EOF)\b|: EOF\b/i,
    'unreachable',
  ],
  [
    /\b(?:x509|certificate|tls:|server gave HTTP response to HTTPS client|first record does not look like)/i,
    'transport',
  ],
  [/\b(?:deadline exceeded|i\/o timeout|Client\.Timeout|timed out)/i, 'timeout'],
  [/: 401 |status code 401|unauthorized|credential not found|authentication required/i, 'unauthenticated'],
  [/: 403 |status code 403|denied|forbidden/i, 'denied'],
  [/: 429 |status code 429|too many requests|toomanyrequests/i, 'rate-limited'],
  [/: 5\d\d |status code 5\d\d/, 'server-error'],
  [/not found|: 404 |status code 404|no chart version|unknown to registry|could not locate a version/i, 'not-found'],
];

/** `timeout` and `other` are the kinds of a helm fault that say enough by themselves. */
export function pullFaultKind(kind: string, message: string): FetchFaultKind {
  if (kind === 'timeout') return 'timeout';
  const said = withoutAddresses(message);
  return SAID.find(([pattern]) => pattern.test(said))?.[1] ?? 'other';
}

/** What a person can do about it. */
export function fetchHint(kind: FetchFaultKind, host: string, name: string): string {
  switch (kind) {
    case 'not-found':
      return `See which versions of ${name} ${host} has, change the version in Chart.yaml and run helm dependency update; or name another place with mirrors.`;
    case 'unauthenticated':
      return `Give registry-username and registry-password a line ${host}=… each, or log in with helm registry login ${host}.`;
    case 'denied':
      return `The credentials for ${host} may not read ${name}: ask for read access.`;
    case 'unreachable':
    case 'timeout':
      return `Check that ${host} can be reached from here (HTTPS_PROXY and NO_PROXY are honoured), or name another place with mirrors.`;
    case 'rate-limited':
      return `Log in to ${host} for a higher limit, or name another place with mirrors.`;
    case 'server-error':
      return `${host} has a fault of its own: try again later, or name another place with mirrors.`;
    case 'transport':
      return `Check whether ${host} speaks HTTPS, and give its certificate authority with ca-file (or plain-http where it is meant to have none).`;
    case 'corrupt':
    case 'other':
      return `Look at ${name} at ${host}, or name another place with mirrors.`;
  }
}
