import { objectsOf } from '../../domain/manifest-objects.ts';
import { unionOf } from '../../domain/release-base.ts';
import { asSuperseded, decodeRecord, LABELS, type Revision, withManifest } from '../../domain/release-record.ts';
import { liveRevision } from '../../domain/release-state.ts';
import { causeOf } from './cluster-cause.ts';
import { manifestText } from './manifest-text.ts';
import type { Session } from './session.ts';
import { done, failed, type Step } from './step.ts';

/**
 * After revisions that failed on their way and were not undone, helm would go on from the last one that it called
 * deployed: what they brought stays, objects with both versions, fields with Helm 3 (measured: a probe that a killed
 * revision had added never went). So the newest of them is made the one to go on from, with all that may be in the
 * cluster. It keeps the verdict that it is no revision to go back to.
 */
export async function rebase(revisions: readonly Revision[], session: Session): Promise<Step<undefined>> {
  const [newest] = revisions;
  const live = liveRevision(revisions);
  if (newest === undefined || live === undefined || newest.status !== 'failed') return done(undefined);
  const since = revisions.filter(({ revision }) => revision >= live.revision).reverse();
  const manifests = await Promise.all(
    since.map(async ({ secret }) => await objectsOf(decodeRecord(secret)?.manifest ?? '')),
  );
  const change = withManifest(newest.secret, manifestText(unionOf(manifests)), 'deployed');
  const labels = {
    status: 'deployed',
    [LABELS.verdict]: 'unhealthy',
    [LABELS.revision]: String(newest.revision),
    [LABELS.run]: newest.ours?.run ?? '',
    [LABELS.content]: newest.ours?.content ?? '',
  };
  // What can't be read can't be gone on from; helm does what it does then.
  if (change === undefined) return done(undefined);
  for (const [{ secret }, what] of [
    [newest, { ...change, metadata: { labels } }],
    [live, asSuperseded(live.secret)],
  ] as const) {
    if (what === undefined) continue;
    const name = { apiVersion: 'v1', kind: 'Secret', name: secret.metadata.name, namespace: session.namespace };
    const answer = await session.cluster.patch(name, what);
    if (!answer.ok) return failed(causeOf(answer.fault, `the record of revision ${newest.revision} can't be written`));
  }
  return done(undefined);
}
