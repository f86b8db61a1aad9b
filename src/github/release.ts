import { setTimeout as pause } from 'node:timers/promises';
import type { ReleaseOutcome } from '../domain/outcome.ts';
import type { Forge, ForgeAnswer, ForgeAsset, ForgeFault, ForgeRelease } from '../ports.ts';
import { RELEASE_MARKER } from '../report/release-notes.ts';

export interface WantedRelease {
  readonly tag: string;
  readonly sha: string;
  readonly name: string;
  readonly notes: string;
  readonly isPrerelease: boolean;
  readonly assets: readonly WantedAsset[];
}

export interface WantedAsset {
  readonly name: string;
  readonly type: string;
  /** Or how it is made: only where it isn't there already. */
  readonly content: Uint8Array | (() => Promise<Made>);
  /** `sha256:…`; absent where it is another one in each run: then what is there stays. */
  readonly digest?: string;
  /** The file that it vouches for, which comes before it: if that is replaced, this is, too. */
  readonly of?: string;
}

export type Made =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** GitHub's, or a file could not be made. */
export type ReleaseFault =
  | ForgeFault
  | { readonly kind: 'not-made'; readonly message: string; readonly hint?: string | undefined };

type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: ReleaseFault };

export interface Released {
  readonly outcome: ReleaseOutcome;
  readonly fault?: ReleaseFault;
}

/** Seconds that an upload of somebody else's is waited for. */
const WAITS = 5;

/**
 * Draft → files → published, from wherever a run before it came to: what is there is used and nothing is made twice.
 * Of two runs at once the later draft goes, and both fill the other. What is published is never overwritten.
 */
export async function releaseOnGitHub(
  wanted: WantedRelease,
  forge: Forge,
  options: { readonly cancel: AbortSignal; readonly tell: (text: string) => void; readonly second?: number },
): Promise<Released> {
  const { cancel, tell } = options;
  const { tag } = wanted;
  const failed = (fault: ReleaseFault, release?: ForgeRelease, assets: readonly string[] = []): Released => ({
    outcome: { tag, ...(release !== undefined && { url: release.url }), outcome: 'failed', assets },
    fault,
  });
  const found = await findOrMake(wanted, forge);
  if (!found.ok) return failed(found.fault);
  let release = found.value;
  let changes = release.isDraft;
  const done: string[] = [];
  const replaced = new Set<string>();
  for (const asset of wanted.assets) {
    cancel.throwIfAborted();
    const isStale = asset.of !== undefined && replaced.has(asset.of);
    const put = await putAsset(asset, release, isStale, forge, options.second ?? 1000);
    if (!put.ok) return failed(put.fault, release, done);
    if (put.value === 'replaced') replaced.add(asset.name);
    if (put.value !== 'there') tell(`the release ${tag} has ${asset.name}`);
    changes ||= put.value !== 'there';
    done.push(asset.name);
  }
  cancel.throwIfAborted();
  if (release.isDraft) {
    const { isPrerelease, notes } = wanted;
    // What a run before this one wrote may be out of date; what a person wrote is left to him.
    const published = await forge.publishRelease(release.id, { isPrerelease, ...(isOwn(release) && { body: notes }) });
    if (!published.ok) return failed(published.fault, release, done);
    release = published.value;
  }
  const outcome = changes ? 'published' : 'already-published';
  return { outcome: { tag, url: release.url, outcome, assets: done } };
}

async function findOrMake(wanted: WantedRelease, forge: Forge): Promise<ForgeAnswer<ForgeRelease>> {
  const before = await best(wanted.tag, forge);
  if (!before.ok) return before;
  if (before.value !== undefined) return { ok: true, value: before.value };
  const { tag, sha, name, notes, isPrerelease } = wanted;
  const add = () => forge.addDraft({ tag, sha, name, body: notes, isPrerelease });
  const made = await add();
  const isOpen = !made.ok && (made.fault.kind === 'unreachable' || made.fault.kind === 'server-error');
  if (!made.ok && !isOpen) return made;
  // Another run may have made one meanwhile, or the answer to ours was lost.
  const after = await best(tag, forge);
  if (!after.ok) return made.ok ? made : after;
  if (after.value === undefined) return made.ok ? made : await add();
  if (made.ok && after.value.id !== made.value.id) {
    const removed = await forge.removeRelease(made.value.id);
    if (!removed.ok && removed.fault.kind !== 'not-found') return removed;
  }
  return { ok: true, value: after.value };
}

