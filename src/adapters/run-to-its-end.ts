import { lastWords } from '../domain/errors.ts';

/**
 * What a program does: its exit code is what `main` gives, 3 for what it throws. And for work that waits for what can't
 * come any more (a callback that was lost): Node would end without a word, and with 0.
 */
export function runToItsEnd(main: () => Promise<number>): void {
  let isDone = false;
  process.once('exit', (code) => {
    if (isDone || code !== 0) return;
    process.stderr.write(
      'Chartship ended before its work was done, which is a bug: nothing that it said is a result.\n',
    );
    process.exitCode = 3;
  });
  main().then(
    (code) => {
      isDone = true;
      process.exitCode = code;
    },
    (error: unknown) => {
      isDone = true;
      process.stderr.write(`${lastWords(error)}\n`);
      process.exitCode = 3;
    },
  );
}
