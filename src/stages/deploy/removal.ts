import type { KubeObject } from '../../domain/kube-object.ts';
import { shownObject } from '../../domain/kube-object.ts';
import { holdsData, objectKey, objectsOf } from '../../domain/manifest-objects.ts';
import { decodeRecord, type Revision, withManifest } from '../../domain/release-record.ts';
import { causeOf } from './cluster-cause.ts';
import { hooksOf, removeHooks } from './left-hooks.ts';
import { manifestText } from './manifest-text.ts';
import { pause } from './pause.ts';
import type { Session } from './session.ts';
import { done, failed, type Step } from './step.ts';

/**
 * Removes a release that never worked, so that the next deployment of it is a true install. Helm would remove what
 * is in the newest revision's manifest alone, and what holds data with it; so the newest record is given the objects
 * of all revisions, without those, and then helm does it, with the chart's hooks and in its order. What is kept still
 * says whose it was, and the next install takes it over.
 */
export async function removeRelease(revisions: readonly Revision[], session: Session): Promise<Step<undefined>> {
  const { release, namespace, cluster, tell } = session;
  const [newest] = revisions;
  if (newest === undefined) return done(undefined);
  const all = await objectsOfAll(revisions);
  if (all === undefined) {
    return failed({
      code: 'other',
      message: `the records of ${release} can't be read, so what belongs to it isn't known`,
      hint: `Remove it by hand: helm uninstall ${release} --namespace ${namespace}`,
    });
  }
  const kept = all.filter(holdsData);
  if (kept.length > 0)
    tell(`kept: ${kept.map((one) => shownObject({ kind: one.kind, name: one.metadata.name })).join(', ')}`);
  const manifest = manifestText(all.filter((one) => !holdsData(one)));
  const { name } = newest.secret.metadata;
  const written = await cluster.patch(
    { apiVersion: 'v1', kind: 'Secret', name, namespace },
    withManifest(newest.secret, manifest, 'failed') ?? {},
  );
  if (!written.ok) return failed(causeOf(written.fault, `the record of ${release} can't be written`));
  const before = await podsOf(session);
  const ended = await session.releases.uninstall({ release, namespace, timeout: session.timeout, stop: session.stop });
  if (!ended.ok) return failed({ code: 'other', message: `${release} can't be removed: ${ended.message}` });
  await untilGone(before, session);
  const cleared = await removeHooks(await hooksOf(revisions), session);
  if (!cleared.ok) tell(cleared.cause.message);
  tell(`${release} is removed`);
  return done(undefined);
}

/** Every object that a revision had; the newest form of each. `undefined`: a record can't be read. */
async function objectsOfAll(revisions: readonly Revision[]): Promise<KubeObject[] | undefined> {
  const known = new Map<string, KubeObject>();
  for (const { secret } of revisions) {
    const record = decodeRecord(secret);
    if (record === undefined) return undefined;
    for (const object of await objectsOf(record.manifest))
      if (!known.has(objectKey(object))) known.set(objectKey(object), object);
  }
  return [...known.values()];
}

/** Pods whose workload goes; they end after it does. */
async function podsOf({ release, namespace, cluster }: Session): Promise<Set<string>> {
  const kinds = ['ReplicaSet', 'StatefulSet', 'DaemonSet', 'Deployment'].map((kind) => ({
    apiVersion: 'apps/v1',
    kind,
  }));
  const lists = await Promise.all(
    [...kinds, { apiVersion: 'batch/v1', kind: 'Job' }, { apiVersion: 'v1', kind: 'Pod' }].map((kind) =>
      cluster.list(kind, namespace),
    ),
  );
  const objects = lists.flatMap((answer) => (answer.ok ? answer.value : []));
  const owned = new Set(
    objects
      .filter(({ metadata }) => metadata.annotations?.['meta.helm.sh/release-name'] === release)
      .map(({ metadata }) => metadata.uid),
  );
  // Deployment → ReplicaSet → Pod.
  for (let round = 0; round < 2; round++) {
    for (const { metadata } of objects)
      if (metadata.ownerReferences?.some(({ uid }) => owned.has(uid))) owned.add(metadata.uid);
  }
  const uids = objects.filter(({ kind, metadata }) => kind === 'Pod' && owned.has(metadata.uid));
  return new Set(uids.map(({ metadata }) => metadata.uid ?? ''));
}

/** Pods that still end would be met by the new ones: at a volume, at a Service's address. */
async function untilGone(pods: ReadonlySet<string>, session: Session): Promise<void> {
  const { cluster, clock, namespace, timeout } = session;
  const deadline = clock.now() + timeout;
  while (pods.size > 0 && clock.now() < deadline) {
    const list = await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, namespace);
    if (list.ok && !list.value.some(({ metadata }) => pods.has(metadata.uid ?? ''))) return;
    await pause(0.5, session.stop);
  }
}
