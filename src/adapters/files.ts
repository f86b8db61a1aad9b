import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { EnvironmentError } from '../domain/errors.ts';
import type { Entry, Files } from '../ports.ts';
import { makePrivateFolder } from './private-folder.ts';
import { removeTree } from './remove-tree.ts';

/** What the system says of a path where nothing is, or where nothing can be. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EINVAL', 'ERR_INVALID_ARG_VALUE']);

/**
 * The disk. Its calls are synchronous inside: charts are many small files, and a thread's turn for each costs
 * several times the CPU of the call itself. `root` must exist; its links are followed once, here.
 * `temporaryBase` is where the private folder of this run is made; what killed runs left there is removed.
 * Whatever the system refuses (no permission, no space) is an `EnvironmentError` that names the path. `cancel`
 * ends what is copied into the private folder, with its reason; reports are still written.
 */
export async function createFiles(options: {
  readonly root: string;
  readonly temporaryBase: string;
  readonly cancel?: AbortSignal;
}): Promise<Files & { close(): Promise<void> }> {
  const root = realpathSync(options.root);
  const temporary = await reach(options.temporaryBase, 'used for temporary files', async () => {
    makeFolders(options.temporaryBase);
    return await makePrivateFolder(realpathSync(options.temporaryBase), 'chartship-');
  });
  return {
    root,
    temporary,
    read: (file, limitBytes) => reach(file, 'read', () => readBounded(file, limitBytes)),
    kind: (target) => reach(target, 'read', () => kindOf(target)),
    real: (target) => reach(target, 'read', async () => unlessAbsent(() => realpathSync(target))),
    list: (folder) => reach(folder, 'read', () => listFolder(folder)),
    glob: (folder, patterns) => reach(folder, 'searched', () => findMatches(folder, patterns)),
    // In the private folder lie secrets too; elsewhere the user's umask decides, as for any file.
    write: (file, content) =>
      reach(file, 'written', async () => {
        const isPrivate = isBelow(temporary, file);
        if (isPrivate) options.cancel?.throwIfAborted();
        // Nobody else looks into the private folder: what is there needn't appear at once.
        if (isPrivate) writeNew(file, content, 0o600, 'w');
        else writeWhole(file, content, 0o666);
      }),
    makeFolder: (folder) => reach(folder, 'made', async () => makeFolders(folder)),
    makeTemporary: (name) =>
      reach(temporary, 'used for temporary files', async () =>
        mkdtempSync(path.join(temporary, `${name.replace(/[^A-Za-z0-9._-]/g, '_')}-`)),
      ),
    remove: (target) => reach(target, 'removed', () => removeTree(target)),
    close: () => reach(temporary, 'removed', () => removeTree(temporary)),
  };
}

let reached = 0;

/**
 * Runs `work`; an error of the system becomes one that a person can act on. Since the calls are synchronous,
 * signals, timers and children get their turn now and then: a chart may have 20,000 files.
 */
async function reach<T>(target: string, done: string, work: () => Promise<T>): Promise<T> {
  reached += 1;
  if (reached % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  try {
    return await work();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new EnvironmentError(`${target} can't be ${done}: ${(cause as Error).message}`, { cause });
  }
}

function unlessAbsent<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

async function kindOf(target: string): Promise<'file' | 'folder' | undefined> {
  const found = unlessAbsent(() => statSync(target));
  if (found?.isFile()) return 'file';
  return found?.isDirectory() ? 'folder' : undefined;
}

async function readBounded(file: string, limitBytes: number): Promise<Uint8Array | undefined> {
  // Looked at before it is opened: opening a pipe waits for somebody to write.
  if ((await kindOf(file)) !== 'file') return undefined;
  const handle = unlessAbsent(() => openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  if (handle === undefined) return undefined;
  try {
    const { size } = fstatSync(handle);
    if (size > limitBytes) throw tooLarge(file, limitBytes);
    return readUpTo(handle, size, () => tooLarge(file, limitBytes), limitBytes);
  } finally {
    closeSync(handle);
  }
}

/** Reads to the end, which may be elsewhere than `size` said: the file may grow, and some systems say 0. */
function readUpTo(handle: number, size: number, excess: () => Error, limitBytes: number): Uint8Array {
  let buffer = Buffer.allocUnsafeSlow(size + 1);
  let length = 0;
  for (;;) {
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(length * 2 + 65_536, limitBytes + 1));
    const bytesRead = readSync(handle, buffer, length, buffer.length - length, null);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    if (length > limitBytes) throw excess();
  }
}

function tooLarge(file: string, limitBytes: number): RangeError {
  return new RangeError(`${file} is larger than ${limitBytes} bytes`);
}

async function listFolder(folder: string): Promise<Entry[]> {
  const entries = unlessAbsent(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return entries
    .sort((a, b) => byCodeUnit(a.name, b.name))
    .flatMap((entry): Entry[] => {
      const found = unlessAbsent(() => lstatSync(path.join(folder, entry.name)));
      if (found === undefined) return [];
      const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'other';
      return [{ path: entry.name, kind, size: found.size }];
    });
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

function writeWhole(file: string, content: string | Uint8Array, mode: number): void {
  for (let attempt = 1; ; attempt += 1) {
    const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}`);
    try {
      writeNew(temporary, content, mode, 'wx');
      renameSync(temporary, file);
      return;
    } catch (error) {
      rmSync(temporary, { force: true });
      // Another run with the same report folder clears it away while we write: then it is made again.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 10) throw error;
    }
  }
}

/** Folders are made when they turn out to be missing: most are there. */
function writeNew(file: string, content: string | Uint8Array, mode: number, flag: 'w' | 'wx'): void {
  try {
    writeFileSync(file, content, { flag, mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeFolders(path.dirname(file));
    writeFileSync(file, content, { flag, mode });
  }
}

/**
 * A folder and those above it. Node's own `recursive` (seen with 20 and 24) never ends where the system says ENOENT
 * of a folder whose parent is there, as it does in /proc.
 */
function makeFolders(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const parent = path.dirname(folder);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && parent !== folder && unlessAbsent(() => statSync(parent)) === undefined) {
      makeFolders(parent);
      makeFolders(folder);
    } else if (unlessAbsent(() => statSync(folder))?.isDirectory() !== true) {
      throw error;
    }
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
