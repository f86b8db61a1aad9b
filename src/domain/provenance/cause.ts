import type { MarkedLine, TemplateLine } from './line-marks.ts';
import { FITS, type Place, type TextPlace, type ValuePlace } from './places.ts';
import { type Question, valueAt } from './question.ts';
import type { ActionPart, TemplatePart } from './template-parts.ts';

/** Whose line made what is asked for. Both may be known and yet not which of them is the cause. */
export interface Cause {
  readonly is: 'values' | 'template' | 'unknown';
  /** The place of the values it came from, if it is the one. */
  readonly value?: ValuePlace;
  /** The line that wrote it into the template's output, or that made it. */
  readonly line?: TemplateLine;
}

/** A template that was taken apart. */
export interface Template {
  readonly source: string;
  readonly parts: readonly TemplatePart[];
}

/** What is known of what is asked for before anything is tried. */
export interface Evidence {
  readonly question: Question;
  readonly object: unknown;
  /** As a template may hold it; `undefined` for mappings and lists. */
  readonly text: string | undefined;
  /** The line that wrote it, and for a mapping or a list that which wrote the first of what is in it. */
  readonly line?: MarkedLine;
  readonly inner?: MarkedLine;
}

/** Whether a line of a template says itself what is asked for: then nothing needs to be tried. */
export function isWritten({ question, text, line }: Evidence, templates: readonly Template[]): boolean {
  const template = line === undefined ? undefined : templates[line.template];
  if (line?.by !== 'entry' || template === undefined) return false;
  const { texts, actions } = piecesOf(template, line.line);
  if (question.what === 'key') {
    return (
      text !== undefined &&
      texts.some((piece) => piece.includes(text)) &&
      !actions.some(({ code }) => code.includes(text))
    );
  }
  // Behind a key without anything, or the mark of a block, the value comes on other lines.
  return actions.length === 0 && /(?::|^\s*-)\s+(?![|>][-+\d]*\s*$)[^\s#]/.test(texts.join(''));
}

/** What the line that wrote it and the places from which a change came out there say together. */
export function causeOf(evidence: Evidence, arrived: readonly Place[], templates: readonly Template[]): Cause {
  const { line } = evidence;
  const written = line === undefined ? {} : { line: { template: line.template, line: line.line } };
  if (isWritten(evidence, templates)) return { is: 'template', ...written };
  const values = arrived.filter((place) => place.kind === 'value');
  if (values.length > 0) return { ...causeAmong(values, evidence, templates), ...written };
  return causeInTemplates(
    arrived.filter((place) => place.kind === 'text'),
    evidence,
    templates,
  );
}

function causeInTemplates(texts: readonly TextPlace[], evidence: Evidence, templates: readonly Template[]): Cause {
  const { line } = evidence;
  const written = line === undefined ? {} : { line: { template: line.template, line: line.line } };
  const lines = new Map(
    texts
      .map((place) => ({ ...place, line: lineOf(templates[place.template]?.source ?? '', place) }))
      .map((each) => [`${each.template}.${each.line}`, each]),
  );
  const [only] = lines.values();
  if (only === undefined) return { is: isSelfContained(evidence, templates) ? 'template' : 'unknown', ...written };
  if (lines.size > 1) return { is: 'unknown', ...written };
  const isOwn = line !== undefined && only.template === line.template && only.line === line.line;
  // Beside it an action may have put what is at fault, or nothing where something was meant.
  if (isOwn && only.form === 'text' && evidence.question.what === 'value') return { is: 'unknown', ...written };
  if (isOwn || !isQuotedScalar(evidence)) return { is: 'template', line: { template: only.template, line: only.line } };
  return { is: line !== undefined && !callsOthers(line, templates) ? 'template' : 'unknown', ...written };
}

/** Whether it is a text only since somebody quoted it: whether that was the template that has the text isn't known. */
function isQuotedScalar({ question, object }: Evidence): boolean {
  const node = question.what === 'value' ? valueAt(object, question.path) : undefined;
  return typeof node === 'string' && /^(?:true|false|yes|no|on|off|y|n|null|~|[-+]?\.?\d[\w.+-]*)$/i.test(node);
}

function causeAmong(values: readonly ValuePlace[], evidence: Evidence, templates: readonly Template[]): Cause {
  const [likeliest] = FITS.map((fit) => values.filter((place) => place.fit === fit)).filter(({ length }) => length > 0);
  const [value] = likeliest ?? [];
  // Of several that were put together the faulty one can't be told.
  if (value === undefined || likeliest?.length !== 1) return { is: 'unknown' };
  const { line, question } = evidence;
  const isRetyped = line !== undefined && !callsOthers(line, templates);
  switch (value.fit) {
    case 'same':
      return { is: 'values', value };
    case 'retyped':
      return { is: isRetyped ? 'template' : 'unknown', value };
    case 'printed':
      if (question.wanted === undefined) return { is: 'unknown', value };
      return { is: question.wanted === 'scalar' ? 'values' : isRetyped ? 'template' : 'unknown', value };
    case 'template':
      return { is: readsValues(value) || isQuotedScalar(evidence) ? 'unknown' : 'values', value };
    case 'part':
      return { is: 'unknown', value };
  }
}

/** Whether nothing but the line itself, the release and the cluster can have made what is asked for. */
function isSelfContained({ text, line, inner }: Evidence, templates: readonly Template[]): boolean {
  if (line === undefined) return false;
  if (text === undefined) return line.by === 'entry' && inner?.by === 'entry' && inner.template === line.template;
  const code = codeOf(line, templates);
  return code !== '' && !readsOthers(code);
}

/** Whether a text that goes through `tpl` puts in what stands elsewhere. */
function readsValues({ value }: ValuePlace): boolean {
  return /\bValues\b|\binclude\b|[$]/.test(String(value.value));
}

function lineOf(source: string, { start }: TextPlace): number {
  return source.slice(0, start).split('\n').length;
}

/** The texts and the printing actions of a line. */
function piecesOf({ source, parts }: Template, line: number): { texts: string[]; actions: ActionPart[] } {
  const lines = source.split('\n');
  const from = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
  const to = from + (lines[line - 1]?.length ?? 0);
  const texts: string[] = [];
  const actions: ActionPart[] = [];
  for (const part of parts) {
    if (part.kind === 'action') {
      if (part.prints && part.start < to && part.end > from) actions.push(part);
    } else if (part.start < to && part.start + part.text.length > from)
      texts.push(part.text.slice(Math.max(0, from - part.start), to - part.start));
  }
  return { texts, actions };
}

/** The code of the actions by which a line prints something, without what stands in quotes. */
export function codeOf(line: TemplateLine, templates: readonly Template[]): string {
  const template = templates[line.template];
  const actions = template === undefined ? [] : piecesOf(template, line.line).actions;
  return actions.map(({ code }) => code.replaceAll(/"(?:\\.|[^"\\])*"|`[^`]*`/g, '""')).join(' ');
}

/** Whether what a line prints is made elsewhere, too. */
function callsOthers(line: TemplateLine, templates: readonly Template[]): boolean {
  return /\b(?:include|template|tpl)\b/.test(codeOf(line, templates));
}

/** Whether it depends on anything but what stands in it, the release and the cluster. */
function readsOthers(code: string): boolean {
  const own = code.replaceAll(/[.$]+(?:Release|Chart|Capabilities|Template)\b[\w.]*/g, '');
  return /\b(?:include|template|tpl|lookup)\b|[$]|(?:^|[\s(])\./.test(own);
}
