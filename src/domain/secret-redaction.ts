import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument, visit, type YAMLMap } from 'yaml';

const REPLACEMENT = 'REDACTED';

/** The manifest with what every Secret holds replaced; what can't be parsed is left out rather than shown. */
export function redactSecrets(manifest: string): string {
  const pieces = manifest.split(/^(?=---(?:\s|$))/m);
  return pieces.map(redacted).join('');
}

/** However the kind is written: with a tag, an anchor, quotes, in small letters, or in the line below. */
const SECRET_KIND =
  /\bkind["']?\s*:\s*(?:[!&]\S*\s+|[|>][-+0-9]*\s+)*["']?secrets?(?:list)?\s*["']?\s*(?:$|[,}#\r\n])/im;
/** Ways to write it that only a parser sees through: a key of its own line, an alias, or an escape in a key or in the kind. */
const APART = /^[ \t-]*\?(?:[ \t]|$)|\bkind["']?[ \t]*:[ \t]*\*/im;
const ESCAPED =
  /(?:^|[{,\s])(?:"[^"\n]{0,60}\\[xuU][^"\n]{0,60}"[ \t]*:|["']?kind["']?[ \t]*:[^"\n]{0,60}"[^"\n]{0,60}\\[xuU])/im;

function redacted(piece: string): string {
  if (SECRET_KIND.test(piece)) return redactByLine(piece) ?? redactByTree(piece);
  // What each of the two can't do without is looked for first, which is soon done.
  const isDisguised =
    (piece.includes('\\') && ESCAPED.test(piece)) || (/[?*]/.test(piece) && /secret/i.test(piece) && APART.test(piece));
  return isDisguised ? redactByTree(piece) : piece;
}

/**
 * The plain form that templates write (keys at the left edge, `data:` alone on its line) needs no parsing:
 * every line below `data:` that begins a key keeps the key, every other one goes. `undefined` for any other form.
 */
function redactByLine(piece: string): string | undefined {
  const kept: string[] = [];
  /** Inside `data:`: the column of its keys, once one was seen. */
  let data: { column: number | undefined } | undefined;
  for (const line of piece.split(/\r?\n/)) {
    if (line.trim() === '') {
      kept.push('');
      continue;
    }
    if (/^\s*#/.test(line)) {
      // Below `data:` it may be the text of a block scalar.
      if (data === undefined) kept.push(line);
      continue;
    }
    const indent = line.search(/\S/);
    if (indent === 0) {
      if (!/^(?:---\s*(?:#.*)?$|(?:apiVersion|kind|metadata|type|immutable|data|stringData):(?:\s|$))/.test(line))
        return undefined;
      data = undefined;
      if (/^(?:data|stringData):/.test(line)) {
        if (!/^(?:data|stringData):\s*$/.test(line)) return undefined;
        data = { column: undefined };
      }
      kept.push(line);
    } else if (data === undefined) kept.push(line);
    else {
      data.column ??= indent;
      if (indent < data.column) return undefined;
      if (indent > data.column) continue;
      const key = /^ +([-._A-Za-z0-9]+):(?:\s|$)/.exec(line)?.[1];
      if (key === undefined) return undefined;
      kept.push(`${' '.repeat(indent)}${key}: ${REPLACEMENT}`);
    }
  }
  return kept.join('\n');
}

const LEFT_OUT = '---\n# a document that may hold a Secret and could not be redacted is left out here\n';

function redactByTree(piece: string): string {
  const document = parseDocument(piece, { logLevel: 'silent', uniqueKeys: false });
  if (document.errors.length > 0) return LEFT_OUT;
  // What a merge brings stands elsewhere.
  if (/<<["']?\s*:/.test(piece) && SECRET_KIND.test(piece)) return LEFT_OUT;
  let isThere = false;
  visit(document, {
    Map: (_, map) => {
      const kind = kindOf(map, document);
      if (!/^secrets?(?:list)?$/.test(kind)) return;
      isThere = true;
      if (kind.endsWith('list')) for (const item of itemsOf(map)) hide(item, document);
      hide(map, document);
    },
  });
  if (!isThere) return piece;
  // It may stand below what is hidden.
  document.comment = null;
  try {
    return `---\n${document.toString().replace(/^---\n/, '')}`;
  } catch {
    // Such as an alias whose anchor stood in the data: what it stands for is the secret.
    return LEFT_OUT;
  }
}

/** In small letters; empty where there is none. */
function kindOf(map: YAMLMap, document: Document): string {
  for (const { key, value } of map.items) {
    if (textOf(key, document) === 'kind') return textOf(value, document);
  }
  return '';
}

function textOf(node: unknown, document: Document): string {
  const meant = isAlias(node) ? node.resolve(document) : node;
  return isScalar(meant) ? String(meant.value).trim().toLowerCase() : '';
}

/** In a SecretList an item needn't say that it is a Secret. */
function itemsOf(list: YAMLMap): YAMLMap[] {
  const items = list.get('items');
  return isSeq(items) ? items.items.filter((item) => isMap(item)) : [];
}

/** What of a Secret, as it should be written, holds nothing; all else does, a misspelt `stringdata` too. */
const SHOWN = ['apiVersion', 'kind', 'metadata', 'type', 'immutable'];

function hide(map: YAMLMap, document: Document): void {
  map.comment = null;
  for (const pair of map.items) {
    const { key, value } = pair;
    // A comment behind what is hidden may be of it.
    if (isScalar(key)) key.commentBefore = null;
    const name = isScalar(key) ? String(key.value) : '';
    if (SHOWN.includes(name) || (name === 'items' && isSeq(value))) continue;
    pair.value = document.createNode(hidden(value));
  }
}

/** The names of what it holds stay, and nothing else. */
function hidden(value: unknown): unknown {
  if (!isMap(value)) return REPLACEMENT;
  return Object.fromEntries(
    value.items.map(({ key }) => [isScalar(key) ? String(key.value) : REPLACEMENT, REPLACEMENT] as const),
  );
}
