import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** What versions programs were found to be, so that a run needn't start each of them only to ask (helm: 30 ms of CPU). */
export interface Remembered {
  version(file: string): string | undefined;
  keep(file: string, version: string): void;
}

/** ELF, Mach-O (thin and universal) and Windows programs. */
const NATIVE = ['7f454c46', 'cffaedfe', 'cafebabe', '4d5a'];

/**
 * Remembers in `folder` by what the file is: where it really lies, its size, times and inode. Only programs
 * that answer for themselves: a script, or a program under another name (the shims of version managers), may
 * be another version in the next folder. A folder that can't be written to is no fault: nothing is remembered.
 */
export function rememberIn(folder: string): Remembered {
  const placeOf = (file: string): string | undefined => {
    try {
      const real = realpathSync(file);
      if (path.basename(real) !== path.basename(file) || !isNative(real)) return undefined;
      const { size, mtimeMs, ctimeMs, ino, dev } = statSync(real);
      const key = createHash('sha256')
        .update(JSON.stringify([real, size, mtimeMs, ctimeMs, ino, dev]))
        .digest('hex');
      return path.join(folder, key.slice(0, 32));
    } catch {
      return undefined;
    }
  };
  return {
    version: (file) => {
      const place = placeOf(file);
      try {
        const text = place === undefined ? '' : readFileSync(place, 'utf8');
        return /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(text) ? text : undefined;
      } catch {
        return undefined;
      }
    },
    keep: (file, version) => {
      const place = placeOf(file);
      if (place === undefined) return;
      try {
        mkdirSync(folder, { recursive: true });
        const temporary = `${place}.${process.pid}`;
        writeFileSync(temporary, version);
        renameSync(temporary, place);
      } catch {
        // Asked again the next time.
      }
    },
  };
}

function isNative(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const start = Buffer.alloc(4);
    readSync(handle, start, 0, 4, 0);
    return NATIVE.some((magic) => start.toString('hex').startsWith(magic));
  } finally {
    closeSync(handle);
  }
}
