import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addToLayout } from '../../src/adapters/oci-layout.ts';
import { packageOf } from '../support/archives.ts';
import { registryClient, testRun, tool } from '../support/registry.ts';

let temporary: string;
beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'chartship-layout-'));
});
afterAll(async () => {
  await rm(temporary, { recursive: true, force: true });
});

let number = 0;
const fresh = () => path.join(temporary, `layout ${++number}: x@y`);

async function push(directory: string, version: string) {
  return registryClient({ temporary }).push({ kind: 'layout', directory }, version, await packageOf('c', version));
}

/** As oras lists them; `repo tags` takes no `@` in a path, so it is given a link. */
async function tags(directory: string): Promise<string[]> {
  const link = path.join(temporary, `link-${++number}`);
  await symlink(directory, link, 'junction');
  const ran = await testRun()({
    file: tool('oras'),
    args: ['repo', 'tags', '--oci-layout', link],
    cwd: temporary,
    milliseconds: 10_000,
  });
  if (ran.code !== 0) throw new Error(ran.stderr);
  return new TextDecoder().decode(ran.stdout).trim().split('\n');
}

/** Every blob is what its name says, and the index is whole: what any reader expects of a layout. */
async function isValid(directory: string): Promise<boolean> {
  const { createHash } = await import('node:crypto');
  const blobs = path.join(directory, 'blobs', 'sha256');
  const names = await readdir(blobs);
  const sums = await Promise.all(
    names.map(async (name) =>
      createHash('sha256')
        .update(await readFile(path.join(blobs, name)))
        .digest('hex'),
    ),
  );
  JSON.parse(await readFile(path.join(directory, 'index.json'), 'utf8'));
  return sums.join() === names.join();
}

test('a layout holds what the specification names and nothing else once the writer is gone', async () => {
  const directory = fresh();
  expect((await push(directory, '1.0.0')).ok).toBe(true);
  expect((await push(directory, '1.1.0')).ok).toBe(true);
  expect(await readdir(directory)).toEqual(['blobs', 'index.json', 'oci-layout']);
  expect(await isValid(directory)).toBe(true);
});

test('what is not there yet is absent, not a failure', async () => {
  const directory = fresh();
  const registry = registryClient({ temporary });
  const look = (reference: string) => registry.manifest({ kind: 'layout', directory }, reference);
  expect(await look('1.0.0')).toEqual({ ok: true, value: undefined });
  await mkdir(directory);
  expect(await look('1.0.0')).toEqual({ ok: true, value: undefined });
  await push(directory, '1.0.0');
  expect(await look('2.0.0')).toEqual({ ok: true, value: undefined });
  expect(await look(`sha256:${'0'.repeat(64)}`)).toEqual({ ok: true, value: undefined });
  expect(await look('1.0.0')).toMatchObject({ ok: true, value: { layers: [{ size: expect.any(Number) }] } });
});

