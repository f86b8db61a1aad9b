import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface MemoryWatch {
  stop(): void;
  exceeded(): boolean;
}

/**
 * Calls `onExceeded` when a process holds more resident memory than `bytes`. One line of template
 * (`range until 300000000`) grows helm by 700 MB a second, so it looks every 100 ms; short calls end
 * before the first look. Where a process can't be looked at (Windows), the time limit alone holds.
 */
export function watchMemory(pid: number | undefined, bytes: number, onExceeded: () => void): MemoryWatch {
  let exceeded = false;
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking || pid === undefined) return;
    looking = true;
    const resident = await residentBytes(pid);
    looking = false;
    if (resident > bytes && !exceeded) {
      exceeded = true;
      onExceeded();
    }
  };
  const timer = setInterval(() => void look(), 100);
  timer.unref();
  return { stop: () => clearInterval(timer), exceeded: () => exceeded };
}

async function residentBytes(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    // In kB whatever the size of a page, which statm counts in (proc(5)). A thread's turn would cost more than the call.
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(statusOf(pid))?.[1] ?? 0) * 1024;
  }
  if (process.platform === 'darwin') {
    return await new Promise((resolve) => {
      execFile('/bin/ps', ['-o', 'rss=', '-p', String(pid)], (_error, stdout) =>
        resolve(Number(stdout.trim() || 0) * 1024),
      );
    });
  }
  return 0;
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}
