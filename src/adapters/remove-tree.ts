import { rmSync } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Removes a file or a folder with all it holds, read-only folders too; links are removed, never followed. First by the
 * call that waits, for the other takes a thread's turn for every file, at several times the CPU. What it can't do in one
 * go (somebody still writes there, something is read-only) the other tries again, and says what is in the way.
 */
export async function removeTree(target: string): Promise<void> {
  // A link with a slash behind it would be the folder that it leads to.
  const exact = path.resolve(target);
  try {
    rmSync(exact, { recursive: true, force: true });
  } catch {
    await removePatiently(exact);
  }
}

async function removePatiently(target: string): Promise<void> {
  try {
    await rm(target, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    // Go's module cache and chart archives bring folders without write permission; nothing in those can be removed.
    await makeWritable(target);
    await rm(target, { recursive: true, force: true, maxRetries: 3 });
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
