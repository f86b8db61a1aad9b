import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { createRunner } from '../../src/adapters/process.ts';
import { createTools, type ToolsOptions } from '../../src/adapters/tools.ts';
import { probe } from '../../src/adapters/tools-installed.ts';
import { EnvironmentError } from '../../src/domain/errors.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import { archiveOf, platformName } from '../../src/domain/tool-releases.ts';
import {
  bytes,
  hangUpAfter,
  inTurn,
  LOGIN_PAGE,
  type ReleaseServer,
  redirect,
  silentAfter,
  startReleaseServer,
  status,
  tarGz,
  trickle,
  zip,
} from '../support/release-server.ts';

const programs = JSON.parse(process.env.CHARTSHIP_TOOLS ?? '{}') as Record<string, string>;
const exe = process.platform === 'win32' ? '.exe' : '';
const platform = platformName(process.platform, process.arch);
const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, process.env, 2);

let server: ReleaseServer;
let cache: string;
let archive: Uint8Array;
let sum: string;
let version: string;
let fileName: string;

beforeAll(async () => {
  const found = await probe('oras', programs.oras ?? '', run);
  if (typeof found === 'string') throw new Error(found);
  version = found.version;
  fileName = archiveOf('oras', version, platform).fileName;
  const files = { LICENSE: new Uint8Array(10), [`oras${exe}`]: await readFile(found.path) };
  archive = fileName.endsWith('.zip') ? zip(files) : await tarGz(files);
  sum = sha256(archive);
});
beforeEach(async () => {
  server = await startReleaseServer();
  cache = await mkdtemp(path.join(tmpdir(), 'tools-test-'));
});
afterEach(async () => {
  await server.stop();
  await rm(cache, { recursive: true, force: true });
});
afterAll(() => {
  jest.restoreAllMocks();
});

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Tools that look for oras at the server alone: nothing is on PATH. */
function tools(over: Partial<ToolsOptions> = {}) {
  const notes: string[] = [];
  const created = createTools({
    wishes: { oras: `v${version}@sha256:${sum}` },
    mirror: `${server.url}/releases/`,
    run,
    environment: { PATH: '', CHARTSHIP_CACHE: cache },
    platform: { os: process.platform, architecture: process.arch },
    note: (text) => notes.push(text),
    limits: { downloadMilliseconds: 20_000 },
    ...over,
  });
  return { ...created, notes };
}

async function failureOf(promise: Promise<unknown>): Promise<EnvironmentError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EnvironmentError);
  return error as EnvironmentError;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
}

test('a release is downloaded from the mirror by its official name, and starts', async () => {
  server.serve(`/releases/${fileName}`, bytes(archive));
  const { oras, notes } = tools();
  const tool = await oras();
  expect(tool.version).toBe(version);
  expect(await probe('oras', tool.path, run)).toEqual(tool);
  expect(tool.path.startsWith(path.join(cache, 'tools', `oras-${version}-${platform}-${sum}`))).toBe(true);
  expect(notes).toEqual([`Downloading oras ${version} from ${server.url}/releases/${fileName}`]);
  // The archive and the private folder it came through are gone.
  expect(await filesIn(cache)).toEqual([`oras${exe}`]);
});

test('the second run takes it from the cache, with no server', async () => {
  server.serve(`/releases/${fileName}`, bytes(archive));
  const first = await tools().oras();
  await server.stop();
  const { oras, notes } = tools();
  expect(await oras()).toEqual(first);
  expect(notes).toEqual([]);
});

test('the recorded release is downloaded when nothing is installed', async () => {
  server.serve(`/releases/${fileName}`, bytes(archive));
  const major = Number(version.split('.')[0]);
  const releases = {
    oras: {
      minimum: { [major]: version },
      pinned: { [major]: version },
      defaultMajor: major,
      checksums: { [version]: { [platform]: sum } },
    },
    helm: { minimum: {}, pinned: {}, defaultMajor: 4, checksums: {} },
  };
  for (const wish of ['', `${major}`, version, `v${version}`]) {
    expect((await tools({ wishes: { oras: wish }, releases }).oras()).version).toBe(version);
  }
  expect(server.requests).toHaveLength(1);
});

