/** A piece of a template's source: text that comes out as it stands, or an action between `{{` and `}}`. */
export type TemplatePart = TextPart | ActionPart;

export interface TextPart {
  readonly kind: 'text';
  /** Where it begins in the source. */
  readonly start: number;
  readonly text: string;
}

export interface ActionPart {
  readonly kind: 'action';
  readonly start: number;
  /** The offset behind `}}`. */
  readonly end: number;
  /** What stands between the braces, without the marks that trim. */
  readonly code: string;
  /** Where `code` begins in the source. */
  readonly codeStart: number;
  /** `{{-`: blanks and newlines before it don't come out. */
  readonly trimsLeft: boolean;
  /** `-}}`: those behind it. */
  readonly trimsRight: boolean;
  /** Whether it prints something, rather than decides, loops, defines, assigns or comments. */
  readonly prints: boolean;
}

/** Takes a template apart as Go's text/template does; `undefined` where an action has no end. */
export function templateParts(source: string): TemplatePart[] | undefined {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (;;) {
    const open = source.indexOf('{{', at);
    const text = source.slice(at, open === -1 ? undefined : open);
    if (text !== '') parts.push({ kind: 'text', start: at, text });
    if (open === -1) return parts;
    const action = actionAt(source, open);
    if (action === undefined) return undefined;
    parts.push(action);
    at = action.end;
  }
}

function actionAt(source: string, start: number): ActionPart | undefined {
  const trimsLeft = /^-\s/.test(source.slice(start + 2, start + 4));
  const codeStart = start + (trimsLeft ? 3 : 2);
  const close = endOfCode(source, codeStart);
  if (close === undefined) return undefined;
  const trimsRight = /\s-$/.test(source.slice(close - 2, close));
  const code = source.slice(codeStart, trimsRight ? close - 1 : close);
  return {
    kind: 'action',
    start,
    end: close + 2,
    code,
    codeStart,
    trimsLeft,
    trimsRight,
    prints:
      !/^\s*(?:\/\*|(?:if|else|end|with|range|define|block|break|continue)\b|\$[\w]*(?:\s*,\s*\$\w+)?\s*:?=)/.test(
        code,
      ),
  };
}

/** The offset of the `}}` that ends an action; braces in its texts and comments don't. */
function endOfCode(source: string, start: number): number | undefined {
  const comment = /^\s*\/\*/.exec(source.slice(start, start + 100))?.[0];
  let at = start;
  if (comment !== undefined) {
    const end = source.indexOf('*/', start + comment.length);
    if (end === -1) return undefined;
    at = end + 2;
  }
  for (; at < source.length; at += 1) {
    const mark = source[at];
    if (mark === '}' && source[at + 1] === '}') return at;
    if (mark !== '"' && mark !== '`' && mark !== "'") continue;
    const end = endOfQuote(source, at);
    if (end === undefined) return undefined;
    at = end;
  }
  return undefined;
}

/** The offset of the mark that closes a text which begins at `start`. */
export function endOfQuote(source: string, start: number): number | undefined {
  const mark = source[start];
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === '\\' && mark !== '`') at += 1;
    else if (source[at] === mark) return at;
  }
  return undefined;
}
