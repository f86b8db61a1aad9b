/** Why a deployment failed; each has its place in the contract's table of terminal causes or ends it by itself. */
export const CAUSE_CODES = [
  'image-pull',
  'crash-loop',
  'missing-config',
  'job-failed',
  'hook-failed',
  'unschedulable',
  'refused', // quota, admission, immutable or unknown field: the API server said no
  'volume',
  'not-ready', // the time was up, and something was not ready for none of the reasons above
  'test-failed',
  'busy', // another run, or plain helm, held the release for the whole time limit
  'unreachable', // the API server
  'unauthorized', // a credential that is wrong, or that ran out on the way
  'forbidden', // a right that is missing
  'not-ours', // Flux or Argo CD owns the release
  'render', // helm could not render it with what the cluster has
  'package', // the package is not what was published or can't be had
  'values', // a values file of the checkout is not the one that was published
  'other',
] as const;
export type CauseCode = (typeof CAUSE_CODES)[number];

export interface Cause {
  readonly code: CauseCode;
  /** `Pod/agent-prod-…`, as kubectl names it. */
  readonly resource?: string;
  /** One sentence for a person. */
  readonly message: string;
  /** What to do, where it is known. */
  readonly hint?: string;
  /** The values file (relative to the repository's root) and line that set what is wrong, where it is known. */
  readonly file?: string;
  readonly line?: number;
  /** The last lines of the log that shows it. */
  readonly log?: string;
}

/** A test hook of the release, as `helm test` ran it. */
export interface TestOutcome {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly log: string;
}

export interface DeploymentOutcome {
  readonly chart: string;
  readonly environment: string;
  readonly namespace: string;
  readonly release: string;
  /** The revision that is live when the run ends; absent where there is none. */
  readonly revision?: number;
  /** What was deployed, by digest. */
  readonly reference: string;
  /** Where it is reached, as chartship.yaml has it. */
  readonly url?: string;
  readonly outcome: 'deployed' | 'unchanged' | 'rolled-back' | 'removed' | 'failed' | 'skipped' | 'cancelled';
  readonly cause: Cause | null;
  readonly tests: readonly TestOutcome[];
}

/** How a release is deployed to an environment, as it is planned. */
export interface PlannedDeployment {
  readonly environment: string;
  readonly namespace: string;
  readonly release: string;
  /** Seconds; for the upgrade and for the tests each. */
  readonly timeout: number;
  readonly kubeContext?: string;
  readonly url?: string;
}
