/** The stages of the pipeline, in the order in which they run. */
export const STAGES = ['resolve', 'lint', 'render', 'validate', 'package', 'publish', 'deploy', 'test'] as const;
export type StageName = (typeof STAGES)[number];

/** What a stage did for one chart and, where it runs per environment and version, for one of those. */
export interface StageRun {
  readonly name: StageName;
  readonly chart?: string;
  readonly environment?: string;
  readonly kubeVersion?: string;
  /** Of validate, which has one run for all of them: the versions that objects were checked for. */
  readonly kubeVersions?: readonly string[];
  readonly status: 'passed' | 'failed' | 'skipped' | 'cancelled';
  readonly seconds: number;
}
