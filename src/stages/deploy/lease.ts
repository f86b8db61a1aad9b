import type { Cause } from '../../domain/deployment.ts';
import type { KubeObject } from '../../domain/kube-object.ts';
import {
  freeLease,
  type Here,
  type Holder,
  heldLease,
  holderOf,
  isGone,
  LEASE_KIND,
  LEASE_SECONDS,
  RENEW_SECONDS,
  shownHolder,
} from '../../domain/lease-holder.ts';
import type { Clock, Cluster } from '../../ports.ts';
import { causeOf } from './cluster-cause.ts';
import { pause } from './pause.ts';

/** A release that is ours alone until it is given back or lost. */
export interface Lease {
  readonly holder: Holder;
  /** Aborted with a `LeaseLost` when another run has taken it, or when we can't say any more that it is ours. */
  readonly lost: AbortSignal;
  /** The API server's time now, in seconds since 1970: what it wrote on the Lease, and our clock since. */
  readonly serverTime: () => number;
  /** Lets the next run have it. Never throws: what can't be given back is found dead by the next run. */
  giveBack(): Promise<void>;
  /** Renews it no longer. */
  drop(): void;
}

export class LeaseLost extends Error {
  readonly outcome: Cause;
  constructor(outcome: Cause) {
    super(outcome.message);
    this.name = 'LeaseLost';
    this.outcome = outcome;
  }
}

export interface LeaseOptions {
  readonly release: string;
  readonly namespace: string;
  readonly holder: Holder;
  readonly here: Here;
  /** Seconds to wait for another run. */
  readonly timeout: number;
  readonly cancel: AbortSignal;
  readonly tell: (text: string) => void;
}

interface LeasePorts {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'replace'>;
  readonly clock: Clock;
}

/** Seconds between two looks at a Lease that another run holds. */
const LOOK_SECONDS = 2;
/** Seconds between two lines that say we still wait. */
const HEARTBEAT_SECONDS = 15;

export function leaseName(release: string): string {
  return `chartship-${release}`;
}

type Taken = { readonly ok: true; readonly lease: Lease } | { readonly ok: false; readonly cause: Cause };

/** Takes the Lease of a release, and waits for a run that holds it as long as that lives. */
export async function takeLease(options: LeaseOptions, ports: LeasePorts): Promise<Taken> {
  const { cluster, clock } = ports;
  const name = { name: leaseName(options.release), namespace: options.namespace };
  const started = clock.now();
  let seen: { readonly version: string | undefined; readonly at: number } | undefined;
  let told = Number.NEGATIVE_INFINITY;
  for (;;) {
    const found = await cluster.get({ ...LEASE_KIND, ...name });
    if (!found.ok) return { ok: false, cause: causeOf(found.fault, `the Lease ${name.name} can't be read`) };
    const there = found.value;
    const holder = there && holderOf(there);
    if (there?.metadata.resourceVersion !== seen?.version || seen === undefined)
      seen = { version: there?.metadata.resourceVersion, at: clock.now() };
    // The answer to our own taking of it was lost.
    if (there !== undefined && holder?.id === options.holder.id)
      return { ok: true, lease: keep(there, options, ports) };
    const dead = holder !== undefined && deadBecause(holder, clock.now() - seen.at, options.here);
    if (holder === undefined || dead) {
      if (dead) options.tell(`${options.release} was held by ${shownHolder(holder as Holder)}: ${dead}, taking over`);
      const lease = heldLease(name, options.holder, new Date(), there);
      const taken = await (there === undefined ? cluster.create(lease) : cluster.replace(lease));
      if (taken.ok) return { ok: true, lease: keep(taken.value, options, ports) };
      if (taken.fault.kind !== 'conflict')
        return { ok: false, cause: causeOf(taken.fault, `the Lease ${name.name} can't be taken`) };
      // Another run was quicker: look again at once.
      continue;
    }
    const waited = clock.now() - started;
    if (waited >= options.timeout) return { ok: false, cause: busy(options.release, holder, options.timeout) };
    if (clock.now() - told >= HEARTBEAT_SECONDS) {
      told = clock.now();
      const left = Math.round(options.timeout - waited);
      options.tell(`${options.release} is held by another run: ${shownHolder(holder)}; waiting, ${left} s at most`);
    }
    await pause(Math.min(LOOK_SECONDS, options.timeout - waited), options.cancel);
  }
}

