/** What a run would do, decided and not done: `plan: true`. */
export interface PlannedWork {
  readonly charts: readonly PlannedWorkOfChart[];
  /** The registries that would be published to. */
  readonly publish: readonly string[];
  readonly matrix: Matrix;
  /** What the shards' costs are: seconds that an earlier run took, or the sizes of the charts. */
  readonly costs: 'seconds' | 'bytes';
}

export interface PlannedWorkOfChart {
  readonly chart: string;
  readonly version: string;
  /** Its folder, relative to the repository's root. */
  readonly source: string;
  readonly environments: readonly string[];
  readonly kubeVersions: readonly string[];
  /** The number of its shard, from 1. */
  readonly shard: number;
  /** In the unit that the plan has for costs. */
  readonly cost: number;
}

/** For `strategy.matrix` of a workflow: `charts` as it is, `environments` as the list of one key. */
export interface Matrix {
  readonly charts: { readonly include: readonly MatrixShard[] };
  /** Those to deploy, in order; none where nothing is to be deployed. */
  readonly environments: readonly string[];
}

export interface MatrixShard {
  readonly shard: number;
  /** For the job's name. */
  readonly name: string;
  /** For the input `chart`: folders, one a line. */
  readonly chart: string;
}
