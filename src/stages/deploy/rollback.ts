import type { Cause } from '../../domain/deployment.ts';
import { objectsOf } from '../../domain/manifest-objects.ts';
import { decodeRecord, type Revision } from '../../domain/release-record.ts';
import { label, readHistory } from './history.ts';
import { runLabel, type Session } from './session.ts';
import { settle } from './settling.ts';
import { done, failed, type Step } from './step.ts';
import { watchRelease } from './watching.ts';

/** Goes back to a revision and looks whether it is healthy again; the number of the revision that this makes. */
export async function rollBack(target: Revision, session: Session): Promise<Step<number>> {
  const { release, namespace, timeout, stop, tell } = session;
  const record = decodeRecord(target.secret);
  const watch = await watchRelease(record === undefined ? [] : await objectsOf(record.manifest), session);
  try {
    tell(`going back to revision ${target.revision}`);
    const { value: ended } = await watch.during(() =>
      session.releases.rollback({ release, namespace, timeout, stop, revision: target.revision }),
    );
    if (!ended.ok) {
      const [trouble] = (await watch.look()).troubles;
      return failed(unhealthy(target, trouble?.cause.message ?? ended.message));
    }
    const history = await readHistory(session, session.cluster);
    if (!history.ok) return history;
    const [made] = history.value;
    if (made === undefined) return failed(unhealthy(target, 'its record is gone'));
    const labels = { run: runLabel(session.holder), content: target.ours?.content ?? '' };
    const { value: settled } = await watch.during(() => settle(watch, session, true));
    const verdict = settled.ok ? 'healthy' : 'unhealthy';
    const labelled = await label(made, { ...labels, verdict }, session.cluster);
    if (!settled.ok) return failed(unhealthy(target, settled.cause.message));
    if (!labelled.ok) return labelled;
    tell(`revision ${target.revision} is live again, as revision ${made.revision}`);
    return done(made.revision);
  } finally {
    watch.close();
  }
}

function unhealthy({ revision }: Revision, why: string): Cause {
  return { code: 'other', message: `going back to revision ${revision} failed: ${why}` };
}
