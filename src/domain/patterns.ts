/** Compiles a pattern as Go does; a text instead says why Go doesn't take it, as Go does. */
export type PatternEngine = (pattern: string) => CompiledPattern | string;

export interface CompiledPattern {
  /** Whether the pattern is found anywhere in a text. */
  matches(text: string): boolean;
  /** Steps of its program: matching takes at most so many times the length of the text. */
  readonly size: number;
}

/** The patterns of definitions, evaluated as the API server does. */
export interface Patterns {
  /** Whether a text matches; `undefined` where that isn't found out, of which `leftOut` then has the reason. */
  matches(pattern: string, text: string): boolean | undefined;
  /** Why Go doesn't take a pattern; `undefined` where it does, and where that isn't found out. */
  refusal(pattern: string): string | undefined;
  /** Why patterns were not evaluated: phrases to follow "a pattern is not evaluated: ". */
  readonly leftOut: readonly string[];
}

export const NO_PATTERNS: Patterns = {
  matches: () => undefined,
  refusal: () => undefined,
  leftOut: [],
};

/** What a pattern of this estimated size takes to compile is half a second at most. */
const LARGEST = 5_000_000;
/** Steps of one match, and of all of them: at most some seconds each. */
const MOST_STEPS = 50_000_000;
const MOST_STEPS_IN_ALL = 500_000_000;

/** Patterns come from charts: each match is bounded before it begins, by its size and not by a clock, so that two runs say the same. */
export function createPatterns(engine: PatternEngine): Patterns {
  const compiled = new Map<string, CompiledPattern | string>();
  const leftOut: string[] = [];
  let left = MOST_STEPS_IN_ALL;
  const compile = (pattern: string): CompiledPattern | string => {
    let known = compiled.get(pattern);
    if (known === undefined) {
      const size = estimated(pattern);
      left -= size;
      known = size > LARGEST || left < 0 ? TOO_LARGE : engine(pattern);
      compiled.set(pattern, known);
    }
    return known;
  };
  return {
    leftOut,
    matches: (pattern, text) => {
      const program = compile(pattern);
      if (typeof program === 'string') {
        const isRefused = program !== TOO_LARGE;
        leftOut.push(
          isRefused
            ? `it is no regular expression of Go's (${program}), and an API server refuses the definition`
            : program,
        );
        return undefined;
      }
      const steps = program.size * text.length;
      left -= steps;
      if (steps <= MOST_STEPS && left >= 0) return program.matches(text);
      leftOut.push('a text is too long for it');
      return undefined;
    },
    refusal: (pattern) => {
      const program = compile(pattern);
      return typeof program === 'string' && program !== TOO_LARGE ? program : undefined;
    },
  };
}

const TOO_LARGE = 'it is too large';

/** A repetition is as large as what is repeated is, times how often: `(x{10}){10}` is a hundred. */
function estimated(pattern: string): number {
  const times = [...pattern.matchAll(/\{(\d{1,9})(?:,(\d{0,9}))?\}/g)].map(([, low = '', high = '']) =>
    Math.max(Number(low), Number(high)),
  );
  return pattern.length * (1 + times.reduce((sum, each) => sum + each, 0));
}
