import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Cluster, clusterScript } from './cluster.ts';
import { repository } from './scenario.ts';

export interface Load {
  /** How many requests were answered well since it was last asked, and what was wrong with the others. */
  sinceLast(): Promise<{ readonly answered: number; readonly faults: readonly string[] }>;
  end(): Promise<void>;
}

/** Starts load.mjs in a node's network, which reaches Services as a pod does. */
export function startLoad(cluster: Cluster, node: string, url: string, perSecond: number): Load {
  const script = join(repository, '__tests__/support/load.mjs');
  const command = [process.execPath, script, url, String(perSecond)];
  const child = spawn(
    process.execPath,
    [clusterScript, 'exec', '--name', cluster.name, '--in', node, '--', ...command],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'close');
  return {
    sinceLast: async () => {
      const line = once(lines, 'line');
      child.stdin.write('\n');
      return JSON.parse((await line)[0]);
    },
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
