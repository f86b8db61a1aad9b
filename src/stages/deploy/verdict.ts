import type { Cause, CauseCode } from '../../domain/deployment.ts';
import { hintFor } from '../../domain/diagnosis/refused.ts';
import type { Trouble } from '../../domain/diagnosis/trouble.ts';
import type { HelmEnd, ReleaseFaultKind } from '../../ports.ts';
import { hintOf } from './cluster-cause.ts';

type Failure = Extract<HelmEnd, { readonly ok: false }>;

/** What helm's words say by themselves, whatever is seen in the cluster. */
const PLAIN: Partial<Record<ReleaseFaultKind, CauseCode>> = {
  busy: 'busy',
  render: 'render',
  refused: 'refused',
  forbidden: 'forbidden',
  unauthorized: 'unauthorized',
  unreachable: 'unreachable',
};

/** Where nothing is seen in the cluster that says it better. */
const ELSE: Partial<Record<ReleaseFaultKind, CauseCode>> = {
  'hook-failed': 'hook-failed',
  'test-failed': 'test-failed',
  'not-ready': 'not-ready',
};

/** Why a deployment that helm couldn't bring to its end failed; `troubles` are what is seen in the cluster. */
export function causeOfFailure(ended: Failure, troubles: readonly Trouble[]): Cause {
  const message = fewLines(ended.message);
  const plain = PLAIN[ended.kind];
  if (plain !== undefined) return { code: plain, message, ...hints(plain, ended.message) };
  const [trouble] = troubles;
  if (trouble !== undefined) return trouble.cause;
  const code = ELSE[ended.kind] ?? (ended.ended === 'timeout' ? 'not-ready' : 'other');
  return { code, message: code === 'not-ready' ? `the time was up: ${message}` : message };
}

function hints(code: CauseCode, said: string): Pick<Cause, 'hint'> {
  if (code === 'refused') return hintFor(said);
  const hint = hintOf(code);
  return hint === undefined ? {} : { hint };
}

function fewLines(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(0, 3)
    .join(' ')
    .slice(0, 1000);
}
