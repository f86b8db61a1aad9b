import { describe, expect, test } from '@jest/globals';
import { extract, type Header, pack } from 'tar-stream';
import { packTar, TarCutOff, TarReader } from '../../src/domain/tar.ts';

const TIME = new Date('1980-02-01T00:00:00Z');
const bytes = (content: string) => new TextEncoder().encode(content);

/** What our reader sees of an archive that comes in pieces of `step` bytes. */
function entriesOf(archive: Uint8Array, step = archive.byteLength): [string, string, string?][] {
  const seen: [string, string, string?][] = [];
  const reader = new TarReader({
    header: ({ name, type }) => void seen.push([name, type]),
    file: (_, content) => void seen.at(-1)?.push(new TextDecoder().decode(content)),
  });
  for (let at = 0; at < archive.byteLength; at += step) reader.push(archive.subarray(at, at + step));
  reader.end();
  return seen;
}

async function byLibrary(files: readonly { name: string; content: Uint8Array }[]): Promise<Buffer> {
  const writer = pack();
  for (const { name, content } of files) {
    const header = { name, mode: 0o644, uid: 0, gid: 0, uname: '', gname: '', mtime: TIME, type: 'file' } as const;
    writer.entry(header, Buffer.from(content));
  }
  writer.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of writer as AsyncIterable<unknown>) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

async function readByLibrary(archive: Uint8Array): Promise<string[][]> {
  const reader = extract();
  reader.end(Buffer.from(archive));
  const seen: string[][] = [];
  for await (const entry of reader) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry as AsyncIterable<unknown>) chunks.push(chunk as Uint8Array);
    seen.push([entry.header.name, String(entry.header.type), Buffer.concat(chunks).toString()]);
  }
  return seen;
}

