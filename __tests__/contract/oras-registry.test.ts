import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Location } from '../../src/domain/reference.ts';
import type { ArtifactToPush, Manifest } from '../../src/ports.ts';
import { packageOf } from '../support/archives.ts';
import { registryClient, startTestRegistry, type TestRegistry } from '../support/registry.ts';

let temporary: string;
let server: TestRegistry;
let pkg: ArtifactToPush;
beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'chartship-oras-'));
  server = await startTestRegistry();
  pkg = await packageOf('c', '1.0.0');
});
afterAll(async () => {
  await server.stop();
  await rm(temporary, { recursive: true, force: true });
});

describe.each<[string, () => Location]>([
  ['a registry', () => ({ kind: 'registry', host: server.host, repository: 'a/c' })],
  ['a layout', () => ({ kind: 'layout', directory: path.join(temporary, 'layout') })],
])('%s', (_, place) => {
  let manifest: Manifest;
  let layer: Manifest['layers'][number];
  beforeAll(async () => {
    const registry = registryClient({ temporary });
    const pushed = await registry.push(place(), '1.0.0', pkg);
    const read = await registry.manifest(place(), '1.0.0');
    if (!pushed.ok || !read.ok || read.value === undefined || read.value.layers[0] === undefined)
      throw new Error('not pushed');
    expect(read.value.digest).toBe(pushed.value);
    manifest = read.value;
    [layer] = read.value.layers as [Manifest['layers'][number]];
  });

  test('the manifest by its digest, the layer by the manifest', async () => {
    const registry = registryClient({ temporary });
    expect(await registry.manifest(place(), manifest.digest)).toEqual({ ok: true, value: manifest });
    expect(layer).toMatchObject({
      mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
      size: pkg.archive.byteLength,
    });
    const blob = await registry.blob(place(), layer.digest, layer.size);
    expect(blob.ok && Buffer.compare(blob.value, pkg.archive)).toBe(0);
  });

  test('a blob beyond the bound is not fetched', async () => {
    const registry = registryClient({ temporary });
    const blob = await registry.blob(place(), layer.digest, layer.size - 1);
    expect(blob.ok ? 'ok' : blob.fault.kind).toBe('corrupt');
    expect(registry.calls.some(({ args }) => args.includes('--output'))).toBe(false);
  });

  test('a blob that is named and not there is corrupt, not absent', async () => {
    const blob = await registryClient({ temporary }).blob(place(), `sha256:${'0'.repeat(64)}`, 1000);
    expect(blob.ok ? 'ok' : blob.fault).toMatchObject({
      kind: 'corrupt',
      message: expect.stringContaining('has no such content'),
    });
  });

  test('a blob that changed on its way is found out, whatever the tool said', async () => {
    const registry = registryClient({
      temporary,
      after: async ({ args }) => {
        const output = args[args.indexOf('--output') + 1];
        if (args.includes('--output') && output !== undefined) await appendFile(output, 'x');
      },
    });
    const blob = await registry.blob(place(), layer.digest, 1_000_000);
    expect(blob.ok ? 'ok' : blob.fault).toMatchObject({
      kind: 'corrupt',
      message: expect.stringContaining('is not what its digest says'),
    });
  });

  test('nothing is left in the temporary folder but logins', async () => {
    expect((await readdir(temporary)).filter((name) => name.startsWith('oras-'))).toEqual([]);
  });
});

test('plain HTTP is said only where it is meant', async () => {
  // 0.0.0.0 is no loopback address by name, and nothing answers there.
  const registry = registryClient({ temporary, milliseconds: 2_000 });
  await registry.manifest({ kind: 'registry', host: server.host, repository: 'x' }, '1');
  await registry.manifest({ kind: 'registry', host: '0.0.0.0:1', repository: 'x' }, '1');
  expect(registry.calls.map(({ args }) => args.includes('--plain-http'))).toEqual([true, false]);
});
