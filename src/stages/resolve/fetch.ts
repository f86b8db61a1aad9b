import { join } from 'node:path';
import { chartLayerOf } from '../../domain/chart-layer.ts';
import { type DependencyFault, type FetchFaultKind, fetchHint, pullFaultKind } from '../../domain/dependency-fault.ts';
import { hostOf } from '../../domain/dependency-mirror.ts';
import { isExact } from '../../domain/dependency-range.ts';
import { ARCHIVE_LIMITS } from '../../domain/limits.ts';
import { locationOf, parseTarget, tagOf } from '../../domain/reference.ts';
import type { RegistryAnswer } from '../../ports.ts';
import type { Resolving } from './context.ts';

export type Fetched =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly fault: DependencyFault };

/** What to fetch, and where: `repository` is what mirrors made of it. */
export interface Order {
  readonly name: string;
  /** A version, or a range by helm's rules. */
  readonly version: string;
  readonly repository: string;
}

/** Fetches an archive of `oci://`, `https://` or `http://`, each but once. */
export function fetchArchive(resolving: Resolving, order: Order): Promise<Fetched> {
  const key = JSON.stringify([order.repository, order.name, order.version]);
  const before = resolving.fetched.get(key);
  if (before !== undefined) return before;
  const exactly = order.repository.startsWith('oci://') && isExact(order.version);
  const fetching = exactly ? fromRegistry(resolving, order) : byHelm(resolving, order);
  resolving.fetched.set(key, fetching);
  return fetching;
}

async function fromRegistry({ ports }: Resolving, order: Order): Promise<Fetched> {
  const target = parseTarget(order.repository);
  if (target === undefined) {
    const message = `${order.name} has a repository that is no registry: ${order.repository}`;
    return {
      ok: false,
      fault: { rule: 'resolve/repository', message, hint: 'Write it as oci://host/path, in lower case.' },
    };
  }
  const location = locationOf(target, order.name, join);
  const manifest = await ports.registry.manifest(location, tagOf(order.version.replace(/^=/, '')));
  if (!manifest.ok) return refused(order, manifest);
  if (manifest.value === undefined) return failed(order, 'not-found', `is not at ${order.repository}`);
  const layer = chartLayerOf(manifest.value.layers);
  if (layer === 'several')
    return failed(order, 'corrupt', `is at ${order.repository}, but with several charts in one manifest`);
  if (layer === 'none') return failed(order, 'corrupt', `is at ${order.repository}, but is no chart`);
  const blob = await ports.registry.blob(location, layer.digest, ARCHIVE_LIMITS.packedBytes);
  return blob.ok ? { ok: true, bytes: blob.value } : refused(order, blob);
}

function refused(order: Order, answer: Exclude<RegistryAnswer<unknown>, { ok: true }>): Fetched {
  const { kind, message, hint } = answer.fault;
  return failed(order, kind, `can't be fetched: ${message}`, hint);
}

async function byHelm({ ports }: Resolving, order: Order): Promise<Fetched> {
  const destination = await ports.files.makeTemporary('pull');
  const answer = await ports.helm.pull({ ...order, destination });
  if (!answer.ok) {
    const { kind, message } = answer.faults[0] ?? { kind: 'other', message: 'helm pull failed' };
    const what = pullFaultKind(kind, message);
    return failed(
      order,
      what,
      what === 'not-found'
        ? `is not at ${order.repository} (${message})`
        : `can't be fetched from ${order.repository}: ${message}`,
    );
  }
  try {
    const bytes = await ports.files.read(answer.value, ARCHIVE_LIMITS.packedBytes);
    if (bytes !== undefined) return { ok: true, bytes };
    return failed(order, 'other', 'was pulled, but its archive is gone');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return failed(
      order,
      'corrupt',
      `at ${order.repository} is larger than ${ARCHIVE_LIMITS.packedBytes / 1024 / 1024} MiB`,
    );
  } finally {
    await ports.files.remove(destination);
  }
}

function failed(order: Order, kind: FetchFaultKind, message: string, hint?: string): Fetched {
  const host = hostOf(order.repository);
  const rule = kind === 'other' ? 'resolve/fetch' : `resolve/${kind}`;
  const text = `${order.name} ${order.version} ${message}`;
  return { ok: false, fault: { rule, message: text, hint: hint ?? fetchHint(kind, host, order.name) } };
}
