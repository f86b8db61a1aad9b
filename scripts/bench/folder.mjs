import { accessSync, constants, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In memory, on Linux. */
const MEMORY = '/dev/shm';

/**
 * A folder for all that both sides of a bench read and write, in memory where that can be: ext4 looks for a new inode
 * past all that were freed in the last minutes, so that a bench after a run of the tests would measure those.
 */
export function benchFolder() {
  const folder = mkdtempSync(join(base(), 'chartship-bench-'));
  mkdirSync(join(folder, 'tmp'));
  return folder;
}

/** Where both sides put what they need for a while. */
export const temporaryIn = (folder) => ({ TMPDIR: join(folder, 'tmp') });

function base() {
  try {
    accessSync(MEMORY, constants.W_OK);
    return MEMORY;
  } catch {
    return tmpdir();
  }
}
