import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseAllDocuments } from 'yaml';
import type { Finding } from './finding.ts';
import { SOURCE_BYTES } from './limits.ts';

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML (or JSON) source file that was read: its data, and where each of its values stands. */
export interface Source {
  /** The data; an empty file is `undefined`. */
  readonly data: unknown;
  /** The position of the value at a path; `key` gives the position of its key. `undefined` when it isn't there. */
  position(path: readonly (string | number)[], what?: 'key' | 'value'): Position | undefined;
}

export type SourceFault = Pick<Finding, 'message' | 'hint' | 'line' | 'column'>;

/** More aliases than this, expanded, is no configuration but an attack (or an accident). */
const MOST_ALIAS_EXPANSIONS = 10_000;

/**
 * Reads one YAML document strictly: duplicate keys, unknown aliases, several documents and excessive
 * alias expansion are faults. A byte order mark and CRLF are taken as they come.
 */
export function readSource(bytes: Uint8Array): { ok: true; source: Source } | { ok: false; fault: SourceFault } {
  if (bytes.byteLength > SOURCE_BYTES) {
    return { ok: false, fault: { message: `is larger than ${SOURCE_BYTES / 1024 / 1024} MiB` } };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, fault: { message: 'is not UTF-8 text' } };
  }
  const lines = new LineCounter();
  // Indentation and merge keys as Helm's parser takes them; errors are collected, not thrown.
  const documents = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false, logLevel: 'silent' });
  const [document, second] = Array.isArray(documents) ? documents : [];
  if (document === undefined) return { ok: true, source: { data: undefined, position: () => undefined } };
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const error = document.errors[0];
  if (error !== undefined) return { ok: false, fault: { message: said(error.code, error.message), ...at(error.pos[0]) } };
  if (second !== undefined) {
    return { ok: false, fault: { message: 'holds more than one YAML document', ...at(second.range[0]) } };
  }
  const expanded = aliasFault(document as Document);
  if (expanded !== undefined) return { ok: false, fault: { ...expanded.fault, ...at(expanded.offset) } };
  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: MOST_ALIAS_EXPANSIONS }) ?? undefined;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { ok: false, fault: { message: `uses aliases too often: ${error.message}` } };
  }
  return {
    ok: true,
    source: {
      data,
      position: (path, what = 'value') => {
        const offset = find(document as Document, path, what);
        return offset === undefined ? undefined : at(offset);
      },
    },
  };
}

function said(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'has the same key twice in one mapping';
  if (code === 'TAB_AS_INDENT') return 'is no YAML: a tab is used as indentation';
  return `is no YAML: ${message}`;
}

/** Expands on paper: how many nodes the document has once every alias is replaced, found without doing so. */
function aliasFault(document: Document): { fault: SourceFault; offset: number } | undefined {
  const weights = new Map<Node, number>();
  let worst: { fault: SourceFault; offset: number } | undefined;
  const weigh = (node: unknown): number => {
    if (isAlias(node)) {
      const target = node.resolve(document);
      const weight = target === undefined ? 1 : (weights.get(target) ?? 1);
      if (target === undefined) worst ??= { fault: { message: `names the alias *${node.source}, which no anchor before it defines` }, offset: node.range?.[0] ?? 0 };
      if (weight > MOST_ALIAS_EXPANSIONS && worst === undefined) {
        worst = {
          fault: {
            message: `expands the alias *${node.source} to more than ${MOST_ALIAS_EXPANSIONS} values`,
            hint: 'Write the values out, or use fewer nested aliases.',
          },
          offset: node.range?.[0] ?? 0,
        };
      }
      return weight;
    }
    let weight = 1;
    if (isMap(node)) for (const pair of node.items) weight += weigh(pair.value);
    else if (isSeq(node)) for (const item of node.items) weight += weigh(item);
    // Anchors are weighed before the aliases that follow them, so no alias is ever walked into.
    if ((isMap(node) || isSeq(node)) && node.anchor !== undefined) weights.set(node, weight);
    return weight;
  };
  weigh(document.contents);
  return worst;
}

function find(document: Document, path: readonly (string | number)[], what: 'key' | 'value'): number | undefined {
  let node: unknown = document.contents;
  let key: unknown = document.contents;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair: Pair | undefined = pairOf(node.items, String(step));
      if (pair === undefined) return undefined;
      key = pair.key;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      key = node;
    } else {
      return undefined;
    }
    if (node === undefined) return undefined;
  }
  const target = (what === 'key' ? key : (node ?? key)) as Node | null;
  // An empty value (`key:`) has a range of no length behind the key; the key is what a reader looks for.
  return target?.range?.[0] ?? (key as Node | null)?.range?.[0];
}

function pairOf(items: readonly Pair[], name: string): Pair | undefined {
  return items.find((pair) => isScalar(pair.key) && String(pair.key.value) === name);
}
