import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/** Bytes of everything in an archive, unpacked; helm takes 90 MB. */
const UNPACKED_BYTES = 512 * 1024 * 1024;

/**
 * Takes one program out of a `.tar.gz` or `.zip`, whatever folder of the archive it lies in, and makes it
 * executable. Nothing else is unpacked, so no name in the archive ever decides where something is written.
 * The answer is a text that says what is wrong with the archive, or `undefined`.
 */
export async function unpackProgram(archive: string, program: string, to: string): Promise<string | undefined> {
  try {
    const found = archive.endsWith('.zip')
      ? await fromZip(archive, program, to)
      : await fromTarGz(archive, program, to);
    return found ? undefined : `there is no ${program} in it`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function fromTarGz(archive: string, program: string, to: string): Promise<boolean> {
  // The default export: a bundled CommonJS module has no named ones when it is loaded lazily.
  const { default: tar } = await import('tar-stream');
  let found = false;
  const entries = tar.extract();
  const unpacking = pipeline(createReadStream(archive), createGunzip(), bounded(), entries);
  const taking = (async () => {
    for await (const entry of entries) {
      const wanted = !found && entry.header.type === 'file' && path.posix.basename(entry.header.name) === program;
      if (wanted) {
        await pipeline(entry, createWriteStream(to, { flags: 'wx', mode: 0o755 }));
        found = true;
      } else {
        entry.resume();
      }
    }
  })();
  const [unpacked, taken] = await Promise.allSettled([unpacking, taking]);
  if (unpacked.status === 'rejected') throw unpacked.reason;
  if (taken.status === 'rejected') throw taken.reason;
  return found;
}

function bounded(): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      if (bytes > UNPACKED_BYTES) done(new RangeError('it unpacks to more than 512 MiB'));
      else done(null, chunk);
    },
  });
}

async function fromZip(archive: string, program: string, to: string): Promise<boolean> {
  const { unzipSync } = await import('fflate');
  let taken = false;
  const files = unzipSync(await readFile(archive), {
    filter: ({ name, originalSize }) => {
      if (taken || path.posix.basename(name) !== program) return false;
      if (originalSize > UNPACKED_BYTES) throw new RangeError('it unpacks to more than 512 MiB');
      taken = true;
      return true;
    },
  });
  const content = Object.values(files)[0];
  if (content === undefined) return false;
  await writeFile(to, content, { flag: 'wx', mode: 0o755 });
  return true;
}
