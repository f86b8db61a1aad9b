import { isMap, parseDocument, visit } from 'yaml';

const REPLACEMENT = 'REDACTED';

/** The manifest with the data of every Secret replaced; what can't be parsed is left out rather than shown. */
export function redactSecrets(manifest: string): string {
  const pieces = manifest.split(/^(?=---(?:\s|$))/m);
  return pieces.map((piece) => (mayHoldSecret(piece) ? (redactByLine(piece) ?? redactByTree(piece)) : piece)).join('');
}

function mayHoldSecret(text: string): boolean {
  return /["']?kind["']?\s*:\s*["']?Secret["']?\s*(?:$|[,}#\r\n])/m.test(text);
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
  visit(document, {
    Map: (_, map) => {
      if (map.get('kind') !== 'Secret') return;
      for (const key of ['data', 'stringData']) {
        const data = map.get(key, true);
        if (isMap(data)) for (const pair of data.items) pair.value = document.createNode(REPLACEMENT);
        else if (data !== undefined) map.set(key, REPLACEMENT);
      }
    },
  });
  try {
    return `---\n${document.toString().replace(/^---\n/, '')}`;
  } catch {
    // Such as an alias whose anchor stood in the data: what it stands for is the secret.
    return LEFT_OUT;
  }
}
