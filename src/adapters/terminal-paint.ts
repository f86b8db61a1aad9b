import pc from 'picocolors';
import type { Paint } from '../report/paint.ts';
import { PLAIN } from '../report/paint.ts';

/** Colours, or none. */
export function paintFor(colored: boolean): Paint {
  if (!colored) return PLAIN;
  const { red, yellow, green, dim, bold } = pc.createColors(true);
  return { bad: red, odd: yellow, good: green, faint: dim, strong: bold };
}
