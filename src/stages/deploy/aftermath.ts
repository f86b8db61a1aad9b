import {
  freeLease,
  type Here,
  type Holder,
  heldLease,
  holderOf,
  isGone,
  LEASE_KIND,
  shownHolder,
} from '../../domain/lease-holder.ts';
import type { UnderWay } from '../../domain/under-way.ts';
import type { Cluster } from '../../ports.ts';
import { leaseName } from './lease.ts';
import { settleRecords } from './recovery.ts';

/**
 * Does what a run that was killed in the middle of a deployment would still have done: marks the revision that it left
 * pending as failed, and gives the Lease back, so that the next run needn't find out that the holder is dead. The Lease
 * is taken by ourselves first: another run may be at it. What was done, in a sentence; `undefined` when there was
 * nothing to do.
 */
export async function settleAfter(
  { release, namespace, holder }: UnderWay,
  self: { readonly holder: Holder; readonly here: Here },
  cluster: Cluster,
): Promise<string | undefined> {
  const left = (why: string): string => `${release}: ${why}; the next run puts it right`;
  const isThere = self.here.boot !== '' && self.here.boot === holder.boot && !isGone(holder, self.here);
  if (isThere) return `${release}: the run that deploys it is still there (process ${holder.pid}): left alone`;
  const name = { name: leaseName(release), namespace };
  const found = await cluster.get({ ...LEASE_KIND, ...name });
  if (!found.ok) return left(`its Lease can't be read (${found.fault.message})`);
  const now = found.value && holderOf(found.value);
  // It never got it, or gave it back.
  if (found.value === undefined || now === undefined) return undefined;
  if (now.id !== holder.id) return `${release}: held by another run by now: ${shownHolder(now)}`;
  const taken = await cluster.replace(heldLease(name, self.holder, new Date(), found.value));
  if (!taken.ok) return left(`its Lease can't be taken (${taken.fault.message})`);
  const settled = await settleRecords({ cluster, release, namespace });
  const given = await cluster.replace(freeLease(taken.value));
  if (!settled.ok) return left(settled.cause.message);
  if (!given.ok) return left(`its Lease can't be given back (${given.fault.message})`);
  const pending = settled.value;
  const marked =
    pending === undefined ? '' : `revision ${pending.revision} was left ${pending.status} and is marked as failed, `;
  return `${release}: the main step was killed while it was deployed: ${marked}the Lease is given back, the next run can deploy over it`;
}
