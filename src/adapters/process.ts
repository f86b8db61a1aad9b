import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import pLimit from 'p-limit';
import type { Limits } from '../domain/limits.ts';
import { watchMemory } from './memory.ts';
import { monotonic } from './monotonic.ts';
import { GATE, guardChild, openGate } from './watchdog.ts';

/** One call of an external program. */
export interface Call {
  /** Absolute path of the program. */
  readonly file: string;
  /** Never holds a secret: other users of the machine can read it. */
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the allow-listed environment (see `allowedEnvironment`). */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; none when left out. */
  readonly input?: string | Uint8Array;
  /** The call is ended after this many milliseconds. */
  readonly milliseconds: number;
  /** It doesn't wait for its turn among the calls that compute: it waits for a network, or much waits for it. */
  readonly aside?: boolean;
  /** Ends this one call: SIGTERM, and SIGKILL after the grace. It is then answered as `stopped`. */
  readonly stop?: AbortSignal;
  /** It changes something outside: it begins only once it is tied to this process, by the system or a watchdog. */
  readonly guarded?: boolean;
}

/** How a call went. Never thrown: what a failure means is for the caller to say. */
export interface Ran {
  /** `exit`: it ended by itself; else why it was ended, or `not-started`: the program isn't there. */
  readonly ended: 'exit' | 'stopped' | 'timeout' | 'memory' | 'output' | 'not-started';
  /** The exit code; `undefined` when it was ended by a signal or never started. */
  readonly code: number | undefined;
  readonly stdout: Uint8Array;
  readonly stderr: string;
  readonly seconds: number;
  /** The call as it could be typed. */
  readonly command: string;
}

/** Throws `Cancelled`, once the child has ended, when the run was interrupted. */
export type Run = (call: Call) => Promise<Ran>;

export interface Runner {
  readonly run: Run;
  /** Resolves when no child is left. */
  idle(): Promise<void>;
}

/**
 * The one place that starts programs, at most `atOnce` computing side by side. `cancel` ends whatever
 * runs; its reason is thrown. `environment` is where the allow-list is taken from. Where the system can do
 * it, no child outlives this process, however that ends.
 */
