import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
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
  const machine = machineIdentity();
  await removeAbandoned(base, prefix, machine);
  const folder = mkdtempSync(path.join(base, `${prefix}${process.pid}-`));
  writeFileSync(path.join(folder, OWNER), machine, { mode: 0o600 });
  return folder;
}

async function removeAbandoned(base: string, prefix: string, machine: string): Promise<void> {
  for (const name of namesIn(base)) {
    if (!name.startsWith(prefix)) continue;
    const pid = /^(\d+)-[^-]{6}$/.exec(name.slice(prefix.length))?.[1];
    const folder = path.join(base, name);
    if (pid === undefined || isAlive(Number(pid)) || !isOurs(folder, machine)) continue;
    // Somebody else may be removing it too; what can't be removed is no fault of this run.
    await removeTree(folder).catch(() => {});
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
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

function isOurs(folder: string, machine: string): boolean {
  try {
    const stat = lstatSync(folder);
    if (!stat.isDirectory() || (process.getuid !== undefined && stat.uid !== process.getuid())) return false;
    return readFileSync(path.join(folder, OWNER), 'utf8') === machine;
  } catch {
    return false;
  }
}

/** A temporary folder may be shared by containers or machines, and a pid means something only within one. */
function machineIdentity(): string {
  return `${os.hostname()} ${process.platform === 'linux' ? pidNamespace() : ''}\n`;
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
