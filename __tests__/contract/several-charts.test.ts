import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CHART_TYPE, CONFIG_TYPE } from '../../src/domain/chart.ts';
import { type Location, parseTarget } from '../../src/domain/reference.ts';
import type { ChartPackage } from '../../src/domain/staged.ts';
import { fetchPublished } from '../../src/stages/fetch-published.ts';
import { publish } from '../../src/stages/publish.ts';
import { packageOf, tar } from '../support/archives.ts';
import { registryClient, startTestRegistry, type TestRegistry, testRun, tool } from '../support/registry.ts';

/** One manifest, in which Helm finds (of several layers: may find) another chart than the first: nobody vouches for it. */
let temporary: string;
let server: TestRegistry;
let pkg: ChartPackage;
beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'chartship-several-'));
  server = await startTestRegistry();
  pkg = await packageOf('demo', '1.0.0');
});
afterAll(async () => {
  await server.stop();
  await rm(temporary, { recursive: true, force: true });
});

const OTHER = 'evil: true\n';
/** Its descriptor, by the fields' real names. */
type Layer = Record<string, unknown>;

async function blob(repository: string, content: Uint8Array, mediaType: string): Promise<Layer> {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const started = await fetch(`http://${server.host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const where = new URL(started.headers.get('location') ?? '', `http://${server.host}`);
  where.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  expect((await fetch(where, { method: 'PUT', headers, body: new Uint8Array(content) })).status).toBe(201);
  return { mediaType, digest, size: content.length };
}

/** Puts a manifest there, as text: a name may be in it twice. */
async function put(
  repository: string,
  layers: (honest: Layer, other: (type: string) => Layer) => string,
): Promise<Location & { kind: 'registry' }> {
  const other = gzipSync(
    await tar([
      { name: 'demo/Chart.yaml', content: 'apiVersion: v2\nname: demo\nversion: 1.0.0\n' },
      { name: 'demo/values.yaml', content: OTHER },
    ]),
  );
  const honest = await blob(repository, pkg.archive, CHART_TYPE);
  const config = await blob(repository, pkg.config, CONFIG_TYPE);
  const evil = await blob(repository, other, CHART_TYPE);
  const body = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":${JSON.stringify(config)},${layers(honest, (mediaType) => ({ ...evil, mediaType }))}}`;
  const answer = await fetch(`http://${server.host}/v2/${repository}/manifests/1.0.0`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    body,
  });
  expect([answer.status, answer.status === 201 ? '' : await answer.text()]).toEqual([201, '']);
  return { kind: 'registry', host: server.host, repository };
}

const json = (...layers: Layer[]): string => JSON.stringify(layers);

describe.each<[string, string, Parameters<typeof put>[1], RegExp, RegExp]>([
  [
    'a second layer',
    'second',
    (honest, other) => `"layers":${json(honest, other(CHART_TYPE))}`,
    /already, with several charts in one manifest$/,
    /demo has several charts in one manifest$/,
  ],
  [
    'a second layer of the type that Helm had once',
    'old',
    (honest, other) => `"layers":${json(honest, other('application/tar+gzip'))}`,
    /already, with several charts in one manifest$/,
    /demo has several charts in one manifest$/,
  ],
  [
    'a second list that only Helm sees',
    'list',
    (honest, other) => `"layers":${json(honest)},"Layers":${json(other(CHART_TYPE))}`,
    /gave a manifest that tools read differently \(1\.0\.0\)/,
    /gave a manifest that tools read differently \(1\.0\.0\)/,
  ],
  [
    'a digest that only Helm sees',
    'digest',
    (honest, other) => {
      const { digest, size } = other(CHART_TYPE);
      return `"layers":${json({ ...honest, Digest: digest, Size: size })}`;
    },
    /gave a manifest that tools read differently \(1\.0\.0\)/,
    /gave a manifest that tools read differently \(1\.0\.0\)/,
  ],
])('%s', (_, name, layers, underTheVersion, fetched) => {
  let location: Location & { kind: 'registry' };
  beforeAll(async () => {
    location = await put(`${name}/demo`, layers);
  });

  test('under the version it is not what is to be published, and its digest is in no outcome', async () => {
    const target = parseTarget(`oci://${server.host}/${name}`);
    if (target === undefined) throw new Error('no target');
    const registry = registryClient({ temporary });
    const { findings, outcomes } = await publish(pkg, [target], { root: temporary }, { registry });
    expect(findings).toMatchObject([{ severity: 'error', message: expect.stringMatching(underTheVersion) }]);
    expect(outcomes[0]?.digest).toBeUndefined();
  });

  test('it is not fetched', async () => {
    const got = await fetchPublished(location, '1.0.0', () => 'demo', registryClient({ temporary }));
    expect(got).toMatchObject({ ok: false, message: expect.stringMatching(fetched) });
  });
});

test.each(['helm', 'helm3'] as const)('%s takes the other chart where it reads other names', async (program) => {
  const shown = ['list', 'digest'].map(async (name) => {
    const args = ['show', 'values', `oci://${server.host}/${name}/demo`, '--version', '1.0.0', '--plain-http'];
    const { stdout } = await testRun()({ file: tool(program), args, milliseconds: 20_000 });
    return new TextDecoder().decode(stdout).trim();
  });
  expect(await Promise.all(shown)).toEqual([OTHER.trim(), OTHER.trim()]);
});

test('the file of a signature of helm push is no second chart', async () => {
  const provenance = 'application/vnd.cncf.helm.chart.provenance.v1.prov';
  const prov = await blob('prov/demo', new TextEncoder().encode('signed'), provenance);
  const location = await put('prov/demo', (honest) => `"layers":${json(honest, prov)}`);
  const got = await fetchPublished(location, '1.0.0', () => 'demo', registryClient({ temporary }));
  expect(got).toMatchObject({ ok: true });
});