test('asked twice at once, it is downloaded once; two runs at once both have it', async () => {
  server.serve(`/releases/${fileName}`, bytes(archive));
  const one = tools();
  const other = tools();
  const found = await Promise.all([one.oras(), one.oras(), other.oras()]);
  expect(new Set(found.map((tool) => tool.path)).size).toBe(1);
  expect(server.requests).toHaveLength(2);
  expect(await filesIn(cache)).toEqual([`oras${exe}`]);
});

const half = () => archive.subarray(0, Math.floor(archive.length / 2));
const faults: [
  name: string,
  answer: () => Parameters<ReleaseServer['serve']>[1],
  said: () => string,
  requests: number,
][] = [
  [
    'cut short',
    () => bytes(half()),
    () => `not what was recorded. Expected sha256: ${sum}; got: ${sha256(half())} (${half().length} bytes)`,
    1,
  ],
  [
    'another content',
    () => bytes(new Uint8Array(9)),
    () => `not what was recorded. Expected sha256: ${sum}; got: ${sha256(new Uint8Array(9))} (9 bytes)`,
    1,
  ],
  [
    'a connection that breaks off',
    () => hangUpAfter(archive, 1000),
    () =>
      `closed before the end (1000 bytes had come). Expected sha256: ${sum}; got: ${sha256(archive.subarray(0, 1000))} (1000 bytes)`,
    3,
  ],
  ['a trickle', () => trickle(archive, 20), () => 'took longer than 2 s', 1],
  [
    'silence',
    () => silentAfter(archive),
    () => `silent for 1 s (0 bytes had come). Expected sha256: ${sum}; got: nothing`,
    1,
  ],
  ['silence in the middle', () => silentAfter(archive, 1000), () => 'silent for 1 s (1000 bytes had come)', 1],
  ['404', () => status(404), () => `the server answered HTTP 404. Expected sha256: ${sum}; got: HTTP 404`, 1],
  ['503 for ever', () => status(503), () => 'the server answered HTTP 503', 3],
  [
    'a login page',
    () => redirect(`${server.url}/login`),
    () =>
      `not what was recorded, but a web page from ${server.url}/login (a login page?). Expected sha256: ${sum}; got: ${sha256(LOGIN_PAGE)}`,
    2,
  ],
  ['redirects without end', () => redirect(`/releases/${fileName}`), () => 'redirects more than 10 times', 11],
];
test.each(faults)(
  '%s: an error with the URL and both sums, nothing cached, no other version',
  async (_name, answer, said, requests) => {
    server.serve(`/releases/${fileName}`, answer());
    server.serve('/login', bytes(LOGIN_PAGE, 'text/html; charset=utf-8'));
    const slow = said().includes('took longer');
    const limits = slow ? { downloadMilliseconds: 2_000 } : { downloadMilliseconds: 20_000, stallMilliseconds: 1_000 };
    const error = await failureOf(tools({ limits }).oras());
    expect(error.message).toContain(
      `oras ${version} could not be downloaded from ${server.url}/releases/${fileName}: `,
    );
    expect(error.message).toContain(`Expected sha256: ${sum}; got: `);
    expect(error.message).toContain(said());
    expect(error.hint).toContain('tools-mirror');
    expect(await filesIn(cache)).toEqual([]);
    expect(server.requests).toHaveLength(requests);
    expect(server.requests.every((request) => request === '/login' || request.endsWith(fileName))).toBe(true);
  },
);

test('connection refused: an error with the URL', async () => {
  const { url } = server;
  await server.stop();
  const error = await failureOf(tools({ mirror: url }).oras());
  expect(error.message).toContain(`could not be downloaded from ${url}/${fileName}: connect ECONNREFUSED`);
  expect(error.message).toContain(`Expected sha256: ${sum}; got: nothing`);
  expect(await filesIn(cache)).toEqual([]);
});

test('a server that is busy for a moment is asked again', async () => {
  server.serve(`/releases/${fileName}`, inTurn(status(503), hangUpAfter(archive, 5000), bytes(archive)));
  const { oras, notes } = tools();
  expect((await oras()).version).toBe(version);
  expect(notes.filter((note) => note.startsWith('Trying again'))).toHaveLength(2);
});

