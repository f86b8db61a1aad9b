import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tool } from './registry.ts';

/** A real registry on loopback that serves the referrers API; the other one (registry.ts) keeps the list in a tag. */
export async function startReferrersRegistry(): Promise<{ readonly host: string; stop(): Promise<void> }> {
  const child = spawn(tool('referrers'), { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    host: line.toString('utf8').trim(),
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}
