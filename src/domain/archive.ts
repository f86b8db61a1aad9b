import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib, { createGunzip } from 'node:zlib';
import { Refusal, SeenPaths, segmentsOf, shown } from './archive-paths.ts';
import type { ChartFile } from './chart.ts';
import { ARCHIVE_LIMITS } from './limits.ts';

export type ArchiveLimits = { readonly [Name in keyof typeof ARCHIVE_LIMITS]: number };

export type ArchiveRead =
  | {
      readonly ok: true;
      /** The one folder that everything lies in: the chart's name. */
      readonly root: string;
      /** Sorted by the bytes of their paths, which are relative to `root`. */
      readonly files: readonly ChartFile[];
    }
  /** `reason` follows the archive's name in a sentence: `holds a symbolic link: "x"`. */
  | { readonly ok: false; readonly reason: string };

/**
 * Reads a chart's archive (a gzipped tar) into memory. Whatever could lead out of a folder, isn't a plain file,
 * or passes a bound ends the reading there and then, so that hostile archives cost little.
 */
export async function readArchive(bytes: Uint8Array, limits: ArchiveLimits = ARCHIVE_LIMITS): Promise<ArchiveRead> {
  try {
    return await read(bytes, limits);
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.message };
    return { ok: false, reason: damage(error) };
  }
}

async function read(bytes: Uint8Array, limits: ArchiveLimits): Promise<ArchiveRead> {
  if (bytes.byteLength > limits.packedBytes) throw new Refusal(`is larger than ${mebibytes(limits.packedBytes)}`);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw new Refusal('is no gzip archive');
  // The default export: a bundled CommonJS module has no named ones when it is loaded lazily.
  const { default: tar } = await import('tar-stream');
  const reader = tar.extract();
  const feeding = pipeline(Readable.from(slices(bytes)), createGunzip(), meter(limits), reader);
  // Looked at below; without this a failure before then would count as nobody's.
  feeding.catch(() => {});

  const seen = new SeenPaths();
  const files: ChartFile[] = [];
  let root: string | undefined;
  let entries = 0;
  let total = 0;
  try {
    for await (const entry of reader) {
      const { name, type, size = 0 } = entry.header;
      entries += 1;
      if (entries > limits.entries) throw new Refusal(`holds more than ${limits.entries} entries`);
      const [first, ...rest] = segmentsOf(name);
      if (type !== 'file' && type !== 'contiguous-file' && type !== 'directory')
        throw new Refusal(notPlain(type, name));
      if (first === undefined) {
        entry.resume();
        continue;
      }
      root ??= first;
      if (first !== root) throw new Refusal(`holds several top folders: ${shown(root)} and ${shown(first)}`);
      if (type === 'directory') {
        entry.resume();
        continue;
      }
      if (rest.length === 0) throw new Refusal(`holds a file outside the chart's folder: ${shown(name)}`);
      if (size > limits.fileBytes)
        throw new Refusal(`holds a file larger than ${mebibytes(limits.fileBytes)}: ${shown(name)}`);
      total += size;
      if (total > limits.totalBytes) throw new Refusal(`unpacks to more than ${mebibytes(limits.totalBytes)}`);
      const path = rest.join('/');
      seen.add(path);
      files.push({ path, content: await contentOf(entry as AsyncIterable<unknown> as AsyncIterable<Uint8Array>) });
    }
  } finally {
    reader.destroy();
  }
  await feeding;
  seen.finish();
  if (root === undefined || !files.some((file) => file.path === 'Chart.yaml')) throw new Refusal('holds no Chart.yaml');
  return { ok: true, root, files: sorted(files) };
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  const step = 64 * 1024;
  for (let start = 0; start < bytes.byteLength; start += step) yield bytes.subarray(start, start + step);
}

/** Ends the reading when the tar itself, with its headers and padding, grows past all that the bounds admit. */
function meter(limits: ArchiveLimits) {
  const most = limits.totalBytes + limits.entries * 2048;
  return async function* (chunks: AsyncIterable<Uint8Array>) {
    let total = 0;
    for await (const chunk of chunks) {
      total += chunk.byteLength;
      if (total > most) throw new Refusal(`unpacks to more than ${mebibytes(limits.totalBytes)}`);
      yield chunk;
    }
  };
}

async function contentOf(entry: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0].slice() : Buffer.concat(chunks);
}

function notPlain(type: string | null | undefined, name: string): string {
  switch (type) {
    case 'symlink':
      return `holds a symbolic link: ${shown(name)}`;
    case 'link':
      return `holds a hard link: ${shown(name)}`;
    case 'character-device':
    case 'block-device':
    case 'fifo':
      return `holds a device: ${shown(name)}`;
    default:
      return `holds an entry that is no file: ${shown(name)}`;
  }
}

function damage(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'Z_BUF_ERROR' || message === 'Unexpected end of data') return 'is cut off';
  return `can't be read (${message ?? String(error)})`;
}

function mebibytes(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${Math.floor(bytes / 1024 / 1024)} MiB` : `${bytes} bytes`;
}

function sorted(files: readonly ChartFile[]): ChartFile[] {
  return files
    .map((file) => ({ file, key: Buffer.from(file.path) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ file }) => file);
}

/**
 * When every file of every package was last changed: 1980-02-01. Zip files know no day before 1980-01-01, in the
 * reader's own time zone, so a day of that January could fall before it; tar readers warn about 1970. Gradle's
 * reproducible archives carry the same day for the same reason.
 */
export const PACKAGE_TIME = new Date('1980-02-01T00:00:00Z');

/**
 * The one writer of packages. The same files give the same bytes everywhere: entries sorted by the bytes of their
 * paths, no folders, one time, mode 0644, no owners, and a deflate in plain JavaScript (zlib's output
 * changes with Node's version).
 */
export async function writeArchive(root: string, files: readonly ChartFile[]): Promise<Uint8Array> {
  const [{ default: tar }, { deflateSync, gzipSync }] = await Promise.all([import('tar-stream'), import('fflate')]);
  const writer = tar.pack();
  for (const { path, content } of sorted(files)) {
    writer.entry(
      { name: `${root}/${path}`, mode: 0o644, uid: 0, gid: 0, uname: '', gname: '', mtime: PACKAGE_TIME, type: 'file' },
      Buffer.from(content.buffer, content.byteOffset, content.byteLength),
    );
  }
  writer.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of writer as AsyncIterable<unknown>) chunks.push(chunk as Uint8Array);
  const packed = Buffer.concat(chunks);
  // Node's checksum, where it has one (20.15), takes a tenth of the library's time.
  const crc32 = (zlib as { crc32?: (data: Uint8Array) => number }).crc32;
  if (crc32 === undefined) return gzipSync(packed, { level: LEVEL, mtime: 0 });
  const end = Buffer.alloc(8);
  end.writeUInt32LE(crc32(packed), 0);
  end.writeUInt32LE(packed.length % 2 ** 32, 4);
  return Buffer.concat([GZIP_HEADER, deflateSync(packed, { level: LEVEL }), end]);
}

/** Of compression; 9 takes a third longer for one per cent less. */
const LEVEL = 6;

/** RFC 1952: deflate, no name, no time, no extra flags, Unix. The same as fflate's gzipSync writes at this level. */
const GZIP_HEADER = Buffer.from([31, 139, 8, 0, 0, 0, 0, 0, 0, 3]);
