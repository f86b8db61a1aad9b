import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { normaliseFiles } from '../../src/domain/archive-metadata.ts';
import type { ChartPackage } from '../../src/domain/staged.ts';
import { packTar } from '../../src/domain/tar.ts';
import { chartPackage } from '../../src/stages/package.ts';

/** An entry of an archive; a file with `content` when no `type` is given. */
export interface ArchiveEntry {
  readonly name: string;
  readonly type?: NonNullable<Header['type']>;
  readonly content?: string | Uint8Array;
  readonly linkname?: string;
}

const CHART_YAML: ArchiveEntry = { name: 'c/Chart.yaml', content: 'apiVersion: v2\nname: c\nversion: 1.0.0\n' };

export async function tar(entries: readonly ArchiveEntry[], end = true): Promise<Uint8Array> {
  const writer = pack();
  for (const { name, type = 'file', content = '', linkname } of entries) {
    writer.entry(
      { name, type, ...(linkname !== undefined && { linkname }) },
      type === 'file' ? Buffer.from(content) : '',
    );
  }
  writer.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of writer as AsyncIterable<unknown>) chunks.push(chunk as Uint8Array);
  const bytes = Buffer.concat(chunks);
  return end ? bytes : bytes.subarray(0, -1024);
}

/** A chart's archive with further entries after its Chart.yaml. */
export async function archiveWith(...entries: readonly ArchiveEntry[]): Promise<Uint8Array> {
  return gzipSync(await tar([CHART_YAML, ...entries]));
}

export async function archiveOf(...entries: readonly ArchiveEntry[]): Promise<Uint8Array> {
  return gzipSync(await tar(entries));
}

/** Packed 6 MB, unpacked half a gigabyte: 1,000,000 empty files. */
export async function millionEntries(): Promise<Uint8Array> {
  const names = Array.from({ length: 20_000 }, (_, index) => ({ name: `c/${index}` }));
  const first = gzipSync(await tar([CHART_YAML, ...names], false));
  const again = gzipSync(await tar(names, false));
  return Buffer.concat([first, ...Array<Uint8Array>(49).fill(again)]);
}

/** Packed 10 MB, unpacked 10 GB of nothing. */
export function zeroBomb(): Uint8Array {
  const member = gzipSync(new Uint8Array(10 * 1024 * 1024), { level: 9 });
  return Buffer.concat(Array<Uint8Array>(1000).fill(member));
}

/** Files each within the bound, together 400 MB. */
export async function manyLargeFiles(): Promise<Uint8Array> {
  const content = new Uint8Array(4 * 1024 * 1024);
  const members = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => gzipSync(await tar([{ name: `c/${index}.bin`, content }], false))),
  );
  return Buffer.concat([gzipSync(await tar([CHART_YAML], false)), ...members]);
}

/** Packed some kilobytes: names of a hundred kilobytes. */
export function namesWithoutMeasure(): Uint8Array {
  return deepFolders(100, 50_000);
}

/** Packed some hundred kilobytes at most: names of many folders each, all different. */
export function deepFolders(files: number, depth: number): Uint8Array {
  const folders = 'a/'.repeat(depth - 2);
  const names = Array.from({ length: files }, (_, index) => `c/${index}/${folders}f`);
  const archive = packTar(
    names.map((name) => ({ name, content: new Uint8Array(0) })),
    new Date(0),
  );
  return gzipSync(archive);
}

/** A header that claims a file of eight gigabytes, with nothing behind it. */
export async function claimsTooMuch(): Promise<Uint8Array> {
  const bytes = Buffer.from(await tar([CHART_YAML, { name: 'c/huge.bin', content: 'x' }]));
  // The second entry's header follows Chart.yaml's header and its one block.
  const header = bytes.subarray(1024, 1536);
  header.write('77777777777\0', 124, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return gzipSync(bytes);
}

/** A small chart's package, by the one writer. `files` may replace those it has. */
export async function packageOf(
  name: string,
  version: string,
  files: Record<string, string> = {},
): Promise<ChartPackage> {
  const all = {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
    'values.yaml': 'replicas: 1\n',
    'templates/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n',
    ...files,
  };
  const encoded = Object.entries(all).map(([path, content]) => ({ path, content: new TextEncoder().encode(content) }));
  return await chartPackage(name, version, normaliseFiles(encoded));
}