export function createRunner(
  limits: Limits,
  cancel: AbortSignal,
  environment: NodeJS.ProcessEnv,
  atOnce: number,
): Runner {
  const allowed = allowedEnvironment(environment);
  const inTurn = pLimit(atOnce);
  const running = new Set<Promise<unknown>>();
  let tie = findTie(allowed.PATH ?? '');
  const runTied = async (call: Call): Promise<Ran> => {
    const env = { ...allowed, ...call.env };
    const ran = await runChild(call, tie, limits, cancel, env);
    if (!refusedToTie(ran)) return ran;
    tie = [];
    return await runChild(call, tie, limits, cancel, env);
  };
  const start = async (call: Call): Promise<Ran> => {
    cancel.throwIfAborted();
    const child = runTied(call);
    running.add(child);
    try {
      return await child;
    } finally {
      running.delete(child);
      cancel.throwIfAborted();
    }
  };
  return {
    run: (call) => (call.aside === true ? start(call) : inTurn(start, call)),
    idle: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

/** Milliseconds a child has to end by itself after SIGTERM. */
const GRACE = 2_000;

/** Milliseconds in which what is left of its output is read when it was ended. */
const AFTERWORD = 200;

/**
 * What stands before a command so that the kernel ends it when this process is gone (PR_SET_PDEATHSIG, prctl(2)):
 * a helm that hangs would outlive a `kill -9`, which nobody can catch. It costs 1 ms a call, and the process id
 * stays. Linux with util-linux alone: busybox has a setpriv that can't. To the kernel the thread that starts a
 * child is its parent, so that thread must live as long as the process; Node's main thread does.
 */
function findTie(path: string): readonly string[] {
  if (process.platform !== 'linux') return [];
  for (const folder of path.split(delimiter)) {
    const file = join(folder, 'setpriv');
    if (!isAbsolute(folder) || !existsSync(file)) continue;
    return basename(realpathSync(file)) === 'setpriv' ? [file, '--pdeathsig', 'KILL', '--'] : [];
  }
  return [];
}

/** A setpriv older than util-linux 2.33 (RHEL 8 has one) knows no --pdeathsig; nothing was started then. */
function refusedToTie({ ended, code, stderr }: Ran): boolean {
  return ended === 'exit' && code === 1 && /^\S*setpriv: /.test(stderr);
}

function runChild(
  call: Call,
  tie: readonly string[],
  limits: Limits,
  cancel: AbortSignal,
  env: Record<string, string>,
): Promise<Ran> {
  return new Promise((resolve) => {
    const started = monotonic();
    const isGuarded = call.guarded === true;
    const before = isGuarded ? [...tie, ...GATE] : tie;
    const [program = call.file, ...args] = [...before, call.file, ...call.args];
    const command = [call.file, ...call.args].map(quoted).join(' ');
    let child: ChildProcess;
    try {
      child = spawn(program, args, {
        ...(call.cwd !== undefined && { cwd: call.cwd }),
        env,
        stdio: [call.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(isGuarded ? ['pipe' as const] : [])],
        windowsHide: true,
      });
    } catch (error) {
      // What the system refuses outright is thrown: arguments of more than 128 KiB, say.
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      const stderr = (error as NodeJS.ErrnoException).code === 'E2BIG' ? 'its arguments are too long' : String(error);
      resolve({ ended: 'not-started', code: undefined, stdout: Buffer.alloc(0), stderr, seconds: 0, command });
      return;
    }
    children.add(child);
    let why: Ran['ended'] = 'exit';
    let force: NodeJS.Timeout | undefined;
    let lingering: NodeJS.Timeout | undefined;
    const end = (reason: Ran['ended'], signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): void => {
      if (why === 'exit') why = reason;
      child.kill(signal);
      force ??= setTimeout(() => child.kill('SIGKILL'), GRACE);
    };
    const cancelled = (): void => end('exit');
    cancel.addEventListener('abort', cancelled, { once: true });
    const stopped = (): void => end('stopped');
    if (call.stop?.aborted === true) stopped();
    else call.stop?.addEventListener('abort', stopped, { once: true });
    const guard = isGuarded && tie.length === 0 ? guardChild(child) : undefined;
    if (isGuarded) openGate(child);
    const deadline = setTimeout(() => end('timeout'), call.milliseconds);
    const memory = watchMemory(child.pid, limits.childBytes, () => end('memory', 'SIGKILL'));
    const stdout = collect(child.stdout, limits.outputBytes, () => end('output'));
    const stderr = collect(child.stderr, limits.outputBytes, () => end('output'));
    // A child that ends before it has read everything is its own affair: how it ended says what was wrong.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(call.input);
    const finish = (ended: Ran['ended'], code: number | null): void => {
      clearTimeout(deadline);
      clearTimeout(force);
      clearTimeout(lingering);
      cancel.removeEventListener('abort', cancelled);
      call.stop?.removeEventListener('abort', stopped);
      guard?.release();
      memory.stop();
      children.delete(child);
      const said = Buffer.concat(stderr).toString('utf8');
      // setpriv and the gate end with these where there is nothing to start.
      const missing = before.length > 0 && (code === 126 || code === 127) && /^(setpriv|gate): /.test(said);
      resolve({
        ended: missing ? 'not-started' : ended,
        code: missing ? undefined : (code ?? undefined),
        stdout: Buffer.concat(stdout),
        stderr: said,
        seconds: (monotonic() - started) / 1000,
        command,
      });
    };
    child.on('error', () => {
      // Without a pid there was no process: ENOENT, EACCES and the like.
      if (child.pid === undefined) finish('not-started', null);
    });
    child.on('exit', () => {
      // What it started, and what goes on without it, may hold its output open; that is not waited for.
      const pause = why === 'exit' && !cancel.aborted ? GRACE : AFTERWORD;
      lingering = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, pause);
    });
    child.on('close', (code) => finish(why, code));
  });
}

function collect(stream: Readable | null, limit: number, exceeded: () => void): Buffer[] {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes <= limit) chunks.push(chunk);
    else exceeded();
  });
  return chunks;
}

/** An argument as it could be typed. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** What runs now: none of it outlives this process when it ends by itself. */
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/**
 * What children may know of our environment: where programs and homes are, proxies, certificates, the
 * locale. Nothing else gets through: no INPUT_*, no token of the runner, no HELM_* setting that would
 * change what a chart renders to.
 */
const ALLOWED = new Set([
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TMP',
  'TEMP',
  'DOCKER_CONFIG',
  'XDG_RUNTIME_DIR',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  // What Windows programs can't start without.
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
]);

export function allowedEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const allowed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && ALLOWED.has(name.toUpperCase())) allowed[name] = value;
  }
  return allowed;
}
