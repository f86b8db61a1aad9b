import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  type Scalar,
} from 'yaml';
import { mayHaveBooleanKeys, takeBooleanKeys } from './boolean-keys.ts';
import type { Finding } from './finding.ts';
import { SOURCE_BYTES } from './limits.ts';
import { plainData } from './plain-yaml.ts';
import { isShared, offsetOf } from './yaml-paths.ts';

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
  /** Whether taking the key at a path out, or something in it, would take away what an alias or a merge puts elsewhere; or whether it came here by one. */
  isShared(path: readonly (string | number)[]): boolean;
  /** The text of a line, which counts from 1; empty where there is none. */
  line(number: number): string;
}

export type SourceFault = Pick<Finding, 'message' | 'hint' | 'line' | 'column'>;

/** More values than this, once aliases are replaced by what they stand for, is no configuration but an attack (or an accident). */
const MOST_ALIAS_EXPANSIONS = 10_000;
/** Each token costs about a kilobyte: a file of 5 MB with values of usual length has 700 000, one of `[,,,` up to 8 million. */
const MOST_TOKENS = 2_000_000;
/** Looking an alias up takes the longer the more anchors and aliases there are. */
const MOST_ANCHORS_AND_ALIASES = 10_000;

/** What Helm's parser takes nowhere in a text. */
const NO_YAML = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

/**
 * Reads one YAML document strictly: control characters, keys that Helm can't take (null, lists, mappings),
 * duplicate keys, unknown aliases, several documents and excessive alias expansion are faults. A byte order mark and CRLF are taken as they come.
 * `helm`: keys have the names by which helm and Kubernetes know them, where `on` is `true`.
 */
export function readSource(
  bytes: Uint8Array,
  keys: 'yaml' | 'helm' = 'yaml',
): { ok: true; source: Source } | { ok: false; fault: SourceFault } {
  if (bytes.byteLength > SOURCE_BYTES) {
    return { ok: false, fault: { message: `is larger than ${SOURCE_BYTES / 1024 / 1024} MiB` } };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, fault: { message: 'is not UTF-8 text' } };
  }
  const control = text.search(NO_YAML);
  if (control !== -1) {
    const before = text.slice(0, control).split(/\r\n|\r|\n/);
    const code = text.charCodeAt(control).toString(16).toUpperCase().padStart(4, '0');
    const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    return { ok: false, fault: { message: `is no YAML: it holds the control character U+${code}`, ...place } };
  }
  // Most files are plain, and nothing in most of them is ever pointed at: their positions are found when asked for.
  const hasBooleans = keys === 'helm' && mayHaveBooleanKeys(text);
  const plain = hasBooleans ? undefined : plainData(text);
  if (plain === undefined) return readFully(text, hasBooleans);
  const { line } = linesOf(text);
  let full: ReturnType<typeof readFully> | undefined;
  return {
    ok: true,
    source: {
      data: plain.data,
      position: (path, what) => {
        full ??= readFully(text);
        return full.ok ? full.source.position(path, what) : undefined;
      },
      // A text with anchors is never plain.
      isShared: () => false,
      line,
    },
  };
}

function readFully(text: string, hasBooleanKeys = false): ReturnType<typeof readSource> {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const [document, second] = firstDocuments(text, lines);
  if (document === 'too much') {
    return {
      ok: false,
      fault: {
        message: `holds more than ${MOST_TOKENS} keys, values and marks`,
        hint: 'Split it, or leave out what is no configuration.',
      },
    };
  }
  if (document === undefined) {
    return {
      ok: true,
      source: { data: undefined, position: () => undefined, isShared: () => false, ...linesOf(text) },
    };
  }
  const error = document.errors[0];
  if (error !== undefined)
    return { ok: false, fault: { message: said(error.code, error.message), ...at(error.pos[0]) } };
  if (second !== undefined) {
    return { ok: false, fault: { message: 'holds more than one YAML document', ...at(second.range[0]) } };
  }
  const wrong = nodeFault(document);
  if (wrong !== undefined) return { ok: false, fault: { ...wrong.fault, ...at(wrong.offset) } };
  if (hasBooleanKeys) takeBooleanKeys(document);
  // The library's own bound on aliases is slower than what it guards against; ours was kept above.
  const data: unknown = document.toJS({ maxAliasCount: -1 }) ?? undefined;
  return {
    ok: true,
    source: {
      data,
      position: (path, what = 'value') => {
        const offset = offsetOf(document, path, what);
        return offset === undefined ? undefined : at(offset);
      },
      isShared: (path) => isShared(document, path),
      ...linesOf(text),
    },
  };
}

