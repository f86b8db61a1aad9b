import { load, YAMLException } from 'js-yaml';
import { blockYaml } from './block-yaml.ts';
import { KUBERNETES_YAML } from './kubernetes-yaml.ts';

/** An object of a document. Nothing of it is certain but that it is a mapping. */
export interface RenderedObject {
  readonly data: Readonly<Record<string, unknown>>;
  /** Where it stands in the document, a JSON pointer: empty, or `/items/0` in a list. */
  readonly within: string;
}

/** What a document of a manifest holds. */
export interface DocumentContent {
  /** Lists are taken apart, as Kubernetes' clients do. */
  readonly objects: readonly RenderedObject[];
  /** The annotations of the document, by which helm knows its hooks. */
  readonly annotations: Readonly<Record<string, unknown>>;
  /** Why nothing of it is known, where that is so: to be read after "the document". */
  readonly unread?: string;
  /** A key that one mapping has twice. */
  readonly repeatedKey?: RepeatedKey;
}

export interface RepeatedKey {
  /** As it is written; empty where it can't be told. */
  readonly name: string;
  /** Where it stands the second time: the line of the document, from 1. */
  readonly line: number;
}

/** Reads a document as helm and the API server do (kubernetes-yaml.ts). That it is YAML helm has seen to. */
export function readDocument(text: string): DocumentContent {
  const plain = blockYaml(text);
  if (plain !== undefined) return contentOf(plain.data);
  try {
    return contentOf(fully(text));
  } catch (error) {
    if (error instanceof RangeError) return { ...NOTHING, unread: 'is nested too deeply' };
    if (!(error instanceof YAMLException)) throw error;
    // Of the two values the last counts, as it does for helm.
    if (error.reason === REPEATED) return { ...readAgain(text), repeatedKey: keyAt(text, error) };
    // What only this parser refuses: helm takes a document of comments, and a foreign tag.
    return hasContent(text) ? { ...NOTHING, unread: `can't be read: ${error.reason}` } : NOTHING;
  }
}

/** Reads each text once, as long as they aren't very large: environments and versions share most of their documents. */
export function createDocumentReader(): (text: string) => DocumentContent {
  const known = new Map<string, DocumentContent>();
  let kept = 0;
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const content = readDocument(text);
    if (kept + text.length <= MOST_KEPT) {
      kept += text.length;
      known.set(text, content);
    }
    return content;
  };
}

/** Characters of text whose data is kept; it takes some ten times as many bytes. */
const MOST_KEPT = 16 * 1024 * 1024;

const REPEATED = 'duplicated mapping key';
const NOTHING: DocumentContent = { objects: [], annotations: {} };
/** Far more than any object has, and what is read of one has no bound for the sake of its aliases. */
const MOST_ALIASED = 100_000;
/** The parser's stack ends at some two thousand. */
const DEEPEST = 1_000;

function readAgain(text: string): DocumentContent {
  try {
    return contentOf(fully(text, true));
  } catch (error) {
    if (error instanceof YAMLException || error instanceof RangeError) return NOTHING;
    throw error;
  }
}

function fully(text: string, lastCounts = false): unknown {
  const data = load(text, { schema: KUBERNETES_YAML, maxDepth: DEEPEST, json: lastCounts });
  if (/[&*]/.test(text) && isLargerThan(data, text.length + MOST_ALIASED)) {
    throw new YAMLException('its aliases stand for too much');
  }
  return data;
}

/** Counts what stands below a value, each alias anew: one of itself has no end. */
function isLargerThan(data: unknown, most: number): boolean {
  const open: unknown[] = [data];
  let seen = 0;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    for (const value of Array.isArray(node) ? node : Object.values(node)) {
      if (++seen > most) return true;
      if (typeof value === 'object' && value !== null) open.push(value);
    }
  }
  return false;
}

function hasContent(text: string): boolean {
  return text.split('\n').some((line) => !/^\s*(?:#|$)/.test(line));
}

function contentOf(data: unknown): DocumentContent {
  if (data === null || data === undefined) return NOTHING;
  if (!isMapping(data)) {
    return { ...NOTHING, unread: Array.isArray(data) ? 'is a list, and no object' : 'is a scalar, and no object' };
  }
  const metadata = isMapping(data.metadata) ? data.metadata : {};
  const annotations = isMapping(metadata.annotations) ? metadata.annotations : {};
  return { objects: flat(data), annotations };
}

function flat(data: Readonly<Record<string, unknown>>): RenderedObject[] {
  const { apiVersion, kind, items } = data;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ data, within: '' }];
  // In a ServiceList an item needn't say that it is a Service.
  const itemKind = kind.slice(0, -'List'.length);
  return items.flatMap((item: unknown, index) => {
    if (!isMapping(item)) return [];
    const named = itemKind === '' || item.kind !== undefined ? item : { apiVersion, kind: itemKind, ...item };
    return [{ data: named, within: `/items/${index}` }];
  });
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The key alone: its value may differ between environments, and the fault is still one. */
function keyAt(text: string, error: YAMLException): RepeatedKey {
  const number = error.mark?.line ?? -1;
  const line = text.split('\n')[number] ?? '';
  const column = error.mark?.column ?? 0;
  // The mark is behind a quote that the key begins with.
  const start = column - (/["']/.test(line[column - 1] ?? '') ? 1 : 0);
  const match = /^(?:"([^"]+)"|'([^']+)'|([^\s:][^:]*?))\s*:/.exec(line.slice(start));
  return { name: match?.slice(1).find((part) => part !== undefined) ?? '', line: number + 1 };
}