test('an archive without the program, one that is none, and one with another version are refused', async () => {
  const empty = await tarGz({ 'README.md': new Uint8Array(3) });
  for (const [content, said] of [
    [empty, `there is no oras${exe} in it`],
    [new TextEncoder().encode('no archive'), "can't be used though its checksum is right"],
  ] as const) {
    server.serve(`/releases/${fileName}`, bytes(content));
    const error = await failureOf(tools({ wishes: { oras: `${version}@sha256:${sha256(content)}` } }).oras());
    expect(error.message).toContain(platform.startsWith('windows') ? "can't be used" : said);
    expect(await filesIn(cache)).toEqual([]);
  }
  server.serve(`/releases/${archiveOf('oras', '1.9.9', platform).fileName}`, bytes(archive));
  const error = await failureOf(tools({ wishes: { oras: `v1.9.9@sha256:${sum}` } }).oras());
  expect(error.message).toContain(`it is oras ${version}`);
  expect(await filesIn(cache)).toEqual([]);
});

test('a name and password of the mirror are sent to it, not to where it redirects, and printed nowhere', async () => {
  const other = await startReleaseServer();
  try {
    const mirror = server.url.replace('http://', 'http://me:s3cr%40t@');
    server.serve(`/${fileName}?token=t0k3n`, redirect(`${other.url}/there`));
    other.serve('/there', bytes(archive));
    const { oras, notes } = tools({ mirror: `${mirror}?token=t0k3n` });
    await oras();
    expect(server.headers().authorization).toBe(`Basic ${Buffer.from('me:s3cr@t').toString('base64')}`);
    expect(other.headers().authorization).toBeUndefined();
    expect(notes).toContain(`Redirected to ${other.url}/there`);
    expect(notes.join()).not.toMatch(/s3cr|t0k3n/);
  } finally {
    await other.stop();
  }
});

test('HTTP_PROXY is used, and NO_PROXY keeps from it', async () => {
  const before = { ...process.env };
  Object.assign(process.env, { HTTP_PROXY: server.url, http_proxy: server.url, NO_PROXY: '', no_proxy: '' });
  try {
    server.serve(`/${fileName}`, bytes(archive));
    expect((await tools({ mirror: 'http://releases.invalid' }).oras()).version).toBe(version);
    expect(server.requests[0]).toBe('CONNECT releases.invalid:80');
    await rm(cache, { recursive: true });
    process.env.NO_PROXY = process.env.no_proxy = '.invalid';
    expect((await failureOf(tools({ mirror: 'http://releases.invalid' }).oras())).message).toMatch(
      /ENOTFOUND|EAI_AGAIN/,
    );
  } finally {
    for (const name of ['HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
});

test('an interrupted run ends the download with the reason of the interruption', async () => {
  server.serve(`/releases/${fileName}`, trickle(archive, 20));
  const cancel = new AbortController();
  setTimeout(() => cancel.abort(new Error('interrupted by SIGINT')), 300);
  await expect(tools({ cancel: cancel.signal }).oras()).rejects.toThrow('interrupted by SIGINT');
  expect(await filesIn(cache)).toEqual([]);
});

test('helm lies in a folder of its archive', async () => {
  const found = await probe('helm', programs.helm ?? '', run);
  if (typeof found === 'string') throw new Error(found);
  const files = { [`${platform}/LICENSE`]: new Uint8Array(10), [`${platform}/helm${exe}`]: await readFile(found.path) };
  const { fileName: name } = archiveOf('helm', found.version, platform);
  const content = name.endsWith('.zip') ? zip(files) : await tarGz(files);
  server.serve(`/releases/${name}`, bytes(content));
  const tool = await tools({ wishes: { helm: `${found.version}@sha256:${sha256(content).toUpperCase()}` } }).helm();
  expect(tool.version).toBe(found.version);
});

test('for Windows it is a zip with an .exe', async () => {
  const content = zip({ LICENSE: new Uint8Array(10), 'oras.exe': await readFile(programs.oras ?? '') });
  const { fileName: name } = archiveOf('oras', version, 'windows-amd64');
  server.serve(`/releases/${name}`, bytes(content));
  const wishes = { oras: `${version}@sha256:${sha256(content)}` };
  const tool = await tools({ wishes, platform: { os: 'win32', architecture: 'x64' } }).oras();
  expect(path.basename(tool.path)).toBe('oras.exe');
  expect(await probe('oras', tool.path, run)).toEqual(tool);
});
