import { createHash } from 'node:crypto';
import type { Cause, DeploymentOutcome, TestOutcome } from '../../domain/deployment.ts';
import type { Finding } from '../../domain/finding.ts';
import type { KubeObject } from '../../domain/kube-object.ts';
import { objectsOf } from '../../domain/manifest-objects.ts';
import { diffLines, diffReleases } from '../../domain/release-diff.ts';
import { decodeRecord, isPending, LABELS, type ReleaseRecord } from '../../domain/release-record.ts';
import { isUnchanged, liveRevision } from '../../domain/release-state.ts';
import { together } from '../../domain/together.ts';
import type { HelmUpgradeCall } from '../../ports.ts';
import type { Deployable, DeployOptions } from '../deploy.ts';
import { keepReplicas, scaledByOthers } from './autoscaling.ts';
import { lacksKind, makeDefinitions, notKnownBefore } from './definitions.ts';
import { takeEvidence } from './evidence.ts';
import { label, readHistory, revisionOf } from './history.ts';
import { checkImages } from './images.ts';
import { clearLeftHooks } from './left-hooks.ts';
import { maskSecrets } from './masking.ts';
import { checkPackage } from './package.ts';
import { preflight } from './preflight.ts';
import { type Proof, prove } from './proving.ts';
import { rebase } from './rebase.ts';
import { recover } from './recovery.ts';
import { runLabel, type Session } from './session.ts';
import { keepUnchanged } from './unchanged.ts';
import { undo } from './undo.ts';
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
    const unchanged = await keepUnchanged(newest, session, options);
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
  let rendered = await session.releases.dryRun(call);
  session.stop.throwIfAborted();
  if (isInstall && lacksKind(rendered)) {
    const made = await makeDefinitions(what.package, session, options.dryRun);
    if (!made.ok) return { outcome: 'failed', cause: made.cause };
    if (made.value.length > 0) {
      if (options.dryRun) return { outcome: 'skipped', cause: null, findings: [notKnownBefore(made.value, session)] };
      rendered = await session.releases.dryRun(call);
      session.stop.throwIfAborted();
    }
  }
  if (!rendered.ok)
    return { outcome: 'failed', cause: causeOfFailure(rendered, [], session.layers), ...revisionOf(live) };
  const manifest = await objectsOf(rendered.manifest);
  const hooks = await objectsOf(rendered.hooks);
  await maskSecrets([...manifest, ...hooks], session);
  const all = [...manifest, ...hooks];
  const [checked, images] = await together([preflight(manifest, hooks, session), checkImages(all, session)]);
  if (!checked.ok) return { outcome: 'failed', cause: checked.cause, ...revisionOf(live) };
  if (!images.ok) return { outcome: 'failed', cause: images.cause, ...revisionOf(live) };
  const packed = await checkPackage(what.package, rendered, isInstall, session);
  if (!packed.ok) return { outcome: 'failed', cause: packed.cause, ...revisionOf(live) };
  const scaled = await scaledByOthers(manifest, session);
  if (!scaled.ok) return { outcome: 'failed', cause: scaled.cause, ...revisionOf(live) };
  const findings = [
    ...ofOtherChart(before, session),
    ...checked.value,
    ...images.value,
    ...packed.value,
    ...scaled.value.findings,
  ];
  await tellDiff(before, manifest, session);
  if (options.dryRun) return { outcome: 'skipped', cause: null, findings, ...revisionOf(live) };

  const based = await rebase(revisions, session);
  if (!based.ok) return { outcome: 'failed', cause: based.cause, ...revisionOf(live) };
  const kept = await keepReplicas(scaled.value.keep, session);
  if (!kept.ok) return { outcome: 'failed', cause: kept.cause, ...revisionOf(live) };

  const cleared = await clearLeftHooks(hooks, newest?.status === 'failed', session);
  if (!cleared.ok) return { outcome: 'failed', cause: cleared.cause, ...revisionOf(live) };

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
    return { ...undone, cause, tests: tested.tests, findings: [...findings, ...(undone.findings ?? [])] };
  } finally {
    watch.close();
  }
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

/** A name that was mistyped would otherwise replace a release that has nothing to do with it, without a word. */
function ofOtherChart(before: ReleaseRecord | undefined, { release, chart, environment }: Session): Finding[] {
  if (before === undefined || before.chart === '' || before.chart === chart) return [];
  return [
    {
      stage: 'deploy',
      rule: 'deploy/other-chart',
      severity: 'warning',
      message: `the release ${release} is of the chart ${before.chart}, which ${chart} replaces: what only ${before.chart} has is removed`,
      hint: 'If that is not meant, give this one a release of its own.',
      chart,
      environments: [environment],
    },
  ];
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
  const live = before === undefined ? [] : await objectsOf(before.manifest);
  const lines = diffLines(diffReleases(live, manifest, session.host.redact));
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
