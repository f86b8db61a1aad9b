import { RE2JS } from 're2js';
import type { PatternEngine } from './patterns.ts';

/** Go's regular expressions: no look-around, no back references, and time in proportion to the text. */
export const goRegexp: PatternEngine = (pattern) => {
  try {
    const program = RE2JS.compile(pattern);
    return { matches: (text) => program.test(text), size: program.programSize() };
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
  }
};
