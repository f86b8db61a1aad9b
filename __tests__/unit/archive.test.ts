import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { readArchive, writeArchive } from '../../src/domain/archive.ts';
import { ARCHIVE_LIMITS } from '../../src/domain/limits.ts';
import {
  type ArchiveEntry,
  archiveOf,
  archiveWith,
  claimsTooMuch,
  deepFolders,
  manyLargeFiles,
  millionEntries,
  namesWithoutMeasure,
  tar,
  zeroBomb,
} from '../support/archives.ts';

const text = (content: Uint8Array) => new TextDecoder().decode(content);
const bytes = (content: string) => new TextEncoder().encode(content);

async function reason(archive: Uint8Array): Promise<string> {
  const read = await readArchive(archive);
  return read.ok ? 'was read' : read.reason;
}

describe('reading a good archive', () => {
  test('gives the folder and the files, sorted, without folders', async () => {
    const read = await readArchive(
      await archiveOf(
        { name: 'c', type: 'directory' },
        { name: 'c/values.yaml', content: 'a: 1' },
        { name: 'c/./templates//x.yaml', content: 'kind: X' },
        { name: 'c/Chart.yaml', content: 'name: c' },
        { name: `c/${'long/'.repeat(40)}ä.txt`, content: 'é' },
      ),
    );
    if (!read.ok) throw new Error(read.reason);
    expect(read.root).toBe('c');
    expect(read.files.map(({ path, content }) => [path, text(content)])).toEqual([
      ['Chart.yaml', 'name: c'],
      [`${'long/'.repeat(40)}ä.txt`, 'é'],
      ['templates/x.yaml', 'kind: X'],
      ['values.yaml', 'a: 1'],
    ]);
  });
});

