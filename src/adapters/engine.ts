import { setFlagsFromString } from 'node:v8';

/**
 * A run is over in half a second. By V8's defaults a fifth of its own CPU time goes into things that pay later: a
 * young generation of 1 MB that is collected eight times while it grows, and machine code for functions that are
 * called a few hundred times. Here the young generation grows in one step, and a function (one of WebAssembly, too) is
 * compiled after ten to seventy-five times as many calls, so that long runs (a hundred charts, a deployment) still get
 * it. WebAssembly is checked function by function, when one is first called. And no compiled function is given up:
 * kept-code.ts keeps them.
 */
export const FLAGS = [
  '--semi-space-growth-factor=24',
  '--baseline-batch-compilation-threshold=131072',
  '--invocation-count-for-maglev=30000',
  '--invocation-count-for-maglev-osr=1000',
  '--invocation-count-for-osr=5000',
  '--invocation-count-for-turbofan=30000',
  '--wasm-tiering-budget=130000000',
  '--no-flush-bytecode',
  '--wasm-lazy-validation',
];

/** These names are of V8 13 (Node 24, the Action's); another one would write of each that it doesn't know it. */
const KNOWN_TO = /^13\./;

/** Before any module of ours is loaded, or what V8 kept of them doesn't fit: it was made with these flags. */
export function tuneEngine(version: string = process.versions.v8): void {
  if (KNOWN_TO.test(version)) for (const flag of FLAGS) setFlagsFromString(flag);
}
