import { plainScalar } from './kubernetes-yaml.ts';

/**
 * The data of a YAML document in the form that templates and `toYaml` write: block mappings and lists, scalars on one
 * line, literal text. `undefined` for whatever else there is, and for a key that comes twice: then the full reader says
 * what it is. This one is made for a start that is cold: the 80 documents of the task-api chart in three environments
 * take the full reader 70 ms of CPU, and this one 12.
 */
export function blockYaml(text: string): { readonly data: unknown } | undefined {
  if (UNUSUAL.test(text)) return undefined;
  try {
    const reader = new BlockReader(text);
    const data = reader.block(0);
    return reader.ended() ? { data } : undefined;
  } catch (error) {
    if (error === BEYOND) return undefined;
    throw error;
  }
}

/** Thrown, and seen in this file alone, where something isn't of the plain form. */
const BEYOND = new Error('not in the plain form');

const UNUSUAL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/;
const KEY = /(?:"[^"\\]*"|'[^']*'|[A-Za-z0-9_][A-Za-z0-9_./-]*):(?= |$)/y;
const QUOTES = [34, 39];
const COMMENT = /^ +#|^ *$/;
/** What a plain scalar may begin with. */
const PLAIN = /^[A-Za-z0-9_./$(~+\\^;<=]|^[-:?](?=[^ ])/;
const DEEPEST = 100;

class BlockReader {
  readonly #lines: string[];
  #at = 0;
  #depth = 0;
  /** Without it the last line is no whole one, which literal text at the end would tell. */
  readonly #endsWithLine: boolean;

  constructor(text: string) {
    this.#lines = text.split('\n');
    this.#endsWithLine = this.#lines.at(-1) === '';
  }

  ended(): boolean {
    return this.#indent() === -1;
  }

  /** A mapping or a list whose lines stand at least as far right as `least`; null where there is none. */
  block(least: number): unknown {
    const indent = this.#indent();
    if (indent < least) return null;
    if (++this.#depth > DEEPEST) throw BEYOND;
    const value = isEntry(this.#lines[this.#at] ?? '', indent) ? this.#list(indent) : this.#mapping(indent);
    this.#depth--;
    return value;
  }

  /** The column of the next line that says something, which is the current one then; -1 at the end. */
  #indent(): number {
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at] ?? '';
      let column = 0;
      while (line.charCodeAt(column) === 32) column++;
      if (column < line.length && line.charCodeAt(column) !== 35) return column;
    }
    return -1;
  }

  #mapping(indent: number): unknown {
    const mapping: Record<string, unknown> = {};
    for (let column = this.#indent(); column >= indent; column = this.#indent()) {
      const line = this.#lines[this.#at] ?? '';
      KEY.lastIndex = indent;
      if (column !== indent || !KEY.test(line)) throw BEYOND;
      const end = KEY.lastIndex;
      const isQuoted = QUOTES.includes(line.charCodeAt(indent));
      const key = isQuoted ? line.slice(indent + 1, end - 2) : line.slice(indent, end - 1);
      if (key === '__proto__' || Object.hasOwn(mapping, key)) throw BEYOND;
      if (!isQuoted && typeof plainScalar(key) !== 'string') throw BEYOND;
      this.#at++;
      mapping[key] = this.#value(line, end, indent);
    }
    return mapping;
  }

  #list(indent: number): unknown {
    const list: unknown[] = [];
    for (let column = this.#indent(); column >= indent; column = this.#indent()) {
      const line = this.#lines[this.#at] ?? '';
      // A list may stand as far left as the key that holds it.
      if (column === indent && !isEntry(line, indent)) break;
      if (column !== indent) throw BEYOND;
      let start = indent + 1;
      while (line.charCodeAt(start) === 32) start++;
      KEY.lastIndex = start;
      if (isEntry(line, start) || KEY.test(line)) {
        // What the entry holds begins on this line, as if the dash were a blank.
        this.#lines[this.#at] = ' '.repeat(start) + line.slice(start);
        list.push(this.block(start));
      } else {
        this.#at++;
        list.push(this.#value(line, indent + 1, indent, true));
      }
    }
    return list;
  }

  /** What stands on a line from `from` on, or below it; the line itself is passed already. */
  #value(line: string, from: number, indent: number, inList = false): unknown {
    if (line.includes('\t')) throw BEYOND;
    const text = line.slice(from).trim();
    if (text === '' || COMMENT.test(line.slice(from))) {
      const below = this.#indent();
      const entries = !inList && below === indent && isEntry(this.#lines[this.#at] ?? '', indent);
      return this.block(entries ? indent : indent + 1);
    }
    if (text === '|' || text === '|-') return this.#literal(indent, text === '|-');
    // One that goes on below is met there: as a line that stands too far right.
    return oneLine(text);
  }

  #literal(indent: number, strip: boolean): string {
    const found: string[] = [];
    let column = -1;
    let longestBlank = 0;
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at] ?? '';
      let start = 0;
      while (line.charCodeAt(start) === 32) start++;
      if (start === line.length) {
        if (column === -1) longestBlank = Math.max(longestBlank, start);
        found.push(column === -1 ? '' : line.slice(column));
        continue;
      }
      if (column === -1) {
        if (start <= indent) break;
        if (longestBlank > start || line.charCodeAt(start) === 9) throw BEYOND;
        column = start;
      }
      if (start < column) break;
      found.push(line.slice(column));
    }
    const isLast = this.#at === this.#lines.length;
    if (isLast && !this.#endsWithLine) throw BEYOND;
    let end = found.length;
    while (end > 0 && found[end - 1] === '') end--;
    // Blanks alone at the end are text, where they stand further right than it.
    if (end > 0 && (found[end - 1] ?? '').trim() === '') throw BEYOND;
    const text = found.slice(0, end).join('\n');
    return strip || text === '' ? text : `${text}\n`;
  }
}