describe('a hostile archive is refused by name', () => {
  const cases: [string, ArchiveEntry[], unknown][] = [
    [
      'a path with ..',
      [{ name: 'c/../../etc/passwd' }],
      'holds a path that leads outside with "..": "c/../../etc/passwd"',
    ],
    ['a path that is ..', [{ name: '..' }], 'holds a path that leads outside with "..": ".."'],
    [
      'a folder with ..',
      [{ name: 'c/../../x/', type: 'directory' }],
      'holds a path that leads outside with "..": "c/../../x/"',
    ],
    ['an absolute path', [{ name: '/etc/passwd' }], 'holds an absolute path: "/etc/passwd"'],
    ['a drive', [{ name: 'C:/x' }], 'holds an absolute path: "C:/x"'],
    ['a backslash', [{ name: 'c\\..\\x' }], 'holds a path with a backslash: "c\\\\..\\\\x"'],
    ['a symbolic link', [{ name: 'c/l', type: 'symlink', linkname: '/etc/passwd' }], 'holds a symbolic link: "c/l"'],
    ['a hard link', [{ name: 'c/l', type: 'link', linkname: 'c/Chart.yaml' }], 'holds a hard link: "c/l"'],
    ['a device', [{ name: 'c/null', type: 'character-device' }], 'holds a device: "c/null"'],
    ['a pipe', [{ name: 'c/pipe', type: 'fifo' }], 'holds a device: "c/pipe"'],
    ['a path twice', [{ name: 'c/x' }, { name: 'c/./x' }], 'holds "x" twice'],
    ['a file that is a folder', [{ name: 'c/x' }, { name: 'c/x/y' }], 'holds "x" as a file and as a folder'],
    [
      'a file that is a folder, between names that begin alike',
      [{ name: 'c/x/z/y' }, { name: 'c/x!' }, { name: 'c/x.y' }, { name: 'c/x/z' }, { name: 'c/x/z.' }],
      'holds "x/z" as a file and as a folder',
    ],
    ['several roots', [{ name: 'd/x' }], 'holds several top folders: "c" and "d"'],
    ['a root before the root', [{ name: './c/x' }], 'holds several top folders: "c" and "."'],
    ['a file that is its folder', [{ name: 'c/x/' }], 'holds an entry that is no file: "c/x/"'],
    [
      'a name that no system takes',
      [{ name: `c/${'ä'.repeat(128)}` }],
      expect.stringMatching(/^holds a name longer than 255 bytes: "c\/ä{128}"$/),
    ],
    [
      'a path that no system takes',
      [{ name: `c/${'deep/'.repeat(205)}` }],
      expect.stringMatching(/^holds a path longer than 1024 bytes: "c\/deep/),
    ],
    ['a file at the top', [{ name: 'c' }], 'holds a file outside the chart\'s folder: "c"'],
    [
      'a line break in a name',
      [{ name: 'c/../a\n::error::b' }],
      'holds a path that leads outside with "..": "c/../a\\n::error::b"',
    ],
  ];
  test.each(cases)('%s', async (_, entries, expected) => {
    expect(await reason(await archiveWith(...entries))).toEqual(expected);
  });

  test('no Chart.yaml', async () => {
    expect(await reason(await archiveOf({ name: 'c/values.yaml' }))).toBe('holds no Chart.yaml');
    expect(await reason(await archiveOf({ name: 'c/x/Chart.yaml' }))).toBe('holds no Chart.yaml');
    expect(await reason(gzipSync(new Uint8Array(0)))).toBe('holds no Chart.yaml');
  });

  test('no gzip, cut off, damaged', async () => {
    const good = await archiveWith({
      name: 'c/x',
      content: createHash('sha512').update('x').digest('hex').repeat(100),
    });
    expect(await reason(bytes('<html>login</html>'))).toBe('is no gzip archive');
    expect(await reason(new Uint8Array(0))).toBe('is no gzip archive');
    expect(await reason(good.slice(0, good.length / 2))).toBe('is cut off');
    expect(
      await reason(gzipSync((await tar([{ name: 'c/Chart.yaml', content: 'x'.repeat(2000) }])).slice(0, 1000))),
    ).toBe('is cut off');
    const damaged = good.slice();
    damaged[damaged.length - 6] = (damaged[damaged.length - 6] ?? 0) ^ 0xff;
    expect(await reason(damaged)).toMatch(/^can't be read \(incorrect data check/);
    expect(await reason(gzipSync(bytes('no tar at all, but long enough. '.repeat(100))))).toMatch(
      /^can't be read \(Invalid tar header/,
    );
  });
});

describe('an archive without measure costs little', () => {
  /** Milliseconds and bytes that the reading took; memory is sampled while it goes on. */
  async function cost(archive: Uint8Array): Promise<{ reason: string; milliseconds: number; memory: number }> {
    const before = process.memoryUsage().rss;
    let peak = before;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 5);
    const started = performance.now();
    const said = await reason(archive);
    clearInterval(timer);
    return {
      reason: said,
      milliseconds: performance.now() - started,
      memory: Math.max(peak, process.memoryUsage().rss) - before,
    };
  }
  const cases: [string, () => Uint8Array | Promise<Uint8Array>, unknown][] = [
    ['a million entries', millionEntries, 'holds more than 20000 entries'],
    ['ten gigabytes of zeros', zeroBomb, 'unpacks to more than 100 MiB'],
    ['many large files', manyLargeFiles, 'unpacks to more than 100 MiB'],
    ['a header that claims eight gigabytes', claimsTooMuch, 'holds a file larger than 5 MiB: "c/huge.bin"'],
    ['five thousand files, each sixty folders deep', () => deepFolders(5_000, 60), 'holds no Chart.yaml'],
    [
      'folders without measure',
      () => deepFolders(20_000, 490),
      expect.stringMatching(/^holds a path more than 64 folders deep/),
    ],
    ['names without measure', namesWithoutMeasure, expect.stringMatching(/^holds a path longer than 1024 bytes/)],
    ['a packed size beyond the bound', () => new Uint8Array(ARCHIVE_LIMITS.packedBytes + 1), 'is larger than 64 MiB'],
  ];
  test.each(cases)('%s', async (_, make, expected) => {
    const archive = await make();
    const { reason: said, milliseconds, memory } = await cost(archive);
    expect(said).toEqual(expected);
    expect(milliseconds).toBeLessThan(5_000);
    expect(memory).toBeLessThan(300 * 1024 * 1024);
  });
});

describe('writing', () => {
  const files = [
    { path: 'values.yaml', content: bytes('a: 1\n') },
    { path: 'Chart.yaml', content: bytes('apiVersion: v2\nname: c\nversion: 1.0.0\n') },
    { path: `${'deep/'.repeat(30)}ä.yaml`, content: bytes('x') },
    { path: 'Z', content: bytes('') },
    { path: 'a', content: bytes('x'.repeat(100_000)) },
  ];

  test('gives the bytes that are recorded here, on every Node and machine', async () => {
    const archive = await writeArchive('c', files);
    expect(createHash('sha256').update(archive).digest('hex')).toBe(
      '9af59e413403085157169e1026c6099755c5a4ec99911d2020855bfbd8fa7b8d',
    );
  });

  test('does not depend on the order of the files', async () => {
    expect(await writeArchive('c', [...files].reverse())).toEqual(await writeArchive('c', files));
  });

  test('is read back as it was', async () => {
    const read = await readArchive(await writeArchive('c', files));
    if (!read.ok) throw new Error(read.reason);
    expect(read.files.map(({ path }) => path)).toEqual([
      'Chart.yaml',
      'Z',
      'a',
      `${'deep/'.repeat(30)}ä.yaml`,
      'values.yaml',
    ]);
    expect(read.files.map(({ content }) => text(content))).toContain('a: 1\n');
  });

  test('holds no time, no owner and no name of this machine', async () => {
    const archive = await writeArchive('c', files);
    expect([...archive.slice(4, 8)]).toEqual([0, 0, 0, 0]);
    const header = gunzipSync(archive).subarray(0, 512).toString('latin1');
    expect(header.slice(100, 107)).toBe('000644 ');
    expect(header.slice(108, 124)).toMatch(/^[0 \0]+$/);
    expect(Number.parseInt(header.slice(136, 147), 8)).toBe(Date.UTC(1980, 1, 1) / 1000);
    expect(header.slice(265, 329)).toBe('\0'.repeat(64));
  });
});
