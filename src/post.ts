import { removeTree } from './adapters/remove-tree.ts';

/**
 * The post step: clears away what a main step that was killed left. A program of its own, so that a main step
 * that was cancelled before it could save anything is not run a second time, as the post step.
 */
const left = process.env.STATE_temporary;
if (left !== undefined && left !== '') {
  await removeTree(left).catch((error: unknown) => {
    process.stdout.write(
      `The temporary folder ${left} could not be removed: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exitCode = 1;
  });
}
