import { execFile, spawn } from 'node:child_process';
import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { createFiles } from '../../src/adapters/files.ts';
import { EnvironmentError } from '../../src/domain/errors.ts';

const posix = process.platform === 'win32' ? test.skip : test;
const linux = process.platform === 'linux' ? test : test.skip;
const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

let folder: string;
let root: string;
let base: string;
let files: Awaited<ReturnType<typeof createFiles>>;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'files-test-')));
  root = path.join(folder, 'root');
  base = path.join(folder, 'base');
  await mkdir(root);
  files = await createFiles({ root, temporaryBase: base });
});
afterEach(async () => {
  await files.close();
  await rm(folder, { recursive: true, force: true });
});

/** Makes files below the root, each holding its own name. */
async function plant(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), name);
  }
}
const at = (name: string) => path.join(root, name);

describe('the private folder', () => {
  test('is for this user alone, in the base, and gone when closed, twice too', async () => {
    expect(path.dirname(files.temporary)).toBe(base);
    expect(path.basename(files.temporary)).toMatch(new RegExp(`^chartship-${process.pid}-[^-]{6}$`));
    const inner = await files.makeTemporary('a/../b c');
    expect(path.dirname(inner)).toBe(files.temporary);
    await files.write(path.join(inner, 'secret'), 'x');
    if (process.platform !== 'win32') {
      expect((await stat(files.temporary)).mode & 0o777).toBe(0o700);
      expect((await stat(inner)).mode & 0o777).toBe(0o700);
      expect((await stat(path.join(inner, 'secret'))).mode & 0o777).toBe(0o600);
    }
    await files.close();
    await files.close();
    expect(await readdir(base)).toEqual([]);
  });

  test('what a run that was killed left is removed by the next; what may be in use is not', async () => {
    const gone = spawn(process.execPath, ['-e', '0']);
    await new Promise((resolve) => gone.on('exit', resolve));
    const abandoned = path.join(base, `chartship-${gone.pid}-abcdef`);
    await cp(files.temporary, abandoned, { recursive: true });
    await mkdir(path.join(abandoned, 'inner'));
    const kept = {
      ofALiveProcess: path.join(base, `chartship-${process.ppid}-abcdef`),
      ofAnotherMachine: path.join(base, `chartship-${gone.pid}-ghijkl`),
      withoutOwner: path.join(base, `chartship-${gone.pid}-mnopqr`),
      ofAnotherName: path.join(base, `chartship-${gone.pid}`),
    };
    await cp(files.temporary, kept.ofALiveProcess, { recursive: true });
    await mkdir(kept.ofAnotherMachine);
    await writeFile(path.join(kept.ofAnotherMachine, '.owner'), 'elsewhere pid:[1]\n');
    await mkdir(kept.withoutOwner);
    await cp(files.temporary, kept.ofAnotherName, { recursive: true });
    const link = path.join(base, `chartship-${gone.pid}-stuvwx`);
    if (process.platform !== 'win32') await symlink(files.temporary, link);

    const next = await createFiles({ root, temporaryBase: base });
    const left = (await readdir(base)).map((name) => path.join(base, name));
    await next.close();
    expect(left).not.toContain(abandoned);
    const linked = process.platform === 'win32' ? [] : [link];
    expect(left.sort()).toEqual([files.temporary, next.temporary, ...Object.values(kept), ...linked].sort());
    expect(await readdir(files.temporary)).toEqual(['.owner']);
  });

  posix('a process that is killed leaves its folder, and the next run removes it', async () => {
    const script = await bundled(`
      import { createFiles } from './files.ts';
      const files = await createFiles({ root: '/', temporaryBase: ${JSON.stringify(base)} });
      await files.makeTemporary('x');
      process.kill(process.pid, 'SIGKILL');`);
    await expect(promisify(execFile)(process.execPath, [script])).rejects.toMatchObject({ signal: 'SIGKILL' });
    expect(await readdir(base)).toHaveLength(2);
    const next = await createFiles({ root, temporaryBase: base });
    expect((await readdir(base)).sort()).toEqual(
      [files.temporary, next.temporary].map((made) => path.basename(made)).sort(),
    );
    await next.close();
  });

  posix('is removed with read-only folders in it, by a user who is not root too', async () => {
    await chmod(folder, 0o755);
    await chmod(base, 0o777);
    const script = await bundled(`
      import { chmod, readdir } from 'node:fs/promises';
      import { createFiles } from './files.ts';
      const files = await createFiles({ root: '/', temporaryBase: ${JSON.stringify(base)} });
      await files.write(files.temporary + '/a/b/c', 'x');
      for (const made of ['/a/b/c', '/a/b', '/a']) await chmod(files.temporary + made, 0o500);
      await files.close();
      process.stdout.write(JSON.stringify((await readdir(${JSON.stringify(base)})).length));`);
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const { stdout } = await promisify(execFile)(process.execPath, [script], user);
    expect(stdout).toBe('1');
  });
});

