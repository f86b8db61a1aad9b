import type { KubeObject } from './kube-object.ts';

/** Who holds a release: one deployment of one run. */
export interface Holder {
  /** Of this deployment alone. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Names this start of the machine and the space in which the pid counts; empty where that can't be told. */
  readonly boot: string;
  /** Names this process among those that had its pid; empty where that can't be told. */
  readonly born: string;
  /** RFC 3339: when the run took the release. */
  readonly since: string;
  /** Where a person can look at the run. */
  readonly url?: string;
}

export const LEASE_KIND = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;

/** Seconds in which a Lease that nobody renewed is taken to be a dead run's. */
export const LEASE_SECONDS = 60;
/** Seconds between two renewals. */
export const RENEW_SECONDS = 10;

const ANNOTATION = 'chartship.dev/holder';

/** The Lease of a release, held; `previous` is the one that is there, with the resourceVersion that must still be its own. */
export function heldLease(
  name: { readonly name: string; readonly namespace: string },
  holder: Holder,
  now: Date,
  previous: KubeObject | undefined,
): KubeObject {
  const spec = specOf(previous);
  const transitions = typeof spec.leaseTransitions === 'number' ? spec.leaseTransitions : 0;
  const isTaken = spec.holderIdentity !== holder.id;
  return {
    ...LEASE_KIND,
    metadata: {
      ...name,
      ...(previous?.metadata.resourceVersion !== undefined && { resourceVersion: previous.metadata.resourceVersion }),
      labels: { 'app.kubernetes.io/managed-by': 'chartship' },
      annotations: { [ANNOTATION]: JSON.stringify(holder) },
    },
    spec: {
      holderIdentity: holder.id,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: micro(isTaken ? now : (spec.acquireTime ?? now)),
      renewTime: micro(now),
      leaseTransitions: previous !== undefined && isTaken ? transitions + 1 : transitions,
    },
  };
}

/** The Lease given back: it stays, held by nobody, so that giving back can't take what another run just took. */
export function freeLease(held: KubeObject): KubeObject {
  const { leaseTransitions } = specOf(held);
  const { name, namespace, resourceVersion } = held.metadata;
  return {
    ...LEASE_KIND,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      labels: { 'app.kubernetes.io/managed-by': 'chartship' },
    },
    spec: { holderIdentity: '', leaseDurationSeconds: LEASE_SECONDS, leaseTransitions: leaseTransitions ?? 0 },
  };
}

/** Who holds a Lease; `undefined` when nobody does. A holder that is none of ours has only its name. */
export function holderOf(lease: KubeObject): Holder | undefined {
  const { holderIdentity } = specOf(lease);
  if (typeof holderIdentity !== 'string' || holderIdentity === '') return undefined;
  const unknown: Holder = { id: holderIdentity, host: holderIdentity, pid: 0, boot: '', born: '', since: '' };
  const text = lease.metadata.annotations?.[ANNOTATION];
  if (text === undefined) return unknown;
  try {
    const json = JSON.parse(text) as Partial<Record<keyof Holder, unknown>> | null;
    // Somebody else's identity with our annotation left over is not our holder.
    if (json?.id !== holderIdentity) return unknown;
    const field = (value: unknown): string => (typeof value === 'string' ? value : '');
    return {
      id: holderIdentity,
      host: field(json.host),
      pid: typeof json.pid === 'number' ? json.pid : 0,
      boot: field(json.boot),
      born: field(json.born),
      since: field(json.since),
      ...(typeof json.url === 'string' && { url: json.url }),
    };
  } catch {
    return unknown;
  }
}

/** What this process can tell of processes: whether one that is named so lives here. */
export interface Here {
  readonly boot: string;
  /** `undefined`: there is no such process. */
  born(pid: number): string | undefined;
}

/** Whether a holder is provably gone: it ran on this machine since it was started, and there is no such process now. */
export function isGone(holder: Holder, here: Here): boolean {
  if (holder.boot === '' || holder.boot !== here.boot || holder.pid < 1) return false;
  const born = here.born(holder.pid);
  return born === undefined || (holder.born !== '' && born !== '' && born !== holder.born);
}

/** `ci-7 (process 4711), since 2026-11-25T10:00:00Z, https://…` */
export function shownHolder(holder: Holder): string {
  const process = holder.pid > 0 ? ` (process ${holder.pid})` : '';
  const since = holder.since === '' ? '' : `, since ${holder.since}`;
  return `${holder.host}${process}${since}${holder.url === undefined ? '' : `, ${holder.url}`}`;
}

function specOf(lease: KubeObject | undefined): Record<string, unknown> {
  const spec = lease?.spec;
  return typeof spec === 'object' && spec !== null ? (spec as Record<string, unknown>) : {};
}

/** A MicroTime must have its six digits. */
function micro(time: unknown): unknown {
  return time instanceof Date ? time.toISOString().replace(/(\.\d{3})Z$/, '$1000Z') : time;
}
