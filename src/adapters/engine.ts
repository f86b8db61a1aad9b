import { setFlagsFromString } from 'node:v8';

/**
 * A run is over in half a second. By V8's defaults a fifth of its own CPU time goes into things that pay later: a
 * young generation of 1 MB that is collected eight times while it grows, and machine code for functions that are
 * called a few hundred times. Here the young generation grows in one step, and a function is compiled after ten times
 * as many calls, so that long runs (a hundred charts, a deployment) still get it.
 */
export const FLAGS = [
  '--semi-space-growth-factor=16',
  '--baseline-batch-compilation-threshold=40960',
  '--invocation-count-for-maglev=4000',
  '--invocation-count-for-maglev-osr=1000',
  '--invocation-count-for-osr=5000',
  '--invocation-count-for-turbofan=30000',
];

/** These names are of V8 13 (Node 24, the Action's); another one would write of each that it doesn't know it. */
const KNOWN_TO = /^13\./;

/**
 * Called when the modules are loaded: Node's own come from its binary in a compiled form that V8 takes only with the
 * flags that it was made with.
 */
export function tuneEngine(version: string = process.versions.v8): void {
  if (KNOWN_TO.test(version)) for (const flag of FLAGS) setFlagsFromString(flag);
}