/** A script that uses the adapter, as a file that any Node can run. */
async function bundled(contents: string): Promise<string> {
  const outfile = path.join(folder, 'script.mjs');
  const resolveDir = path.resolve('src/adapters');
  const banner = {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  };
  await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    banner,
  });
  return outfile;
}

describe('reading', () => {
  test('a file up to the limit; what is not there or is no file is undefined', async () => {
    await plant('a.txt', 'sub/b.txt', 'empty');
    await writeFile(at('empty'), '');
    expect(text(await files.read(at('a.txt'), 5))).toBe('a.txt');
    await expect(files.read(at('a.txt'), 4)).rejects.toThrow(RangeError);
    expect(await files.read(at('empty'), 0)).toHaveLength(0);
    for (const name of ['none', 'sub', 'a.txt/b', 'none/none', 'x'.repeat(300), 'nul\0']) {
      expect([name, await files.read(at(name), 10)]).toEqual([name, undefined]);
      expect([name, await files.real(at(name))]).toEqual([name, name === 'sub' ? at('sub') : undefined]);
    }
    expect(await files.kind(at('a.txt'))).toBe('file');
    expect(await files.kind(at('sub'))).toBe('folder');
    expect(await files.kind(at('none'))).toBeUndefined();
  });

  linux('a file whose size is not known beforehand is read to its end, and within the limit', async () => {
    const direct = await readFile('/proc/cpuinfo', 'utf8');
    expect(text(await files.read('/proc/cpuinfo', 1_000_000))?.split('\n').length).toBe(direct.split('\n').length);
    await expect(files.read('/proc/cpuinfo', 100)).rejects.toThrow(RangeError);
  });

  linux('where no folder can be made, that is said: it is not tried for ever', async () => {
    await expect(files.makeFolder('/proc/chartship/folder')).rejects.toThrow(EnvironmentError);
    await expect(files.write('/proc/chartship/file', '')).rejects.toThrow(/can't be written: ENOENT/);
  });

  posix('a pipe and a device are not read: they have no end', async () => {
    await promisify(execFile)('mkfifo', [at('pipe')]);
    expect(await files.read(at('pipe'), 10)).toBeUndefined();
    expect(await files.read('/dev/zero', 10)).toBeUndefined();
    expect((await files.list(root)).map(({ kind }) => kind)).toEqual(['other']);
  });

  posix('links are followed, but listed as what they are', async () => {
    await plant('a.txt', 'sub/b.txt');
    await symlink('a.txt', at('link'));
    await symlink('sub', at('sublink'));
    await symlink('nowhere', at('dangling'));
    await symlink('round', at('round'));
    expect(text(await files.read(at('link'), 10))).toBe('a.txt');
    expect(await files.kind(at('sublink'))).toBe('folder');
    expect(await files.real(at('sublink/b.txt'))).toBe(at('sub/b.txt'));
    for (const name of ['dangling', 'round']) {
      expect(await files.kind(at(name))).toBeUndefined();
      expect(await files.real(at(name))).toBeUndefined();
      expect(await files.read(at(name), 10)).toBeUndefined();
    }
    const listed = (await files.list(root)).map(({ path: name, kind }) => `${name} ${kind}`);
    expect(listed).toEqual(['a.txt file', 'dangling link', 'link link', 'round link', 'sub folder', 'sublink link']);
  });

  test('a folder is listed by name, the same in every locale', async () => {
    await plant('b', 'B', 'a/x', 'ä', '.c', '10', '9');
    const names = (await files.list(root)).map((entry) => entry.path);
    expect(names).toEqual([...names].sort());
    expect(names).toContain('.c');
    expect(await files.list(at('none'))).toEqual([]);
    expect(await files.list(at('9'))).toEqual([]);
    expect((await files.list(root)).find((entry) => entry.path === '10')).toEqual({
      path: '10',
      kind: 'file',
      size: 2,
    });
  });

  test('the root is its real path', async () => {
    if (process.platform === 'win32') return;
    await symlink(root, path.join(folder, 'link'));
    const linked = await createFiles({ root: path.join(folder, 'link'), temporaryBase: base });
    expect(linked.root).toBe(root);
    await linked.close();
  });
});

describe('globs', () => {
  const found = async (...patterns: string[]) =>
    (await files.glob(root, patterns)).map((match) => path.relative(root, match).split(path.sep).join('/'));

  test('folders and files, sorted, each once', async () => {
    await plant('charts/b/Chart.yaml', 'charts/a/Chart.yaml', 'charts/README.md', 'other/Chart.yaml', '.x/Chart.yaml');
    expect(await found('charts/*')).toEqual(['charts/README.md', 'charts/a', 'charts/b']);
    expect(await found('charts/*', 'charts/a', '**/Chart.yaml')).toEqual([
      'charts/README.md',
      'charts/a',
      'charts/a/Chart.yaml',
      'charts/b',
      'charts/b/Chart.yaml',
      'other/Chart.yaml',
    ]);
    expect(await found('{charts/a,other}')).toEqual(['charts/a', 'other']);
    expect(await found('charts/*/', '!charts/a')).toEqual(['charts/b']);
    expect(await found('charts/*/', 'charts/*.md')).toEqual(['charts/README.md', 'charts/a', 'charts/b']);
    expect(await found('!charts/a')).toEqual([]);
    expect(await found('none/*')).toEqual([]);
    expect(await files.glob(at('none'), ['*'])).toEqual([]);
  });

  test('nothing outside the folder, nothing of node_modules that was not meant', async () => {
    await plant('sub/a', 'beside', 'node_modules/x/Chart.yaml');
    expect(await files.glob(at('sub'), ['../*', '*'])).toEqual([at('sub/a')]);
    expect(await found('**/Chart.yaml')).toEqual([]);
    expect(await found('node_modules/*')).toEqual(['node_modules/x']);
  });

  posix('links are neither followed nor matched', async () => {
    await plant('sub/a');
    await symlink('..', at('sub/up'));
    await symlink(folder, at('out'));
    expect(await found('**')).toEqual(['sub', 'sub/a']);
  });
});

describe('writing', () => {
  test('a file is made whole with the folders above it, or not at all', async () => {
    await files.write(at('x/y/z.txt'), 'one');
    await files.write(at('x/y/z.txt'), new Uint8Array([50]));
    expect(await readFile(at('x/y/z.txt'), 'utf8')).toBe('2');
    await files.makeFolder(at('x/y/folder/inner'));
    await files.makeFolder(at('x/y/folder/inner'));
    await writeFile(at('x/y/folder/inner/file'), '');
    await expect(files.write(at('x/y/folder'), 'two')).rejects.toThrow(EnvironmentError);
    await expect(files.write(at('x/y/z.txt/below'), 'two')).rejects.toThrow(EnvironmentError);
    // No temporary file is left by either.
    expect((await readdir(at('x/y'))).sort()).toEqual(['folder', 'z.txt']);
    if (process.platform !== 'win32') {
      expect((await stat(at('x/y/z.txt'))).mode & 0o777).toBe(0o666 & ~process.umask());
    }
  });

  test('a file or a folder is removed; a link, never what it leads to', async () => {
    await plant('keep/a', 'gone/b/c');
    if (process.platform !== 'win32') await symlink('../keep', at('gone/link'));
    await files.remove(at('gone'));
    await files.remove(at('gone'));
    await files.remove(at('none/none'));
    expect(await readdir(root)).toEqual(['keep']);
    await files.remove(at('keep/a'));
    if (process.platform !== 'win32') {
      await plant('target/a');
      await symlink('target', at('link'));
      await files.remove(`${at('link')}/`);
      expect(await readdir(at('target'))).toEqual(['a']);
    }
    expect(await lstat(at('keep')).then((found) => found.isDirectory())).toBe(true);
    expect(await readdir(at('keep'))).toEqual([]);
  });

  test('a folder is removed that somebody still writes to for a moment', async () => {
    await plant('busy/a/b');
    const inner = JSON.stringify(at('busy/a'));
    const script = `const fs = require('node:fs');
      const until = Date.now() + 250;
      process.stdout.write('writing');
      for (let number = 0; Date.now() < until; number++) {
        try { fs.writeFileSync(${inner} + '/' + number, ''); } catch {}
      }`;
    const writer = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => writer.on('close', resolve));
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    await files.remove(at('busy'));
    await ended;
    expect(await readdir(root)).toEqual([]);
  });

  test('what the system refuses is an error that names the path', async () => {
    await plant('file');
    await expect(files.makeFolder(at('file/below'))).rejects.toThrow(EnvironmentError);
    await expect(files.write(at('file/below'), 'x')).rejects.toThrow(`${at('file/below')} can't be written: `);
    await expect(createFiles({ root, temporaryBase: at('file/base') })).rejects.toThrow(
      `${at('file/base')} can't be used for temporary files: `,
    );
  });
});
