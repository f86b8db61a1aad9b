import { join } from 'node:path';
import type { Cause } from '../../domain/deployment.ts';
import { objectsOf } from '../../domain/manifest-objects.ts';
import { asFailed, decodeRecord, type Revision } from '../../domain/release-record.ts';
import { isOwnPending, stateOf } from '../../domain/release-state.ts';
import { causeOf } from './cluster-cause.ts';
import { takeEvidence } from './evidence.ts';
import { readHistory } from './history.ts';
import { pause } from './pause.ts';
import { removeRelease } from './removal.ts';
import type { Session } from './session.ts';
import { done, failed, type Step } from './step.ts';
import { watchRelease } from './watching.ts';

/** Seconds between two looks at a release that somebody else's helm works on. */
const LOOK_SECONDS = 2;
const HEARTBEAT_SECONDS = 15;

export interface Recovered {
  /** Newest first. */
  readonly revisions: readonly Revision[];
  /** What comes next is an install: hooks and templates take it for one. */
  readonly isInstall: boolean;
}

/** What is needed to write on a release's records. */
type RecordSession = Pick<Session, 'cluster' | 'release' | 'namespace'>;

/**
 * Brings a release into a state that a revision can be deployed over, whatever was left of a run that is no more.
 * The Lease is ours, so no run of Chartship is at work on it; plain helm may be, and is waited for. With `dryRun`
 * nothing is changed.
 */
export async function recover(session: Session, dryRun: boolean): Promise<Step<Recovered>> {
  const { release, cluster, clock, tell } = session;
  const started = clock.now();
  let told = Number.NEGATIVE_INFINITY;
  for (;;) {
    const history = await readHistory(session, cluster);
    if (!history.ok) return history;
    const [newest] = history.value;
    const age = newest === undefined ? 0 : session.serverTime() - Date.parse(newest.created) / 1000;
    const state = stateOf(history.value, age, session.timeout);
    switch (state.kind) {
      case 'absent':
        return done({ revisions: history.value, isInstall: true });
      case 'ready':
        return done({ revisions: history.value, isInstall: false });
      case 'interrupted': {
        const { pending } = state;
        tell(
          `revision ${pending.revision} was left ${pending.status} by a run that is no more${dryRun ? '' : ': repaired'}`,
        );
        if (dryRun) return done({ revisions: history.value, isInstall: false });
        const repaired = await markFailed(pending, session);
        if (!repaired.ok) return repaired;
        break;
      }
      case 'foreign': {
        const waited = clock.now() - started;
        if (dryRun) {
          tell(`helm is at work on ${release}: revision ${state.pending.revision} is ${state.pending.status}`);
          return done({ revisions: history.value, isInstall: false });
        }
        if (waited >= session.timeout && state.seconds > LOOK_SECONDS) {
          return failed({
            code: 'busy',
            message: `helm was at work on ${release} for the whole ${session.timeout} s: revision ${state.pending.revision} is ${state.pending.status}`,
          });
        }
        if (clock.now() - told >= HEARTBEAT_SECONDS) {
          told = clock.now();
          const since = `revision ${state.pending.revision} is ${state.pending.status} since ${state.pending.created}`;
          tell(
            `helm, not started by Chartship, is at work on ${release}: ${since}; waiting, ${Math.ceil(state.seconds)} s at most`,
          );
        }
        await pause(Math.min(LOOK_SECONDS, Math.max(0.1, state.seconds)), session.stop);
        break;
      }
      case 'never-healthy': {
        if (dryRun) {
          tell(`no revision of ${release} ever worked: it would be removed and installed anew`);
          return done({ revisions: history.value, isInstall: false });
        }
        tell(`no revision of ${release} ever worked: it is removed and installed anew`);
        await keepTraces(history.value, session);
        const removed = await removeRelease(history.value, session);
        return removed.ok ? done({ revisions: [], isInstall: true }) : removed;
      }
    }
  }
}

/** What is seen of a release before it is removed; of its pods no log is told, for nothing of it is this run's. */
async function keepTraces([newest]: readonly Revision[], session: Session): Promise<void> {
  const record = newest && decodeRecord(newest.secret);
  const watch = await watchRelease(record === undefined ? [] : await objectsOf(record.manifest), session);
  try {
    const cause: Cause = { code: 'other', message: 'no revision of it ever worked' };
    const evidence = join(session.evidence, 'before');
    await takeEvidence(cause, await watch.look(), record?.description ?? '', { ...session, evidence });
  } finally {
    watch.close();
  }
}

/** What helm does itself when it is stopped in time. */
export async function markFailed(revision: Revision, session: RecordSession): Promise<Step<undefined>> {
  const { secret } = revision;
  const { name, namespace, resourceVersion } = secret.metadata;
  const change = asFailed(secret, 'Interrupted; marked as failed by Chartship') as { metadata: object } | undefined;
  if (change === undefined) {
    return failed({
      code: 'other',
      resource: `Secret/${name}`,
      message: `the record of revision ${revision.revision} can't be read, so it can't be repaired`,
      hint: `Remove it: kubectl delete secret ${name} --namespace ${namespace ?? session.namespace}`,
    });
  }
  const answer = await session.cluster.patch(
    { apiVersion: 'v1', kind: 'Secret', name, namespace: namespace ?? session.namespace },
    // Only as it was seen: a helm that lived after all has written it anew.
    { ...change, metadata: { ...change.metadata, resourceVersion } },
  );
  if (answer.ok || answer.fault.kind === 'conflict') return done(undefined);
  return failed(causeOf(answer.fault, `revision ${revision.revision} can't be marked as failed`));
}

/**
 * What an interrupted helm of our own may have left: a revision that is pending for ever, marked as failed and given
 * back. Not done: nobody answers, or it can't be repaired.
 */
export async function settleRecords(session: RecordSession): Promise<Step<Revision | undefined>> {
  const history = await readHistory(session, session.cluster);
  if (!history.ok) return history;
  const [newest] = history.value;
  if (newest === undefined || !isOwnPending(history.value)) return done(undefined);
  const marked = await markFailed(newest, session);
  return marked.ok ? done(newest) : marked;
}
