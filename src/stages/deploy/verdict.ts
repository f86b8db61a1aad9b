import type { Cause, CauseCode } from '../../domain/deployment.ts';
import { hintFor } from '../../domain/diagnosis/refused.ts';
import type { Trouble } from '../../domain/diagnosis/trouble.ts';
import type { HelmEnd } from '../../ports.ts';

type Failure = Extract<HelmEnd, { readonly ok: false }>;

/** What helm's words say by themselves; the first that fits. Where none does, what is seen in the cluster says more. */
const WORDS: readonly { readonly code: CauseCode; readonly words: RegExp }[] = [
  { code: 'unauthorized', words: /Unauthorized|asked for the client to provide credentials|token .*expired/i },
  { code: 'forbidden', words: /is forbidden: User "|cannot (?:get|list|create|patch|update|delete) resource/ },
  {
    code: 'refused',
    words:
      /exceeded quota|field is immutable|not declared in schema|unknown field|denied (?:the )?request|violates PodSecurity|no matches for kind|invalid ownership metadata|is invalid: |may not (?:be changed|change once set)|is forbidden: /i,
  },
  {
    code: 'unreachable',
    words: /cluster unreachable|connection refused|no such host|connection reset|i\/o timeout|TLS handshake timeout/i,
  },
];

/** Why a deployment that helm couldn't bring to its end failed. */
export function causeOfFailure(ended: Failure, stoppedBy: Trouble | undefined, troubles: readonly Trouble[]): Cause {
  if (stoppedBy !== undefined) return stoppedBy.cause;
  const message = firstLine(ended.message);
  const code = WORDS.find(({ words }) => words.test(ended.message))?.code;
  if (code !== undefined) return { code, message, ...hintFor(ended.message) };
  const [trouble] = troubles;
  if (trouble !== undefined) return trouble.cause;
  if (/hooks? failed/.test(ended.message)) return { code: 'hook-failed', message };
  if (ended.ended === 'timeout' || /deadline exceeded|timed out|not ready/i.test(ended.message))
    return { code: 'not-ready', message: `the time was up: ${message}` };
  return { code: 'other', message };
}

/** Why what helm would apply could not be had. */
export function causeOfDryRun(ended: Failure): Cause {
  const message = firstLine(ended.message);
  const code = WORDS.find(({ words }) => words.test(ended.message))?.code;
  return { code: code ?? 'render', message, ...(code === 'refused' && hintFor(ended.message)) };
}

function firstLine(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(0, 3).join(' ').slice(0, 1000);
}
