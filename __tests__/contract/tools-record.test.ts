import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { archiveOf } from '../../src/domain/tool-releases.ts';
import { bytes, type ReleaseServer, startReleaseServer } from '../support/release-server.ts';

const PLATFORMS = ['darwin-amd64', 'darwin-arm64', 'linux-amd64', 'linux-arm64', 'windows-amd64', 'windows-arm64'];
const sumOf = (index: number) => `${index}`.repeat(64);

let server: ReleaseServer;
let folder: string;
let file: string;

beforeEach(async () => {
  server = await startReleaseServer();
  folder = await mkdtemp(path.join(tmpdir(), 'record-test-'));
  file = path.join(folder, 'tool-releases.ts');
  await copyFile('src/domain/tool-releases.ts', file);
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function record(...args: string[]): Promise<{ code: number; output: string }> {
  const all = ['scripts/record-tool-checksums.mjs', ...args, '--base-url', `${server.url}/`, '--file', file];
  return await promisify(execFile)(process.execPath, all).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error: { code: number; stderr: string }) => ({ code: error.code, output: error.stderr }),
  );
}

function serveText(at: string, content: string): void {
  server.serve(at, bytes(new TextEncoder().encode(content), 'text/plain'));
}

function serveHelm(version: string, platforms = PLATFORMS): void {
  for (const platform of platforms) {
    const { fileName } = archiveOf('helm', version, platform);
    serveText(`/${fileName}.sha256sum`, `${sumOf(PLATFORMS.indexOf(platform))}  ${fileName}\n`);
  }
}

test('the checksums of a helm release are recorded, and the pin of its major moves forward', async () => {
  serveHelm('4.99.1');
  const before = await readFile(file, 'utf8');
  expect(await record('v4.99.1')).toMatchObject({ code: 0 });
  const after = await readFile(file, 'utf8');
  const entry = PLATFORMS.map((platform, index) => `    '${platform}': '${sumOf(index)}',\n`).join('');
  expect(after).toContain(
    `Checksums = {\n  // From get.helm.sh, the .sha256sum file beside each archive.\n  '4.99.1': {\n${entry}  },\n`,
  );
  expect(/const HELM_PINNED = \{\n {2}4: '(.*)',/.exec(after)?.[1]).toBe('4.99.1');
  // Nothing else changed: without the new lines it is what it was.
  const pinned = /const HELM_PINNED = \{\n {2}4: '(.*)',/.exec(before)?.[1] ?? '';
  expect(after.replace(/ {2}\/\/ From get\.helm\.sh[^}]*\},\n/, '').replace("4: '4.99.1'", `4: '${pinned}'`)).toBe(
    before,
  );
  // Again: nothing changes.
  expect((await record('helm', '4.99.1')).output).toContain('were recorded already');
  expect(await readFile(file, 'utf8')).toBe(after);
});

test('an older release is recorded and the pin stays', async () => {
  serveHelm('3.18.1');
  expect(await record('3.18.1')).toMatchObject({ code: 0 });
  const after = await readFile(file, 'utf8');
  expect(after).toContain("'3.18.1': {");
  expect(after).not.toContain("3: '3.18.1'");
});

test('a release of oras is recorded from its one list, without what it does not build', async () => {
  const lines = PLATFORMS.slice(0, 5).map(
    (platform, index) => `${sumOf(index)}  ${archiveOf('oras', '1.99.0', platform).fileName}`,
  );
  serveText('/v1.99.0/oras_1.99.0_checksums.txt', `${lines.join('\n')}\n${sumOf(9)}  oras_1.99.0_linux_s390x.tar.gz\n`);
  expect(await record('oras', '1.99.0')).toMatchObject({ code: 0 });
  const after = await readFile(file, 'utf8');
  expect(after).toContain("  1: '1.99.0',");
  expect(after).toContain(`    'windows-amd64': '${sumOf(4)}',\n  },\n`);
  expect(after).not.toContain('s390x');
});

test('nothing is recorded when a platform is missing, another checksum is known, or the request is wrong', async () => {
  const before = await readFile(file, 'utf8');
  serveHelm('4.99.2', PLATFORMS.slice(1));
  serveHelm('3.22.0');
  for (const [args, said] of [
    [['4.99.2'], 'No checksum of helm-v4.99.2-darwin-amd64.tar.gz is published'],
    [['4.99.3'], 'No checksum of'],
    [['3.22.0'], 'Other checksums are recorded for helm 3.22.0'],
    [['4.99'], 'usage: '],
    [['kubectl', '1.2.3'], 'usage: '],
    [[], 'usage: '],
  ] as const) {
    const { code, output } = await record(...args);
    expect(output).toContain(said);
    expect(code).toBe(1);
  }
  expect(await readFile(file, 'utf8')).toBe(before);
});
