import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../../src/domain/outcome.ts';
import { bundles, repository, toolPath, type Workspace } from './scenario.ts';

/** Whether this machine lets us make a network namespace (root does, on Linux). */
export const canBeAlone =
  spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' }).status === 0;

export interface Alone {
  readonly code: number | null;
  readonly output: string;
  readonly report: Report | undefined;
  readonly seconds: number;
  /** What came to the listener on loopback. */
  readonly requests: number;
  /** Packets that were sent on loopback, and attempts to send anything elsewhere. */
  readonly packets: number;
  readonly unroutable: number;
}

/** Runs the command where there is no network but loopback, on which `port` is listened to. */
export async function alone(space: Workspace, port: number, args: readonly string[]): Promise<Alone> {
  const results = join(space.root, '.alone.json');
  const started = performance.now();
  const script = join(repository, '__tests__/support/alone.mjs');
  const command = [process.execPath, join(bundles, 'cli.js'), ...args];
  const child = spawn('unshare', ['--net', process.execPath, script, String(port), results, ...command], {
    cwd: space.root,
    env: {
      PATH: `${toolPath(space.root)}:/usr/sbin:/sbin`,
      HOME: join(space.root, '.home'),
      CI: 'true',
      LANG: 'C.UTF-8',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  // With all that it has started.
  const limit = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), 50_000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearTimeout(limit);
  const report = join(space.root, 'chartship-report/report.json');
  return {
    code,
    output,
    report: existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as Report) : undefined,
    seconds: (performance.now() - started) / 1000,
    ...(JSON.parse(readFileSync(results, 'utf8')) as Pick<Alone, 'requests' | 'packets' | 'unroutable'>),
  };
}
