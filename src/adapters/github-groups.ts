import type { StageName, StageRun } from '../domain/stage.ts';
import { stageLine } from '../report/stage-line.ts';
import { command } from './github-commands.ts';

/**
 * A foldable group of log lines per stage. Stages of several charts overlap, groups can't: the lines of
 * another stage wait until the one that is open has nothing running.
 */
export interface Groups {
  started(stage: StageName): void;
  ended(run: StageRun): void;
  /** Prints what still waits and closes the group that is open. */
  close(): void;
}

/** `print` writes a command of the runner, `line` a line of the log. */
export function createGroups(print: (command: string) => void, line: (text: string) => void): Groups {
  const running = new Map<StageName, number>();
  const waiting = new Map<StageName, string[]>();
  let open: StageName | undefined;

  const closeOpen = (): void => {
    if (open !== undefined) print(command('endgroup', {}, ''));
    open = undefined;
  };
  const advance = (force: boolean): void => {
    for (const [stage, lines] of waiting) {
      if (open !== stage) {
        if (open !== undefined && (running.get(open) ?? 0) > 0 && !force) return;
        closeOpen();
        print(command('group', {}, stage));
        open = stage;
      }
      waiting.delete(stage);
      for (const text of lines) line(text);
    }
  };

  return {
    started(stage) {
      running.set(stage, (running.get(stage) ?? 0) + 1);
    },
    ended(run) {
      // A run that was skipped never started.
      running.set(run.name, Math.max(0, (running.get(run.name) ?? 0) - 1));
      if (run.name === open) line(stageLine(run));
      else waiting.set(run.name, [...(waiting.get(run.name) ?? []), stageLine(run)]);
      advance(false);
    },
    close() {
      advance(true);
      closeOpen();
    },
  };
}
