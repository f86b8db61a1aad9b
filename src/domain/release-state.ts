import { isPending, type Revision } from './release-record.ts';

/** What is to be done with a release as its history stands, before anything new is deployed over it. */
export type ReleaseState =
  /** There is none, or it was uninstalled and its history kept. */
  | { readonly kind: 'absent' }
  /** A revision can be deployed over it. */
  | { readonly kind: 'ready' }
  /** A run that is no more left a revision pending: it is marked as failed, and the history looked at again. */
  | { readonly kind: 'interrupted'; readonly pending: Revision }
  /** Helm may be at work on it, started by somebody else. */
  | { readonly kind: 'foreign'; readonly pending: Revision; readonly seconds: number }
  /** No revision of it ever worked: it is removed, and installed anew. */
  | { readonly kind: 'never-healthy' };

/**
 * Decides on a release's revisions (newest first) while its Lease is ours: a pending revision that a run of
 * Chartship made is a dead run's, since a run gives its Lease back only when its helm has ended. `age` is of the
 * pending revision, in seconds; `patience` how old one must be that somebody else's helm would still work on.
 */
export function stateOf(revisions: readonly Revision[], age: number, patience: number): ReleaseState {
  const [newest] = revisions;
  if (newest === undefined || newest.status === 'uninstalled') return { kind: 'absent' };
  if (isPending(newest.status)) {
    if (isOwnPending(revisions) || age >= patience) return { kind: 'interrupted', pending: newest };
    return { kind: 'foreign', pending: newest, seconds: patience - age };
  }
  // A removal that was cut off is brought to its end.
  if (newest.status === 'uninstalling') return { kind: 'never-healthy' };
  return sinceInstall(revisions).some(everWorked) || !isWhole(revisions)
    ? { kind: 'ready' }
    : { kind: 'never-healthy' };
}

/** Whether all is known since the release was installed: helm drops the oldest of many records, and one of them may have worked. */
export function isWhole(revisions: readonly Revision[]): boolean {
  const known = sinceInstall(revisions);
  return known.length < revisions.length || known.at(-1)?.revision === 1;
}

/** What was before an uninstall whose history was kept is over. */
function sinceInstall(revisions: readonly Revision[]): readonly Revision[] {
  const end = revisions.findIndex(({ status }) => status === 'uninstalled');
  return end === -1 ? revisions : revisions.slice(0, end);
}

/** Whether the newest revision is pending, and a run of Chartship made it: by an upgrade, or to undo the one before. */
export function isOwnPending([newest, before]: readonly Revision[]): boolean {
  if (newest === undefined || !isPending(newest.status)) return false;
  const isUndoing = newest.status === 'pending-rollback' && before?.ours?.undoneBy === newest.revision;
  return newest.ours !== undefined || isUndoing;
}

/** Helm saw it ready, and no check of ours found otherwise. */
function everWorked({ status, ours }: Revision): boolean {
  return (status === 'deployed' || status === 'superseded') && ours?.verdict !== 'unhealthy';
}

/**
 * The revision to go back to, of those older than `before`: what somebody deployed after our last healthy revision is
 * what they meant to be live; else the newest that was found healthy; else one that helm called deployed and that
 * nobody found otherwise.
 */
export function rollbackTarget(revisions: readonly Revision[], before: number): Revision | undefined {
  const worked = sinceInstall(revisions).filter((one) => one.revision < before && everWorked(one));
  const [newest] = worked;
  if (newest !== undefined && newest.ours === undefined) return newest;
  return worked.find(({ ours }) => ours?.verdict === 'healthy') ?? newest;
}

/** The revision whose manifest is in the cluster: helm's newest that is deployed. */
export function liveRevision(revisions: readonly Revision[]): Revision | undefined {
  return revisions.find(({ status }) => status === 'deployed');
}

/** Whether a release is, as a whole, what is asked for: nothing came after the revision that has it, and it is healthy. */
export function isUnchanged(revisions: readonly Revision[], content: string): boolean {
  const [newest] = revisions;
  return newest?.status === 'deployed' && newest.ours?.verdict === 'healthy' && newest.ours.content === content;
}
