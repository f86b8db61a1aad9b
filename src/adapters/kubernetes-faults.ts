import type { ClusterFault } from '../ports.ts';
import { isFields } from './kubeconfig-merge.ts';

/** What the API server answers with when it says no (a `Status`), or what stands before it. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/** The longest message that is taken over: a webhook may say anything, and an invalid value is told in full before the reason. */
const LONGEST = 2_000;

/** A refused request → a fault. The API server's wordings are held by __tests__/e2e/kubernetes-faults.test.ts. */
export function faultOf(refusal: Refusal, host: string): ClusterFault {
  const said = parseStatus(refusal.body);
  const message = said.message === '' ? `the API server ${host} answered ${refusal.status}` : said.message;
  const fault = (kind: ClusterFault['kind']): ClusterFault => ({ kind, message });
  switch (refusal.status) {
    case 400:
    case 413:
    case 422:
      // It would perhaps be taken: the webhook can't be asked without doing it.
      return fault(/does not support dry run/.test(message) ? 'other' : 'refused');
    case 401:
      return { kind: 'unauthorized', message: `the API server ${host} doesn't accept the credentials (401)` };
    case 403:
      return fault(isWantOfRight(message) ? 'forbidden' : 'refused');
    case 404:
      return fault('not-found');
    case 409:
      return { ...fault('conflict'), ...(said.conflicts.length > 0 && { conflicts: said.conflicts }) };
    case 429:
    case 503:
      return fault('busy');
    case 502:
    case 504:
      return { kind: 'unreachable', message: `the API server ${host} can't be reached: ${refusal.status}` };
    default:
      // Server-side apply answers 500 to what no schema knows.
      return fault(
        /admission webhook "[^"]*" denied the request|typed patch object/.test(message) ? 'refused' : 'other',
      );
  }
}

/** RBAC's words, `User "x" cannot get resource …`; admission and quota say something else with the same 403. */
function isWantOfRight(message: string): boolean {
  return (
    /\bUser "[^"]*" cannot \S+ (resource|path|subresource)\b|^forbidden: User "/.test(message) ||
    message === 'Forbidden'
  );
}

export interface StatusSaid {
  readonly message: string;
  readonly reason: string;
  readonly conflicts: readonly { readonly manager: string; readonly field: string }[];
}

/** Reads a `Status`; anything else (a proxy's page, say) has no message. */
export function parseStatus(body: string): StatusSaid {
  let status: unknown;
  try {
    status = JSON.parse(body);
  } catch {
    const plain = /^\s*[<{[]/.test(body) ? '' : oneLine(body);
    return { message: plain, reason: '', conflicts: [] };
  }
  if (!isFields(status) || status.kind !== 'Status') return { message: '', reason: '', conflicts: [] };
  const details = isFields(status.details) ? status.details : {};
  const causes = Array.isArray(details.causes) ? details.causes.filter(isFields) : [];
  return {
    message: oneLine(String(status.message ?? '')),
    reason: String(status.reason ?? ''),
    conflicts: causes
      .filter((cause) => cause.reason === 'FieldManagerConflict')
      .map((cause) => ({
        manager: /^conflict with "([^"]*)"/.exec(String(cause.message))?.[1] ?? String(cause.message),
        field: String(cause.field ?? ''),
      })),
  };
}

/** A connection that failed → a fault, and whether trying again can help. */
export function connectionFault(
  error: unknown,
  host: string,
): { readonly fault: ClusterFault; readonly again: boolean } {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  const said = CONNECTION[code];
  const fault = (why: string): ClusterFault => ({
    kind: 'unreachable',
    message: `the API server ${host} can't be reached: ${why}`,
  });
  if (said !== undefined) return { fault: fault(said), again: true };
  if (/^ERR_OSSL_/.test(code)) {
    const unreadable = `the client certificate or its key in the kubeconfig can't be read (${code})`;
    return { fault: { kind: 'unauthorized', message: unreadable }, again: false };
  }
  // Node's own words advise an option of Node's.
  if (/^(UNABLE_TO_(VERIFY|GET_ISSUER)|SELF_SIGNED_|DEPTH_ZERO_)/.test(code))
    return { fault: fault(`its certificate is not of the kubeconfig's certificate authority (${code})`), again: false };
  // Certificates and what is no TLS at all: the same the next time.
  const final = /^(ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_SSL_|EPROTO|HOSTNAME_MISMATCH)/.test(code);
  return { fault: fault(oneLine(final ? `${message} (${code})` : message)), again: !final };
}

const CONNECTION: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'its name could not be looked up',
};

export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= LONGEST) return line;
  // An invalid value is quoted in full before it is said what is wrong with it.
  return `${line.slice(0, LONGEST / 2)} … ${line.slice(-LONGEST / 2)}`;
}
