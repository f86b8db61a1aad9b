import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RegistryAnswer, RegistryFault } from '../ports.ts';
import { monotonic } from './monotonic.ts';

const LOCK = '.chartship.lock';
const SIDE = '.chartship-';
const MARKER = '{"imageLayoutVersion":"1.0.0"}';
const EMPTY_INDEX = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';

/** `empty`: not there yet, or begun and without content. */
export async function layoutState(directory: string): Promise<RegistryAnswer<'layout' | 'empty'>> {
  try {
    const kind = await kindOf(directory);
    if (kind === undefined) return { ok: true, value: 'empty' };
    if (kind !== 'folder') return wrong(directory, 'is a file, not a folder');
    const entries = await readdir(directory);
    if (entries.includes('oci-layout')) {
      if (!entries.includes('index.json')) return { ok: true, value: 'empty' };
      return indexIsReadable(await readFile(path.join(directory, 'index.json'), 'utf8'))
        ? { ok: true, value: 'layout' }
        : wrong(directory, 'has an index.json that is none', 'corrupt');
    }
    const foreign = entries.filter(
      (name) => !['blobs', 'index.json', 'ingest'].includes(name) && !name.startsWith('.chartship'),
    );
    if (foreign.length === 0) return { ok: true, value: 'empty' };
    const named = foreign.slice(0, 3).join(', ') + (foreign.length > 3 ? ', …' : '');
    return wrong(directory, `is a folder with other things in it (${named}), not an OCI layout`);
  } catch (error) {
    return failed(directory, error);
  }
}

async function kindOf(directory: string): Promise<'folder' | 'other' | undefined> {
  try {
    return (await stat(directory)).isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // A link that leads nowhere is there all the same; a folder has been made by another run meanwhile.
    const found = await lstat(directory).catch(() => undefined);
    if (found?.isDirectory()) return 'folder';
    return found === undefined ? undefined : 'other';
  }
}

function indexIsReadable(text: string): boolean {
  try {
    return Array.isArray((JSON.parse(text) as { manifests?: unknown } | null)?.manifests);
  } catch {
    return false;
  }
}

/** The digest that a tag names in an index.json. */
function digestOf(index: string, tag: string): string | undefined {
  const { manifests } = JSON.parse(index) as {
    manifests: ({ digest: string; annotations?: Record<string, string> } | null)[];
  };
  return manifests.find((entry) => entry?.annotations?.['org.opencontainers.image.ref.name'] === tag)?.digest;
}

/**
 * Adds to a layout so that writers at once lose nothing and a reader (or a run after a crash) always finds a valid
 * layout: under a lock, `push` works on a side folder of the layout's own, whose `blobs` is a link to the real
 * one; only then the side's index.json is renamed over the real one. A tag that names something else
 * by then is left alone; without a tag nothing is tagged. `push` gets the side folder and gives the digest of what it
 * pushed. `cancel` ends the wait for the lock; its reason is thrown.
 */
export async function addToLayout(
  directory: string,
  tag: string | undefined,
  waitMilliseconds: number,
  push: (side: string) => Promise<RegistryAnswer<string>>,
  cancel?: AbortSignal,
): Promise<RegistryAnswer<string>> {
  const state = await layoutState(directory);
  if (!state.ok) return state;
  let release: (() => Promise<void>) | undefined;
  try {
    await mkdir(path.join(directory, 'blobs', 'sha256'), { recursive: true });
    release = await lock(directory, waitMilliseconds, cancel);
    if (release === undefined) {
      const seconds = Math.round(waitMilliseconds / 1000);
      return fault('timeout', `the OCI layout ${directory} was held by another run for more than ${seconds} s`);
    }
    return await addLocked(directory, tag, push);
  } catch (error) {
    return failed(directory, error);
  } finally {
    // A lock that was lost can't be released; what was written was checked before the rename.
    await release?.().catch(() => {});
  }
}

async function addLocked(
  directory: string,
  tag: string | undefined,
  push: (side: string) => Promise<RegistryAnswer<string>>,
): Promise<RegistryAnswer<string>> {
  const index = path.join(directory, 'index.json');
  await removeSides(directory);
  for (;;) {
    const before = await readIndex(index);
    const side = await makeSide(directory, before ?? EMPTY_INDEX);
    try {
      const pushed = await push(side);
      if (!pushed.ok) return pushed;
      const there = before === undefined || tag === undefined ? undefined : digestOf(before, tag);
      if (there !== undefined && there !== pushed.value) return pushed;
      // Only a writer that lost its lock (its machine slept, say) finds another index or its side folder
      // cleaned away, and oras' blobs in a folder of its own: it begins anew.
      if ((await readIndex(index)) !== before || !(await isLink(path.join(side, 'blobs')))) continue;
      await put(directory, 'oci-layout', MARKER);
      await rename(path.join(side, 'index.json'), index);
      return pushed;
    } finally {
      await rm(side, { recursive: true, force: true });
    }
  }
}

async function isLink(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined))?.isSymbolicLink() === true;
}

async function readIndex(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeSide(directory: string, index: string): Promise<string> {
  const side = path.join(directory, SIDE + randomBytes(6).toString('hex'));
  await mkdir(side);
  // A junction needs no rights on Windows, and wants an absolute target; elsewhere it is an ordinary link.
  await symlink(path.resolve(directory, 'blobs'), path.join(side, 'blobs'), 'junction');
  await writeFile(path.join(side, 'oci-layout'), MARKER);
  await writeFile(path.join(side, 'index.json'), index);
  return side;
}

/** What runs that were killed left behind. `rm` removes a link, never what it leads to. */
async function removeSides(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(SIDE)) await rm(path.join(directory, name), { recursive: true, force: true });
  }
}

async function put(directory: string, name: string, content: string): Promise<void> {
  const temporary = path.join(directory, SIDE + randomBytes(6).toString('hex'));
  await writeFile(temporary, content);
  await rename(temporary, path.join(directory, name));
}

/** A lock that ages: the one of a run that was killed is taken over after ten seconds. `undefined`: still held. */
async function lock(
  directory: string,
  waitMilliseconds: number,
  cancel?: AbortSignal,
): Promise<(() => Promise<void>) | undefined> {
  const { default: lockfile } = await import('proper-lockfile');
  const deadline = monotonic() + waitMilliseconds;
  for (;;) {
    cancel?.throwIfAborted();
    try {
      return await lockfile.lock(directory, {
        lockfilePath: path.join(directory, LOCK),
        realpath: false,
        stale: 10_000,
        update: 2_000,
        // The index is compared before it is replaced, so a lost lock loses no tag.
        onCompromised: () => {},
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      if (monotonic() > deadline) return undefined;
    }
    // The library could wait by itself, but not be interrupted.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function fault(kind: RegistryFault['kind'], message: string): { ok: false; fault: RegistryFault } {
  return { ok: false, fault: { kind, message } };
}

function wrong(
  directory: string,
  what: string,
  kind: RegistryFault['kind'] = 'other',
): { ok: false; fault: RegistryFault } {
  return {
    ok: false,
    fault: { kind, message: `${directory} ${what}`, hint: 'Name another folder after "oci-layout:".' },
  };
}

/** What the disk said no to; anything else is a bug and goes on up. */
function failed(directory: string, error: unknown): { ok: false; fault: RegistryFault } {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return fault(denied ? 'denied' : 'other', `the OCI layout ${directory} can't be used (${code})`);
}
