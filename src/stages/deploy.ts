import { join } from 'node:path';
import type { Cause, DeploymentOutcome, PlannedDeployment } from '../domain/deployment.ts';
import { Cancelled } from '../domain/errors.ts';
import type { Finding } from '../domain/finding.ts';
import type { Here, Holder } from '../domain/lease-holder.ts';
import { UNDER_WAY, type UnderWay } from '../domain/under-way.ts';
import type { ValuesLayer } from '../domain/values.ts';
import type { Clock, Cluster, Files, Host, Registry, Releases } from '../ports.ts';
import { LeaseLost, takeLease } from './deploy/lease.ts';
import { ensureNamespace } from './deploy/namespace.ts';
import { settleRecords } from './deploy/recovery.ts';
import type { Session } from './deploy/session.ts';
import { type Transaction, transact } from './deploy/transaction.ts';

/** What is deployed: a package, by digest, with the values of one environment. */
export interface Deployable {
  readonly chart: string;
  readonly version: string;
  /** By digest, as it is shown: `oci://host/path/NAME@sha256:…`. */
  readonly reference: string;
  /** The verified package, absolute. */
  readonly package: string;
  /** Values files, absolute, in the order in which they are merged. */
  readonly values: readonly string[];
  /** `path=value`, merged after the files. */
  readonly set: readonly string[];
  readonly secretValues?: string;
  /** What sets values, lowest priority first: causes name the file and the line. */
  readonly layers: readonly ValuesLayer[];
}

export interface DeployOptions {
  readonly failFast: boolean;
  readonly rollback: boolean;
  readonly test: boolean;
  readonly dryRun: boolean;
  /** This run as others see it; each deployment gets an id of its own. */
  readonly run: Omit<Holder, 'id' | 'since'>;
  readonly here: Here;
  /** The folder for this environment's evidence, absolute. */
  readonly evidence: string;
  /** Aborted with a `Cancelled` when the run is interrupted. */
  readonly cancel: AbortSignal;
  /** Runs the tests as a stage of their own, as the record has it. */
  readonly testStage: <T extends { readonly findings: readonly Finding[] }>(work: () => Promise<T>) => Promise<T>;
}

export interface DeployPorts {
  readonly cluster: Cluster;
  readonly releases: Releases;
  readonly registry: Pick<Registry, 'hasLogin' | 'manifest'>;
  readonly kubeconfig: string;
  readonly files: Files;
  readonly host: Pick<Host, 'mask' | 'redact' | 'progress'>;
  readonly clock: Clock;
}

export interface Deployed {
  readonly findings: readonly Finding[];
  readonly outcome: DeploymentOutcome;
}

/**
 * Brings a package into an environment as one transaction: a release that is healthy and tested is left behind, or
 * the one that was there before. Whatever happens, also an interruption, the next run can deploy over it. Never throws
 * `Cancelled`: an interrupted deployment has an outcome, too.
 */
export async function deploy(
  what: Deployable,
  planned: PlannedDeployment,
  options: DeployOptions,
  ports: DeployPorts,
): Promise<Deployed> {
  const { release, namespace, environment } = planned;
  const tell = (text: string): void => ports.host.progress({ kind: 'note', text: `${release}: ${text}` });
  const holder: Holder = { ...options.run, id: newId(), since: new Date().toISOString() };
  const session: Session = {
    ...ports,
    release,
    namespace,
    environment,
    chart: what.chart,
    timeout: planned.timeout,
    holder,
    stop: options.cancel,
    layers: what.layers,
    tell,
    serverTime: () => Date.now() / 1000,
    evidence: options.evidence,
  };
  let ended: Transaction;
  try {
    ended = await underLease(what, session, options);
  } catch (error) {
    if (error instanceof LeaseLost) ended = { outcome: 'failed', cause: error.outcome };
    else if (error instanceof Cancelled) {
      tell(`interrupted by ${error.signal}: the release is left so that the next run can deploy over it`);
      ended = { outcome: 'cancelled', cause: null };
    } else throw error;
  }
  const { outcome, cause, revision, tests = [], findings = [] } = ended;
  return {
    findings: [...findings, ...(cause === null ? [] : [findingOf(cause, outcome, session)])],
    outcome: {
      chart: what.chart,
      environment,
      namespace,
      release,
      ...(revision !== undefined && { revision }),
      reference: what.reference,
      outcome,
      cause,
      tests,
    },
  };
}

async function underLease(what: Deployable, session: Session, options: DeployOptions): Promise<Transaction> {
  const { cluster, clock, tell, release, namespace, timeout, holder } = session;
  const { cancel, here, dryRun } = options;
  cancel.throwIfAborted();
  const there = await ensureNamespace(namespace, dryRun, cluster, tell);
  if (!there.ok) return { outcome: 'failed', cause: there.cause };
  // Nothing is changed, so nothing needs to be held.
  if (dryRun) return await transact(what, session, options);
  const note = join(session.files.temporary, UNDER_WAY, `${holder.id}.json`);
  const underWay: UnderWay = { release, namespace, kubeconfig: session.kubeconfig, holder };
  await session.files.write(note, JSON.stringify(underWay));
  const taken = await takeLease({ release, namespace, holder, here, timeout, cancel, tell }, { cluster, clock });
  if (!taken.ok) return { outcome: 'failed', cause: taken.cause };
  const { lease } = taken;
  const held: Session = { ...session, stop: AbortSignal.any([cancel, lease.lost]), serverTime: lease.serverTime };
  try {
    return await transact(what, held, options);
  } finally {
    // A helm that was killed before it could say so leaves its revision pending. Where nobody answers, nothing can be
    // given back either, and the seconds that are left are not waited away: the next run finds this one dead.
    const canReach = !cancel.aborted || lease.lost.aborted || (await settleRecords(held)).ok;
    if (canReach) await lease.giveBack();
    else lease.drop();
    // One that stays does no harm: whoever reads it finds that the Lease is another's or nobody's.
    if (canReach) await session.files.remove(note).catch(() => undefined);
  }
}

function newId(): string {
  return crypto.randomUUID();
}

function findingOf(cause: Cause, outcome: DeploymentOutcome['outcome'], session: Session): Finding {
  const { message, hint, file, line, resource } = cause;
  const { chart, environment, release } = session;
  const left =
    outcome === 'rolled-back'
      ? '; the last healthy revision is live again'
      : outcome === 'removed'
        ? '; the failed first install is removed'
        : '';
  return {
    stage: cause.code === 'test-failed' ? 'test' : 'deploy',
    rule: `deploy/${cause.code}`,
    severity: 'error',
    message: `${release}: ${message}${left}`,
    ...(hint !== undefined && { hint }),
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    ...(resource !== undefined && { resource }),
    chart,
    environments: [environment],
  };
}
