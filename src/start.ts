import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { tuneEngine } from './adapters/engine.ts';
import { keepCode, keptCodeFolder, type LoadedModule, readKeptCode } from './adapters/kept-code.ts';

/** The module in dist/chunks/ that is the program: that of cli.ts, index.ts or post.ts. The build says which. */
declare const PROGRAM: string;

interface Module {
  exports: object;
}

/** How scripts/build.mjs writes a module: CommonJS, as Node wraps it. */
type Wrapped = (module: Module, require: (name: string) => object, file: string) => void;

/**
 * What dist/cli.js, index.js and post.js are: they load a program with the code that V8 compiled for it in an earlier
 * run (docs/decisions/0029-compiled-code.md). Node's own cache of that kind keeps modules as they were before their
 * first line ran, without the functions that are compiled when they are called.
 */
// Before V8's flags change: Node's modules come from its binary in a compiled form that V8 takes only with the flags
// that it was made with, and these every run needs.
for (const name of ['child_process', 'crypto', 'fs/promises', 'process', 'stream/promises', 'timers/promises', 'zlib'])
  require(`node:${name}`);
tuneEngine();
const chunks = join(__dirname, 'chunks');
const kept = keptCodeFolder(process.env);
const modules = new Map<string, Module>();
const loaded: LoadedModule[] = [];

function load(name: string): object {
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  const file = join(chunks, name);
  const source = readFileSync(file);
  const cachedData = kept === undefined ? undefined : readKeptCode(kept, name, source);
  // The build writes ASCII only, which is read and held at half the cost.
  const script = new Script(source.toString('latin1'), { filename: file, cachedData });
  loaded.push({ name, source, script, known: script.cachedDataRejected === false });
  const module: Module = { exports: {} };
  modules.set(name, module);
  const wrapped: Wrapped = script.runInThisContext();
  try {
    wrapped(module, (wanted) => (wanted.startsWith('./') ? load(wanted.slice(2)) : require(wanted)), file);
  } catch (error) {
    modules.delete(name);
    throw error;
  }
  return module.exports;
}

process.once('exit', () => {
  if (kept !== undefined) keepCode(kept, loaded);
});
load(PROGRAM);
