import { lstat, mkdtemp, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { removeTree } from './remove-tree.ts';

/** The file in a private folder that says which machine (or container) the pid in its name belongs to. */
const OWNER = '.owner';

/**
 * Makes the folder `<base>/<prefix><pid>-XXXXXX` (0700). Folders of that name that a killed process left
 * are removed on the way: those that are ours and whose process is provably gone.
 */
export async function makePrivateFolder(base: string, prefix: string): Promise<string> {
  const machine = await machineIdentity();
  await removeAbandoned(base, prefix, machine);
  const folder = await mkdtemp(path.join(base, `${prefix}${process.pid}-`));
  await writeFile(path.join(folder, OWNER), machine, { mode: 0o600 });
  return folder;
}

async function removeAbandoned(base: string, prefix: string, machine: string): Promise<void> {
  const names = await readdir(base).catch(() => []);
  const ours = names.filter((name) => name.startsWith(prefix));
  await Promise.all(
    ours.map(async (name) => {
      const pid = /^(\d+)-[^-]{6}$/.exec(name.slice(prefix.length))?.[1];
      const folder = path.join(base, name);
      if (pid === undefined || isAlive(Number(pid)) || !(await isOurs(folder, machine))) return;
      // Somebody else may be removing it too; what can't be removed is no fault of this run.
      await removeTree(folder).catch(() => {});
    }),
  );
}

/** EPERM: there is such a process, of another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function isOurs(folder: string, machine: string): Promise<boolean> {
  try {
    const stat = await lstat(folder);
    if (!stat.isDirectory() || (process.getuid !== undefined && stat.uid !== process.getuid())) return false;
    return (await readFile(path.join(folder, OWNER), 'utf8')) === machine;
  } catch {
    return false;
  }
}

/** A temporary folder may be shared by containers or machines, and a pid means something only within one. */
async function machineIdentity(): Promise<string> {
  const namespace = process.platform === 'linux' ? await readlink('/proc/self/ns/pid').catch(() => '') : '';
  return `${os.hostname()} ${namespace}\n`;
}
