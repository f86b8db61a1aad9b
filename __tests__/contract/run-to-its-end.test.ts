import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bundles, node24 } from '../support/scenario.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-to-its-end-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Loaded before a program: calls of the disk that never come back, as a fault of Node or of a library would have it. */
const LOST = `const fs = require('node:fs');
for (const name of ['lstat', 'realpath', 'readdir', 'stat']) {
  fs[name] = () => undefined;
  fs.promises[name] = () => new Promise(() => undefined);
}
require('node:module').syncBuiltinESMExports();
`;

describe('work that waits for what can’t come any more', () => {
  test.each([
    // A pattern is searched for by a library.
    ['cli.js', ['charts/*'], {}],
    ['index.js', [], { INPUT_CHART: 'charts/*' }],
    ['post.js', [], { STATE_temporary: join(tmpdir(), 'chartship-not-there') }],
  ])('ends %s with 3 and a word, not with 0', (program, args, state) => {
    const hook = join(folder, 'lost.cjs');
    writeFileSync(hook, LOST);
    const node = existsSync(node24) ? node24 : process.execPath;
    const { status, stderr } = spawnSync(node, ['--require', hook, join(bundles, program), ...args], {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', HOME: folder, RUNNER_TEMP: folder, ...state },
    });
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr: expect.stringContaining('ended before its work was done'),
    });
  });
});
