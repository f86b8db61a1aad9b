import type { Here, Holder } from './domain/lease-holder.ts';
import type { RulePages } from './domain/rule-pages.ts';
import type { ClusterAccess } from './ports/cluster.ts';
import type { Files } from './ports/files.ts';
import type { OpenForge } from './ports/forge.ts';
import type { Git } from './ports/git.ts';
import type { Helm } from './ports/helm.ts';
import type { Host } from './ports/host.ts';
import type { Conftest, Kyverno } from './ports/own-policies.ts';
import type { Registry } from './ports/registry.ts';
import type { Signing, Verifying } from './ports/signatures.ts';
import type { Sops } from './ports/sops.ts';

export type * from './ports/cluster.ts';
export type * from './ports/files.ts';
export type * from './ports/forge.ts';
export type * from './ports/git.ts';
export type * from './ports/helm.ts';
export type * from './ports/host.ts';
export type * from './ports/own-policies.ts';
export type * from './ports/registry.ts';
export type * from './ports/releases.ts';
export type * from './ports/signatures.ts';
export type * from './ports/sops.ts';

/** What the pipeline needs from outside. Expected failures are values; only bugs and `EnvironmentError` throw. */
export interface Ports {
  readonly helm: Helm;
  readonly registry: Registry;
  /** The cluster of a context, the current one when none is named. Asks nobody but the disk; throws a `RequestError`. */
  readonly connectCluster: (context: string | undefined) => Promise<ClusterAccess>;
  readonly sops: Sops;
  readonly openForge: OpenForge;
  /** Loaded where there is something to say of a rule. */
  readonly rulePages: () => Promise<RulePages>;
  readonly conftest: Conftest;
  readonly kyverno: Kyverno;
  readonly git: Git;
  readonly signing: Signing;
  readonly verifying: Verifying;
  readonly files: Files;
  readonly host: Host;
  readonly clock: Clock;
  readonly self: Self;
}

/** This run: how others come to know it, what ends it, and what it has to work with. */
export interface Self {
  readonly run: Omit<Holder, 'id' | 'since'>;
  readonly here: Here;
  /** Aborted with a `Cancelled` when the run is interrupted. */
  readonly cancel: AbortSignal;
  /** Programs that run side by side. */
  readonly atOnce: number;
}

export interface Clock {
  /** Seconds on a clock that only goes forward. */
  now(): number;
}
