import { Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { Refusal, SeenPaths, segmentsOf, shown } from './archive-paths.ts';
import type { ChartFile } from './chart.ts';
import { ARCHIVE_LIMITS } from './limits.ts';
import { packTar, TarCutOff, type TarHeader, TarReader } from './tar.ts';

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

export type FilesRead =
  | { readonly ok: true; readonly files: readonly ChartFile[] }
  /** As that of a chart's archive. */
  | { readonly ok: false; readonly reason: string };

/**
 * Reads a chart's archive (a gzipped tar) into memory. Whatever could lead out of a folder, isn't a plain file,
 * or passes a bound ends the reading there and then, so that hostile archives cost little.
 */
export async function readArchive(bytes: Uint8Array, limits: ArchiveLimits = ARCHIVE_LIMITS): Promise<ArchiveRead> {
  return await refusing(async () => chartIn(await read(bytes, new Entries(limits, true))));
}

/** Reads any gzipped tar in the same way: its files are wherever they are. */
export async function readTarball(bytes: Uint8Array, limits: ArchiveLimits = ARCHIVE_LIMITS): Promise<FilesRead> {
  return await refusing(async () => ({
    ok: true,
    files: sorted((await read(bytes, new Entries(limits, false))).files),
  }));
}

async function refusing<Read>(reading: () => Promise<Read>): Promise<Read | { ok: false; reason: string }> {
  try {
    return await reading();
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.message };
    return { ok: false, reason: damage(error) };
  }
}

function chartIn({ root, files }: Entries): ArchiveRead {
  if (root === undefined || !files.some((file) => file.path === 'Chart.yaml')) throw new Refusal('holds no Chart.yaml');
  return { ok: true, root, files: sorted(files) };
}

async function read(bytes: Uint8Array, entries: Entries): Promise<Entries> {
  const { limits } = entries;
  if (bytes.byteLength > limits.packedBytes) throw new Refusal(`is larger than ${mebibytes(limits.packedBytes)}`);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw new Refusal('is no gzip archive');
  const small = unpackedAtOnce(bytes);
  const tar = new TarReader(entries);
  if (small !== undefined) tar.push(small);
  else await unpackInPieces(bytes, limits, (piece) => tar.push(piece));
  tar.end();
  entries.end();
  return entries;
}

/** Nearly every chart unpacks to less; the stream that reads larger ones costs more than the reading. */
const AT_ONCE = 8 * 1024 * 1024;

function unpackedAtOnce(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: AT_ONCE });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

/** Ends when the tar itself, with its headers and padding, grows past all that the bounds admit. */
async function unpackInPieces(
  bytes: Uint8Array,
  limits: ArchiveLimits,
  take: (piece: Uint8Array) => void,
): Promise<void> {
  const most = limits.totalBytes + limits.entries * 2048;
  const unpacking = Readable.from(slices(bytes)).pipe(createGunzip({ chunkSize: 1024 * 1024 }));
  let total = 0;
  // Leaving the loop by an error destroys the stream.
  for await (const piece of unpacking as AsyncIterable<Uint8Array>) {
    total += piece.byteLength;
    if (total > most) throw new Refusal(`unpacks to more than ${mebibytes(limits.totalBytes)}`);
    take(piece);
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  const step = 64 * 1024;
  for (let start = 0; start < bytes.byteLength; start += step) yield bytes.subarray(start, start + step);
}

/** The files of an archive as they come; throws a `Refusal` for the first thing that may not be. */
class Entries {
  readonly limits: ArchiveLimits;
  readonly files: ChartFile[] = [];
  /** The one folder that everything lies in, where one is asked for: paths are relative to it then. */
  root: string | undefined;
  readonly #inOneFolder: boolean;
  readonly #seen = new SeenPaths();
  #entries = 0;
  #total = 0;
  #path = '';

  constructor(limits: ArchiveLimits, inOneFolder: boolean) {
    this.limits = limits;
    this.#inOneFolder = inOneFolder;
  }

  header({ name, type, size }: TarHeader): void {
    const { limits } = this;
    this.#entries += 1;
    if (this.#entries > limits.entries) throw new Refusal(`holds more than ${limits.entries} entries`);
    const segments = segmentsOf(name);
    const isFile = type === 'file' || type === 'contiguous-file';
    if (!isFile && type !== 'directory') throw new Refusal(notPlain(type, name));
    this.#path = (this.#inOneFolder ? this.#belowRoot(segments, name, isFile) : segments).join('/');
    if (!isFile) return;
    if (size > limits.fileBytes)
      throw new Refusal(`holds a file larger than ${mebibytes(limits.fileBytes)}: ${shown(name)}`);
    this.#total += size;
    if (this.#total > limits.totalBytes) throw new Refusal(`unpacks to more than ${mebibytes(limits.totalBytes)}`);
    this.#seen.add(this.#path);
  }

  #belowRoot([first, ...rest]: readonly string[], name: string, isFile: boolean): string[] {
    if (first === undefined) throw new Refusal('holds an entry without a name');
    this.root ??= first;
    if (first !== this.root) throw new Refusal(`holds several top folders: ${shown(this.root)} and ${shown(first)}`);
    if (isFile && rest.length === 0) throw new Refusal(`holds a file outside the chart's folder: ${shown(name)}`);
    return rest;
  }

  file(_: TarHeader, content: Uint8Array): void {
    this.files.push({ path: this.#path, content });
  }

  end(): void {
    this.#seen.finish();
  }
}

function notPlain(type: TarHeader['type'], name: string): string {
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
  if (code === 'Z_BUF_ERROR' || error instanceof TarCutOff) return 'is cut off';
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
 * paths, no folders, one time, mode 0644, no owners, and a compression that no version of Node changes.
 */
export async function writeArchive(root: string, files: readonly ChartFile[]): Promise<Uint8Array> {
  const { gzip } = await import('./gzip.ts');
  return gzip(
    packTar(
      sorted(files).map(({ path, content }) => ({ name: `${root}/${path}`, content })),
      PACKAGE_TIME,
    ),
  );
}
