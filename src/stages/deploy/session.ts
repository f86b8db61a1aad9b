import type { Holder } from '../../domain/lease-holder.ts';
import type { ValuesLayer } from '../../domain/values.ts';
import type { Clock, Cluster, Files, Host, Registry, Releases } from '../../ports.ts';
import type { ReleaseName } from './history.ts';

/** What the steps of one deployment share. */
export interface Session extends ReleaseName {
  readonly chart: string;
  readonly environment: string;
  /** Seconds; for the upgrade and for the tests each. */
  readonly timeout: number;
  readonly holder: Holder;
  /** Ends what is going on: the run was interrupted, or the Lease is lost. */
  readonly stop: AbortSignal;
  /** One line about what goes on. */
  readonly tell: (text: string) => void;
  readonly cluster: Cluster;
  readonly releases: Releases;
  readonly registry: Pick<Registry, 'hasLogin' | 'manifest'>;
  /** The private file that says how the cluster is reached, absolute. */
  readonly kubeconfig: string;
  readonly files: Files;
  readonly host: Pick<Host, 'mask' | 'redact'>;
  readonly clock: Clock;
  /** The API server's time now, in seconds since 1970; our own where we don't know it. */
  readonly serverTime: () => number;
  /** What sets values, lowest priority first: a cause that comes from one names the file and the line. */
  readonly layers: readonly ValuesLayer[];
  /** Absolute; the evidence of this environment goes there. */
  readonly evidence: string;
}

/** Which run made a revision, short enough for a label. */
export function runLabel(holder: Holder): string {
  return holder.id
    .replaceAll(/[^A-Za-z0-9_.-]/g, '-')
    .slice(-60)
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}
