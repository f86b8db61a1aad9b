import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from './scenario.ts';
import { until } from './waiting.ts';

/** The registry of `npm run ship`, with the charts that chart/ depends on. */
export interface DependencyRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** What `mirrors` says of it. */
  readonly mirrors: string;
  stop(): Promise<void>;
}

export async function startDependencyRegistry(): Promise<DependencyRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'chartship-dependencies-'));
  const file = join(folder, 'host');
  const served = spawn(process.execPath, ['scripts/ship.mjs', '--serve', file], {
    cwd: repository,
    env: { ...process.env, TMPDIR: folder },
    stdio: 'ignore',
  });
  const stop = async (): Promise<void> => {
    if (served.exitCode === null) {
      const ended = once(served, 'close');
      served.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const read = (): string => (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
  await until('the dependencies are served', () => read() !== '' || served.exitCode !== null, 60);
  const host = read();
  if (host === '') throw new Error('scripts/ship.mjs --serve ended before it served anything');
  return { host, mirrors: `https://charts.bitnami.com/bitnami=oci://${host}/bitnami`, stop };
}
