import { LABELS, type Revision, revisionsOf, type Verdict } from '../../domain/release-record.ts';
import type { Cluster } from '../../ports.ts';
import { causeOf } from './cluster-cause.ts';
import { done, failed, type Step } from './step.ts';

export interface ReleaseName {
  readonly release: string;
  readonly namespace: string;
}

/** The revisions of a release, newest first. */
export async function readHistory(name: ReleaseName, cluster: Cluster): Promise<Step<Revision[]>> {
  const labels = `owner=helm,name=${name.release}`;
  const found = await cluster.list({ apiVersion: 'v1', kind: 'Secret' }, name.namespace, { labels });
  if (found.ok) return done(revisionsOf(found.value));
  return failed(causeOf(found.fault, `the history of ${name.release} can't be read`));
}

/** Writes Chartship's labels on a revision's record. */
export async function label(
  revision: Revision,
  labels: { readonly verdict: Verdict; readonly run: string; readonly content: string; readonly undoneBy?: number },
  cluster: Cluster,
): Promise<Step<undefined>> {
  const { name, namespace } = revision.secret.metadata;
  const answer = await cluster.patch(
    { apiVersion: 'v1', kind: 'Secret', name, ...(namespace !== undefined && { namespace }) },
    {
      metadata: {
        labels: {
          [LABELS.verdict]: labels.verdict,
          [LABELS.revision]: String(revision.revision),
          [LABELS.run]: labels.run,
          [LABELS.content]: labels.content,
          ...(labels.undoneBy !== undefined && { [LABELS.undoneBy]: String(labels.undoneBy) }),
        },
      },
    },
  );
  return answer.ok
    ? done(undefined)
    : failed(causeOf(answer.fault, `the verdict on revision ${revision.revision} can't be recorded`));
}

/** The revision that is live, where there is one. */
export function revisionOf(live: Revision | undefined): { readonly revision?: number } {
  return live === undefined ? {} : { revision: live.revision };
}
