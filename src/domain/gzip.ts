import wasm from '@zip.js/zip.js/dist/zip-module.wasm';

/** What zip.js' build of zlib exports; a process call answers with zlib's code in its first byte, then the bytes it made. */
interface Zlib {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(size: number): number;
  deflate_new(): number;
  deflate_init_gzip(stream: number, level: number): number;
  deflate_process(stream: number, from: number, size: number, to: number, room: number, flush: number): number;
  deflate_last_consumed(stream: number): number;
  deflate_end(stream: number): number;
}

/** Of `lib.dom`, which this project is built without. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

/** zlib's own default; 9 takes half as long again for one per cent less. */
const LEVEL = 6;
const Z_FINISH = 4;
const Z_STREAM_END = 1;
/** Bytes that go in and come out at once. */
const PIECE = 64 * 1024;

/** zlib and the room for what goes in and what comes out; made once, for a repository may have hundreds of charts. */
interface Compressor {
  readonly zlib: Zlib;
  readonly from: number;
  readonly to: number;
}

let made: Compressor | undefined;

function makeCompressor(): Compressor {
  const zlib = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as Zlib;
  const [from, to] = [zlib.malloc(PIECE), zlib.malloc(PIECE)];
  if (from === 0 || to === 0) throw new Error('zlib has no memory');
  return { zlib, from, to };
}

/**
 * Compresses by zlib itself, built to WebAssembly: the same bytes on every machine, while what Node's own zlib makes
 * changes with Node's version and the processor. No name and no time in the header (RFC 1952).
 */
export function gzip(bytes: Uint8Array): Uint8Array {
  made ??= makeCompressor();
  const { zlib, from, to } = made;
  const stream = zlib.deflate_new();
  if (stream === 0 || zlib.deflate_init_gzip(stream, LEVEL) !== 0) throw new Error('zlib has no memory');
  const pieces: Uint8Array[] = [];
  for (let at = 0; ; ) {
    const piece = bytes.subarray(at, at + PIECE);
    // Memory that grows has another buffer.
    new Uint8Array(zlib.memory.buffer, from).set(piece);
    const flush = at + piece.byteLength === bytes.byteLength ? Z_FINISH : 0;
    const answer = zlib.deflate_process(stream, from, piece.byteLength, to, PIECE, flush);
    const code = answer >> 24;
    if (code < 0) throw new Error(`zlib failed with ${code}`);
    pieces.push(new Uint8Array(zlib.memory.buffer, to, answer & 0xffffff).slice());
    at += zlib.deflate_last_consumed(stream);
    if (code === Z_STREAM_END) {
      zlib.deflate_end(stream);
      return Buffer.concat(pieces);
    }
  }
}
