import { execa } from 'execa';
import pLimit from 'p-limit';
import type { Limits } from '../domain/limits.ts';
import { watchMemory } from './memory.ts';

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
  /** It waits for a network more than it computes: it doesn't take a place among the calls that run side by side. */
  readonly waits?: boolean;
}

/** How a call went. Never thrown: what a failure means is for the caller to say. */
export interface Ran {
  /** `exit`: it ended by itself; else why it was ended, or `not-started`: the program isn't there. */
  readonly ended: 'exit' | 'timeout' | 'memory' | 'output' | 'not-started';
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
 * runs; its reason is thrown. `environment` is where the allow-list is taken from.
 */
export function createRunner(limits: Limits, cancel: AbortSignal, environment: NodeJS.ProcessEnv, atOnce: number): Runner {
  const allowed = allowedEnvironment(environment);
  const inTurn = pLimit(atOnce);
  const running = new Set<Promise<unknown>>();
  const start = async (call: Call): Promise<Ran> => {
    cancel.throwIfAborted();
    const child = runChild(call, limits, cancel, { ...allowed, ...call.env });
    running.add(child);
    try {
      return await child;
    } finally {
      running.delete(child);
      cancel.throwIfAborted();
    }
  };
  return {
    run: (call) => (call.waits === true ? start(call) : inTurn(start, call)),
    idle: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

async function runChild(call: Call, limits: Limits, cancel: AbortSignal, env: Record<string, string>): Promise<Ran> {
  const started = performance.now();
  const child = execa(call.file, call.args, {
    ...(call.cwd !== undefined && { cwd: call.cwd }),
    ...(call.input !== undefined ? { input: call.input } : { stdin: 'ignore' as const }),
    env,
    extendEnv: false,
    encoding: 'buffer',
    maxBuffer: limits.outputBytes,
    timeout: call.milliseconds,
    forceKillAfterDelay: 2_000,
    cancelSignal: cancel,
    reject: false,
    windowsHide: true,
  });
  const memory = watchMemory(child.pid, limits.childBytes, () => child.kill('SIGKILL'));
  const result = await child;
  memory.stop();
  return {
    ended: ended(result, memory.exceeded()),
    code: result.exitCode,
    stdout: result.stdout,
    stderr: new TextDecoder().decode(result.stderr),
    seconds: (performance.now() - started) / 1000,
    command: result.escapedCommand,
  };
}

function ended(
  result: {
    timedOut: boolean;
   
    isMaxBuffer: boolean;
    exitCode?: number | undefined;
    signal?: string | undefined;
  },
  exceeded: boolean,
): Ran['ended'] {
  if (exceeded) return 'memory';
  if (result.timedOut) return 'timeout';
  if (result.isMaxBuffer) return 'output';
  // Without an exit code and a signal there was no process: ENOENT, EACCES and the like.
  if (result.exitCode === undefined && result.signal === undefined) return 'not-started';
  return 'exit';
}

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
