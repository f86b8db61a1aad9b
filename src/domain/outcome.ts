import type { Comparison } from './comparison.ts';
import type { DeploymentOutcome } from './deployment.ts';
import type { Finding } from './finding.ts';
import type { PlannedWork } from './planned-work.ts';
import type { StageRun } from './stage.ts';

/** A package that was written into the report folder. `file` is its path relative to that folder's `packages/`. */
export interface PackageOutcome {
  readonly chart: string;
  readonly version: string;
  readonly file: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What became of one chart at one registry. */
export interface PublishOutcome {
  readonly chart: string;
  readonly version: string;
  /** The registry as it was asked for: `oci://host/path` or `oci-layout:DIR`. */
  readonly registry: string;
  /** `oci://host/path/NAME@sha256:…`, or `oci-layout:DIR/NAME@sha256:…`; absent where nothing is known to be there. */
  readonly reference?: string;
  readonly digest?: string;
  /** Tags that stand for the newest release and stand for this one now; only where some were asked for. */
  readonly aliases?: readonly string[];
  readonly outcome: 'pushed' | 'already-published' | 'refused' | 'failed';
}

/** What became of the release of a tag on GitHub. */
export interface ReleaseOutcome {
  readonly tag: string;
  /** Absent where nothing is known to be there. */
  readonly url?: string;
  readonly outcome: 'published' | 'already-published' | 'failed';
  /** The names of the files that are in it. */
  readonly assets: readonly string[];
}

export type RunStatus = 'passed' | 'failed' | 'invalid' | 'error' | 'cancelled';

/** Everything a run has to say; each face (terminal, annotations, summary, SARIF, JUnit) is a function of it. */
export interface Report {
  readonly version: 1;
  readonly status: RunStatus;
  readonly stages: readonly StageRun[];
  readonly findings: readonly Finding[];
  readonly packages: readonly PackageOutcome[];
  readonly published: readonly PublishOutcome[];
  readonly deployments: readonly DeploymentOutcome[];
  /** Absent where none was asked for, or nothing is tagged. */
  readonly release?: ReleaseOutcome;
  /** Against what is published, by chart and environment; absent where nothing was to be compared. */
  readonly comparisons?: readonly Comparison[];
  /** Of a run that only planned: it has a file of its own, and no report.json. */
  readonly plan?: PlannedWork;
}

export function exitCode(report: Report, signal?: 'SIGINT' | 'SIGTERM'): number {
  switch (report.status) {
    case 'passed':
      return 0;
    case 'failed':
      return 1;
    case 'invalid':
      return 2;
    case 'error':
      return 3;
    case 'cancelled':
      return signal === 'SIGINT' ? 130 : 143;
  }
}
