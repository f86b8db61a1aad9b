import { createHash } from 'node:crypto';
import type { Cause, DeploymentOutcome, TestOutcome } from '../../domain/deployment.ts';
import type { Finding } from '../../domain/finding.ts';
import type { KubeObject } from '../../domain/kube-object.ts';
import { objectsOf } from '../../domain/manifest-objects.ts';
import { diffLines, diffReleases } from '../../domain/release-diff.ts';
import { decodeRecord, isPending, LABELS, type ReleaseRecord, type Revision } from '../../domain/release-record.ts';
import { isUnchanged, liveRevision, rollbackTarget } from '../../domain/release-state.ts';
import { together } from '../../domain/together.ts';
import type { HelmUpgradeCall } from '../../ports.ts';
import type { Deployable, DeployOptions } from '../deploy.ts';
import { type Tested, test } from '../test.ts';
import { keepReplicas, scaledByOthers } from './autoscaling.ts';
import { takeEvidence } from './evidence.ts';
import { label, readHistory } from './history.ts';
import { driftFrom } from './live.ts';
import { maskSecrets } from './masking.ts';
import { checkPackage } from './package.ts';
import { preflight } from './preflight.ts';
import { recover } from './recovery.ts';
import { removeRelease } from './removal.ts';
import { rollBack } from './rollback.ts';
import { runLabel, type Session } from './session.ts';
import { settle } from './settling.ts';
import { causeOfFailure } from './verdict.ts';
import { type Watch, watchRelease } from './watching.ts';

/** How a deployment came out. */
export interface Transaction {
  readonly outcome: DeploymentOutcome['outcome'];
  readonly cause: Cause | null;
  readonly revision?: number;
  readonly tests?: readonly TestOutcome[];
  readonly findings?: readonly Finding[];
}

/** Everything that is done while the Lease is held. */
export async function transact(what: Deployable, session: Session, options: DeployOptions): Promise<Transaction> {
  const recovered = await recover(session, options.dryRun);
  if (!recovered.ok) return { outcome: 'failed', cause: recovered.cause };
  const { revisions, isInstall } = recovered.value;
  // Helm would not even render it as long as a revision is pending; with `dryRun` alone one still is.
  if (revisions[0] !== undefined && isPending(revisions[0].status)) return { outcome: 'skipped', cause: null };
  const content = await contentOf(what, session);
  const [newest] = revisions;
  if (newest !== undefined && isUnchanged(revisions, content)) {
    const unchanged = await keep(newest, session, options);
    if (unchanged !== undefined) return unchanged;
  }

  const expected = (newest?.revision ?? 0) + 1;
  const live = liveRevision(revisions);
  const before = live && decodeRecord(live.secret);
  const call: HelmUpgradeCall = {
    release: session.release,
    namespace: session.namespace,
    timeout: session.timeout,
    stop: session.stop,
    chart: what.package,
    values: what.values,
    set: what.set,
    ...(what.secretValues !== undefined && { secretValues: what.secretValues }),
    labels: {
      [LABELS.verdict]: 'pending',
      [LABELS.revision]: String(expected),
      [LABELS.run]: runLabel(session.holder),
      [LABELS.content]: content,
    },
    description: what.reference,
  };
  const rendered = await session.releases.dryRun(call);
  session.stop.throwIfAborted();
  if (!rendered.ok)
    return { outcome: 'failed', cause: causeOfFailure(rendered, [], session.layers), ...revisionOf(live) };
  const manifest = await objectsOf(rendered.manifest);
  const hooks = await objectsOf(rendered.hooks);
  await maskSecrets([...manifest, ...hooks], session);
  const checked = await preflight(manifest, hooks, session);
  if (!checked.ok) return { outcome: 'failed', cause: checked.cause, ...revisionOf(live) };
  const packed = await checkPackage(what.package, rendered, isInstall, session);
  if (!packed.ok) return { outcome: 'failed', cause: packed.cause, ...revisionOf(live) };
  const scaled = await scaledByOthers(manifest, session);
  if (!scaled.ok) return { outcome: 'failed', cause: scaled.cause, ...revisionOf(live) };
  const findings = [...checked.value, ...packed.value, ...scaled.value.findings];
  await tellDiff(before, manifest, session);
  if (options.dryRun) return { outcome: 'skipped', cause: null, findings, ...revisionOf(live) };

  const kept = await keepReplicas(scaled.value.keep, session);
  if (!kept.ok) return { outcome: 'failed', cause: kept.cause, ...revisionOf(live) };

  const watch = await watchRelease([...manifest, ...hooks], session);
  try {
    session.tell(isInstall ? `installing ${what.chart} ${what.version}` : `upgrading to ${what.chart} ${what.version}`);
    const upgraded = await upgrade(call, watch, session, options);
    const tested = upgraded ?? (await prove(watch, session, options, expected));
    if (tested.cause === undefined) {
      const recorded = await judge(expected, 'healthy', content, session);
      if (recorded !== undefined) return { outcome: 'failed', cause: recorded, tests: tested.tests, findings };
      session.tell(`revision ${expected} is healthy${tested.tests.length > 0 ? ' and tested' : ''}`);
      return { outcome: 'deployed', cause: null, revision: expected, tests: tested.tests, findings };
    }
    const cause = await takeEvidence(tested.cause, await watch.look(), tested.helmSaid, session);
    session.tell(`failed: ${cause.message}`);
    session.stop.throwIfAborted();
    const undone = await undo(expected, content, session, options);
    session.stop.throwIfAborted();
    return { ...undone, cause, tests: tested.tests, findings };
  } finally {
    watch.close();
  }
}

