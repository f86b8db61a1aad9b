import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createRunner } from '../../src/adapters/process.ts';
import { createTools } from '../../src/adapters/tools.ts';
import { probe } from '../../src/adapters/tools-installed.ts';
import { EnvironmentError, RequestError } from '../../src/domain/errors.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import { TOOL_RELEASES } from '../../src/domain/tool-releases.ts';

const programs = JSON.parse(process.env.CHARTSHIP_TOOLS ?? '{}') as Record<string, string>;
const exe = process.platform === 'win32' ? '.exe' : '';
const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, process.env, 2);
/** Nothing answers there: a download that is tried is seen as an error. */
const CLOSED = 'http://127.0.0.1:9';

let folder: string;
let helm4: string;
let helm3: string;

beforeAll(async () => {
  [helm4, helm3] = (await Promise.all([programs.helm, programs.helm3].map(versionOf))) as [string, string];
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tools-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function versionOf(file: string | undefined): Promise<string> {
  const found = await probe('helm', file ?? '', run);
  if (typeof found === 'string') throw new Error(found);
  return found.version;
}

/** A folder for PATH with one program in it. */
async function install(name: string, program: string | undefined, as = 'helm'): Promise<string> {
  const file = path.join(folder, name, as + exe);
  await mkdir(path.dirname(file), { recursive: true });
  if (program === undefined) throw new Error('the tool is missing in CHARTSHIP_TOOLS');
  if (process.platform === 'win32') await copyFile(program, file);
  else await symlink(program, file);
  return file;
}

function tools(files: readonly string[], wish = '', releases = TOOL_RELEASES) {
  const notes: string[] = [];
  const created = createTools({
    wishes: { helm: wish },
    mirror: CLOSED,
    run,
    environment: { PATH: files.map((file) => path.dirname(file)).join(path.delimiter), CHARTSHIP_CACHE: folder },
    platform: { os: process.platform, architecture: process.arch },
    note: (text) => notes.push(text),
    limits: { downloadMilliseconds: 5_000 },
    releases,
  });
  return { ...created, notes };
}

test('the first on PATH that is new enough is used; asked once', async () => {
  const three = await install('three', programs.helm3);
  const four = await install('four', programs.helm);
  const { helm } = tools([three, four]);
  const [first, second] = await Promise.all([helm(), helm()]);
  expect(first).toEqual({ path: three, version: helm3 });
  expect(second).toBe(first);
  expect(await tools([four, three]).helm()).toEqual({ path: four, version: helm4 });
});

test('a major or a version picks the one that is it', async () => {
  const three = await install('three', programs.helm3);
  const four = await install('four', programs.helm);
  for (const [wish, found] of [
    ['4', { path: four, version: helm4 }],
    ['3', { path: three, version: helm3 }],
    [`v${helm4}`, { path: four, version: helm4 }],
    [helm3, { path: three, version: helm3 }],
  ] as const) {
    const { helm, notes } = tools([three, four, four], wish);
    expect(await helm()).toEqual(found);
    const passedOver =
      found.path === four ? [`Not using ${three}: it is helm ${helm3}, and helm-version asks for another.`] : [];
    expect(notes).toEqual(passedOver);
  }
});

test('what is no program, broken or too old is passed over with a note', async () => {
  const four = await install('four', programs.helm);
  const three = await install('three', programs.helm3);
  const folderNamedHelm = path.join(folder, 'folder', `helm${exe}`);
  await mkdir(folderNamedHelm, { recursive: true });
  const text = path.join(folder, 'text', `helm${exe}`);
  await mkdir(path.dirname(text));
  await writeFile(text, 'helm\n', { mode: 0o644 });
  const broken = path.join(folder, 'broken', `helm${exe}`);
  await mkdir(path.dirname(broken));
  await writeFile(broken, 'no program');
  await chmod(broken, 0o755);
  const other = await install('other', programs.oras);
  const releases = {
    ...TOOL_RELEASES,
    helm: { ...TOOL_RELEASES.helm, minimum: { 4: helm4, 3: `3.${Number.MAX_SAFE_INTEGER}.0` } },
  };
  const missing = path.join(folder, 'missing', 'helm');

  const { helm, notes } = tools([missing, folderNamedHelm, text, broken, other, three, four], '', releases);
  expect(await helm()).toEqual({ path: four, version: helm4 });
  const seen = notes.filter((note) => process.platform !== 'win32' || !note.includes(text));
  expect(seen).toHaveLength(3);
  expect(seen[0]).toContain(`Not using ${broken}: \`helm version\``);
  expect(seen[1]).toContain(`Not using ${other}: \`helm version\` failed (exit code 1: `);
  expect(seen[2]).toBe(
    `Not using ${three}: it is helm ${helm3}, and Chartship needs helm ${helm4} or a later 4, or 3.${Number.MAX_SAFE_INTEGER}.0 or a later 3.`,
  );
});

test('relative folders of PATH are not looked into: a repository brings no helm of its own', async () => {
  const four = await install('four', programs.helm);
  const relative = path.relative(process.cwd(), four);
  await expect(tools([relative, path.join('.', 'helm')]).helm()).rejects.toThrow(EnvironmentError);
});

test('nothing that will do is installed: the recorded release of what was asked for is downloaded', async () => {
  const three = await install('three', programs.helm3);
  const { pinned } = TOOL_RELEASES.helm;
  for (const [installed, wish, version] of [
    [[], '', pinned[4]],
    [[], '3', pinned[3]],
    [[three], '4', pinned[4]],
    [[three], pinned[4], pinned[4]],
    // A checksum is about an archive; of an installed program nobody knows whether it came from that.
    [[three], `${helm3}@sha256:${'0'.repeat(64)}`, helm3],
  ] as const) {
    const failing = tools(installed, wish).helm();
    await expect(failing).rejects.toThrow(EnvironmentError);
    await expect(failing).rejects.toThrow(`helm ${version} could not be downloaded from ${CLOSED}/helm-v${version}-`);
  }
});

test('a version that is not recorded is used where it is installed, and else a wrong request', async () => {
  const four = await install('four', programs.helm);
  const none = { ...TOOL_RELEASES, helm: { ...TOOL_RELEASES.helm, checksums: {} } };
  expect(await tools([four], helm4, none).helm()).toEqual({ path: four, version: helm4 });
  const failing = tools([four], 'v4.9.9').helm();
  await expect(failing).rejects.toThrow(RequestError);
  await expect(failing).rejects.toThrow(
    /^helm-version: helm 4\.9\.9 is not installed, and Chartship has no checksum for it\. Recorded are 4\.\d+\.\d+, .*3\.\d+\.\d+\.$/,
  );
});

test('a mirror that is no URL is a wrong request, and its text is not repeated', async () => {
  for (const mirror of ['mirror.example', 'file:///tmp', 'ftp://user:s3cret@mirror.example']) {
    const failing = createTools({
      wishes: {},
      mirror,
      run,
      environment: { PATH: '', CHARTSHIP_CACHE: folder },
      platform: { os: 'linux', architecture: 'x64' },
      note: () => {},
      limits: { downloadMilliseconds: 1_000 },
    }).oras();
    await expect(failing).rejects.toThrow('tools-mirror is no URL that begins with https:// or http://.');
  }
});

test('a platform without an archive is an error that names those that have one', async () => {
  const failing = createTools({
    wishes: {},
    run,
    environment: { PATH: '', CHARTSHIP_CACHE: folder },
    platform: { os: 'win32', architecture: 'arm64' },
    note: () => {},
    limits: { downloadMilliseconds: 1_000 },
  }).oras();
  await expect(failing).rejects.toThrow(EnvironmentError);
  await expect(failing).rejects.toThrow(
    /no archive of oras \S+ is recorded for windows-arm64 \(only for .*linux-amd64/,
  );
});
