import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import type { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { cacheFolder } from './cache-folder.ts';

/** Of what stands before the code: its sum, and what keeps the code aligned as V8 wants it, which it would copy else. */
const HEAD_BYTES = 8;

/** A module that was loaded: its source, V8's script of it, and whether V8 took what was kept of it. */
export interface LoadedModule {
  readonly name: string;
  readonly source: Buffer;
  readonly script: Script;
  readonly known: boolean;
}

/**
 * The folder for what V8 made of the modules: beside the tools (docs/operations.md). One for each Node (two builds of
 * one version may differ in more than V8 compares) and each set of V8's flags; nothing without a home.
 */
export function keptCodeFolder(environment: NodeJS.ProcessEnv): string | undefined {
  try {
    const { size, mtimeMs } = statSync(process.execPath);
    const tag = crc32(`${cachedDataVersionTag()} ${size} ${mtimeMs}`).toString(16);
    return join(cacheFolder(environment, 'compiled'), `${process.version}-${process.arch}-${tag}`);
  } catch {
    return undefined;
  }
}

/**
 * What V8 made of a module in an earlier run, if it was made of this very source and is whole: V8 itself compares the
 * length of the source only, and ends the process on data that was damaged.
 */
export function readKeptCode(folder: string, name: string, source: Buffer): Buffer | undefined {
  let kept: Buffer;
  try {
    kept = readFileSync(join(folder, name));
  } catch {
    return undefined;
  }
  const code = kept.subarray(HEAD_BYTES);
  return kept.length > HEAD_BYTES && kept.readUInt32LE() === sumOf(source, code) ? code : undefined;
}

/**
 * Keeps what V8 made of all modules of this run, the functions that were compiled when they were first called among
 * them; as soon as one of the modules is new, which other kinds of work bring. What can't be kept is compiled anew the
 * next time; before Node 20.15, which has no crc32, everything. Two runs that write the same file at once, and one that
 * is killed, leave what the sum refuses.
 */
export function keepCode(folder: string, modules: readonly LoadedModule[]): void {
  if (modules.every(({ known }) => known)) return;
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name, source, script } of modules) keep(join(folder, name), source, script.createCachedData());
  } catch {
    // A cache only: no room, or no right to write.
  }
}

function keep(path: string, source: Buffer, code: Buffer): void {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(sumOf(source, code));
  try {
    writeFileSync(path, Buffer.concat([head, code]));
  } catch (error) {
    // A part of it would only take room, of which there may be none.
    rmSync(path, { force: true });
    throw error;
  }
}

/** As Node's own compile cache has it: against accidents, for whoever may write there may change the tools beside it. */
function sumOf(source: Buffer, code: Buffer): number {
  return crc32(code, crc32(source));
}