function linesOf(text: string): Pick<Source, 'line'> {
  let lines: readonly string[] | undefined;
  return {
    line: (number) => {
      lines ??= text.split(/\r\n|\r|\n/);
      return lines[number - 1] ?? '';
    },
  };
}

/** The first two documents: a second one is a fault, and a third isn't read. */
function firstDocuments(text: string, lines: LineCounter): Document.Parsed[] | ['too much', undefined] {
  // Merge keys as Helm's parser takes them; errors are collected, not thrown. The library compares each key
  // with all others of its mapping (a minute for 60 000 keys), so repeated keys are looked for by ourselves.
  const composer = new Composer({ merge: true, prettyErrors: false, logLevel: 'silent', uniqueKeys: false });
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let tokens = 0;
  function* parsed() {
    for (const token of new Lexer().lex(text)) {
      tokens += 1;
      if (tokens > MOST_TOKENS) return;
      yield* parser.next(token);
    }
    yield* parser.end();
  }
  const documents: Document.Parsed[] = [];
  for (const document of composer.compose(parsed())) {
    documents.push(document);
    if (documents.length === 2) break;
  }
  return tokens > MOST_TOKENS ? ['too much', undefined] : documents;
}

function said(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'is no YAML: a tab is used as indentation';
  if (code === 'RESOURCE_EXHAUSTION') return 'is nested too deeply';
  return `is no YAML: ${message}`;
}

interface NodeFault {
  readonly fault: SourceFault;
  readonly offset: number;
}

/**
 * What is wrong with the nodes of a document, the first in the order of the text: a key that is no text or twice
 * in one mapping, an alias of nothing or of what holds it, and aliases that come to too much. Expanded on paper only: how many
 * values there are once every alias is replaced is found without doing so.
 */
function nodeFault(document: Document): NodeFault | undefined {
  const anchors = new Map<string, { weight: number | undefined }>();
  let marks = 0;
  let expanded = 0;
  let found: NodeFault | undefined;
  const fail = (node: unknown, fault: SourceFault): void => {
    found ??= { fault, offset: (node as Node | null)?.range?.[0] ?? 0 };
  };
  const mark = (node: unknown): void => {
    marks += 1;
    if (marks > MOST_ANCHORS_AND_ALIASES)
      fail(node, { message: `has more than ${MOST_ANCHORS_AND_ALIASES} anchors and aliases` });
  };
  const weighAlias = (node: unknown, name: string): number => {
    mark(node);
    const target = anchors.get(name);
    if (target === undefined) fail(node, { message: `names the alias *${name}, which no anchor before it defines` });
    else if (target.weight === undefined) fail(node, { message: `has the alias *${name} within what it stands for` });
    const weight = target?.weight ?? 1;
    expanded += weight;
    if (expanded > MOST_ALIAS_EXPANSIONS) {
      fail(node, {
        message: `expands aliases to more than ${MOST_ALIAS_EXPANSIONS} values`,
        hint: 'Write the values out, or use fewer nested aliases.',
      });
    }
    return weight;
  };
  const weigh = (node: unknown): number => {
    // After the first fault nothing more is to be learned.
    if (found !== undefined) return 1;
    if (isAlias(node)) return weighAlias(node, node.source);
    const anchored = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    const entry: { weight: number | undefined } = { weight: undefined };
    if (anchored !== undefined) {
      mark(node);
      anchors.set(anchored, entry);
    }
    let weight = 1;
    if (isMap(node)) {
      const keys = new Set<string>();
      for (const { key, value } of node.items) {
        const id = isScalar(key) ? `${typeof key.value} ${String(key.value)}` : undefined;
        if (!isAlias(key) && (id === undefined || (key as Scalar).value === null))
          fail(key ?? value ?? node, {
            message: 'has a key that is no text: null, a list or a mapping',
            hint: 'Write it in quotes if it is meant.',
          });
        if (id !== undefined && keys.has(id)) fail(key, { message: 'has the same key twice in one mapping' });
        if (id !== undefined) keys.add(id);
        weight += weigh(key) - 1 + weigh(value);
      }
    } else if (isSeq(node)) for (const item of node.items) weight += weigh(item);
    entry.weight = weight;
    return weight;
  };
  weigh(document.contents);
  return found;
}
