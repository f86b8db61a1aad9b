import type { Cause, CauseCode } from '../../domain/deployment.ts';
import type { ClusterFault } from '../../ports.ts';

/** What the API server said no to, as a deployment's cause. `what` is the half sentence that it explains. */
export function causeOf(fault: ClusterFault, what: string): Cause {
  const hint = HINTS[fault.kind];
  return { code: CODES[fault.kind], message: `${what}: ${fault.message}`, ...(hint !== undefined && { hint }) };
}

const CODES: Record<ClusterFault['kind'], CauseCode> = {
  unreachable: 'unreachable',
  unauthorized: 'unauthorized',
  forbidden: 'forbidden',
  conflict: 'other',
  refused: 'refused',
  'unknown-kind': 'refused',
  busy: 'unreachable',
  other: 'other',
};

const HINTS: Partial<Record<ClusterFault['kind'], string>> = {
  unauthorized:
    'The credential in the kubeconfig is wrong or ran out: get a new one, and one that outlives the timeout.',
  forbidden: 'Give the account that deploys this right: docs/operations.md lists what it needs.',
};
