import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

let folder: string;
let bundle: (outdir: string, entries: Record<string, string>) => Promise<void>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-'));
  // @ts-expect-error a script of the repository, plain JavaScript
  ({ bundle } = await import('../../scripts/build.mjs'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

// What start.ts would read wrongly, or a script hasn't.
test.each([
  [
    'a letter in a regular expression',
    'console.log(/5\u00b5s/.test(process.argv[2]));',
    /reads ASCII, and esbuild .*5\u00b5s/,
  ],
  ['import.meta', 'console.log(import.meta.dirname);', /import\.meta is there for createRequire\(\) alone/],
])('the build refuses %s', async (_, source, refusal) => {
  const entry = join(folder, 'program.ts');
  await writeFile(entry, source);
  await expect(bundle(join(folder, 'dist'), { program: entry })).rejects.toThrow(refusal);
});
