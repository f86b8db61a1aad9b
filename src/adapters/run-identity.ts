import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Here, Holder } from '../domain/lease-holder.ts';

/** How other runs get to know this one, and what it can tell of theirs. */
export function runIdentity(environment: NodeJS.ProcessEnv): {
  readonly run: Omit<Holder, 'id' | 'since'>;
  readonly here: Here;
} {
  const boot = bootOf();
  const url = urlOf(environment);
  const host = environment.RUNNER_NAME || hostname();
  return {
    run: { host, pid: process.pid, boot, born: bornAt(process.pid) ?? '', ...(url !== undefined && { url }) },
    here: { boot, born: bornAt },
  };
}

/**
 * This start of the machine and the space in which process ids count: containers on one machine share the first, not
 * the second. Empty where there is no /proc: then a dead run is known by its silence alone.
 */
function bootOf(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')} ${hostname()}`;
  } catch {
    return '';
  }
}

/** When a process was started, in ticks since the machine was: another one with the same id has another time (proc(5)). */
function bornAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // One that has ended and isn't waited for yet is no more.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
}

function urlOf(environment: NodeJS.ProcessEnv): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = environment;
  if (!server || !repository || !id) return undefined;
  const attempt = environment.GITHUB_RUN_ATTEMPT;
  return `${server}/${repository}/actions/runs/${id}${attempt ? `/attempts/${attempt}` : ''}`;
}
