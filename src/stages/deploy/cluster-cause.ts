import type { Cause, CauseCode } from '../../domain/deployment.ts';
import type { ClusterFault } from '../../ports.ts';

/** What the API server said no to, as a deployment's cause. `what` is the half sentence that it explains. */
export function causeOf(fault: ClusterFault, what: string): Cause {
  const code = CODES[fault.kind];
  const hint = isAnonymous(fault.message) ? ANONYMOUS : hintOf(code);
  return { code, message: `${what}: ${fault.message}`, ...(hint !== undefined && { hint }) };
}

/** Who sends no credential, or one of a kind that the API server doesn't look at, isn't refused but is nobody. */
function isAnonymous(message: string): boolean {
  return message.includes('User "system:anonymous"');
}

const ANONYMOUS =
  'The API server was sent no credential that it knows: see to the user of the kubeconfig (passwords are no longer taken).';

const CODES: Record<ClusterFault['kind'], CauseCode> = {
  unreachable: 'unreachable',
  unauthorized: 'unauthorized',
  forbidden: 'forbidden',
  conflict: 'other',
  refused: 'refused',
  'unknown-kind': 'refused',
  'not-found': 'refused',
  busy: 'unreachable',
  other: 'other',
};

/** What to do where the cluster itself is the trouble. */
export function hintOf(code: CauseCode): string | undefined {
  switch (code) {
    case 'unauthorized':
      return 'The credential in the kubeconfig is wrong or ran out: get a new one, and one that outlives the timeout.';
    case 'forbidden':
      return 'Give the account the ClusterRole `edit` in the namespace, and what the chart needs beyond that.';
    case 'unreachable':
      return 'See whether the API server can be reached from here: kubectl version';
    default:
      return undefined;
  }
}
