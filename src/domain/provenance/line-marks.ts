import { type ActionPart, type TemplatePart, templateParts } from './template-parts.ts';

/** A line of a template's source. */
export interface TemplateLine {
  /** The template's number among those that are marked. */
  readonly template: number;
  readonly line: number;
}

/**
 * A template that writes behind what each of its lines prints which line that was, as YAML comments: ` #@@3.12` ends
 * a line that line 12 of template 3 wrote; ` #@@<3.12` and ` #@@>3.12` stand around what one action there printed as
 * several lines. Comments are nothing to a reader of YAML, so the objects stay the same; where a text was meant and
 * no YAML (a script, a name put together) a comment would change it, and there is none where a line isn't that of a
 * mapping or a list.
 */
export function marked(source: string, template: number): string {
  const parts = templateParts(source);
  if (parts === undefined) return source;
  const lineAt = lineCounter(source);
  const before = new Map<TemplatePart, string>();
  const after = new Map<TemplatePart, string>();
  const put = (where: Map<TemplatePart, string>, part: TemplatePart, text: string): void => {
    where.set(part, `${where.get(part) ?? ''}${text}`);
  };
  /** Marks that stand within a text: offset in the source → what is printed there. */
  const within = new Map<number, string>();

  for (const [index, part] of parts.entries()) {
    if (part.kind !== 'action' || !part.prints || part.code.length > LONGEST) continue;
    const id = `${template}.${lineAt(part.start)}`;
    if (isIndentedOnNewLine(part)) {
      put(before, part, ` #@@<${id}`);
      put(after, part, ` #@@>${id}`);
      continue;
    }
    const alone = aloneOnLine(parts, index);
    const indent = /(?:^|\|)\s*indent\s+(\d+)[^|]*$/.exec(part.code)?.[1];
    if (alone === undefined || (indent === undefined && (alone.indent > 0 || !/\btoYaml\b/.test(part.code)))) continue;
    const blanks = ' '.repeat(Number(indent ?? 0));
    within.set(part.start - alone.indent, `${blanks}#@@<${id}\n`);
    put(after, part, `\n${blanks}#@@>${id}`);
  }

  for (const { from, to, line } of linesOf(source)) {
    const shape = shapeOf(parts, from, to);
    if (shape === undefined || !isEntry(shape.text)) continue;
    const mark = ` #@@${template}.${line}`;
    const text = shape.trimmed ? `${mark}\n${' '.repeat(shape.indent)}` : mark;
    if (typeof shape.behind === 'number') within.set(shape.behind, text);
    else put(after, shape.behind, text);
  }

  return parts
    .map((part) => (part.kind === 'text' ? spliced(part, within) : wrapped(part, before.get(part), after.get(part))))
    .join('');
}

/** Nobody writes longer lines or actions; a machine may, with blanks that take patterns an age. */
const LONGEST = 2_000;

function isIndentedOnNewLine({ code }: ActionPart): boolean {
  return code.length < LONGEST && /(?:^|\|)\s*nindent\s[^|]*$/.test(code);
}

/** The action gives the marks around it what it trims, so that the same is trimmed. */
function wrapped(part: ActionPart, before: string | undefined, after: string | undefined): string {
  const left = part.trimsLeft ? '{{-' : '{{';
  const right = part.trimsRight ? '-}}' : '}}';
  const start = before === undefined ? left : `${left} ${JSON.stringify(before)} }}{{`;
  const end = after === undefined ? right : `}}{{ ${JSON.stringify(after)} ${right}`;
  return `${start}${part.code}${end}`;
}

function spliced(part: { readonly start: number; readonly text: string }, within: ReadonlyMap<number, string>): string {
  let done = '';
  let from = 0;
  for (let at = 0; at <= part.text.length; at += 1) {
    const mark = within.get(part.start + at);
    if (mark === undefined) continue;
    done += `${part.text.slice(from, at)}{{ ${JSON.stringify(mark)} }}`;
    from = at;
  }
  return done + part.text.slice(from);
}

