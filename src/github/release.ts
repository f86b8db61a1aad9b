import { setTimeout as pause } from 'node:timers/promises';
import { isOfOtherVersion } from '../domain/chart-version.ts';
import type { ReleaseOutcome } from '../domain/outcome.ts';
import type { Forge, ForgeAnswer, ForgeRelease } from '../ports.ts';
import { RELEASE_MARKER } from '../report/release-notes.ts';
import {
  type Place,
  putAsset,
  type ReleaseFault,
  refused,
  removeAsset,
  type WantedAsset,
  wrongAmong,
} from './release-assets.ts';

export interface WantedRelease {
  readonly tag: string;
  readonly sha: string;
  readonly name: string;
  readonly notes: string;
  readonly isPrerelease: boolean;
  /** Those that it is of. */
  readonly charts: readonly { readonly name: string; readonly version: string }[];
  readonly assets: readonly WantedAsset[];
}

export interface Released {
  readonly outcome: ReleaseOutcome;
  readonly fault?: ReleaseFault;
}

/**
 * Draft → files → published, from wherever a run before it came to: what is there is used and nothing is made twice.
 * Of two runs at once the later draft goes, and both fill the other. What is published is never overwritten, and only
 * what is all there as this run wants it is published.
 */
export async function releaseOnGitHub(
  wanted: WantedRelease,
  forge: Forge,
  options: { readonly cancel: AbortSignal; readonly tell: (text: string) => void; readonly second?: number },
): Promise<Released> {
  const { cancel, tell, second = 1000 } = options;
  const { tag } = wanted;
  const found = await findOrMake(wanted, forge);
  if (!found.ok) return { outcome: { tag, outcome: 'failed', assets: [] }, fault: found.fault };
  let place: Place = { release: found.value, forge, second, subjects: new Map() };
  const { isDraft } = place.release;
  let changes = isDraft;
  let isOther = false;
  const done: string[] = [];
  const failed = (fault: ReleaseFault): Released => ({
    outcome: { tag, url: place.release.url, outcome: 'failed', assets: done },
    fault,
  });
  const fill = async (): Promise<ReleaseFault | undefined> => {
    for (const asset of wanted.assets) {
      cancel.throwIfAborted();
      // What is another one in each run stays, but where the other files are not those that it tells of.
      const isStale = isOther && asset.digest === undefined && asset.about === undefined;
      const put = await putAsset(asset, place, isStale);
      if (!put.ok) return put.fault;
      isOther ||= put.value === 'replaced';
      if (put.value !== 'there') tell(`the release ${tag} has ${asset.name}`);
      changes ||= put.value !== 'there';
      if (!done.includes(asset.name)) done.push(asset.name);
    }
    return undefined;
  };

  const cleared = await removeStale(wanted, place);
  if (!cleared.ok) return failed(cleared.fault);
  isOther = cleared.value;
  const fault = await fill();
  if (fault !== undefined) return failed(fault);
  cancel.throwIfAborted();
  if (isDraft) {
    // The pace of writes, a second, is waited for before the look and not between it and what it is for.
    await pause(second);
    const now = await forge.release(place.release.id);
    if (!now.ok) return failed(now.fault);
    place = { ...place, release: now.value };
    const wrong = await wrongAmong(wanted.assets, place);
    if (!wrong.ok) return failed(wrong.fault);
    if (now.value.isDraft) {
      if (wrong.value !== undefined)
        return failed(refused(`another run changed ${wrong.value} in the draft of ${tag} at the same time`).fault);
      const { isPrerelease, notes: body } = wanted;
      const published = await forge.publishRelease(now.value.id, {
        isPrerelease,
        // What a run before this one wrote may be out of date; what a person wrote is left to him.
        ...(isOwn(now.value) && { body }),
      });
      if (!published.ok) return failed(published.fault);
      place = { ...place, release: published.value };
    }
    // What another run was removing just then is missing now: it won't send its own to what is published.
    await pause(second);
    const after = await wrongAmong(wanted.assets, place);
    if (!after.ok) return failed(after.fault);
    const left = after.value === undefined ? undefined : await fill();
    if (left !== undefined) return failed(left);
  }
  const outcome = changes ? 'published' : 'already-published';
  return { outcome: { tag, url: place.release.url, outcome, assets: done } };
}

/**
 * The tag may have moved since a run left its draft: what isn't of this run goes, and so does its report. Of the same
 * commit other jobs may be filling it with other charts; a chart has one version there. Whether there was anything.
 */
async function removeStale({ sha, charts, assets }: WantedRelease, place: Place): Promise<ForgeAnswer<boolean>> {
  const { release, forge } = place;
  if (!release.isDraft || !isOwn(release)) return { ok: true, value: false };
  const isOfOther = /^[0-9a-f]{40}$/.test(release.target) && release.target !== sha;
  const all = await forge.assets(release.id);
  if (!all.ok) return all;
  const stale = all.value.filter(
    ({ name }) =>
      assets.every((asset) => asset.name !== name) &&
      (isOfOther || charts.some((chart) => isOfOtherVersion(name, chart))),
  );
  for (const asset of stale) {
    const removed = await removeAsset(asset, place);
    if (!removed.ok) return removed;
  }
  return { ok: true, value: isOfOther || stale.length > 0 };
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
    const now = await forge.release(made.value.id);
    if (now.ok && !now.value.isDraft) return now;
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