interface Proof {
  readonly tests: readonly TestOutcome[];
  readonly helmSaid: string;
  /** Absent when the revision is healthy. */
  readonly cause?: Cause;
}

/** Lets helm upgrade, and stops it at a terminal cause. Undefined: helm says that all is well. */
async function upgrade(
  call: HelmUpgradeCall,
  watch: Watch,
  session: Session,
  options: DeployOptions,
): Promise<(Proof & { readonly cause: Cause }) | undefined> {
  const early = new AbortController();
  const stop = AbortSignal.any([session.stop, early.signal]);
  const { value: ended, terminal } = await watch.during(
    () => session.releases.upgrade({ ...call, stop }),
    (cause) => {
      if (!options.failFast) return;
      session.tell(`helm is stopped: ${cause.message}`);
      early.abort();
    },
  );
  session.stop.throwIfAborted();
  const stoppedBy = options.failFast ? terminal : undefined;
  // One that helm called ready although a cause is terminal is looked at like any other: it may be over.
  if (ended.ok) return undefined;
  const { troubles } = await watch.look();
  return { cause: stoppedBy ?? causeOfFailure(ended, troubles, session.layers), tests: [], helmSaid: ended.message };
}

/** What helm calls ready is looked at for some seconds, and tested meanwhile. */
async function prove(watch: Watch, session: Session, options: DeployOptions, revision: number): Promise<Proof> {
  const history = await readHistory(session, session.cluster);
  if (!history.ok) return { cause: history.cause, tests: [], helmSaid: '' };
  const made = history.value.find((one) => one.revision === revision);
  if (made?.ours === undefined || made.revision !== history.value[0]?.revision) {
    const message = 'another helm changed the release while it was deployed: its newest revision is not this one';
    return { cause: { code: 'busy', message }, tests: [], helmSaid: '' };
  }
  const early = new AbortController();
  const stop = AbortSignal.any([session.stop, early.signal]);
  const { value, terminal } = await watch.during(
    async () => {
      const settling = settle(watch, session, options.failFast);
      const testing = runTests(decodeRecord(made.secret), { ...session, stop }, options);
      await together<unknown>([settling, testing]);
      return { settled: await settling, tested: await testing };
    },
    () => options.failFast && early.abort(),
  );
  session.stop.throwIfAborted();
  const { settled, tested } = value;
  // A helm that was stopped at what is seen of a test has no words for it.
  const ofTest = terminal?.code === 'test-failed' ? { ...tested.cause, ...terminal } : tested.cause;
  const cause = settled.ok ? tested.cause && ofTest : settled.cause;
  return { tests: tested.tests, helmSaid: '', ...(cause !== undefined && { cause }) };
}

