import { at, condition, text } from '../../domain/diagnosis/reading.ts';
import { type KubeObject, type ObjectName, shownObject } from '../../domain/kube-object.ts';
import { objectKey, objectsOf } from '../../domain/manifest-objects.ts';
import { decodeRecord, type Revision } from '../../domain/release-record.ts';
import { causeOf } from './cluster-cause.ts';
import { pause } from './pause.ts';
import type { Session } from './session.ts';
import { done, failed, type Step } from './step.ts';

/** Seconds in which a pod that was told to end is waited for. */
const GONE_SECONDS = 60;
const LOOK_SECONDS = 0.2;

/**
 * Removes Jobs and pods of hooks that a revision before left and that helm would stumble over, run after run: it
 * removes a hook's object before it makes it anew only where the hook's delete policy says so. One that still runs
 * is another's, perhaps, unless `isDead`: then nothing of that revision is to go on.
 */
export async function clearLeftHooks(
  hooks: readonly KubeObject[],
  isDead: boolean,
  session: Session,
): Promise<Step<undefined>> {
  const isInTheWay = (live: KubeObject, hook: KubeObject): boolean =>
    !isReplaced(hook) && (isDead || hasEnded(live) || live.metadata.deletionTimestamp !== undefined);
  const removed = await remove(hooks, isInTheWay, session);
  return removed.ok ? done(await untilGone(removed.value, session)) : removed;
}

/** Every hook that a revision had; of revisions that come newest first, the newest form of each. */
export async function hooksOf(revisions: readonly Revision[]): Promise<KubeObject[]> {
  const known = new Map<string, KubeObject>();
  for (const { secret } of revisions)
    for (const { manifest } of decodeRecord(secret)?.hooks ?? [])
      for (const object of await objectsOf(manifest))
        if (!known.has(objectKey(object))) known.set(objectKey(object), object);
  return [...known.values()];
}

/** Ends hooks of a revision that is gone back from: a migration must not go on beside the version before. */
export async function endHooks(hooks: readonly KubeObject[], session: Session): Promise<Step<undefined>> {
  const removed = await remove(hooks, (live) => !hasEnded(live), session);
  return removed.ok ? done(await untilGone(removed.value, session)) : removed;
}

/** Of a release that is removed no hook runs on, and none is in the way of the next install. */
export async function removeHooks(hooks: readonly KubeObject[], session: Session): Promise<Step<unknown>> {
  return await remove(hooks, (live, hook) => !isReplaced(hook) || !hasEnded(live), session);
}

interface Removed {
  readonly name: ObjectName;
  readonly uid: string | undefined;
}

async function untilGone(removed: readonly Removed[], { cluster, clock, stop }: Session): Promise<undefined> {
  for (const { name, uid } of removed) {
    const deadline = clock.now() + GONE_SECONDS;
    for (let there = true; there && clock.now() < deadline; ) {
      const live = await cluster.get(name);
      there = !live.ok || (live.value !== undefined && live.value.metadata.uid === uid);
      if (there) await pause(LOOK_SECONDS, stop);
    }
  }
}

async function remove(
  hooks: readonly KubeObject[],
  isInTheWay: (live: KubeObject, hook: KubeObject) => boolean,
  { cluster, namespace, tell }: Session,
): Promise<Step<readonly Removed[]>> {
  const removed: Removed[] = [];
  for (const hook of hooks) {
    const { apiVersion, kind, metadata } = hook;
    // Others may hold data.
    if (kind !== 'Job' && kind !== 'Pod') continue;
    const name = { apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? namespace };
    const live = await cluster.get(name);
    if (!live.ok) return failed(causeOf(live.fault, `${shownObject(name)} can't be looked at`));
    if (live.value?.metadata.annotations?.[HOOK] === undefined || !isInTheWay(live.value, hook)) continue;
    const { uid } = live.value.metadata;
    const answer = await cluster.remove(name, uid === undefined ? {} : { uid });
    if (!answer.ok) return failed(causeOf(answer.fault, `${shownObject(name)}, left by a hook, can't be removed`));
    tell(`removed ${shownObject(name)}, which a hook left`);
    removed.push({ name, uid });
  }
  return done(removed);
}

const HOOK = 'helm.sh/hook';

/** Helm's default is to do so. */
function isReplaced(hook: KubeObject): boolean {
  const policies = hook.metadata.annotations?.['helm.sh/hook-delete-policy']?.split(',').map((each) => each.trim());
  return policies === undefined || policies.includes('before-hook-creation') || policies.join('') === '';
}

function hasEnded(live: KubeObject): boolean {
  if (live.kind === 'Pod') return ['Succeeded', 'Failed'].includes(text(at(live, 'status', 'phase')));
  return ['Complete', 'Failed'].some((type) => condition(live, type)?.status === 'True');
}
