import { setTimeout as pause } from 'node:timers/promises';
import { subjectsOf } from '../domain/attestation.ts';
import type { Forge, ForgeAnswer, ForgeAsset, ForgeFault, ForgeRelease } from '../ports.ts';

export interface WantedAsset {
  readonly name: string;
  readonly type: string;
  /** Or how it is made: only where it isn't there already. */
  readonly content: Uint8Array | (() => Promise<Made>);
  /** `sha256:…`; absent where it is another one in each run: then what is there stays. */
  readonly digest?: string;
  /** The digest of the file that it vouches for: what is there is right when it is about that. */
  readonly about?: string;
}

export type Made =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** GitHub's, or a file could not be made. */
export type ReleaseFault =
  | ForgeFault
  | { readonly kind: 'not-made'; readonly message: string; readonly hint?: string | undefined };

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: ReleaseFault };

/** The release that is filled, as it was when it was looked at. */
export interface Place {
  readonly release: ForgeRelease;
  readonly forge: Forge;
  /** Milliseconds that stand for a second of waiting. */
  readonly second: number;
  /** What bundles are about, by the id of the file: what has an id never changes. */
  readonly subjects: Map<number, readonly string[]>;
}

/** Seconds that an upload of somebody else's is waited for. */
const WAITS = 5;

/** What had to be done. `isStale`: what a draft has of that name is not to stay. */
export async function putAsset(
  asset: WantedAsset,
  place: Place,
  isStale = false,
): Promise<Answer<'there' | 'sent' | 'replaced'>> {
  const { release, forge, subjects, second } = place;
  const { name, type } = asset;
  let fault: ForgeFault | undefined;
  let made: Made | undefined;
  let sent: 'sent' | 'replaced' = 'sent';
  for (let tries = 0; tries < 3; tries += 1) {
    const there = await complete(name, place);
    if (!there.ok) return there;
    if (there.value !== undefined) {
      const same = await isSame(there.value, asset, place);
      if (!same.ok) return same;
      if (same.value && !(isStale && tries === 0 && release.isDraft))
        return { ok: true, value: tries > 0 ? sent : 'there' };
      if (there.value.isComplete && !release.isDraft) return refused(differing(asset, release));
    } else if (release.isImmutable) {
      return refused(`the release ${release.tag} is published for good, without ${name}`);
    }
    // Before anything is removed: what can't be made leaves what is there.
    made ??= await contentOf(asset);
    if (!made.ok) return { ok: false, fault: { kind: 'not-made', ...made } };
    if (there.value !== undefined) {
      const removed = await removeAsset(there.value, place);
      if (!removed.ok) return removed;
      if (removed.value === 'published') return refused(differing(asset, release));
      if (there.value.isComplete) {
        sent = 'replaced';
        await pause(second);
        const now = await forge.release(release.id);
        if (!now.ok) return now;
        // Who published it sees that the file is missing, and sends his.
        if (!now.value.isDraft)
          return refused(`the release ${release.tag} was published by another run while ${name} was replaced`);
      }
    }
    const added = await forge.addAsset(release, { name, type, content: made.bytes });
    if (added.ok) {
      if (asset.about !== undefined) subjects.set(added.value.id, [asset.about]);
      return { ok: true, value: sent };
    }
    fault = added.fault;
    // Somebody else sent it at the same time, published the release, or the answer was lost: the next look shows.
    if (!['conflict', 'invalid', 'unreachable', 'server-error'].includes(fault.kind)) break;
  }
  return { ok: false, fault: fault ?? { kind: 'conflict', message: `${name} could not be sent` } };
}

/**
 * Removes a file, but never one that is published: another run may have published since the release was looked at.
 * GitHub has no request that does both at once; so the pace of writes, a second, is waited for before the look, not
 * between it and the removal.
 */
export async function removeAsset(
  { id, isComplete }: ForgeAsset,
  { release, forge, second }: Place,
): Promise<ForgeAnswer<'removed' | 'published'>> {
  if (isComplete) {
    await pause(second);
    const now = await forge.release(release.id);
    if (!now.ok) return now;
    if (!now.value.isDraft) return { ok: true, value: 'published' };
  }
  const removed = await forge.removeAsset(id);
  return removed.ok || removed.fault.kind === 'not-found' ? { ok: true, value: 'removed' } : removed;
}

/** The first file that is not there as it is wanted; `undefined` when all are. */
export async function wrongAmong(
  assets: readonly WantedAsset[],
  place: Place,
): Promise<ForgeAnswer<string | undefined>> {
  const all = await place.forge.assets(place.release.id);
  if (!all.ok) return all;
  for (const asset of assets) {
    const there = all.value.find(({ name }) => name === asset.name);
    const same = there === undefined ? { ok: true as const, value: false } : await isSame(there, asset, place);
    if (!same.ok) return same;
    if (!same.value) return { ok: true, value: asset.name };
  }
  return { ok: true, value: undefined };
}

function differing({ name, about }: WantedAsset, { tag }: ForgeRelease): string {
  const what = about === undefined ? 'with other content' : 'and is about another file';
  return `${name} is in the release ${tag} already, ${what}`;
}

async function contentOf({ content }: WantedAsset): Promise<Made> {
  return typeof content === 'function' ? await content() : { ok: true, bytes: content };
}

/** The file of that name; one that is still being sent is waited for, and then as good as never finished. */
async function complete(name: string, { release, forge, second }: Place): Promise<ForgeAnswer<ForgeAsset | undefined>> {
  for (let waits = 0; ; waits += 1) {
    const all = await forge.assets(release.id);
    if (!all.ok) return all;
    const one = all.value.find((asset) => asset.name === name);
    if (one === undefined || one.isComplete || waits === WAITS) return { ok: true, value: one };
    await pause(second);
  }
}

async function isSame(
  there: ForgeAsset,
  { digest, content, about }: WantedAsset,
  { forge, subjects }: Place,
): Promise<ForgeAnswer<boolean>> {
  if (!there.isComplete) return { ok: true, value: false };
  if (about !== undefined) {
    const known = subjects.get(there.id);
    if (known !== undefined) return { ok: true, value: known.includes(about) };
    const bundle = await forge.assetContent(there.id);
    if (!bundle.ok) return bundle;
    const found = subjectsOf(bundle.value);
    subjects.set(there.id, found);
    return { ok: true, value: found.includes(about) };
  }
  if (digest === undefined || typeof content === 'function') return { ok: true, value: true };
  const value = there.digest === undefined ? there.size === content.byteLength : there.digest === digest;
  return { ok: true, value };
}

export function refused(message: string): { ok: false; fault: ForgeFault } {
  return { ok: false, fault: { kind: 'conflict', message } };
}
