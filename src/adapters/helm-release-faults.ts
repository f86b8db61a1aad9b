import type { ReleaseFaultKind } from '../ports.ts';

/**
 * What helm says of a release → one reason and what kind it is. Helm 4 and 3 word the same differently; the
 * wordings are held by __tests__/e2e/helm-releases.test.ts.
 */
export function releaseFault(stderr: string): { readonly kind: ReleaseFaultKind; readonly message: string } {
  const message = reason(stderr);
  const row = KINDS.find(([pattern]) => pattern.test(message));
  return { kind: row?.[1] ?? 'other', message };
}

/** The first row that matches counts. */
const KINDS: readonly (readonly [RegExp, ReleaseFaultKind])[] = [
  [/another operation \(install\/upgrade\/rollback\) is in progress/, 'busy'],
  [/release: not found|release has no .* version|has no deployed releases|Release not loaded: /, 'not-found'],
  [/asked for the client to provide credentials|\bUnauthorized\b|getting credentials: /, 'unauthorized'],
  [
    /(?:pre|post)-(?:install|upgrade|rollback|delete) hooks? failed|failed (?:pre|post)-(?:install|upgrade|rollback|delete)/,
    'hook-failed',
  ],
  [/\bUser "[^"]*" cannot \S+ resource\b/, 'forbidden'],
  [
    /failed calling webhook|exceeded quota|denied (?:the )?request|is invalid: |field is immutable|field not declared in schema|violates PodSecurity|conflict occurred while applying|no matches for kind|is forbidden: |namespaces "[^"]*" not found|cannot be imported into the current release|already exists|unable to create new content in namespace|strict decoding error|request is too large|Too long: must have at most/i,
    'refused',
  ],
  [
    /cluster unreachable|dial tcp |connection refused|no such host|i\/o timeout|TLS handshake|unexpected EOF|http2: client connection lost|connect: |certificate signed by unknown authority|x509: /,
    'unreachable',
  ],
  [
    /not ready\. status: |context deadline exceeded|timed out waiting for the condition|client rate limiter Wait|BackoffLimitExceeded|Progress deadline exceeded|resource .* not ready/,
    'not-ready',
  ],
  [
    /execution error at |parse error at |YAML parse error|error converting YAML|error executing|values don't meet the specifications|nil pointer evaluating|kubeVersion: |failed to render|unable to build kubernetes objects|error validating data|unable to decode|missing in charts\/ directory|template: /,
    'render',
  ],
];

/** From helm's last `Error:` on: what stands before are warnings and log lines. One line, without its prefixes. */
function reason(stderr: string): string {
  const start = [...stderr.matchAll(/^Error: /gm)].at(-1)?.index;
  const text = start === undefined ? stderr : stderr.slice(start + 'Error: '.length);
  const line = text
    .replace(/^(?:level=|time=).*$/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^(?:UPGRADE FAILED|INSTALLATION FAILED|uninstallation completed with \d+ errors?\(?s?\)?): /, '')
    // Helm 3's list of one.
    .replace(/\b1 error occurred: \* /g, '');
  if (line === '') return 'helm failed without a word';
  // What is wrong stands behind it.
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST / 2)} … ${line.slice(-LONGEST / 2)}`;
}

/** A message that quotes a manifest can be as long as that. */
const LONGEST = 2_000;
