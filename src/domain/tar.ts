/**
 * Tar archives in memory: ustar with the extended headers of POSIX.1-2001 (pax), which Go, GNU tar and BSD tar write,
 * and GNU's long names. Readers differ where an archive is odd; this one sees what Go's, and so helm's, sees, or
 * refuses: else what is looked at here would be another chart than the one that helm unpacks. Without streams on purpose: a chart is some dozen small files, and a stream for each costs
 * ten times what the bytes do (docs/decisions/0004).
 */

const BLOCK = 512;

export type TarType =
  | 'file'
  | 'link'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo'
  | 'contiguous-file'
  | 'other';

export interface TarHeader {
  readonly name: string;
  readonly type: TarType;
  /** Bytes of the content. */
  readonly size: number;
}

/** Entries as they come. Whatever `header` throws ends the reading before the content is looked at. */
export interface TarVisitor {
  header(entry: TarHeader): void;
  /** Only of entries of the types `file` and `contiguous-file`; a view of what was pushed, not a copy. */
  file(entry: TarHeader, content: Uint8Array): void;
}

/** Bytes of an extended header or a long name; real ones have some hundred. */
const EXTENDED_BYTES = 1024 * 1024;

/** Reads an archive that is pushed in pieces; throws an `Error` for what is no tar, and `TarCutOff` at an early end. */
export class TarReader {
  readonly #visitor: TarVisitor;
  #rest: Uint8Array = new Uint8Array(0);
  /** Bytes of padding that nobody wants. */
  #skip = 0;
  #current: (TarHeader & { readonly flag: string }) | undefined;
  /** Blocks of zeros, one behind the other: the second ends the archive, whatever lies behind it. */
  #blank = 0;
  /** What the headers before an entry said of it. */
  #next: ReadonlyMap<string, string> = new Map();
  #longName: string | undefined;

  constructor(visitor: TarVisitor) {
    this.#visitor = visitor;
  }

