import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml';

/** A step of the way to a path. */
interface Step {
  readonly key: unknown;
  readonly value: unknown;
  /** Whether it isn't written in its mapping, but comes from where an alias or a merge leads. */
  readonly isElsewhere: boolean;
}

/** The keys and values on the way to a path; `undefined` where there is no such way. */
function wayTo(document: Document, path: readonly (string | number)[]): Step[] | undefined {
  const way: Step[] = [];
  let node: unknown = document.contents;
  for (const step of path) {
    const isElsewhere = isAlias(node);
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const found = pairOf(node, String(step), document);
      if (found === undefined) return undefined;
      const { pair } = found;
      way.push({ key: pair.key, value: pair.value, isElsewhere: isElsewhere || found.isMerged });
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      way.push({ key: node, value: node, isElsewhere });
    } else {
      return undefined;
    }
    if (node === undefined) return undefined;
  }
  return way;
}

/** Where the value at a path, or its key, begins in the text. */
export function offsetOf(
  document: Document,
  path: readonly (string | number)[],
  what: 'key' | 'value',
): number | undefined {
  const way = wayTo(document, path);
  if (way === undefined) return undefined;
  const { key, value } = way.at(-1) ?? { key: document.contents, value: document.contents };
  const target = (what === 'key' ? key : (value ?? key)) as Node | null;
  // An empty value (`key:`) has a range of no length behind the key; the key is what a reader looks for.
  return target?.range?.[0] ?? (key as Node | null)?.range?.[0];
}

interface FoundPair {
  readonly pair: Pair;
  /** Whether a merge (`<<`) of an alias brought it. */
  readonly isMerged: boolean;
}

/** A mapping's own keys come before those that are merged into it, and of these the first that is named. */
function pairOf(mapping: YAMLMap, name: string, document: Document): FoundPair | undefined {
  const own = mapping.items.find(({ key }) => isScalar(key) && String(key.value) === name && !isMerge(key));
  if (own !== undefined) return { pair: own, isMerged: false };
  for (const { key, value } of mapping.items) {
    if (!isMerge(key)) continue;
    for (const each of isSeq(value) ? value.items : [value]) {
      const merged = isAlias(each) ? each.resolve(document) : each;
      const found = isMap(merged) ? pairOf(merged, name, document) : undefined;
      if (found !== undefined) return { pair: found.pair, isMerged: isAlias(each) || found.isMerged };
    }
  }
  return undefined;
}

function isMerge(key: unknown): boolean {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

/** Whether what is at a path came by an alias, or an alias elsewhere stands for it, for what is in it or for what holds it. */
export function isShared(document: Document, path: readonly (string | number)[]): boolean {
  const way = wayTo(document, path);
  const last = way?.at(-1);
  if (way === undefined || last === undefined || way.some(({ isElsewhere }) => isElsewhere)) return true;
  const { anchors, aliases } = marksOf(document);
  if (aliases.length === 0) return false;
  const isNamed = (node: unknown): boolean =>
    isNode(node) && !isAlias(node) && aliases.some(({ name }) => name === node.anchor);
  // What holds it stands elsewhere, too.
  if (isNamed(document.contents) || way.slice(0, -1).some(({ value }) => isNamed(value))) return true;
  const start = (last.key as Node | null)?.range?.[0] ?? 0;
  const end = ((last.value ?? last.key) as Node | null)?.range?.[1] ?? start;
  const isWithin = ({ offset }: Mark): boolean => offset >= start && offset < end;
  const outside = new Set(aliases.filter((alias) => !isWithin(alias)).map(({ name }) => name));
  return anchors.some((anchor) => isWithin(anchor) && outside.has(anchor.name));
}

interface Mark {
  readonly name: string;
  readonly offset: number;
}

/** The anchors and aliases of a document: there are not many (`MOST_ANCHORS_AND_ALIASES`). */
function marksOf(document: Document): { readonly anchors: readonly Mark[]; readonly aliases: readonly Mark[] } {
  const anchors: Mark[] = [];
  const aliases: Mark[] = [];
  visit(document, {
    Node: (_, node) => {
      const offset = node.range?.[0] ?? 0;
      if (isAlias(node)) aliases.push({ name: node.source, offset });
      else if (node.anchor !== undefined) anchors.push({ name: node.anchor, offset });
    },
  });
  return { anchors, aliases };
}
