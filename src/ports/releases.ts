/** What every call of helm that looks at a release in a cluster has in common. */
export interface HelmReleaseCall {
  readonly release: string;
  readonly namespace: string;
  /** Seconds helm itself waits; the call is ended some seconds later. */
  readonly timeout: number;
  /** Ends the call early: helm gets SIGTERM, on which it marks a running revision as failed and goes (facts: B4). */
  readonly stop?: AbortSignal;
}

export interface HelmUpgradeCall extends HelmReleaseCall {
  /** The package that was published, absolute. */
  readonly chart: string;
  readonly values: readonly string[];
  readonly set: readonly string[];
  readonly secretValues?: string;
  /** Labels of the release record; never a system label of helm's. Always given in full: helm inherits those of before. */
  readonly labels: Readonly<Record<string, string>>;
  /** Stands in `helm history`. */
  readonly description: string;
}

export type ReleaseFaultKind =
  | 'busy' // another operation is in progress: a pending revision, of whomever
  | 'not-found' // no such release, or revision
  | 'render' // the chart can't be rendered with these values and this cluster
  | 'refused' // the API server won't have an object
  | 'forbidden'
  | 'unauthorized'
  | 'unreachable'
  | 'hook-failed'
  | 'test-failed'
  | 'not-ready' // the time was up, or helm saw something fail
  | 'other';

export type HelmEnd =
  | { readonly ok: true; readonly output: string }
  /** `stopped`: by the call's own signal. `message` is helm's reason without its prefix. */
  | {
      readonly ok: false;
      readonly ended: 'failed' | 'stopped' | 'timeout';
      readonly kind: ReleaseFaultKind;
      readonly message: string;
    };

/** Releases in a cluster, by the helm command. The kubeconfig reaches helm as a private file. Never rolls back by itself. */
export interface Releases {
  /** The version of the program, such as `4.3.1`: Helm 3 applies in another way. */
  version(): Promise<string>;
  /** What `upgrade` would apply, as rendered with what the cluster has, and its hooks. */
  dryRun(
    call: HelmUpgradeCall,
  ): Promise<
    { readonly ok: true; readonly manifest: string; readonly hooks: string } | Extract<HelmEnd, { ok: false }>
  >;
  /** `helm upgrade --install --wait`; the namespace exists. */
  upgrade(call: HelmUpgradeCall): Promise<HelmEnd>;
  rollback(call: HelmReleaseCall & { readonly revision: number }): Promise<HelmEnd>;
  uninstall(call: HelmReleaseCall): Promise<HelmEnd>;
  /** The test hooks of the live revision; their logs and verdicts are read from the cluster, not from this output. */
  test(call: HelmReleaseCall): Promise<HelmEnd>;
}
