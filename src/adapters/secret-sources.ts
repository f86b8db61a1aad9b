import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { SECRET_BYTES } from '../domain/limits.ts';
import type { SecretSources } from './command-line.ts';

/**
 * Files and standard input as secrets are read from them: never more than a secret can be, whatever lies there.
 * Standard input is opened when it is asked for.
 */
export function secretSources(standardInput: () => Readable): SecretSources {
  return {
    file: async (path) => {
      try {
        const handle = await open(path);
        try {
          return await readText(handle.createReadStream({ autoClose: false }));
        } finally {
          await handle.close();
        }
      } catch (error) {
        if (error instanceof RangeError) throw error;
        return undefined;
      }
    },
    standardInput: () => readText(standardInput()),
  };
}

async function readText(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > SECRET_BYTES) throw new RangeError(`larger than ${SECRET_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