function isEntry(line: string, column: number): boolean {
  return line.charCodeAt(column) === 45 && (line.length === column + 1 || line.charCodeAt(column + 1) === 32);
}

function oneLine(text: string): unknown {
  switch (text.charCodeAt(0)) {
    case 34: {
      const match = /^("(?:[^"\\]|\\["\\/bfnrt])*")(?: +#.*)?$/.exec(text);
      if (match?.[1] === undefined) throw BEYOND;
      return JSON.parse(match[1]);
    }
    case 39: {
      const match = /^'((?:[^']|'')*)'(?: +#.*)?$/.exec(text);
      if (match?.[1] === undefined) throw BEYOND;
      return match[1].replaceAll("''", "'");
    }
    case 91:
    case 123:
      return flow(text);
  }
  const cut = text.indexOf(' #');
  const plain = cut === -1 ? text : text.slice(0, cut).trimEnd();
  if (!PLAIN.test(plain) || plain.includes(': ') || plain.endsWith(':')) throw BEYOND;
  return plainScalar(plain);
}

const FLOW_TEXT = /"(?:[^"\\]|\\["\\/bfnrt])*"|'(?:[^']|'')*'|[A-Za-z0-9_./$~+(-][^,[\]{}:#"'&*!|>%@`]*/y;
const FLOW_END = /^ *(?:#.*)?$/;

/** A list or a mapping in brackets that ends on its line. */
function flow(text: string): unknown {
  let at = 0;
  let depth = 0;
  const skip = (): void => {
    while (text.charCodeAt(at) === 32) at++;
  };
  const scalar = (): unknown => {
    FLOW_TEXT.lastIndex = at;
    const found = FLOW_TEXT.exec(text)?.[0];
    if (found === undefined) throw BEYOND;
    at = FLOW_TEXT.lastIndex;
    if (found.startsWith('"')) return JSON.parse(found);
    if (found.startsWith("'")) return found.slice(1, -1).replaceAll("''", "'");
    const plain = found.trimEnd();
    if (!PLAIN.test(plain)) throw BEYOND;
    return plainScalar(plain);
  };
  const value = (): unknown => {
    const opening = text[at];
    if (opening !== '[' && opening !== '{') return scalar();
    if (++depth > DEEPEST) throw BEYOND;
    at++;
    const list: unknown[] = [];
    const mapping: Record<string, unknown> = {};
    const closing = opening === '[' ? ']' : '}';
    for (skip(); text[at] !== closing; skip()) {
      if (opening === '[') list.push(value());
      else {
        const key = scalar();
        if (typeof key !== 'string' || key === '__proto__' || Object.hasOwn(mapping, key)) throw BEYOND;
        if (text[at] !== ':' || text[at + 1] !== ' ') throw BEYOND;
        at++;
        skip();
        mapping[key] = value();
      }
      skip();
      if (text[at] === ',') at++;
      else if (text[at] !== closing) throw BEYOND;
    }
    at++;
    depth--;
    return opening === '[' ? list : mapping;
  };
  const read = value();
  if (!FLOW_END.test(text.slice(at)) || text[at] === '#') throw BEYOND;
  return read;
}