function lineCounter(source: string): (offset: number) => number {
  const starts = [...source.matchAll(/\n/g)].map(({ index }) => index + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

/** Whether nothing but blanks stands beside an action that trims nothing, and how many before it. */
function aloneOnLine(parts: readonly TemplatePart[], index: number): { indent: number } | undefined {
  const part = parts[index];
  if (part?.kind !== 'action' || part.trimsLeft || part.trimsRight) return undefined;
  const [previous, next] = [parts[index - 1], parts[index + 1]];
  const left =
    previous === undefined ? '' : previous.kind === 'text' ? /\n([ \t]*)$/.exec(previous.text)?.[1] : undefined;
  const right = next === undefined || (next.kind === 'text' && /^[ \t]*\r?\n/.test(next.text));
  // With an action before the newline the blanks may be another line's.
  return left === undefined || !right ? undefined : { indent: left.length };
}

function linesOf(source: string): { from: number; to: number; line: number }[] {
  let from = 0;
  return source.split('\n').map((text, index) => {
    const line = { from, to: from + text.replace(/\r$/, '').length, line: index + 1 };
    from += text.length + 1;
    return line;
  });
}

interface Shape {
  /** The line as it may come out, \u0001 for what an action prints. */
  readonly text: string;
  /** What the mark stands behind: an action, or the text that ends at this offset. */
  readonly behind: ActionPart | number;
  /** Whether what comes behind the mark follows without a newline. */
  readonly trimmed: boolean;
  /** Blanks with which whatever comes behind it is still its value. */
  readonly indent: number;
}

/** `undefined` for a line that begins or ends within an action, and for one that writes nothing. */
function shapeOf(parts: readonly TemplatePart[], from: number, to: number): Shape | undefined {
  let text = '';
  let depth = 0;
  let lastOfAll: number | undefined;
  let lastPrinting: number | undefined;
  const first = firstReaching(parts, from);
  for (let index = first; index < parts.length; index += 1) {
    const part = parts[index] as TemplatePart;
    if (part.start >= to) break;
    if (part.kind === 'text') {
      const visible = part.text.slice(Math.max(0, from - part.start), to - part.start);
      text += visible;
      if (visible.trim() !== '') {
        lastOfAll = index;
        lastPrinting = index;
      }
      continue;
    }
    if (part.start < from || part.end > to) return undefined;
    lastOfAll = index;
    if (part.prints) {
      text += '\u0001';
      lastPrinting = index;
    } else if (/^\s*(?:if|with|range|define|block)\b/.test(part.code)) depth += 1;
    else if (/^\s*end\b/.test(part.code)) depth -= 1;
  }
  // Behind a branch that begins or ends on this line the mark would come out with it, or without it.
  const anchor = depth === 0 ? lastOfAll : lastPrinting;
  const part = anchor === undefined ? undefined : parts[anchor];
  if (anchor === undefined || part === undefined || lastPrinting === undefined) return undefined;
  const behind =
    part.kind === 'action'
      ? part
      : Math.max(part.start, from) + part.text.slice(Math.max(0, from - part.start), to - part.start).trimEnd().length;
  return {
    text,
    behind,
    trimmed: goesOnWithoutNewline(parts, anchor, behind),
    indent: (/^\s*(?:- *)*/.exec(text)?.[0].length ?? 0) + 2,
  };
}

/** Whether what comes out behind a mark comes on its line: as it seems, whichever branches are taken. */
function goesOnWithoutNewline(parts: readonly TemplatePart[], anchor: number, behind: ActionPart | number): boolean {
  for (let index = typeof behind === 'number' ? anchor : anchor + 1; index < parts.length; index += 1) {
    const part = parts[index] as TemplatePart;
    if (part.kind === 'action') {
      if (part.prints) return !isIndentedOnNewLine(part);
      continue;
    }
    let { text } = part;
    if (index === anchor && typeof behind === 'number') text = text.slice(behind - part.start);
    const [previous, next] = [parts[index - 1], parts[index + 1]];
    if (index !== anchor && previous?.kind === 'action' && previous.trimsRight) text = text.trimStart();
    if (next?.kind === 'action' && next.trimsLeft) text = text.trimEnd();
    if (text !== '') return !/^[ \t]*\r?\n/.test(text);
  }
  return false;
}

function firstReaching(parts: readonly TemplatePart[], offset: number): number {
  let [low, high] = [0, parts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const part = parts[middle] as TemplatePart;
    const end = part.kind === 'text' ? part.start + part.text.length : part.end;
    if (end <= offset && part.start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a line is an entry of a mapping or a list. */
function isEntry(text: string): boolean {
  if (text.length > LONGEST) return false;
  return /^\s*(?:-\s+)*(?:"[^"]*"|'[^']*'|[^\s#:"'{[][^#:]*(?::[^\s#:]+)*)\s*:(?:\s|$)|^\s*-(?:\s|$)/.test(text);
}

/** What the marks of a rendered text say of one of its lines (counted from 1). */
export interface MarkedLine extends TemplateLine {
  /** `entry`: the line itself is written there. `action`: it is one of several that an action there printed. */
  readonly by: 'entry' | 'action';
}

const MARK = /#@@([<>]?)(\d+)\.(\d+)/g;

export function markOf(text: string, line: number): MarkedLine | undefined {
  const lines = text.split('\n', line);
  const own = lines[line - 1] ?? '';
  const [first] = marksOf(own);
  // The mark of a whole line is about what comes below it, or about nothing.
  if (first !== undefined && !own.trimStart().startsWith('#@@')) {
    const { kind, ...place } = first;
    // Behind a key an action may go on below it, which is on the same line of the source.
    return { ...place, by: kind === '>' ? 'action' : 'entry' };
  }
  const open: TemplateLine[] = [];
  for (const { kind, ...place } of lines.slice(0, -1).flatMap(marksOf)) {
    if (kind === '<') open.push(place);
    else if (kind === '>') close(open, place);
  }
  const around = open.at(-1);
  return around === undefined ? undefined : { ...around, by: 'action' };
}

function marksOf(line: string): (TemplateLine & { readonly kind: string })[] {
  return [...line.matchAll(MARK)].map(([, kind = '', template, number]) => ({
    kind,
    template: Number(template),
    line: Number(number),
  }));
}

function close(open: TemplateLine[], mark: TemplateLine): void {
  const index = open.findLastIndex(({ template, line }) => template === mark.template && line === mark.line);
  if (index !== -1) open.splice(index);
}

/** A text without marks, to compare what was rendered with and without them. */
export function unmarked(text: string): string {
  return text.replaceAll(/\s*#@@[<>]?\d+\.\d+\s*/g, '');
}