  push(chunk: Uint8Array): void {
    if (this.#blank === 2) return;
    const bytes = this.#rest.byteLength === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    const take = (size: number): Uint8Array | undefined => {
      if (bytes.byteLength - at < size) return undefined;
      at += size;
      return bytes.subarray(at - size, at);
    };
    for (;;) {
      const skipped = Math.min(this.#skip, bytes.byteLength - at);
      at += skipped;
      this.#skip -= skipped;
      if (this.#skip > 0) break;
      if (this.#current !== undefined) {
        const content = take(this.#current.size);
        if (content === undefined) break;
        this.#skip = paddingOf(this.#current.size);
        const entry = this.#current;
        this.#current = undefined;
        this.#take(entry, content);
      } else {
        const block = take(BLOCK);
        if (block === undefined) break;
        this.#header(block);
        if (this.#blank === 2) at = bytes.byteLength;
      }
    }
    this.#rest = bytes.subarray(at);
  }

  /** Throws when the last entry isn't whole. */
  end(): void {
    const pending =
      this.#current !== undefined || this.#next.size > 0 || this.#longName !== undefined || this.#skip > 0;
    if (pending || this.#rest.byteLength > 0) throw new TarCutOff();
  }

  #header(block: Uint8Array): void {
    const raw = readHeader(block);
    if (raw === undefined) {
      this.#blank += 1;
      return;
    }
    if (this.#blank > 0) throw new Error('Invalid tar header: behind a block of zeros');
    if (isExtended(raw.flag)) {
      if (raw.size > EXTENDED_BYTES) throw new Error('Invalid tar header: an extended header is too large');
      this.#current = { ...raw, type: 'other' };
      return;
    }
    const [path, size] = [this.#next.get('path'), this.#next.get('size')];
    const name = this.#longName ?? (path || raw.name);
    const entry = { ...raw, name, size: size ? whole(size, 10) : raw.size, type: typeOf(raw.flag, name) };
    this.#next = new Map();
    this.#longName = undefined;
    this.#visitor.header(entry);
    if (entry.type === 'file' || entry.type === 'contiguous-file') this.#current = entry;
    // What an entry without content has for its size is content to some readers only.
    else if (entry.size > 0) throw new Error(`Invalid tar header: a ${entry.type} with content`);
  }

  #take(entry: TarHeader & { readonly flag: string }, content: Uint8Array): void {
    switch (entry.flag) {
      case 'x':
        this.#next = records(content);
        if ([...this.#next.keys()].some((key) => key.startsWith('GNU.sparse.')))
          throw new Error('Invalid tar header: a sparse file');
        return;
      case 'L':
        this.#longName = text(content, 0, content.byteLength);
        return;
      // What holds for all entries (git's commit, say) is nothing that is read here; nor are links.
      case 'g':
      case 'K':
        return;
      default:
        this.#visitor.file(entry, content);
    }
  }
}

export class TarCutOff extends Error {}

/** What describes the entry behind it: pax headers, and GNU's long names and links. */
function isExtended(flag: string): boolean {
  return 'xgLK'.includes(flag);
}

function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

const TYPES: Readonly<Record<string, TarType>> = {
  '\0': 'file',
  0: 'file',
  1: 'link',
  2: 'symlink',
  3: 'character-device',
  4: 'block-device',
  5: 'directory',
  6: 'fifo',
  7: 'contiguous-file',
};

function typeOf(flag: string, name: string): TarType {
  const type = TYPES[flag] ?? 'other';
  if (type !== 'file' || !name.endsWith('/')) return type;
  // Old archives know folders by the slash at the end; of a plain file with one readers make this or that.
  return flag === '\0' ? 'directory' : 'other';
}

/** A header block; `undefined` for one of zeros. */
function readHeader(block: Uint8Array): (Omit<TarHeader, 'type'> & { readonly flag: string }) | undefined {
  const sum = checksumOf(block);
  if (sum === BLANK_SUM) return undefined;
  if (sum !== number(block, 148, 8)) throw new Error('Invalid tar header: its checksum is wrong');
  const magic = text(block, 257, 263);
  const isGnu = magic === 'ustar ';
  if (magic !== 'ustar' && !isGnu) throw new Error('Invalid tar header: neither ustar nor GNU');
  const name = text(block, 0, 100);
  // Where ustar has the beginning of a long name, GNU has two times; an old Go wrote names there all the same.
  if (isGnu) for (const at of [345, 357]) number(block, at, 12);
  const prefix = isGnu ? '' : text(block, 345, 500);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: number(block, 124, 12),
    flag: String.fromCharCode(block[156] ?? 0),
  };
}

/** The sum of a block of zeros: the checksum's own field counts as blanks. */
const BLANK_SUM = 8 * 32;

function checksumOf(block: Uint8Array): number {
  let sum = BLANK_SUM;
  for (let index = 0; index < BLOCK; index += 1) if (index < 148 || index > 155) sum += block[index] ?? 0;
  return sum;
}

/** Text up to its NUL. */
function text(bytes: Uint8Array, start: number, end: number): string {
  const field = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  const zero = field.indexOf(0);
  return field.toString('utf8', 0, zero < 0 ? field.byteLength : zero);
}

/** Octal digits between blanks and NULs, or GNU's binary form, whose first bit is set. */
function number(block: Uint8Array, start: number, length: number): number {
  if (((block[start] ?? 0) & 0x80) === 0) return whole(text(block, start, start + length).trim() || '0', 8);
  let value = (block[start] ?? 0) & 0x7f;
  for (let index = start + 1; index < start + length; index += 1) value = value * 256 + (block[index] ?? 0);
  return whole(String(value), 10);
}

function whole(digits: string, base: 8 | 10): number {
  const value = /^[0-9]+$/.test(digits) ? Number.parseInt(digits, base) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new Error('Invalid tar header: a number is none');
  return value;
}

/** `LENGTH KEY=VALUE\n`, the length counting itself (POSIX.1-2001, pax). */
function records(bytes: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < bytes.byteLength; ) {
    const blank = bytes.indexOf(32, at);
    const length = blank < 0 ? Number.NaN : Number(text(bytes, at, blank));
    const end = at + length;
    if (!Number.isInteger(length) || end <= blank + 1 || end > bytes.byteLength || bytes[end - 1] !== 10)
      throw new Error('Invalid tar header: an extended header is damaged');
    const record = text(bytes, blank + 1, end - 1);
    const equals = record.indexOf('=');
    if (equals > 0) found.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return found;
}

/** Plain files as an archive: mode 0644, no owners, one time. */
export function packTar(files: readonly { readonly name: string; readonly content: Uint8Array }[], time: Date): Buffer {
  // One buffer of zeros, with room for the worst case: one a header costs more than what is written into it.
  const room = files.reduce((sum, { name, content }) => sum + content.byteLength + 3 * name.length + 6 * BLOCK, 0);
  const archive = Buffer.alloc(room + 2 * BLOCK);
  let at = 0;
  const header = (name: string, flag: '0' | 'x', size: number): boolean => {
    const written = writeHeader(archive.subarray(at, at + BLOCK), name, flag, size, time);
    if (written) at += BLOCK;
    return written;
  };
  const add = (bytes: Uint8Array): void => {
    archive.set(bytes, at);
    at += bytes.byteLength + paddingOf(bytes.byteLength);
  };
  for (const { name, content } of files) {
    if (!header(name, '0', content.byteLength)) {
      const record = Buffer.from(recordOf(`path=${name}`));
      header(STAND_IN, 'x', record.byteLength);
      add(record);
      header(STAND_IN, '0', content.byteLength);
    }
    add(content);
  }
  return archive.subarray(0, at + 2 * BLOCK);
}

/** The name where a header has no room for the real one, for readers that know no pax. */
const STAND_IN = 'PaxHeader';

/** Into a block of zeros. `false`, and nothing written, for a name that ustar can't hold: not ASCII, or too long to be cut at a slash. */
function writeHeader(block: Buffer, path: string, flag: '0' | 'x', size: number, time: Date): boolean {
  let name = path;
  let prefix = '';
  while (name.length > 100) {
    const slash = name.indexOf('/');
    if (slash < 0) return false;
    prefix = prefix === '' ? name.slice(0, slash) : `${prefix}/${name.slice(0, slash)}`;
    name = name.slice(slash + 1);
  }
  if (prefix.length > 155 || Buffer.byteLength(path) !== path.length) return false;
  const octal = (value: number, at: number, digits: number): void => {
    block.write(`${value.toString(8).padStart(digits, '0')} `, at, 'latin1');
  };
  block.write(name, 0, 'latin1');
  octal(0o644, 100, 6);
  octal(0, 108, 6);
  octal(0, 116, 6);
  octal(size, 124, 11);
  octal(time.getTime() / 1000, 136, 11);
  block.write(flag, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(0, 329, 6);
  octal(0, 337, 6);
  block.write(prefix, 345, 'latin1');
  octal(checksumOf(block), 148, 6);
  return true;
}

/** A pax record; its length counts its own digits. */
function recordOf(pair: string): string {
  const rest = Buffer.byteLength(pair) + 2;
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${pair}\n`;
}
