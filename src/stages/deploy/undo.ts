import type { Cause } from '../../domain/deployment.ts';
import type { Finding } from '../../domain/finding.ts';
import { isWhole, liveRevision, rollbackTarget } from '../../domain/release-state.ts';
import type { DeployOptions } from '../deploy.ts';
import { label, readHistory, revisionOf } from './history.ts';
import { endHooks, hooksOf } from './left-hooks.ts';
import { removeRelease } from './removal.ts';
import { rollBack } from './rollback.ts';
import { runLabel, type Session } from './session.ts';
import type { Transaction } from './transaction.ts';

/** What a failed deployment leaves: the last healthy revision, or nothing where there never was one. */
export async function undo(
  failed: number,
  content: string,
  session: Session,
  options: DeployOptions,
): Promise<Pick<Transaction, 'outcome' | 'revision' | 'findings'>> {
  const history = await readHistory(session, session.cluster);
  if (!history.ok) return { outcome: 'failed' };
  const [newest] = history.value;
  // Helm came to nothing, and what was live is live; or the newest is somebody else's, and theirs to undo.
  if (newest?.revision !== failed || newest.ours?.run !== runLabel(session.holder))
    return { outcome: 'failed', ...revisionOf(liveRevision(history.value)) };
  const target = options.rollback ? rollbackTarget(history.value, failed) : undefined;
  const labels = { verdict: 'unhealthy', run: runLabel(session.holder), content } as const;
  // Before it is begun: if this run ends in the middle, the next one knows whose the rollback was.
  const undoneBy = target && { undoneBy: failed + 1 };
  await label(newest, { ...labels, ...undoneBy }, session.cluster);
  if (!options.rollback) return { outcome: 'failed', revision: newest.revision };
  if (target === undefined && !isWhole(history.value)) {
    session.tell('what worked is no longer in the history: nothing to go back to, and nothing is removed');
    return { outcome: 'failed', revision: newest.revision };
  }
  if (target === undefined) {
    const removed = await removeRelease(history.value, session);
    if (removed.ok) return { outcome: 'removed' };
    return await notUndone(removed.cause, session);
  }
  const ended = await endHooks(await hooksOf([newest]), session);
  if (!ended.ok) return await notUndone(ended.cause, session);
  const back = await rollBack(target, session);
  if (back.ok) return { outcome: 'rolled-back', revision: back.value };
  return await notUndone(back.cause, session);
}

/** The worse of the two failures: it must not be overlooked behind the first one. */
async function notUndone(
  { message, hint }: Cause,
  session: Session,
): Promise<Pick<Transaction, 'outcome' | 'revision' | 'findings'>> {
  const { release, chart, environment, tell } = session;
  tell(message);
  const history = await readHistory(session, session.cluster);
  const newest = history.ok ? history.value[0] : undefined;
  const finding: Finding = {
    stage: 'deploy',
    rule: 'deploy/not-undone',
    severity: 'error',
    message: `${release}: ${message}`,
    ...(hint !== undefined && { hint }),
    chart,
    environments: [environment],
  };
  return { outcome: 'failed', findings: [finding], ...revisionOf(newest) };
}