/** A header block that tar-stream can't write: of any type, by GNU or not. */
function header(name: string, flag: string, size: number, magic: 'ustar\x0000' | 'ustar  \0'): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write(`${size.toString(8).padStart(11, '0')} `, 124);
  block.write('        ', 148);
  block.write(flag, 156);
  block.write(magic, 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Fills in the sum of a header that was changed. */
function summed(block: Buffer): Buffer {
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function binarySize(name: string, size: readonly number[]): Buffer {
  const block = header(name, '0', 0, 'ustar\x0000');
  block.set(size, 124);
  return summed(block);
}

function gnuWithPrefix(name: string): Buffer {
  const block = header(name, '0', 0, 'ustar  \0');
  block.write('folder', 345);
  return summed(block);
}

/** The length of a record counts its own digits; those here have one or two. */
function paxRecord(record: string): string {
  const length = record.length + 3;
  return `${length < 10 ? length : length + 1} ${record}\n`;
}

function padded(content: string): Buffer {
  const block = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
  block.write(content);
  return block;
}

const NAMES = [
  'a',
  'c/templates/x.yaml',
  `c/${'x'.repeat(98)}`,
  `c/${'x'.repeat(99)}`,
  'x'.repeat(101),
  `${'d'.repeat(60)}/${'d'.repeat(60)}/f`,
  `${'deep/'.repeat(30)}f`,
  `${'deep/'.repeat(60)}f`,
  `${'p'.repeat(155)}/${'n'.repeat(100)}`,
  `${'p'.repeat(156)}/${'n'.repeat(100)}`,
  'c/ä.yaml',
  `c/${'ä'.repeat(70)}.yaml`,
  // The record's length has a digit more than its text alone.
  ...Array.from({ length: 12 }, (_, index) => 'é'.repeat(42 + index)),
];

describe('an archive that is written', () => {
  const files = NAMES.flatMap((name, index) => [
    { name, content: bytes('x'.repeat(index * 100)) },
    { name: `${name}!`, content: bytes('y'.repeat(512)) },
  ]);

  test('is, byte for byte, what tar-stream writes', async () => {
    expect(packTar(files, TIME).equals(await byLibrary(files))).toBe(true);
    expect(packTar([], TIME).equals(await byLibrary([]))).toBe(true);
  });

  test.each([1, 7, 511, 512, 513, 100_000])('is read back in pieces of %i bytes', (step) => {
    const expected = files.map(({ name, content }) => [name, 'file', new TextDecoder().decode(content)]);
    expect(entriesOf(packTar(files, TIME), step)).toEqual(expected);
  });
});

describe('an archive that is read', () => {
  test('has the entries that tar-stream sees', async () => {
    const writer = pack();
    const types: NonNullable<Header['type']>[] = ['symlink', 'link', 'character-device', 'block-device', 'fifo'];
    writer.entry({ name: 'c/', type: 'directory' });
    for (const type of types) writer.entry({ name: `c/${type}`, type, linkname: 'elsewhere' });
    writer.entry({ name: `c/${'ö'.repeat(90)}`, pax: { comment: 'a=b' } }, 'text');
    writer.entry({ name: 'c/contiguous', type: 'contiguous-file' }, 'text');
    writer.finalize();
    const chunks: Uint8Array[] = [];
    for await (const chunk of writer as AsyncIterable<unknown>) chunks.push(chunk as Uint8Array);
    const archive = Buffer.concat(chunks);
    const theirs = (await readByLibrary(archive)).map(([name, type, content]) => [name, type, content || undefined]);
    expect(entriesOf(archive).map(([name, type, content]) => [name, type, content || undefined])).toEqual(theirs);
  });

  test('may have GNU’s long names, global headers, old folders and sizes in binary', () => {
    const long = `c/${'long/'.repeat(50)}x`;
    const archive = Buffer.concat([
      header('pax_global_header', 'g', 52, 'ustar\x0000'),
      padded('52 comment=1234567890123456789012345678901234567890\n'),
      header('././@LongLink', 'L', long.length + 1, 'ustar  \0'),
      padded(`${long}\0`),
      header('c/long', '0', 1, 'ustar  \0'),
      padded('1'),
      header('c/old/', '\0', 0, 'ustar\x0000'),
      binarySize('c/b', [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]),
      padded('abc'),
      header('c/link', 'K', 4, 'ustar  \0'),
      padded('abc\0'),
      header('c/sparse', 'S', 0, 'ustar  \0'),
    ]);
    expect(entriesOf(archive)).toEqual([
      [long, 'file', '1'],
      ['c/old/', 'directory'],
      ['c/b', 'file', 'abc'],
      ['c/sparse', 'other'],
    ]);
  });

  /** What Go, and so helm, sees; other readers see other things. */
  describe('odd as it may be, is what helm sees', () => {
    const file = (name: string, content: string) =>
      Buffer.concat([header(name, '0', content.length, 'ustar\x0000'), padded(content)]);
    const pax = (flag: 'x' | 'g', ...records: string[]) => {
      const text = records.map(paxRecord).join('');
      return Buffer.concat([header('PaxHeader', flag, text.length, 'ustar\x0000'), padded(text)]);
    };
    const gnuName = (name: string) =>
      Buffer.concat([header('././@LongLink', 'L', name.length, 'ustar  \0'), padded(name)]);
    const zeros = (blocks: number) => Buffer.alloc(512 * blocks);

    test.each([
      ['two blocks of zeros end it', [file('c/a', 'a'), zeros(2), file('c/b', 'b')], [['c/a', 'file', 'a']]],
      [
        'no header speaks of all entries',
        [pax('g', 'path=c/other', 'size=00001'), file('c/a', 'aa')],
        [['c/a', 'file', 'aa']],
      ],
      [
        'of two headers the second counts',
        [pax('x', 'path=c/other'), pax('x', 'comment=1'), file('c/a', '')],
        [['c/a', 'file', '']],
      ],
      [
        "GNU's long name wins",
        [gnuName('c/long'), pax('x', 'path=c/other'), file('c/a', '')],
        [['c/long', 'file', '']],
      ],
      ['an empty name and size are none', [pax('x', 'path=', 'size='), file('c/a', 'a')], [['c/a', 'file', 'a']]],
    ])('%s', (_, parts, expected) => {
      expect(entriesOf(Buffer.concat(parts))).toEqual(expected);
    });

    test.each([
      ['a folder with content', [header('c/d', '5', 512, 'ustar\x0000'), file('c/a', '')], 'a directory with content'],
      ['a sparse file', [pax('x', 'GNU.sparse.name=c/other'), file('c/a', '')], 'a sparse file'],
      ['one block of zeros within', [file('c/a', 'a'), zeros(1), file('c/b', 'b')], 'behind a block of zeros'],
      ['a size beyond all measure', [binarySize('c/a', [0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3])], 'a number is none'],
      ['a name where GNU has times', [gnuWithPrefix('c/a')], 'a number is none'],
    ])('%s is refused', (_, parts, expected) => {
      expect(() => entriesOf(Buffer.concat(parts))).toThrow(`Invalid tar header: ${expected}`);
    });
  });

  test('that is cut off anywhere is told from one that is damaged', () => {
    const archive = packTar([{ name: 'c/é', content: bytes('x'.repeat(700)) }], TIME);
    for (let end = 1; end < archive.byteLength - 1024; end += 1) {
      expect(() => entriesOf(archive.subarray(0, end))).toThrow(TarCutOff);
    }
    for (const [at, byte] of [
      [0, 1],
      [124, 0x39],
      [257, 0],
    ] as const) {
      const damaged = Buffer.from(archive);
      damaged[at] = byte;
      expect(() => entriesOf(damaged)).toThrow(/^Invalid tar header/);
    }
    const noRecord = Buffer.concat([header('x', 'x', 4, 'ustar\x0000'), padded('9 a=')]);
    expect(() => entriesOf(noRecord)).toThrow(/^Invalid tar header: an extended header is damaged/);
    const huge = header('x', 'x', 2 ** 30, 'ustar\x0000');
    expect(() => entriesOf(huge)).toThrow(/^Invalid tar header: an extended header is too large/);
  });
});
