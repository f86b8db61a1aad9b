import zlib from 'node:zlib';
import { expect, test } from '@jest/globals';
import { gzipSync } from 'fflate';
import { writeArchive } from '../../src/domain/archive.ts';

test("the archive is what fflate's own gzip makes of the same tar, so that a Node without crc32 writes the same", async () => {
  const content = new TextEncoder().encode('some text, some text, some more text\n'.repeat(500));
  const archive = await writeArchive('demo', [{ path: 'Chart.yaml', content }]);
  const tar = zlib.gunzipSync(archive);
  expect(Buffer.from(archive).equals(Buffer.from(gzipSync(tar, { level: 6, mtime: 0 })))).toBe(true);
});
