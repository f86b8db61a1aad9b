import type { Holder } from './lease-holder.ts';

/** Where notes of deployments under way are, in the private folder of a run; one file each. */
export const UNDER_WAY = 'under-way';

/** A deployment under way, for whoever clears up after a run that was killed. No secret is in it. */
export interface UnderWay {
  readonly release: string;
  readonly namespace: string;
  /** The file in the run's private folder that says how the cluster is reached. */
  readonly kubeconfig: string;
  /** As whom the run holds the release. */
  readonly holder: Holder;
}

/** A note as it was written; `undefined` when it is none, as of a run that was killed while it wrote. */
export function underWayIn(text: string): UnderWay | undefined {
  try {
    const { release, namespace, kubeconfig, holder } = JSON.parse(text) as Partial<UnderWay>;
    if (![release, namespace, kubeconfig, holder?.id].every((field) => typeof field === 'string')) return undefined;
    return { release, namespace, kubeconfig, holder } as UnderWay;
  } catch {
    return undefined;
  }
}
