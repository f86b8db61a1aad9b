import { chmodSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * Removes a file or a folder with all it holds, read-only folders too; links are removed, never followed. By the call
 * that waits: the other one takes a thread's turn for every file, which costs seven times the CPU.
 */
export function removeTree(target: string): void {
  try {
    rmSync(target, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    // Go's module cache and chart archives bring folders without write permission; nothing in those can be removed.
    makeWritable(target);
    rmSync(target, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** As far as it goes: what can't be changed is told by the removal. */
function makeWritable(folder: string): void {
  try {
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const inner = path.join(folder, entry.name);
      if (entry.isDirectory()) makeWritable(inner);
      // Windows removes no read-only file.
      else if (process.platform === 'win32' && entry.isFile()) chmodSync(inner, 0o600);
    }
  } catch {}
}
