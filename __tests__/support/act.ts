import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { node24, pinned, repository } from './scenario.ts';

export interface ActRun {
  readonly code: number | null;
  /** Both streams, as they came; of each line act says first which job it is of. */
  readonly output: string;
}

/** What happens while a workflow runs. */
export interface ActWatch {
  /** Called with act's pid once it has started. */
  readonly started?: (pid: number) => void;
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
  const own = ownRepository();
  try {
    return await own.run(args, given, path);
  } finally {
    own.remove();
  }
}

/** A copy of this repository, in which workflows run one after the other, or at once. */
export interface OwnRepository {
  readonly folder: string;
  run(args: readonly string[], given?: NodeJS.ProcessEnv, path?: readonly string[], watch?: ActWatch): Promise<ActRun>;
  remove(): void;
}

/** @param change what is different in it, before it is committed */
export function ownRepository(change: (folder: string) => void = () => undefined): OwnRepository {
  const base = mkdtempSync(join(tmpdir(), 'chartship-act-'));
  const folder = join(base, 'repository');
  copyRepository(folder);
  change(folder);
  makeGit(folder);
  return {
    folder,
    run: (args, given = {}, path = [], watch = {}) => act(base, folder, args, given, path, watch),
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** A repository of somebody who has only a chart, and a workflow that calls ours as it is released. */
export interface Caller {
  /** By path. */
  readonly files: Readonly<Record<string, string>>;
  /** The payload of the event. */
  readonly event: object;
}

/** Runs that repository's workflows by act; what stands under our address and `v1` is this repository as it is. */
export async function runCallerByAct(
  { files, event }: Caller,
  args: readonly string[],
  given: NodeJS.ProcessEnv = {},
  path: readonly string[] = [],
): Promise<ActRun> {
  const base = mkdtempSync(join(tmpdir(), 'chartship-act-'));
  try {
    const [own, released] = [join(base, 'caller'), join(base, 'released')];
    copyRepository(released);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(own, file)), { recursive: true });
      writeFileSync(join(own, file), text);
    }
    makeGit(own);
    writeFileSync(join(base, 'event.json'), JSON.stringify(event));
    const locals = { [`${address()}@v1`]: released, ...artifactUpload(released) };
    const all = [
      ...args,
      ...['--eventpath', join(base, 'event.json'), '--defaultbranch', 'main'],
      ...Object.entries(locals).flatMap(([name, folder]) => ['--local-repository', `${name}=${folder}`]),
    ];
    return await act(base, own, all, given, path);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

/** The repository's address at GitHub, OWNER/NAME. */
export function address(): string {
  const { repository: at } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  return at.replace(/^github:/, '');
}

/** Artifacts are a service of GitHub's: here the step says what it would upload. */
function artifactUpload(released: string): Record<string, string> {
  const workflow = readFileSync(join(released, '.github/workflows/pipeline.yml'), 'utf8');
  const [, uses] = /uses: (actions\/upload-artifact@[0-9a-f]{40})/.exec(workflow) ?? [];
  return uses === undefined ? {} : { [uses]: join(repository, '__tests__/fixtures/upload-artifact') };
}

/** act checks out into its cache in HOME, which must not lie in what it checks out: it would copy its copies. */
async function act(
  home: string,
  folder: string,
  args: readonly string[],
  given: NodeJS.ProcessEnv,
  path: readonly string[],
  { started }: ActWatch = {},
): Promise<ActRun> {
  // The Action says node24: act takes the first node of PATH.
  const node = dirname(existsSync(node24) ? node24 : process.execPath);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: [node, ...path, process.env.PATH].join(delimiter),
    CHARTSHIP_CACHE: process.env.CHARTSHIP_CACHE ?? join(repository, '.cache'),
    HOME: home,
    ACT_DISABLE_VERSION_CHECK: '1',
    ...given,
  };
  const all = [...args, '--platform', 'ubuntu-latest=-self-hosted', '--no-cache-server'];
  return await new Promise((resolve, reject) => {
    const child = spawn(pinned('act'), all, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) started?.(child.pid);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

function copyRepository(folder: string): void {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
  });
  for (const path of listed.stdout.split('\0')) {
    if (path !== '' && existsSync(join(repository, path))) cpSync(join(repository, path), join(folder, path));
  }
}

/** act wants a git repository of its own. */
function makeGit(folder: string): void {
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
