import { rmSync } from 'node:fs';
import { chmod, readdir } from 'node:fs/promises';
import path from 'node:path';

/**
 * Removes a file or a folder with all it holds, read-only folders too; links are removed, never followed. By the call
 * that waits: the other one takes a thread's turn for every file, which costs seven times the CPU.
 */
export async function removeTree(target: string): Promise<void> {
  try {
    rmSync(target, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    // Go's module cache and chart archives bring folders without write permission; nothing in those can be removed.
    await makeWritable(target);
    rmSync(target, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => {});
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const inner = path.join(folder, entry.name);
    if (entry.isDirectory()) await makeWritable(inner);
    // Windows removes no read-only file.
    else if (process.platform === 'win32' && entry.isFile()) await chmod(inner, 0o600).catch(() => {});
  }
}
