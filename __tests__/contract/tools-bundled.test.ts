import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { archiveOf } from '../../src/domain/tool-releases.ts';
import { bytes, type ReleaseServer, startReleaseServer, tarGz, zip } from '../support/release-server.ts';

// A bundler gives lazily loaded CommonJS libraries other exports than Node does, so that a download may work
// from the sources and fail from dist/: here it runs as it is shipped, split and without node_modules.

const programs = JSON.parse(process.env.CHARTSHIP_TOOLS ?? '{}') as Record<string, string>;
let server: ReleaseServer;
let folder: string;

beforeAll(async () => {
  server = await startReleaseServer();
  folder = await mkdtemp(path.join(tmpdir(), 'tools-bundled-'));
  // @ts-expect-error a script of the repository, plain JavaScript
  const { bundle } = await import('../../scripts/build.mjs');
  await bundle(folder, { tool: '__tests__/support/download-tool.ts' });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  [process.platform, process.arch],
  ['win32', 'x64'],
])('the bundle downloads and unpacks a tool for %s', async (os, architecture) => {
  const program = await readFile(programs.oras ?? '');
  const name = process.platform === 'win32' || os === 'win32' ? 'oras.exe' : 'oras';
  const content = os === 'win32' ? zip({ [name]: program }) : await tarGz({ [name]: program });
  const { stdout } = await promisify(execFile)(programs.oras ?? '', ['version']);
  const version = /^Version:\s*(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? '';
  const platform = `${os === 'win32' ? 'windows' : os}-${architecture === 'x64' ? 'amd64' : architecture}`;
  server.serve(`/${archiveOf('oras', version, platform).fileName}`, bytes(content));
  const wish = `${version}@sha256:${createHash('sha256').update(content).digest('hex')}`;
  const cache = path.join(folder, `cache-${os}`);
  const ran = await promisify(execFile)(
    process.execPath,
    [path.join(folder, 'tool.js'), server.url, os, architecture, wish],
    { env: { ...process.env, CHARTSHIP_CACHE: cache } },
  );
  const tool = JSON.parse(ran.stdout) as { path: string; version: string };
  expect(tool.version).toBe(version);
  expect(tool.path.startsWith(cache)).toBe(true);
  expect(await readFile(tool.path)).toHaveLength(program.length);
});
