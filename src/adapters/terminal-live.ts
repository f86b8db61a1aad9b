import type { Writable } from 'node:stream';
import type { Progress } from '../ports.ts';
import type { Paint } from '../report/paint.ts';
import { createBoard } from './terminal-board.ts';

/** A view that is redrawn in place while stages run. */
export interface Live {
  observe(event: Progress): void;
  /** Draws the view a last time and leaves it standing. */
  stop(): Promise<void>;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MILLISECONDS = 100;

/** `clean` makes foreign text fit to be seen. log-update is loaded with the first event, beside the work. */
export function createLive(stdout: Writable, paint: Paint, clean: (text: string) => string): Live {
  const board = createBoard(clean);
  let drawing: Promise<Drawing> | undefined;
  let ready: Drawing | undefined;
  let timer: NodeJS.Timeout | undefined;
  let notes: string[] = [];

  const draw = (): void => {
    if (ready === undefined) return;
    if (notes.length > 0) {
      ready.clear();
      stdout.write(notes.map((note) => `${paint.faint(note)}\n`).join(''));
      notes = [];
    }
    const frame = FRAMES[Math.floor(Date.now() / FRAME_MILLISECONDS) % FRAMES.length] ?? '*';
    ready.update(board.text(frame, paint));
  };

  const start = async (): Promise<Drawing> => {
    const { createLogUpdate } = await import('log-update');
    const update = createLogUpdate(stdout);
    ready = { update: (text) => update(text), clear: () => update.clear(), done: () => update.done() };
    timer = setInterval(draw, FRAME_MILLISECONDS);
    timer.unref();
    return ready;
  };

  return {
    observe(event) {
      drawing ??= start();
      if (event.kind === 'started') board.started(event.run);
      else if (event.kind === 'ended') board.ended(event.run);
      else notes.push(clean(event.text));
    },
    async stop() {
      const last = await drawing;
      clearInterval(timer);
      draw();
      last?.done();
    },
  };
}

interface Drawing {
  readonly update: (text: string) => void;
  readonly clear: () => void;
  readonly done: () => void;
}
