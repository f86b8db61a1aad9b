import type { Commit } from '../domain/changelog.ts';
import type { Git, GitAnswer } from '../ports.ts';
import type { Ran, Run } from './process.ts';
import { firstOnPath } from './tools-installed.ts';

export interface GitOptions {
  readonly run: Run;
  readonly environment: NodeJS.ProcessEnv;
  readonly os: string;
  /** The repository's root. */
  readonly root: string;
}

const MILLISECONDS = 30_000;
/** More than anybody reads. */
const MOST_COMMITS = 500;

/** The checkout's history, by an installed git. */
export function createGit({ run, environment, os, root }: GitOptions): Git {
  const git = async (...args: string[]): Promise<Ran | undefined> => {
    const file = firstOnPath(os === 'win32' ? 'git.exe' : 'git', environment);
    // No program that the repository's configuration names is started.
    const safe = ['-c', 'log.showSignature=false', '-c', 'core.fsmonitor=false', '-c', 'core.pager=cat'];
    if (file === undefined) return undefined;
    return await run({ file, args: [...safe, ...args], cwd: root, milliseconds: MILLISECONDS, aside: true });
  };
  return {
    async commitsBefore(tag, { match, exclude, folders }) {
      const shallow = await git('rev-parse', '--is-shallow-repository');
      if (shallow === undefined) return failed('git is not installed');
      if (!succeeded(shallow)) return failed(`git says: ${firstLine(shallow)}`);
      const name = `refs/tags/${tag}`;
      const there = await git('rev-parse', '--verify', '--quiet', `${name}^{commit}`);
      if (!succeeded(there)) return failed(`the checkout has no tag ${tag}`);
      const patterns = [`--match=${match}`, ...(exclude === undefined ? [] : [`--exclude=${exclude}`])];
      const before = await git('describe', '--tags', '--abbrev=0', ...patterns, `${name}^`);
      const last = succeeded(before) ? text(before).trim() : undefined;
      // What lies before a shallow history isn't known, and with it which tag was the last one.
      if (last === undefined && text(shallow).trim() === 'true') return failed('the checkout has no history');
      const range = last === undefined ? name : `refs/tags/${last}..${name}`;
      const only = ['--no-merges', `--max-count=${MOST_COMMITS}`, '--format=%H%x00%s%x00%b%x1e'];
      const log = await git('log', ...only, range, '--', ...folders);
      if (!succeeded(log)) return failed(`git says: ${log === undefined ? 'nothing' : firstLine(log)}`);
      return { ok: true, since: last, commits: commitsIn(text(log)) };
    },
  };
}

function commitsIn(log: string): Commit[] {
  return log
    .split('\x1e')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [hash = '', subject = '', body = ''] = entry.split('\0');
      return { hash, subject, body };
    });
}

function succeeded(ran: Ran | undefined): ran is Ran {
  return ran?.ended === 'exit' && ran.code === 0;
}

function text(ran: Ran): string {
  return new TextDecoder().decode(ran.stdout);
}

function firstLine({ stderr }: Ran): string {
  return stderr.trim().split('\n')[0] ?? '';
}

function failed(message: string): GitAnswer {
  return { ok: false, message };
}
