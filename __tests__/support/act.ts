import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { node24, pinned, repository } from './scenario.ts';

export interface ActRun {
  readonly code: number | null;
  /** Both streams, as they came; of each line act says first which job it is of. */
  readonly output: string;
}

/**
 * Runs a workflow of this repository by act, in host mode, on a copy of what is committed or about to be.
 * @param args what act is told besides: the event, the job, variables
 * @param given environment variables; `--secret NAME` takes its value from here
 * @param path folders that come first on PATH
 */
export async function runByAct(
  args: readonly string[],
  given: NodeJS.ProcessEnv = {},
  path: readonly string[] = [],
): Promise<ActRun> {
  // act wants a git repository of its own.
  const folder = mkdtempSync(join(tmpdir(), 'chartship-act-'));
  try {
    copyRepository(folder);
    // The Action says node24: act takes the first node of PATH.
    const node = dirname(existsSync(node24) ? node24 : process.execPath);
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      PATH: [node, ...path, process.env.PATH].join(delimiter),
      CHARTSHIP_CACHE: process.env.CHARTSHIP_CACHE ?? join(repository, '.cache'),
      HOME: folder,
      ACT_DISABLE_VERSION_CHECK: '1',
      ...given,
    };
    const all = [...args, '--platform', 'ubuntu-latest=-self-hosted', '--no-cache-server'];
    return await new Promise((resolve, reject) => {
      const child = spawn(pinned('act'), all, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, output }));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyRepository(folder: string): void {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
  });
  for (const path of listed.stdout.split('\0')) {
    if (path !== '' && existsSync(join(repository, path))) cpSync(join(repository, path), join(folder, path));
  }
  const git = (...args: string[]): void => {
    const config = ['-c', 'user.name=t', '-c', 'user.email=t@localhost', '-c', 'gc.auto=0'];
    const { status, stderr } = spawnSync('git', [...config, ...args], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=test');
  git('remote', 'add', 'origin', 'https://github.com/example/chartship');
}
