import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { gzip } from '../../src/domain/gzip.ts';

/** Bytes that hardly compress, the same on every run. */
function noise(size: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, index) =>
    createHash('sha256').update(String(index)).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}

describe('what is compressed', () => {
  const PIECE = 64 * 1024;
  test.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 20 * 1024 * 1024])(
    '%i bytes that hardly compress',
    (size) => {
      expect(gunzipSync(gzip(noise(size))).equals(noise(size))).toBe(true);
    },
  );

  test('text is read back, and is smaller', () => {
    const text = Buffer.from('some text, some text, some more text\n'.repeat(50_000));
    const packed = gzip(text);
    expect(gunzipSync(packed).equals(text)).toBe(true);
    expect(packed.byteLength).toBeLessThan(text.byteLength / 100);
  });

  test('has neither name nor time, and is made on Unix wherever it is made', () => {
    expect([...gzip(noise(100)).subarray(0, 10)]).toEqual([31, 139, 8, 0, 0, 0, 0, 0, 0, 3]);
  });

  test('gives the bytes that are recorded here', () => {
    const sum = createHash('sha256')
      .update(gzip(noise(300_000)))
      .digest('hex');
    expect(sum).toBe('47a10e2a37b35583da19ffb0bb21046178c4feb57ac6e73053a5e0dbfd7e8a06');
  });
});