function isOwn({ body }: ForgeRelease): boolean {
  return body.startsWith(RELEASE_MARKER);
}

/** What is published; else Chartship's own first draft; else one that somebody prepared. */
async function best(tag: string, forge: Forge): Promise<ForgeAnswer<ForgeRelease | undefined>> {
  const all = await forge.releases(tag);
  if (!all.ok) return all;
  const value = all.value.find(({ isDraft }) => !isDraft) ?? all.value.find(isOwn) ?? all.value[0];
  return { ok: true, value };
}

/** What had to be done. `isStale`: what a draft has of that name is not to stay. */
async function putAsset(
  asset: WantedAsset,
  release: ForgeRelease,
  isStale: boolean,
  forge: Forge,
  second: number,
): Promise<Answer<'there' | 'sent' | 'replaced'>> {
  let fault: ForgeFault | undefined;
  let made: Made | undefined;
  let sent: 'sent' | 'replaced' = 'sent';
  for (let tries = 0; tries < 3; tries += 1) {
    const there = await complete(asset.name, release, forge, second);
    if (!there.ok) return there;
    if (there.value !== undefined) {
      const stays = isSame(there.value, asset) && !(isStale && tries === 0);
      if (stays) return { ok: true, value: tries > 0 ? sent : 'there' };
      const differs = `${asset.name} is in the release ${release.tag} already, with other content`;
      if (there.value.isComplete && !release.isDraft) return refused(differs);
      const removed = await forge.removeAsset(there.value.id);
      if (!removed.ok && removed.fault.kind !== 'not-found') return removed;
      if (there.value.isComplete) sent = 'replaced';
    } else if (release.isImmutable) {
      return refused(`the release ${release.tag} is published for good, without ${asset.name}`);
    }
    made ??= await contentOf(asset);
    if (!made.ok) return { ok: false, fault: { kind: 'not-made', ...made } };
    const added = await forge.addAsset(release, { name: asset.name, type: asset.type, content: made.bytes });
    if (added.ok) return { ok: true, value: sent };
    fault = added.fault;
    // Somebody else sent it at the same time, published the release, or the answer was lost: the next look shows.
    if (!['conflict', 'invalid', 'unreachable', 'server-error'].includes(fault.kind)) break;
  }
  return { ok: false, fault: fault ?? { kind: 'conflict', message: `${asset.name} could not be sent` } };
}

async function contentOf({ content }: WantedAsset): Promise<Made> {
  return typeof content === 'function' ? await content() : { ok: true, bytes: content };
}

/** The file of that name; one that is still being sent is waited for, and then as good as never finished. */
async function complete(
  name: string,
  release: ForgeRelease,
  forge: Forge,
  second: number,
): Promise<ForgeAnswer<ForgeAsset | undefined>> {
  for (let waits = 0; ; waits += 1) {
    const all = await forge.assets(release.id);
    if (!all.ok) return all;
    const one = all.value.find((asset) => asset.name === name);
    if (one === undefined || one.isComplete || waits === WAITS) return { ok: true, value: one };
    await pause(second);
  }
}

function isSame(there: ForgeAsset, { digest, content }: WantedAsset): boolean {
  if (!there.isComplete) return false;
  if (digest === undefined || typeof content === 'function') return true;
  return there.digest === undefined ? there.size === content.byteLength : there.digest === digest;
}

function refused(message: string): { ok: false; fault: ForgeFault } {
  return { ok: false, fault: { kind: 'conflict', message } };
}
