import { distance } from 'fastest-levenshtein';

/** The known name a misspelt one was probably meant to be; `undefined` when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const steps = distance(name.toLowerCase(), candidate.toLowerCase());
    if (steps < least) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}

/** ` Did you mean x?`, or the names there are. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? `Known: ${known.join(', ')}.` : `Did you mean ${near}?`;
}
