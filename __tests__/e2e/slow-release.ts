import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../support/cluster.ts';
import { command, type Ended, node24, type RunOptions, type Workspace, workspace } from '../support/scenario.ts';
import { type Slowness, slowValues, writeSlowChart } from '../support/slow-chart.ts';

/** Seconds that each run may take for its upgrade: helm by itself would wait so long for what never comes. */
export const TIMEOUT = 90;

/** A run of Chartship that goes on. */
export interface Running {
  readonly pid: number;
  printed(): string;
  /** When it first had printed something: milliseconds since 1970; NaN when it never did. */
  printedAt(text: RegExp): number;
  isOver(): boolean;
  readonly ended: Promise<Ended>;
}

/** A release of the slow chart, in a namespace and with a workspace of its own. */
export interface SlowRelease {
  readonly namespace: string;
  readonly release: string;
  readonly helm: 'helm' | 'helm3';
  readonly space: Workspace;
  /** Deploys by the command; `seconds` for other than `TIMEOUT`. */
  start(slowness: Slowness, options?: RunOptions & { readonly seconds?: number }): Promise<Running>;
  /** What runs have left in the folder for temporary things. */
  left(): string[];
  /** Ends what is left, without waiting for it. */
  remove(): Promise<void>;
}

export function slowRelease(cluster: Cluster, namespace: string, helm: 'helm' | 'helm3'): SlowRelease {
  const space = workspace();
  const release = 'web';
  writeSlowChart(space);
  const temporary = join(space.root, '.temporary');
  mkdirSync(temporary);
  return {
    namespace,
    release,
    helm,
    space,
    start: async (slowness, options = {}) => {
      const args = Object.entries({
        'kube-versions': '1.35',
        kubeconfig: cluster.kubeconfig,
        deploy: 'demo',
        namespace,
        release,
        timeout: `${options.seconds ?? TIMEOUT}s`,
        set: slowValues(slowness).join('\n'),
      }).flatMap(([name, value]) => [`--${name}`, value]);
      let printed = '';
      const times: { readonly at: number; readonly length: number }[] = [];
      let isOver = false;
      let pid: number | undefined;
      const ended = command(space, ['chart', ...args], {
        helm,
        node: node24,
        group: true,
        limit: 240_000,
        ...options,
        environment: { TMPDIR: temporary, ...options.environment },
        started: (started) => {
          pid = started;
        },
        printed: (text) => {
          printed += text;
          times.push({ at: Date.now(), length: printed.length });
        },
      }).finally(() => {
        isOver = true;
      });
      if (pid === undefined) throw new Error(`it was not started: ${JSON.stringify(await ended)}`);
      const printedAt = (text: RegExp): number => {
        const place = printed.search(text);
        return place === -1 ? Number.NaN : (times.find(({ length }) => length > place)?.at ?? Number.NaN);
      };
      return { pid, printed: () => printed, printedAt, isOver: () => isOver, ended };
    },
    left: () => readdirSync(temporary),
    remove: async () => {
      space.remove();
      await cluster.kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
    },
  };
}
