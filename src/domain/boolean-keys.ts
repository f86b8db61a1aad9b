import { type Document, isScalar, visit } from 'yaml';
import { plainScalar } from './kubernetes-yaml.ts';
import type { Source } from './source.ts';

/** A key that may be one of those, at the beginning of a line or within braces. */
const BOOLEAN_KEY = /(?:^|[{,])[ ]*(?:-[ ]+)*(?:y|n|yes|no|on|off)[ ]*:(?=\s|$)/im;

/** Whether a text may have keys that helm takes for booleans, and other readers don't. */
export function mayHaveBooleanKeys(text: string): boolean {
  return BOOLEAN_KEY.test(text);
}

/** Gives keys that are booleans to helm (`y`, `off`) the names by which it knows them: `true` and `false`. */
export function takeBooleanKeys(document: Document): void {
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key) || key.type !== 'PLAIN' || key.tag !== undefined) return;
      const value = plainScalar(key.source ?? '');
      if (typeof value === 'boolean') key.value = value;
    },
  });
}

/** How the key at the end of a path is written, where helm takes it for a boolean and the writer probably didn't. */
export function misreadKey(source: Source | undefined, path: readonly (string | number)[]): string | undefined {
  const read = path.at(-1);
  if (read !== 'true' && read !== 'false') return undefined;
  const place = source?.position(path, 'key');
  const written = place && /^[A-Za-z]+/.exec(source?.line(place.line).slice(place.column - 1) ?? '')?.[0];
  return written?.toLowerCase() === read ? undefined : written;
}

/** Paths of all keys that helm knows as `true` or `false`. */
export function booleanKeys(data: unknown): (string | number)[][] {
  const found: (string | number)[][] = [];
  const path: (string | number)[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || path.length > DEEPEST) return;
    for (const [key, each] of Object.entries(value)) {
      path.push(Array.isArray(value) ? Number(key) : key);
      if (key === 'true' || key === 'false') found.push([...path]);
      walk(each);
      path.pop();
    }
  };
  walk(data);
  return found;
}

/** Deeper than this nobody's values go. */
const DEEPEST = 100;

/** What to say of such a key. */
export function saidOfMisread(written: string, read: string): string {
  return `helm takes the key ${written} for the boolean ${read}, as YAML 1.1 has it, and knows it as ${read}`;
}

export function hintForMisread(written: string): string {
  return `Write it in quotes: "${written}".`;
}
