import type { Writable } from 'node:stream';
import type { Host, Progress } from '../ports.ts';
import { cleaned } from '../report/cleaned.ts';
import { plainText } from '../report/plain-text.ts';
import { stageLine } from '../report/stage-line.ts';
import { terminalText } from '../report/terminal-text.ts';
import { notACommand } from './github-commands.ts';
import type { Redaction } from './redaction.ts';
import { createHeartbeat } from './terminal-heartbeat.ts';
import { createLive } from './terminal-live.ts';
import { paintFor } from './terminal-paint.ts';

export interface TerminalOptions {
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable;
  /** CI, GITHUB_ACTIONS, NO_COLOR and TERM are read. */
  readonly environment: NodeJS.ProcessEnv;
  readonly redaction: Redaction;
  /** Milliseconds without a line after which the log says what is running. */
  readonly quiet?: number;
}

export interface Terminal extends Host {
  /** An error that nobody expected, with its stack, on standard error. */
  bug(error: unknown): void;
}

/**
 * The command's face: on a terminal a view that is redrawn while stages run, elsewhere a line as each run
 * of a stage ends; progress and result go to standard output.
 */
export function createTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, environment, redaction } = options;
  // An output that is closed early (a pipe into `head`) is no reason to fail.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);

  const onRunner = environment.GITHUB_ACTIONS === 'true';
  const onTerminal = stdout.isTTY === true && environment.TERM !== 'dumb';
  // A terminal without a window (a container's, or one that `expect` or `script` opened) has no rows to redraw.
  const hasSize = stdout.columns !== 0 && stdout.rows !== 0;
  const paint = paintFor(onTerminal && !isSet(environment.NO_COLOR));
  const clean = (text: string): string => redaction.redact(plainText(text));
  // Our own colours are in the text by now: only what a runner would obey is still to be broken.
  const safe = (text: string): string => (onRunner ? notACommand(text) : text);

  const print = (text: string): void => {
    stdout.write(`${safe(text)}\n`);
  };
  const view =
    onTerminal && hasSize && !isSet(environment.CI) && !onRunner
      ? createLive(stdout, paint, clean)
      : createLines(print, clean, options.quiet ?? 15_000);

  return {
    mask: (secret) => redaction.mask(secret),
    redact: (text) => redaction.redact(text),
    progress: (event) => view.observe(event),
    async finish(report, reportFolder) {
      await view.stop();
      const folder = reportFolder === undefined ? undefined : clean(reportFolder);
      print(`\n${terminalText(cleaned(report, clean), folder, paint)}`);
    },
    bug(error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      stderr.write(`${safe(`Chartship has a bug: ${clean(text)}`)}\n`);
    },
  };
}

/** One line as each run ends, and a sign of life when none came for a while. */
function createLines(
  print: (text: string) => void,
  clean: (text: string) => string,
  quiet: number,
): { observe(event: Progress): void; stop(): Promise<void> } {
  const line = (text: string): void => {
    print(clean(text));
    heartbeat.printed();
  };
  const heartbeat = createHeartbeat(line, quiet);
  return {
    observe(event) {
      heartbeat.observe(event);
      if (event.kind === 'ended') line(stageLine(event.run));
      else if (event.kind === 'note') line(event.text);
    },
    async stop() {
      heartbeat.stop();
    },
  };
}

/** `NO_COLOR` and `CI` count when they are there and say something; `CI=false` says no. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false';
}
