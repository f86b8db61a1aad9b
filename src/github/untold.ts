import type { Finding } from '../domain/finding.ts';
import type { ForgeFault } from '../ports.ts';

/** What could not be said on GitHub fails no run: the summary and the report say it, too. */
export function untold(
  what: 'comment' | 'deployment',
  message: string,
  fault: ForgeFault,
  permission: string,
): Finding {
  const hint = hintFor(fault, permission);
  return {
    stage: 'github',
    rule: `github/${what}`,
    severity: 'note',
    message: `${message}: ${fault.message}`,
    ...(hint !== undefined && { hint }),
  };
}

export function hintFor({ kind }: ForgeFault, permission: string): string | undefined {
  switch (kind) {
    case 'forbidden':
    case 'not-found':
      return `The job needs "permissions: ${permission}: write"; on a pull request from a fork the token may only read.`;
    case 'unauthorized':
      return 'Give a github-token that is valid; the workflow’s own is, until the job ends.';
    case 'rate-limited':
      return 'Run it again later.';
    default:
      return undefined;
  }
}
