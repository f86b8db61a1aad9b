import { mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { EnvironmentError } from '../domain/errors.ts';
import { makePrivateFolder } from './private-folder.ts';
import { removeTree } from './remove-tree.ts';

export async function isCached(file: string): Promise<boolean> {
  try {
    const found = await stat(file);
    return found.isFile() && found.size > 0;
  } catch {
    return false;
  }
}

/**
 * Puts a program at `file` whole or not at all: `make` makes it in a private folder beside its place (and
 * says where), then it is renamed. Two runs that do this at once end with the same file.
 */
export async function cacheProgram(
  cache: string,
  file: string,
  make: (privateFolder: string) => Promise<string>,
): Promise<void> {
  const folder = await writable(cache, async () => {
    await mkdir(cache, { recursive: true });
    return await makePrivateFolder(cache, '.partial-');
  });
  try {
    const made = await make(folder);
    await writable(cache, async () => {
      await mkdir(path.dirname(file), { recursive: true });
      await rename(made, file).catch(async (error: unknown) => {
        // Windows replaces no program that runs: another run was quicker, with the same content.
        if (!(await isCached(file))) throw error;
      });
    });
  } finally {
    await removeTree(folder);
  }
}

async function writable<T>(cache: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new EnvironmentError(`Downloaded tools can't be kept in ${cache}: ${(cause as Error).message}`, {
      hint: 'Set CHARTSHIP_CACHE to a folder that can be written to.',
      cause,
    });
  }
}