async function runTests(record: ReleaseRecord | undefined, session: Session, options: DeployOptions): Promise<Tested> {
  if (!options.test) return { tests: [] };
  return await options.testStage(async () => ({ findings: [], ...(await test(record?.hooks ?? [], session)) }));
}

/** What is live and healthy already is looked at and tested, not upgraded. Undefined: it isn't in the cluster as it should be. */
async function keep(live: Revision, session: Session, options: DeployOptions): Promise<Transaction | undefined> {
  const record = decodeRecord(live.secret);
  if (record === undefined) return undefined;
  const manifest = await objectsOf(record.manifest);
  const drift = await driftFrom(manifest, session);
  if (drift === undefined || drift.length > 0) {
    if (drift !== undefined) session.tell(`changed by hand since revision ${live.revision}: ${drift.join(', ')}`);
    return undefined;
  }
  session.tell(`unchanged: revision ${live.revision} has this package and these values`);
  const { revision } = live;
  if (options.dryRun) return { outcome: 'unchanged', cause: null, revision };
  const hooks = await Promise.all(record.hooks.map((hook) => objectsOf(hook.manifest)));
  await maskSecrets([...manifest, ...hooks.flat()], session);
  const watch = await watchRelease([...manifest, ...hooks.flat()], session);
  try {
    const proof = await prove(watch, session, options, revision);
    if (proof.cause === undefined) return { outcome: 'unchanged', cause: null, revision, tests: proof.tests };
    const cause = await takeEvidence(proof.cause, await watch.look(), '', session);
    return { outcome: 'failed', cause, revision, tests: proof.tests };
  } finally {
    watch.close();
  }
}

/** What a failed deployment leaves: the last healthy revision, or nothing where there never was one. */
async function undo(
  failed: number,
  content: string,
  session: Session,
  options: DeployOptions,
): Promise<Pick<Transaction, 'outcome' | 'revision'>> {
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
  if (target === undefined) {
    const removed = await removeRelease(history.value, session);
    if (removed.ok) return { outcome: 'removed' };
    session.tell(removed.cause.message);
    return { outcome: 'failed', revision: newest.revision };
  }
  const back = await rollBack(target, session);
  if (back.ok) return { outcome: 'rolled-back', revision: back.value };
  session.tell(back.cause.message);
  return { outcome: 'failed', revision: newest.revision };
}

async function judge(
  revision: number,
  verdict: 'healthy',
  content: string,
  session: Session,
): Promise<Cause | undefined> {
  const history = await readHistory(session, session.cluster);
  if (!history.ok) return history.cause;
  const made = history.value.find((one) => one.revision === revision);
  if (made === undefined) return { code: 'other', message: `the record of revision ${revision} is gone` };
  const labelled = await label(made, { verdict, run: runLabel(session.holder), content }, session.cluster);
  return labelled.ok ? undefined : labelled.cause;
}

async function tellDiff(
  before: ReleaseRecord | undefined,
  manifest: readonly KubeObject[],
  session: Session,
): Promise<void> {
  const lines = diffLines(diffReleases(before === undefined ? [] : await objectsOf(before.manifest), manifest));
  session.tell(lines.length === 0 ? 'no object changes' : 'what changes:');
  for (const line of lines) session.tell(`  ${line}`);
}

/** Names package and values together, so that a release that has both is known. */
async function contentOf(what: Deployable, { files }: Session): Promise<string> {
  const hash = createHash('sha256');
  const add = (part: string | Uint8Array): void => {
    hash.update(createHash('sha256').update(part).digest());
  };
  add(what.reference.slice(what.reference.lastIndexOf('@') + 1));
  for (const file of what.values) add((await files.read(file, VALUES_BYTES)) ?? '');
  add(JSON.stringify(what.set));
  add(what.secretValues ?? '');
  return hash.digest('hex').slice(0, 40);
}

const VALUES_BYTES = 8 * 1024 * 1024;

function revisionOf(live: Revision | undefined): Pick<Transaction, 'revision'> {
  return live === undefined ? {} : { revision: live.revision };
}
