import { existsSync } from 'node:fs';
import type { DeploymentOutcome } from '../../src/domain/deployment.ts';
import type { Cluster } from './cluster.ts';
import { command, type Ended, node24, type RunOptions, type Workspace, workspace } from './scenario.ts';
import { webChart } from './web-chart.ts';

/** The chart `web` in a workspace of its own, to be deployed to the environment `prod` as the release `web`. */
export interface WebDeployment {
  readonly space: Workspace;
  readonly namespace: string;
  /** The chart with files replaced or added; those of an earlier call are gone. */
  is(...files: readonly Record<string, string>[]): void;
  deploy(args: readonly string[], options?: RunOptions & { readonly kubeconfig?: string }): Promise<WebEnded>;
}

export interface WebEnded extends Ended {
  readonly deployment: DeploymentOutcome | undefined;
  /** Seconds from the start of helm (of the process, where helm never was started) to the line that tells the verdict, or to the end. */
  readonly verdict: number;
}

export function webDeployment(cluster: Cluster, namespace: string): WebDeployment {
  const space = workspace();
  return {
    space,
    namespace,
    is: (...files) => {
      space.empty('chart');
      space.chart('chart', Object.assign({ 'templates/configmap.yaml': undefined }, webChart(), ...files));
    },
    deploy: async (args, options = {}) => {
      const started = performance.now();
      let helm: number | undefined;
      let verdict: number | undefined;
      const ended = await command(
        space,
        [
          ...['chart', '--deploy', 'prod', '--environments', 'prod', '--namespace', namespace, '--release', 'web'],
          ...['--kubeconfig', options.kubeconfig ?? cluster.kubeconfig, ...args],
        ],
        {
          node: existsSync(node24) ? node24 : process.execPath,
          limit: 400_000,
          ...options,
          heard: (stdout) => {
            if (helm === undefined && /: (upgrading to|installing) /.test(stdout)) helm = performance.now();
            if (verdict === undefined && /^\S+: failed: /m.test(stdout)) verdict = performance.now();
            options.heard?.(stdout);
          },
        },
      );
      return {
        ...ended,
        deployment: ended.report?.deployments[0],
        verdict: ((verdict ?? performance.now()) - (helm ?? started)) / 1000,
      };
    },
  };
}
