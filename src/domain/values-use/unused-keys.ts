import { distance } from 'fastest-levenshtein';
import { isMapping } from '../merged-values.ts';
import type { SchemaPlace } from './schema-names.ts';
import { ANY, type ValueNode } from './value-node.ts';

type Path = readonly (string | number)[];

/** A key in values that nothing uses, nor anything in it. */
export interface UnusedKey {
  readonly path: Path;
  /** One that is used in its place, and what tells the two apart. */
  readonly near?: { readonly key: string; readonly by: 'case' | 'letter' };
}

/** Deeper than this nobody's values go. */
const DEEPEST = 100;

/** The outermost keys of values that no schema names: whether they are used is in question. */
export function unnamedKeys(data: unknown, schema: SchemaPlace): Path[] {
  const found: Path[] = [];
  const path: (string | number)[] = [];
  const walk = (value: unknown, place: SchemaPlace): void => {
    if (typeof value !== 'object' || value === null || path.length > DEEPEST) return;
    const items = Array.isArray(value) ? place.items() : undefined;
    if (items?.isDescribed === false) return;
    for (const [key, each] of Object.entries(value)) {
      path.push(items === undefined ? key : Number(key));
      const inner = items ?? place.at(key);
      if (inner === undefined) found.push([...path]);
      else walk(each, inner);
      path.pop();
    }
  };
  walk(data, schema);
  return found;
}

/** Whether it is certain that a value is used, as far as templates were read. */
export function isUsed(path: Path, values: ValueNode): boolean {
  let nodes: readonly ValueNode[] = [values];
  for (const step of path) {
    if (nodes.some(({ isWhole }) => isWhole)) return true;
    nodes = nodes.flatMap((node) => node.known(typeof step === 'number' ? ANY : step));
  }
  return nodes.some(({ isWhole }) => isWhole);
}

/**
 * The outermost keys of values that neither templates use nor a schema names. `defaults` are the chart's own: where
 * something asks whether a mapping is empty, a key in it is of no use only beside others that are used.
 */
export function unusedKeys(
  data: unknown,
  {
    values,
    schema,
    defaults,
  }: { readonly values: ValueNode; readonly schema: SchemaPlace; readonly defaults: unknown },
): UnusedKey[] {
  const found: UnusedKey[] = [];
  const walk = (
    value: unknown,
    nodes: readonly ValueNode[],
    place: SchemaPlace | undefined,
    beside: unknown,
    path: Path,
  ): void => {
    if (path.length > DEEPEST || nodes.some(({ isWhole }) => isWhole)) return;
    if (Array.isArray(value)) {
      const inner = nodes.flatMap((node) => node.known(ANY));
      const items = place?.items();
      // What is in a list that a schema names without saying more is Kubernetes' or somebody else's to check.
      if (inner.length === 0 || items?.isDescribed === false) return;
      for (const [index, each] of value.entries()) walk(each, inner, items, undefined, [...path, index]);
      return;
    }
    if (!isMapping(value)) return;
    // What a schema names without saying what may be in it, and nothing reads, may hold anything.
    if (nodes.length === 0 && place?.isDescribed !== true) return;
    const isListed = nodes.some((node) => node.isListed);
    const isTested = nodes.some((node) => node.isTested);
    const uses = (key: string): boolean =>
      nodes.some((node) => node.known(key).length > 0) || place?.at(key) !== undefined;
    const hasOthers = [value, beside].some(
      (each) => isMapping(each) && Object.entries(each).some(([key, inner]) => inner !== null && uses(key)),
    );
    let known: readonly string[] | undefined;
    for (const [key, each] of Object.entries(value)) {
      const inner = nodes.flatMap((node) => node.known(key));
      const named = place?.at(key);
      if (inner.length > 0 || named !== undefined) {
        // Of what is only listed nothing in it may be known.
        if (inner.length > 0 || !isListed)
          walk(each, inner, named, isMapping(beside) ? beside[key] : undefined, [...path, key]);
      } else if (!isListed && (!isTested || hasOthers)) {
        known ??= [...new Set([...nodes.flatMap((node) => node.keys), ...(place?.keys ?? [])])].filter(uses);
        found.push({ path: [...path, key], ...nearTo(key, known) });
      }
    }
  };
  walk(data, [values], schema, defaults, []);
  return found;
}

function nearTo(key: string, known: readonly string[]): Pick<UnusedKey, 'near'> {
  const sameLetters = known.find((each) => each !== key && each.toLowerCase() === key.toLowerCase());
  if (sameLetters !== undefined) return { near: { key: sameLetters, by: 'case' } };
  // Of shorter names one letter is too much.
  const near = key.length < 3 ? undefined : known.find((each) => each.length > 2 && isOneLetterFrom(each, key));
  return near === undefined ? {} : { near: { key: near, by: 'letter' } };
}

/** One more, one less, another one, or two that changed places. */
function isOneLetterFrom(a: string, b: string): boolean {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  if (Math.abs(one.length - other.length) > 1) return false;
  const steps = distance(one, other);
  if (steps < 2) return true;
  const at = [...one].findIndex((letter, index) => letter !== other[index]);
  const swapped = `${one.slice(0, at)}${one[at + 1] ?? ''}${one[at] ?? ''}${one.slice(at + 2)}`;
  return steps === 2 && swapped === other;
}