describe('a folder that is something else is left alone', () => {
  const cases: [string, (directory: string) => Promise<void>, string][] = [
    ['a file', (directory) => writeFile(directory, 'precious'), 'is a file, not a folder'],
    ['a link to nothing', (directory) => symlink('nowhere', directory), 'is a file, not a folder'],
    [
      'a folder with other things',
      async (directory) => {
        await mkdir(path.join(directory, 'src'), { recursive: true });
      },
      'is a folder with other things in it (src), not an OCI layout',
    ],
    [
      'an index that is none',
      async (directory) => {
        await mkdir(directory);
        await writeFile(path.join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
        await writeFile(path.join(directory, 'index.json'), '<html>');
      },
      'has an index.json that is none',
    ],
  ];
  test.each(cases)('%s', async (_, make, said) => {
    const directory = fresh();
    await make(directory);
    const before = await readdir(directory).catch(() => []);
    const pushed = await push(directory, '1.0.0');
    const looked = await registryClient({ temporary }).manifest({ kind: 'layout', directory }, '1.0.0');
    for (const answer of [pushed, looked]) expect(answer.ok ? 'ok' : answer.fault.message).toBe(`${directory} ${said}`);
    expect(await readdir(directory).catch(() => [])).toEqual(before);
  });

  test('a folder below a file', async () => {
    const file = fresh();
    await writeFile(file, 'precious');
    const pushed = await push(path.join(file, 'c'), '1.0.0');
    expect(pushed.ok ? 'ok' : pushed.fault.message).toBe(
      `the OCI layout ${path.join(file, 'c')} can't be used (ENOTDIR)`,
    );
    expect(await readFile(file, 'utf8')).toBe('precious');
  });
});

test('twelve writers at once: no tag is lost', async () => {
  const directory = fresh();
  const versions = Array.from({ length: 12 }, (_, index) => `1.0.${index}`);
  const answers = await Promise.all(versions.map((version) => push(directory, version)));
  expect(answers.filter(({ ok }) => !ok)).toEqual([]);
  expect((await tags(directory)).sort()).toEqual([...versions].sort());
  expect(await isValid(directory)).toBe(true);
}, 30_000);

describe('a writer that is killed', () => {
  /** A writer that stops, lock held and index half done, until it is killed. */
  async function killedWriter(directory: string): Promise<void> {
    const script = `
      import { writeFile } from 'node:fs/promises';
      import { addToLayout } from ${JSON.stringify(path.resolve('src/adapters/oci-layout.ts'))};
      await addToLayout(${JSON.stringify(directory)}, '9.9.9', 1000, async (side) => {
        await writeFile(side + '/index.json', '{"half');
        console.log('writing');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    const file = path.join(temporary, 'writer.mjs');
    await writeFile(file, script);
    const { build } = await import('esbuild');
    const bundled = path.join(temporary, `writer-${++number}.mjs`);
    await build({
      entryPoints: [file],
      outfile: bundled,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
      nodePaths: [path.resolve('node_modules')],
    });
    const child = spawn(process.execPath, [bundled], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  test('leaves a valid layout; the next waits until its lock has aged, and cleans up', async () => {
    const directory = fresh();
    await push(directory, '1.0.0');
    await killedWriter(directory);
    expect(await tags(directory)).toEqual(['1.0.0']);
    expect(await isValid(directory)).toBe(true);
    expect((await readdir(directory)).length).toBe(5);

    const held = await addToLayout(directory, '2.0.0', 300, async () => ({ ok: true, value: 'never' }));
    expect(held.ok ? 'ok' : held.fault).toEqual({
      kind: 'timeout',
      message: `the OCI layout ${directory} was held by another run for more than 0 s`,
    });

    const old = new Date(Date.now() - 60_000);
    await utimes(path.join(directory, '.chartship.lock'), old, old);
    expect((await push(directory, '1.1.0')).ok).toBe(true);
    expect((await tags(directory)).sort()).toEqual(['1.0.0', '1.1.0']);
    expect(await readdir(directory)).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  test('before there was a layout, leaves one that can be begun again', async () => {
    const directory = fresh();
    await killedWriter(directory);
    await rm(path.join(directory, '.chartship.lock'), { recursive: true });
    const look = await registryClient({ temporary }).manifest({ kind: 'layout', directory }, '1.0.0');
    expect(look).toEqual({ ok: true, value: undefined });
    expect((await push(directory, '1.0.0')).ok).toBe(true);
    expect(await tags(directory)).toEqual(['1.0.0']);
  });
});

describe('a writer whose lock was taken over while it slept begins anew', () => {
  /** Adds 1.0.0; `meanwhile` happens once, before its first push, as if the machine had slept there. */
  async function slowly(directory: string, meanwhile: (side: string) => Promise<void>): Promise<number> {
    let times = 0;
    const registry = registryClient({ temporary });
    const added = await addToLayout(directory, '1.0.0', 2_000, async (side) => {
      times += 1;
      if (times === 1) await meanwhile(side);
      return await registry.push({ kind: 'layout', directory: side }, '1.0.0', await packageOf('c', '1.0.0'));
    });
    expect(added.ok).toBe(true);
    return times;
  }

  test('and loses no tag of the other', async () => {
    const directory = fresh();
    const times = await slowly(directory, async (side) => {
      await rm(path.join(directory, '.chartship.lock'), { recursive: true });
      expect((await push(directory, '2.0.0')).ok).toBe(true);
      // Back as it was, so that nothing but the index tells.
      await mkdir(side);
      await symlink(path.join(directory, 'blobs'), path.join(side, 'blobs'), 'junction');
    });
    expect(times).toBe(2);
    expect((await tags(directory)).sort()).toEqual(['1.0.0', '2.0.0']);
  });

  test('and names no blob that went with its side folder', async () => {
    const directory = fresh();
    const times = await slowly(directory, async (side) => {
      await rm(side, { recursive: true });
      await mkdir(side);
    });
    expect(times).toBe(2);
    const read = await registryClient({ temporary }).manifest({ kind: 'layout', directory }, '1.0.0');
    expect(read).toMatchObject({ ok: true, value: { layers: [{}] } });
    expect(await isValid(directory)).toBe(true);
  });
});