/** Why a holder is taken to be dead, given for how long its Lease didn't change before our eyes. */
export function deadBecause(holder: Holder, unchanged: number, here: Here): string | undefined {
  if (isGone(holder, here)) return 'its process is gone';
  return unchanged >= LEASE_SECONDS ? `it gave no sign of life for ${LEASE_SECONDS} s` : undefined;
}

function busy(release: string, holder: Holder, timeout: number): Cause {
  return {
    code: 'busy',
    message: `another run held ${release} for the whole ${timeout} s: ${shownHolder(holder)}`,
    hint: 'Run it again when that run is over, or give it more time: timeout.',
  };
}

/** Seconds without a renewal after which the Lease isn't ours any more: the others wait a little longer. */
const OURS_SECONDS = LEASE_SECONDS - RENEW_SECONDS - 5;

/** When the API server last wrote an object, by its own clock; by ours where it doesn't say. */
function writtenAt({ metadata }: KubeObject): number {
  const entries = Array.isArray(metadata.managedFields) ? (metadata.managedFields as { time?: unknown }[]) : [];
  const times = [metadata.creationTimestamp, ...entries.map(({ time }) => time)].map((time) =>
    Date.parse(String(time)),
  );
  const known = times.filter((time) => Number.isFinite(time));
  return (known.length === 0 ? Date.now() : Math.max(...known)) / 1000;
}

function keep(taken: KubeObject, options: LeaseOptions, { cluster, clock }: LeasePorts): Lease {
  const lost = new AbortController();
  const over = new AbortController();
  let held = taken;
  let renewed = clock.now();
  const lose = (outcome: Cause): void => {
    if (!over.signal.aborted) lost.abort(new LeaseLost(outcome));
  };
  const renew = async (): Promise<void> => {
    const name = { name: held.metadata.name, namespace: options.namespace };
    const answer = await cluster.replace(heldLease(name, options.holder, new Date(), held));
    if (answer.ok) {
      held = answer.value;
      renewed = clock.now();
      return;
    }
    if (answer.fault.kind === 'unauthorized') return lose(causeOf(answer.fault, 'the Lease could not be renewed'));
    if (answer.fault.kind !== 'conflict') return;
    const now = await cluster.get({ ...LEASE_KIND, ...name });
    if (!now.ok) return;
    const holder = now.value && holderOf(now.value);
    // A renewal whose answer was lost did happen: the next goes on from what is there.
    if (now.value !== undefined && holder?.id === options.holder.id) held = now.value;
    else {
      const by = holder === undefined ? 'was removed' : `was taken by ${shownHolder(holder)}`;
      lose({ code: 'busy', message: `the Lease of ${options.release} ${by} while this run held it` });
    }
  };
  // Beside the renewals, which may hang for as long as a call may take.
  const guard = setInterval(() => {
    if (clock.now() - renewed < OURS_SECONDS) return;
    const message = `the API server could not be reached for ${Math.round(clock.now() - renewed)} s`;
    lose({ code: 'unreachable', message });
  }, 1000);
  guard.unref();
  const renewals = (async () => {
    while (!over.signal.aborted && !lost.signal.aborted) {
      // After one that failed the next is soon: the API server may have come back in time.
      const isLate = clock.now() - renewed > RENEW_SECONDS + 1;
      await pause(isLate ? 1 : RENEW_SECONDS, AbortSignal.any([over.signal, lost.signal])).catch(() => undefined);
      if (!over.signal.aborted && !lost.signal.aborted) await renew();
    }
  })();
  const drop = (): void => {
    over.abort();
    clearInterval(guard);
  };
  const ahead = writtenAt(taken) - renewed;
  return {
    holder: options.holder,
    lost: lost.signal,
    serverTime: () => clock.now() + ahead,
    drop,
    giveBack: async () => {
      drop();
      // A renewal on its way may hang, and an interrupted run has only seconds.
      const enough = new AbortController();
      await Promise.race([renewals, pause(2, enough.signal).catch(() => undefined)]);
      enough.abort();
      if (lost.signal.aborted) return;
      const answer = await cluster.replace(freeLease(held));
      if (answer.ok || answer.fault.kind !== 'conflict') return;
      const now = await cluster.get({ ...LEASE_KIND, name: held.metadata.name, namespace: options.namespace });
      if (now.ok && now.value !== undefined && holderOf(now.value)?.id === options.holder.id)
        await cluster.replace(freeLease(now.value));
    },
  };
}
