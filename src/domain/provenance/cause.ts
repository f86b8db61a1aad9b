import type { MarkedLine, TemplateLine } from './line-marks.ts';
import { FITS, type Place, type TextPlace, type ValuePlace } from './places.ts';
import type { Question } from './question.ts';
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

/** Whether a line of a template says itself what is asked for: then nothing needs to be tried. */
export function isWritten(
  question: Question,
  text: string | undefined,
  line: MarkedLine,
  templates: readonly Template[],
): boolean {
  const template = templates[line.template];
  if (line.by !== 'entry' || text === undefined || template === undefined) return false;
  const { texts, actions } = piecesOf(template, line.line);
  if (question.what === 'value') return actions.length === 0;
  return texts.some((piece) => piece.includes(text)) && !actions.some(({ code }) => code.includes(text));
}

/** What the line that wrote it, the places of the values and the texts that came out there say together. */
export function causeOf(
  question: Question,
  text: string | undefined,
  line: MarkedLine | undefined,
  arrived: readonly Place[],
  templates: readonly Template[],
): Cause {
  const values = arrived.filter((place) => place.kind === 'value');
  const written = line === undefined ? {} : { line: { template: line.template, line: line.line } };
  if (line !== undefined && isWritten(question, text, line, templates)) return { is: 'template', ...written };
  if (values.length > 0) {
    const [likeliest] = FITS.map((fit) => values.filter((place) => place.fit === fit)).filter(
      ({ length }) => length > 0,
    );
    const [value] = likeliest ?? [];
    // Of several that were put together the faulty one can't be told.
    if (value === undefined || likeliest?.length !== 1) return { is: 'unknown', ...written };
    if (value.fit === 'same') return { is: 'values', value, ...written };
    if (value.fit === 'template' && !readsValues(value)) return { is: 'values', value, ...written };
    if (value.fit === 'printed' && question.wanted === 'scalar') return { is: 'values', value, ...written };
    const mayRetype = value.fit === 'retyped' || (value.fit === 'printed' && question.wanted !== undefined);
    const retypes = mayRetype && line !== undefined && !callsOthers(line, templates);
    return { is: retypes ? 'template' : 'unknown', value, ...written };
  }
  const made = new Map(
    arrived
      .filter((place) => place.kind === 'text')
      .map((place) => [place.template, lineOf(templates[place.template]?.source ?? '', place)] as const)
      .map((each) => [each.join(), { template: each[0], line: each[1] }]),
  );
  const [only] = made.values();
  if (only !== undefined && made.size === 1) return { is: 'template', line: only };
  if (made.size > 1 || line === undefined || readsOthers(line, templates)) return { is: 'unknown', ...written };
  return { is: 'template', ...written };
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

/** Whether it depends on anything but what stands on the line, the release and the cluster. */
function readsOthers(line: TemplateLine, templates: readonly Template[]): boolean {
  const code = codeOf(line, templates).replaceAll(/[.$]+(?:Release|Chart|Capabilities|Template)\b[\w.]*/g, '');
  return /\b(?:include|template|tpl|lookup)\b|[$]|(?:^|[\s(])\./.test(code);
}
