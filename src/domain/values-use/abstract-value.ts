import type { ValueNode } from './value-node.ts';

/** What a template may have in its hands at a place, whatever the values are: all of it together. */
export interface AbstractValue {
  /** Places in the values. */
  readonly nodes: readonly ValueNode[];
  /** Mappings and lists that templates made. */
  readonly made: readonly Made[];
  /** Texts, in which `UNKNOWN` and `FROM_VALUES` stand for others. */
  readonly texts: readonly string[];
  /** What was written out as YAML or JSON and may be read back. */
  readonly written: readonly AbstractValue[];
  /** Something else, too, that holds no values which are not used already. */
  readonly isOpen: boolean;
}

/** A mapping (or a list, whose keys are 0, 1, …) that a template made. It changes while templates are read. */
export interface Made {
  readonly isList: boolean;
  readonly fields: Map<string, AbstractValue>;
  /** What may be under any other key; of a list, behind those. */
  rest: AbstractValue;
  /** What was merged into it. */
  readonly merged: AbstractValue[];
  /** It has these fields, each of them, and no others. */
  isExact: boolean;
  /** It was made before, at this place. */
  isFilled: boolean;
  /** Who made it: the call of a named template, or a chart, whose contexts all templates share. */
  readonly owner: object;
  /** For those that stay the same. */
  readonly label?: string;
  isUsed: boolean;
}

/** Any text. */
export const UNKNOWN = '\0';
/** A text that stands in values, or several. */
export const FROM_VALUES = '\u0001';

export function isKnown(text: string): boolean {
  return !text.includes(UNKNOWN) && !text.includes(FROM_VALUES);
}

/** What is known of a text. */
export function knownParts(text: string): string[] {
  return text.split(UNKNOWN).flatMap((part) => part.split(FROM_VALUES));
}

/** What of a value is printed. */
export function printed({ nodes, made, texts, written, isOpen }: AbstractValue): readonly string[] {
  const isOther = isOpen || made.length > 0 || written.some((each) => each.isOpen || each.made.length > 0);
  if (isOther) return [UNKNOWN];
  const fromValues = nodes.length > 0 || written.length > 0 ? [FROM_VALUES] : [];
  return texts.length + fromValues.length === 0 ? [''] : few([...texts, ...fromValues]);
}

export const NOTHING: AbstractValue = { nodes: [], made: [], texts: [], written: [], isOpen: false };
export const OPEN: AbstractValue = { ...NOTHING, isOpen: true };

/** More texts than these say as much as any text. */
const MOST_TEXTS = 16;
const LONGEST_TEXT = 300;

export function ofNodes(nodes: readonly ValueNode[]): AbstractValue {
  return { ...NOTHING, nodes };
}

export function ofTexts(texts: readonly string[]): AbstractValue {
  return { ...NOTHING, texts: few(texts) };
}

export function ofMade(made: Made): AbstractValue {
  return { ...NOTHING, made: [made] };
}

/** Either of two; the first itself where the second adds nothing to it. */
export function either(a: AbstractValue, b: AbstractValue): AbstractValue {
  if (a === b || b === NOTHING) return a;
  if (a === NOTHING) return b;
  const nodes = union(a.nodes, b.nodes);
  const made = union(a.made, b.made);
  const texts = eitherText(a.texts, b.texts);
  const written = union(a.written, b.written);
  const isOpen = a.isOpen || b.isOpen;
  const isSame =
    nodes === a.nodes && made === a.made && texts === a.texts && written === a.written && isOpen === a.isOpen;
  return isSame ? a : { nodes, made, texts, written, isOpen };
}

function union<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  if (b.length === 0) return a;
  const added = b.filter((each) => !a.includes(each));
  return added.length === 0 ? a : [...a, ...added];
}

export function anyOf(values: Iterable<AbstractValue>): AbstractValue {
  let all = NOTHING;
  for (const value of values) all = either(all, value);
  return all;
}

export function eitherText(texts: readonly string[], more: readonly string[]): readonly string[] {
  if (texts[0] === UNKNOWN) return texts;
  const all = union(texts, more);
  return all === texts ? texts : few(all);
}

/** Every text of one followed by every text of the other. */
export function followedBy(texts: readonly string[], more: readonly string[]): readonly string[] {
  if (more.length === 1 && more[0] === '') return texts;
  const both = texts.flatMap((a) => more.map((b) => `${a}${b}`.replace(/\0+/g, UNKNOWN)));
  return few([...new Set(both)]);
}

function few(texts: readonly string[]): readonly string[] {
  const isFew = texts.length <= MOST_TEXTS && texts.every((text) => text !== UNKNOWN && text.length <= LONGEST_TEXT);
  return isFew ? texts : [UNKNOWN];
}
