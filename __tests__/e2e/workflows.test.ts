import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { node24, pinned, repository } from '../support/scenario.ts';

const workflows = join(repository, '.github/workflows');

test('actionlint finds nothing in the workflows', () => {
  const files = readdirSync(workflows).map((name) => join(workflows, name));
  const { status, stdout } = spawnSync(pinned('actionlint'), files, { cwd: repository, encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test('the job that uses the Action on the real chart runs, with its outputs asserted', () => {
  // act wants a git repository of its own; what is committed or about to be is what runs.
  const folder = mkdtempSync(join(tmpdir(), 'chartship-act-'));
  try {
    const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: repository,
      encoding: 'utf8',
    });
    for (const path of listed.stdout.split('\0')) {
      if (path !== '' && existsSync(join(repository, path))) cpSync(join(repository, path), join(folder, path));
    }
    const git = (...args: string[]): void => {
      const { status, stderr } = spawnSync(
        'git',
        ['-c', 'user.name=t', '-c', 'user.email=t@localhost', '-c', 'gc.auto=0', ...args],
        { cwd: folder, encoding: 'utf8' },
      );
      if (status !== 0) throw new Error(stderr);
    };
    git('init', '--quiet', '--initial-branch=main');
    git('add', '--all');
    git('commit', '--quiet', '--message=test');
    git('remote', 'add', 'origin', 'https://github.com/example/chartship');
    const environment: NodeJS.ProcessEnv = {
      ...process.env,
      // The Action says node24: act takes the first node of PATH.
      PATH: [dirname(existsSync(node24) ? node24 : process.execPath), process.env.PATH].join(delimiter),
      CHARTSHIP_CACHE: process.env.CHARTSHIP_CACHE ?? join(repository, '.cache'),
      HOME: folder,
      ACT_DISABLE_VERSION_CHECK: '1',
    };
    const { status, stdout, stderr } = spawnSync(
      pinned('act'),
      ['push', '--job', 'ship', '--platform', 'ubuntu-latest=-self-hosted', '--no-cache-server'],
      { cwd: folder, env: environment, encoding: 'utf8', input: '', timeout: 240_000 },
    );
    if (status !== 0) throw new Error(stdout + stderr);
    for (const line of [
      'status: passed',
      'outcome: pushed',
      'chart by digest: task-api',
      'outcome of the second run: already-published',
    ]) {
      expect(stdout).toContain(line);
    }
    expect(stdout).toMatch(/Job succeeded/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);
