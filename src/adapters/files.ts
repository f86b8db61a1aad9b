import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, mkdtemp, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { EnvironmentError } from '../domain/errors.ts';
import type { Entry, Files } from '../ports.ts';
import { makePrivateFolder } from './private-folder.ts';
import { removeTree } from './remove-tree.ts';

/** What the system says of a path where nothing is, or where nothing can be. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EINVAL', 'ERR_INVALID_ARG_VALUE']);

/**
 * The disk. `root` must exist; its links are followed once, here. `temporaryBase` is where the private folder
 * of this run is made; what killed runs left there is removed. Whatever the system refuses (no permission, no
 * space) is an `EnvironmentError` that names the path.
 */
export async function createFiles(options: {
  readonly root: string;
  readonly temporaryBase: string;
}): Promise<Files & { close(): Promise<void> }> {
  const root = await realpath(options.root);
  const temporary = await reach(options.temporaryBase, 'used for temporary files', async () => {
    await mkdir(options.temporaryBase, { recursive: true });
    return await makePrivateFolder(await realpath(options.temporaryBase), 'chartship-');
  });
  return {
    root,
    temporary,
    read: (file, limitBytes) => reach(file, 'read', () => readBounded(file, limitBytes)),
    kind: (target) => reach(target, 'read', () => kindOf(target)),
    real: (target) => reach(target, 'read', () => unlessAbsent(realpath(target))),
    list: (folder) => reach(folder, 'read', () => listFolder(folder)),
    glob: (folder, patterns) => reach(folder, 'searched', () => findMatches(folder, patterns)),
    // In the private folder lie secrets too; elsewhere the user's umask decides, as for any file.
    write: (file, content) =>
      reach(file, 'written', () => writeWhole(file, content, isBelow(temporary, file) ? 0o600 : 0o666)),
    makeFolder: (folder) => reach(folder, 'made', async () => void (await mkdir(folder, { recursive: true }))),
    makeTemporary: (name) =>
      reach(temporary, 'used for temporary files', () =>
        mkdtemp(path.join(temporary, `${name.replace(/[^A-Za-z0-9._-]/g, '_')}-`)),
      ),
    remove: (target) => reach(target, 'removed', () => removeTree(target)),
    close: () => reach(temporary, 'removed', () => removeTree(temporary)),
  };
}

/** Runs `work`; an error of the system becomes one that a person can act on. */
async function reach<T>(target: string, done: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new EnvironmentError(`${target} can't be ${done}: ${(cause as Error).message}`, { cause });
  }
}

async function unlessAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

async function kindOf(target: string): Promise<'file' | 'folder' | undefined> {
  const found = await unlessAbsent(stat(target));
  if (found?.isFile()) return 'file';
  return found?.isDirectory() ? 'folder' : undefined;
}

async function readBounded(file: string, limitBytes: number): Promise<Uint8Array | undefined> {
  // Looked at before it is opened: opening a pipe waits for somebody to write.
  if ((await kindOf(file)) !== 'file') return undefined;
  const handle = await unlessAbsent(open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > limitBytes) throw tooLarge(file, limitBytes);
    return await readUpTo(handle, size, () => tooLarge(file, limitBytes), limitBytes);
  } finally {
    await handle.close();
  }
}

/** Reads to the end, which may be elsewhere than `size` said: the file may grow, and some systems say 0. */
async function readUpTo(
  handle: FileHandle,
  size: number,
  excess: () => Error,
  limitBytes: number,
): Promise<Uint8Array> {
  let buffer = Buffer.allocUnsafeSlow(size + 1);
  let length = 0;
  for (;;) {
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(length * 2 + 65_536, limitBytes + 1));
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    if (length > limitBytes) throw excess();
  }
}

function tooLarge(file: string, limitBytes: number): RangeError {
  return new RangeError(`${file} is larger than ${limitBytes} bytes`);
}

async function listFolder(folder: string): Promise<Entry[]> {
  const names = (await unlessAbsent(readdir(folder))) ?? [];
  const entries = await Promise.all(
    names.sort(byCodeUnit).map(async (name): Promise<Entry | undefined> => {
      const found = await unlessAbsent(lstat(path.join(folder, name)));
      if (found === undefined) return undefined;
      const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'other';
      return { path: name, kind, size: found.size };
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}

/**
 * A pattern that ends with a slash is about folders alone. Links are neither matched nor followed: one may
 * lead out of the repository, or round in a circle.
 */
async function findMatches(folder: string, patterns: readonly string[]): Promise<string[]> {
  // Loaded here alone: most runs name their charts, and have nothing to search.
  const { glob } = await import('tinyglobby');
  const excluded = patterns.filter((pattern) => pattern.startsWith('!'));
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
  const search = (some: readonly string[], onlyDirectories: boolean): Promise<string[]> =>
    glob([...some, ...excluded], {
      cwd: folder,
      absolute: true,
      onlyFiles: false,
      onlyDirectories,
      expandDirectories: false,
      followSymbolicLinks: false,
      ignore: wanted.some((pattern) => pattern.includes('node_modules')) ? [] : ['**/node_modules/**'],
    });
  const forFolders = wanted.filter((pattern) => pattern.endsWith('/'));
  const forBoth = wanted.filter((pattern) => !pattern.endsWith('/'));
  const found = [
    ...(forBoth.length > 0 ? await search(forBoth, false) : []),
    ...(forFolders.length > 0 ? await search(forFolders, true) : []),
  ];
  const paths = found.map((match) => path.resolve(match)).filter((match) => isBelow(folder, match));
  return [...new Set(paths)].sort(byCodeUnit);
}

async function writeWhole(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}`);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function isBelow(folder: string, target: string): boolean {
  const relative = path.relative(folder, target);
  return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** The same order on every machine, whatever its locale. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
