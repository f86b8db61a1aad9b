import { execFile, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bundles, node24 } from '../support/scenario.ts';

/** The Action's own runtime, where npm could install it. */
const ours = existsSync(node24) ? node24 : process.execPath;

let folder: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kept-code-'));
  cache = join(folder, 'cache');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: readonly string[], environment: Record<string, string> = {}, node = ours) {
  const { status, stdout, stderr } = spawnSync(node, [program, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', HOME: folder, CHARTSHIP_CACHE: cache, ...environment },
  });
  return { status, stdout, stderr };
}

/** Name → size, and when it was written. */
function kept(): Record<string, { size: number; written: number }> {
  return Object.fromEntries(
    paths().map((path) => {
      const { size, mtimeMs } = statSync(path);
      return [path.slice(path.lastIndexOf('/') + 1), { size, written: mtimeMs }];
    }),
  );
}

function paths(): string[] {
  return readdirSync(join(cache, 'compiled'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js'))
    .map((path) => join(cache, 'compiled', path));
}

const command = join(bundles, 'cli.js');
const version = { status: 0, stdout: '0.1.0\n', stderr: '' };

test('every module is strict and ASCII, as start.ts reads it', () => {
  const chunks = join(bundles, 'chunks');
  for (const name of readdirSync(chunks).filter((each) => each.endsWith('.js'))) {
    const bytes = readFileSync(join(chunks, name));
    expect(bytes.toString('latin1', 0, 60)).toMatch(/^\(function\([^)]*\)\{"use strict";/);
    expect(bytes.findIndex((byte) => byte > 127)).toBe(-1);
  }
});

describe('the code that V8 compiled', () => {
  test('is kept by the first run and used by the next, which writes nothing', () => {
    expect(run(command, ['--version'])).toEqual(version);
    const first = kept();
    expect(Object.keys(first).length).toBeGreaterThan(5);
    expect(run(command, ['--version'])).toEqual(version);
    expect(kept()).toEqual(first);
  });

  test('is kept with the functions that were called, and with more of them once there is other work', () => {
    run(command, ['--version']);
    const first = kept();
    expect(run(command, ['--explain', 'schema/unknown-field']).status).toBe(0);
    const second = kept();
    const grown = Object.keys(first).filter((name) => (second[name]?.size ?? 0) > (first[name]?.size ?? 0));
    expect(grown).not.toEqual([]);
    expect(Object.keys(second).length).toBeGreaterThan(Object.keys(first).length);
  });

  test.each([
    ['cut off', (code: Buffer) => code.subarray(0, code.length / 2)],
    ['empty', () => Buffer.alloc(0)],
    ['damaged in the middle', (code: Buffer) => code.map((byte, at) => (at % 97 === 96 ? byte ^ 0x41 : byte))],
    ['damaged at the end', (code: Buffer) => code.map((byte, at) => (at === code.length - 1 ? byte ^ 0x41 : byte))],
  ])('is made anew where it was %s', (_, damage) => {
    run(command, ['--version']);
    const whole = kept();
    for (const path of paths()) writeFileSync(path, damage(readFileSync(path)));
    expect(run(command, ['--version'])).toEqual(version);
    const names = Object.keys(whole);
    expect(names.map((name) => Math.abs((kept()[name]?.size ?? 0) - (whole[name]?.size ?? 0)) < 2_000)).toEqual(
      names.map(() => true),
    );
    const mended = kept();
    expect(run(command, ['--version'])).toEqual(version);
    expect(kept()).toEqual(mended);
  });

  test('is never that of another source, not even of one as long', () => {
    const changed = join(folder, 'dist');
    cpSync(bundles, changed, { recursive: true });
    const program = join(changed, 'cli.js');
    expect(run(program, ['--version'])).toEqual(version);
    for (const name of readdirSync(join(changed, 'chunks'))) {
      const path = join(changed, 'chunks', name);
      const text = readFileSync(path, 'utf8');
      if (text.includes('"0.1.0"')) writeFileSync(path, text.replaceAll('"0.1.0"', '"9.8.7"'));
    }
    expect(run(program, ['--version']).stdout).toBe('9.8.7\n');
  });

  test('is kept apart for other options of V8', () => {
    run(command, ['--version']);
    expect(run(command, ['--version'], { NODE_OPTIONS: '--jitless' })).toEqual(version);
    expect(readdirSync(join(cache, 'compiled'))).toHaveLength(2);
  });

  test('is kept apart for another build of the same Node', () => {
    run(command, ['--version']);
    const other = join(folder, basename(ours));
    copyFileSync(ours, other);
    expect(run(command, ['--version'], {}, other)).toEqual(version);
    expect(readdirSync(join(cache, 'compiled'))).toHaveLength(2);
  });

  test('is done without where folders are in its place', () => {
    run(command, ['--version']);
    for (const path of paths()) {
      rmSync(path);
      mkdirSync(path);
    }
    expect(run(command, ['--version'])).toEqual(version);
  });

  test('is whole after many first runs at once', async () => {
    const runs = Array.from({ length: 6 }, () =>
      promisify(execFile)(ours, [command, '--version'], { env: { PATH: '/usr/bin:/bin', CHARTSHIP_CACHE: cache } }),
    );
    for (const { stdout } of await Promise.all(runs)) expect(stdout).toBe(version.stdout);
    expect(run(command, ['--version'])).toEqual(version);
    const settled = kept();
    expect(run(command, ['--version'])).toEqual(version);
    expect(kept()).toEqual(settled);
  });

  test('is done without where nothing can be written', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(run(command, ['--version'], { CHARTSHIP_CACHE: join(folder, 'file', 'below') })).toEqual(version);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('');
  });
});
