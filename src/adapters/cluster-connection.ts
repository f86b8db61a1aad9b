import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Limits } from '../domain/limits.ts';
import type { ClusterAccess } from '../ports.ts';
import { createReleases } from './helm-releases.ts';
import { findContext, type KubeconfigSource, writePrivateKubeconfig } from './kubeconfig.ts';
import { type ChosenContext, isFields } from './kubeconfig-merge.ts';
import { pluginNeeds } from './kubernetes-plugin.ts';
import type { Run } from './process.ts';

export interface ConnectionOptions extends KubeconfigSource {
  readonly helm: () => Promise<{ readonly path: string; readonly version: string }>;
  readonly run: Run;
  /** A private folder (0700) of this run. */
  readonly temporary: string;
  readonly limits: Limits;
  readonly cancel: AbortSignal;
}

/**
 * A cluster and the releases in it. Asks nobody but the disk; a kubeconfig that is missing or names no such
 * context is a `RequestError`. The Kubernetes library, half a megabyte, is loaded here and nowhere else. `context` may
 * have been looked for before.
 */
export async function connectCluster(
  options: ConnectionOptions,
  context: Promise<ChosenContext> = findContext(options),
): Promise<ClusterAccess> {
  const [{ createCluster }, chosen, folder] = await Promise.all([
    import('./kubernetes.ts'),
    context,
    mkdtemp(join(options.temporary, 'cluster-')),
  ]);
  const kubeconfig = await writePrivateKubeconfig(chosen, folder);
  return {
    kubeconfig,
    cluster: createCluster({ ...options, chosen }),
    releases: createReleases({
      tool: options.helm,
      run: options.run,
      kubeconfig,
      pluginEnvironment: isFields(chosen.user.exec) ? pluginNeeds(options.environment) : {},
      temporary: options.temporary,
      limits: options.limits,
    }),
  };
}
