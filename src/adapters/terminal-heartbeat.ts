import type { Progress } from '../ports.ts';
import { runName } from '../report/stage-line.ts';
import { monotonic } from './monotonic.ts';

/** Says what is still running when nothing was printed for a while, so that no log looks dead. */
export interface Heartbeat {
  /** To be told of each event. */
  observe(event: Progress): void;
  /** To be told that something was printed. */
  printed(): void;
  stop(): void;
}

/** Names of runs that one line lists. */
const NAMES = 3;

/** `print` gets one line when nothing was printed for `milliseconds` and something runs. */
export function createHeartbeat(print: (line: string) => void, milliseconds: number): Heartbeat {
  const running = new Map<string, { since: number; times: number }>();
  let timer: NodeJS.Timeout | undefined;
  // What is printed after the end must not set it going again.
  let stopped = false;

  const beat = (): void => {
    if (running.size > 0) print(`still running: ${stillRunning(running)}`);
    rest();
  };
  const rest = (): void => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(beat, milliseconds);
    timer.unref();
  };

  return {
    observe(event) {
      if (event.kind === 'note') return;
      const name = runName(event.run);
      const known = running.get(name);
      const times = (known?.times ?? 0) + (event.kind === 'started' ? 1 : -1);
      if (times > 0) running.set(name, { since: known?.since ?? monotonic(), times });
      else running.delete(name);
      if (timer === undefined) rest();
    },
    printed: rest,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function stillRunning(running: ReadonlyMap<string, { since: number }>): string {
  const names = [...running].slice(0, NAMES).map(([name, { since }]) => {
    return `${name} (${Math.round((monotonic() - since) / 1000)} s)`;
  });
  const more = running.size - names.length;
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
