import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extract } from 'tar-stream';
import { createRunner } from '../../src/adapters/process.ts';
import { type Ignores, parseHelmignore } from '../../src/domain/helmignore.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';

const programs = JSON.parse(process.env.CHARTSHIP_TOOLS ?? '{}') as Record<string, string>;
const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, process.env, 2);

const FILES = [
  'Chart.yaml',
  'values.yaml',
  'values-prod.yaml',
  'README.md',
  'a.txt',
  'ab.txt',
  'b.txt',
  '.hidden',
  '.github/workflow.yaml',
  'docs/a.txt',
  'docs/deep/a.txt',
  'docs/deep/b.md',
  'docs/deep/docs/x',
  'files/docs',
  'files/é.bin',
  'files/[x]',
  'files/!important',
  'files/# hash',
  'templates/a.yaml',
  'templates/_helpers.tpl',
  'templates/.hidden.yaml',
  'templates/.d/x.yaml',
  'templates/sub/.kept.yaml',
  'templates/tests/a.yaml',
].filter((file) => process.platform !== 'win32' || !/[[\]]/.test(file));

let folder: string;
let chart: string;
let chartsMade = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'helmignore-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function makeChart(helmignore: string): Promise<void> {
  chart = path.join(folder, `${chartsMade++}`, 'demo');
  for (const file of FILES) {
    await mkdir(path.dirname(path.join(chart, file)), { recursive: true });
    await writeFile(path.join(chart, file), file.endsWith('.yaml') ? 'a: 1\n' : 'content\n');
  }
  await writeFile(path.join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: demo\nversion: 1.0.0\n');
  await writeFile(path.join(chart, '.helmignore'), helmignore);
}

/** The names in the package that helm makes; `undefined` when it refuses. */
async function packaged(helm: string | undefined): Promise<string[] | undefined> {
  const out = await mkdtemp(path.join(folder, 'out-'));
  const ran = await run({ file: helm ?? '', args: ['package', chart, '--destination', out], milliseconds: 20_000 });
  expect(ran.ended).toBe('exit');
  if (ran.code !== 0) return undefined;
  const names: string[] = [];
  const entries = createReadStream(path.join(out, 'demo-1.0.0.tgz')).pipe(createGunzip()).pipe(extract());
  for await (const entry of entries) {
    names.push(entry.header.name.replace(/^demo\//, ''));
    entry.resume();
  }
  return names.sort();
}

/** The names that stay by our reading; `undefined` when the file is refused or no chart is left. */
async function kept(helmignore: string): Promise<string[] | undefined> {
  let ignores: Ignores;
  try {
    ignores = parseHelmignore(helmignore);
  } catch {
    return undefined;
  }
  const names: string[] = [];
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(path.join(chart, below), { withFileTypes: true })) {
      const name = path.posix.join(below, entry.name);
      if (ignores(name, entry.isDirectory())) continue;
      if (entry.isDirectory()) await walk(name);
      else names.push(name);
    }
  };
  await walk('');
  return names.includes('Chart.yaml') ? names.sort() : undefined;
}

test.each([
  '',
  '# comment\n\n  \n',
  '*.txt',
  '/*.txt',
  'docs',
  'docs/',
  '/docs/',
  '/docs',
  'docs/*',
  'docs/*.txt',
  'docs/deep/',
  'docs/deep/*.txt',
  '*/deep',
  '*/*/a.txt',
  '.*',
  '.*\r\n*.md\r\n',
  '\uFEFFa.txt\nb.txt',
  'a.txt\n\uFEFFb.txt',
  '  a.txt  \n\tb.txt\t',
  '\u00a0a.txt\u0085',
  'a.txt # not a comment',
  '\\# hash\n[#] hash',
  '[ab].txt',
  '[^a]*.txt',
  '[!a].txt',
  'a?.txt',
  '?',
  'values-*.yaml',
  '*',
  '/',
  '//',
  './a.txt',
  'templates/',
  'templates/*',
  'templates/.?*',
  'templates/tests/',
  'tests',
  '*[^x]*a.txt',
  'docs[^x]a.txt',
  'files/[[]x]',
  'files/\\[x\\]',
  'files/?.bin',
  '\\!important',
  '!important',
  '!Chart.yaml',
  '!*.yaml',
  '!docs/',
  '!*',
  '!',
  '*.txt\n!a.txt',
  '!*\n*.md',
  '**',
  '**/a.txt',
  '# ** is fine in a comment',
  '[',
  '[a-',
  '[]a]',
  'a\\',
  'x*[',
  'a*[',
  'docs\\/',
  `a.txt\n${'b'.repeat(65_535)}`,
  `a.txt\n${'b'.repeat(65_536)}`,
  `a.txt\n${'b'.repeat(65_535)}\nb.txt`,
  'Chart.yaml',
  '.helmignore',
  'a.txt\n\n\nb.txt',
  'a.txt\rb.txt',
])('helm 4 and 3 package what we keep: %#', async (helmignore) => {
  await makeChart(helmignore);
  const [ours, four, three] = await Promise.all([kept(helmignore), packaged(programs.helm), packaged(programs.helm3)]);
  expect({ helmignore, names: ours }).toEqual({ helmignore, names: four });
  expect({ helmignore, names: ours }).toEqual({ helmignore, names: three });
  await rm(path.dirname(chart), { recursive: true });
});
