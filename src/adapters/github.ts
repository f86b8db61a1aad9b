import { appendFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { EnvironmentError } from '../domain/errors.ts';
import type { Host, Progress } from '../ports.ts';
import type { Annotation } from '../report/annotations.ts';
import { annotationsOf } from '../report/annotations.ts';
import { cleaned } from '../report/cleaned.ts';
import { PLAIN } from '../report/paint.ts';
import { plainText } from '../report/plain-text.ts';
import { summaryText } from '../report/summary.ts';
import { terminalText } from '../report/terminal-text.ts';
import { command, fileEntry, notACommand, stopped } from './github-commands.ts';
import { createGroups } from './github-groups.ts';
import { outputsOf } from './github-outputs.ts';
import type { Redaction } from './redaction.ts';
import { secretLines } from './redaction-forms.ts';
import { createHeartbeat } from './terminal-heartbeat.ts';

export interface GitHubOptions {
  readonly stdout: Writable;
  /** GITHUB_OUTPUT, GITHUB_STATE and GITHUB_STEP_SUMMARY are read; what is missing is not written. */
  readonly environment: NodeJS.ProcessEnv;
  readonly redaction: Redaction;
  /** Milliseconds without a line after which the log says what is running. */
  readonly quiet?: number;
}

export interface GitHub extends Host {
  /** What the post step needs to know; throws an EnvironmentError when GITHUB_STATE can't be written. */
  saveState(name: string, value: string): Promise<void>;
  /** An error that nobody expected, with its stack. */
  bug(error: unknown): void;
}

/** The runner as the one who is watching: masks, groups, annotations, the job summary, outputs. */
export function createGitHub(options: GitHubOptions): GitHub {
  const { stdout, environment, redaction } = options;
  // A log that is closed early (a pipe into `head`) is no reason to fail.
  stdout.on('error', () => undefined);
  const print = (text: string): void => {
    stdout.write(`${text}\n`);
    heartbeat.printed();
  };
  const clean = (text: string): string => redaction.redact(plainText(text));
  const line = (text: string): void => print(notACommand(clean(text)));
  const heartbeat = createHeartbeat(line, options.quiet ?? 15_000);
  const groups = createGroups(print, line);
  const masked = new Set<string>();

  return {
    mask(secret) {
      redaction.mask(secret);
      // Past `print`: this must be the first byte, and only the runner may see it.
      for (const text of secretLines(secret)) {
        if (masked.has(text)) continue;
        masked.add(text);
        stdout.write(`${command('add-mask', {}, text)}\n`);
      }
    },
    redact: (text) => redaction.redact(text),

    progress(event: Progress) {
      heartbeat.observe(event);
      if (event.kind === 'started') groups.started(event.run.name);
      else if (event.kind === 'ended') groups.ended(event.run);
      else line(event.text);
    },

    async finish(report, reportFolder) {
      heartbeat.stop();
      groups.close();
      const shown = cleaned(report, clean);
      const folder = reportFolder === undefined ? undefined : clean(reportFolder);
      for (const annotation of annotationsOf(shown)) print(annotationCommand(annotation));
      await append(environment.GITHUB_STEP_SUMMARY, summaryText(shown), (reason) =>
        print(command('warning', { title: 'Chartship' }, `The job summary could not be written: ${clean(reason)}`)),
      );
      stdout.write(`${stopped(terminalText(shown, folder, PLAIN))}\n`);
      const outputs = Object.entries(outputsOf(shown, folder));
      await append(environment.GITHUB_OUTPUT, outputs.map(([name, value]) => fileEntry(name, value)).join(''), fail);
    },

    async saveState(name, value) {
      await append(environment.GITHUB_STATE, fileEntry(name, clean(value)), fail);
    },

    bug(error) {
      heartbeat.stop();
      groups.close();
      const text = clean(error instanceof Error ? (error.stack ?? error.message) : String(error));
      print(stopped(text));
      print(command('error', { title: 'Chartship has a bug' }, notACommand(text.split('\n')[0] ?? '')));
    },
  };
}

function annotationCommand({ level, message, title, file, line, column }: Annotation): string {
  // Only the first `::` of the line begins a command; the older form is looked for everywhere.
  return command(level, { title, file, line, col: column }, message).replaceAll('##[', '##\\[');
}

async function append(path: string | undefined, text: string, failed: (reason: string) => void): Promise<void> {
  if (path === undefined || path === '') return;
  try {
    await appendFile(path, text);
  } catch (error) {
    failed(error instanceof Error ? error.message : String(error));
  }
}

function fail(reason: string): never {
  throw new EnvironmentError(`the runner's file could not be written: ${reason}`);
}
