import type { Cause, CauseCode } from '../../domain/deployment.ts';
import { refusalIn } from '../../domain/diagnosis/refusal-words.ts';
import type { Trouble } from '../../domain/diagnosis/trouble.ts';
import { valuesLine } from '../../domain/diagnosis/values-line.ts';
import type { ValuesLayer } from '../../domain/values.ts';
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
export function causeOfFailure(ended: Failure, troubles: readonly Trouble[], layers: readonly ValuesLayer[]): Cause {
  const message = fewLines(ended.message);
  const plain = PLAIN[ended.kind];
  if (plain === 'refused') return { code: plain, ...refusalIn(ended.message) };
  if (plain !== undefined) {
    const hint = hintOf(plain);
    return { code: plain, message, ...(hint !== undefined && { hint }) };
  }
  // What comes after a hook isn't there yet, and no reason.
  const hook = ended.kind === 'hook-failed' && troubles.find(({ cause }) => cause.code === 'hook-failed');
  const trouble = hook || troubles[0];
  if (trouble !== undefined) return causeOfTrouble(trouble, layers);
  const code = ELSE[ended.kind] ?? (ended.ended === 'timeout' ? 'not-ready' : 'other');
  return { code, message: code === 'not-ready' ? `the time was up: ${message}` : message };
}

/** What is wrong, with the line of the values that made it so, where that is certain. */
export function causeOfTrouble({ cause, blame }: Trouble, layers: readonly ValuesLayer[]): Cause {
  return { ...cause, ...(blame !== undefined && valuesLine(blame, layers)) };
}

function fewLines(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(0, 3)
    .join(' ')
    .slice(0, 1000);
}
