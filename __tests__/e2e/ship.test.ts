import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Report } from '../../src/domain/outcome.ts';
import { repository } from '../support/scenario.ts';

/** What git would give a newcomer: the tracked files and those that are about to be. */
let clone: string;

function run(
  file: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('close', (code) => resolve({ code, output }));
  });
}

beforeAll(async () => {
  clone = mkdtempSync(join(tmpdir(), 'chartship-clone-'));
  const listed = await run(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    repository,
    process.env,
  );
  for (const path of listed.output.split('\0')) {
    if (path !== '' && existsSync(join(repository, path))) cpSync(join(repository, path), join(clone, path));
  }
});

afterAll(() => rmSync(clone, { recursive: true, force: true }));

/** Every file below a folder with its time and size. */
function state(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^(?:\.ship|\.cache|chartship-report)(?:\/|$)/.test(path))
    .map((path) => {
      const { mtimeMs, size } = statSync(join(folder, path));
      return `${path} ${mtimeMs} ${size}`;
    })
    .sort();
}

test('npm run ship, right after git clone: published, found again, read back by both Helms, deployed to three environments, nothing else changed', async () => {
  const before = state(clone);
  // The tools that this test run built are the one thing that it needn't build again.
  const cache = process.env.CHARTSHIP_CACHE ?? join(repository, '.cache');
  const { code, output } = await run('npm', ['run', 'ship'], clone, { ...process.env, CHARTSHIP_CACHE: cache });
  if (code !== 0) throw new Error(output);
  expect(state(clone)).toEqual(before);
  const reportIn = (folder: string): Report =>
    JSON.parse(readFileSync(join(clone, folder, 'report.json'), 'utf8')) as Report;
  const [run2] = readdirSync(join(clone, '.ship'));
  const second = reportIn(`.ship/${run2}/report-2`);
  expect(second.status).toBe('passed');
  expect(second.published.map(({ outcome }) => outcome)).toEqual(['already-published']);
  expect(new Set(second.stages.flatMap(({ environment }) => environment ?? []))).toEqual(
    new Set(['dev', 'staging', 'prod']),
  );
  const reference = second.published[0]?.reference ?? '';
  const last = reportIn('chartship-report');
  expect(last.status).toBe('passed');
  expect(
    last.deployments.map((each) => [each.environment, each.release, each.outcome, each.reference === reference]),
  ).toEqual(['dev', 'staging', 'prod'].map((name) => [name, `agent-${name}`, 'deployed', true]));
  expect(last.deployments.flatMap(({ tests }) => tests.map((each) => each.outcome))).toEqual(Array(3).fill('passed'));
  expect(reference).toMatch(/^oci:\/\/127\.0\.0\.1:\d+\/charts\/task-api@sha256:[0-9a-f]{64}$/);
  expect(output).toContain(reference);
  expect(output).toMatch(/pushed: task-api 1\.0\.0/);
  for (const version of ['4', '3'])
    expect(output).toMatch(new RegExp(`Helm ${version} pulls, shows and templates it by digest`));
}, 900_000);

const [setpriv] = ['/usr/bin/setpriv', '/bin/setpriv'].filter(existsSync);
const canGiveUp = process.getuid?.() === 0 && setpriv !== undefined;

// Root as it is in most containers: without the right to make namespaces.
(canGiveUp ? test : test.skip)(
  'without the rights for a cluster npm run ship ends after publishing and says so; with CI=true that is a failure',
  async () => {
    const cache = process.env.CHARTSHIP_CACHE ?? join(repository, '.cache');
    const ship = async (env: NodeJS.ProcessEnv): ReturnType<typeof run> => {
      const without = ['--bounding-set=-sys_admin', '--inh-caps=-sys_admin', '--', 'npm', 'run', 'ship'];
      return await run(setpriv ?? '', without, clone, { ...process.env, ...env, CHARTSHIP_CACHE: cache });
    };
    const [alone, inCi] = await Promise.all([ship({ CI: '' }), ship({ CI: 'true' })]);
    const why = /can be no cluster here: it takes the right to make namespaces/;
    expect({ code: alone.code, output: alone.output }).toMatchObject({ code: 0 });
    expect(alone.output).toMatch(/pushed: task-api 1\.0\.0/);
    expect(alone.output).toMatch(/it takes the right to make namespaces/);
    expect(alone.output).toMatch(/The registry ends with this run/);
    expect(inCi.code).toBe(1);
    expect(inCi.output).toMatch(why);
  },
  300_000,
);
