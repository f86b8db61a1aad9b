import type { Comparison } from './domain/comparison.ts';
import type { DeploymentOutcome } from './domain/deployment.ts';
import { withoutEchoes } from './domain/echoes.ts';
import { Cancelled } from './domain/errors.ts';
import { type Finding, mergeFindings, reaches } from './domain/finding.ts';
import type { PackageOutcome, PublishOutcome, ReleaseOutcome, Report, RunStatus } from './domain/outcome.ts';
import type { PlannedWork } from './domain/planned-work.ts';
import { asTold, type RuleSeverities } from './domain/rule-severities.ts';
import { STAGES, type StageRun } from './domain/stage.ts';
import type { Clock, Host } from './ports.ts';

/** What a piece of work found; a stage run fails when one of its findings reaches `fail-on`. */
export interface Found {
  readonly findings: readonly Finding[];
  /** It could not do its work because of what another stage will tell. */
  readonly skipped?: boolean;
  /** It came to nothing, and whoever ran it tells why: its finding comes later. */
  readonly failed?: boolean;
}

/** Collects what a run did, tells the host as it happens, and makes the report of it. */
export class Record {
  readonly #host: Pick<Host, 'progress'>;
  readonly #clock: Clock;
  readonly #failOn: 'error' | 'warning';
  readonly #severities: RuleSeverities;
  readonly #stages: StageRun[] = [];
  readonly #findings: Finding[] = [];
  readonly packages: PackageOutcome[] = [];
  readonly #published = new Map<string, readonly PublishOutcome[]>();
  /** In the order in which they were planned. */
  readonly deployments: DeploymentOutcome[] = [];
  readonly #comparisons: Comparison[] = [];
  /** On GitHub, of the tag. */
  release: ReleaseOutcome | undefined;
  /** Where planning is all that was asked for. */
  plan: PlannedWork | undefined;

  constructor(
    host: Pick<Host, 'progress'>,
    clock: Clock,
    failOn: 'error' | 'warning',
    severities: RuleSeverities = new Map(),
  ) {
    this.#host = host;
    this.#clock = clock;
    this.#failOn = failOn;
    this.#severities = severities;
  }

  /** Runs a stage's work, times it, and keeps what it found. An exception goes on: what was interrupted is cancelled, what could not be done failed. */
  async stage<T extends Found>(run: Omit<StageRun, 'status' | 'seconds'>, work: () => Promise<T>): Promise<T> {
    const started = this.#clock.now();
    this.#host.progress({ kind: 'started', run });
    const end = (status: StageRun['status']): void => {
      const ended = { ...run, status, seconds: Math.round((this.#clock.now() - started) * 1000) / 1000 };
      this.#stages.push(ended);
      this.#host.progress({ kind: 'ended', run: ended });
    };
    try {
      const result = await work();
      this.add(result.findings);
      end(
        result.failed === true || this.#fails(result.findings)
          ? 'failed'
          : result.skipped === true
            ? 'skipped'
            : 'passed',
      );
      return result;
    } catch (error) {
      end(error instanceof Cancelled ? 'cancelled' : 'failed');
      throw error;
    }
  }

  /** A stage that doesn't run, because of what came before it. */
  skip(run: Omit<StageRun, 'status' | 'seconds'>): void {
    const skipped: StageRun = { ...run, status: 'skipped', seconds: 0 };
    this.#stages.push(skipped);
    this.#host.progress({ kind: 'ended', run: skipped });
  }

  publishedOf(chart: string): readonly PublishOutcome[] {
    return this.#published.get(chart) ?? [];
  }

  /** What is known of a chart's publishing so far; it replaces what was. */
  publish(chart: string, outcomes: readonly PublishOutcome[]): void {
    this.#published.set(chart, outcomes);
  }

  compare(comparison: Comparison): void {
    this.#comparisons.push(comparison);
  }

  add(findings: readonly Finding[]): void {
    this.#findings.push(...findings);
  }

  /** Whether something was found that fails the run. */
  get failed(): boolean {
    return this.#fails(withoutEchoes(this.#findings));
  }

  #fails(findings: readonly Finding[]): boolean {
    return asTold(findings, this.#severities).some((finding) => reaches(finding.severity, this.#failOn));
  }

  report(status: RunStatus): Report {
    return {
      version: 1,
      status,
      stages: [...this.#stages].sort(inOrder),
      // Of what isn't told echoes aren't either.
      findings: mergeFindings(asTold(withoutEchoes(this.#findings), this.#severities).toSorted(findingsInOrder)),
      packages: [...this.packages].sort((a, b) => compare(a.chart, b.chart)),
      published: [...this.#published.values()].flat().sort((a, b) => compare(a.chart, b.chart)),
      deployments: [...this.deployments],
      ...(this.release !== undefined && { release: this.release }),
      ...(this.#comparisons.length > 0 && { comparisons: [...this.#comparisons].sort(comparisonsInOrder) }),
      ...(this.plan !== undefined && { plan: this.plan }),
    };
  }
}

/** By chart, then in the pipeline's order; work that ran side by side ends in no fixed order. */
function inOrder(a: StageRun, b: StageRun): number {
  return (
    compare(a.chart ?? '', b.chart ?? '') ||
    STAGES.indexOf(a.name) - STAGES.indexOf(b.name) ||
    compare(a.environment ?? '', b.environment ?? '') ||
    compare(b.kubeVersion ?? '', a.kubeVersion ?? '')
  );
}

/** As stages are ordered; what is of one run of a stage stays as it was found. */
function findingsInOrder(a: Finding, b: Finding): number {
  return (
    compare(a.chart ?? '', b.chart ?? '') ||
    stageOf(a) - stageOf(b) ||
    compare(a.environments?.[0] ?? '', b.environments?.[0] ?? '') ||
    compare(b.kubeVersions?.[0] ?? '', a.kubeVersions?.[0] ?? '')
  );
}

/** By chart; environments as their names sort, since they are compared side by side. */
function comparisonsInOrder(a: Comparison, b: Comparison): number {
  return compare(a.chart, b.chart) || compare(a.environment, b.environment);
}

/** The request and tools, which are no stages, come first. */
function stageOf({ stage }: Finding): number {
  return (STAGES as readonly string[]).indexOf(stage);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
