import { type Form, formsOf, SHORTEST } from './redaction-forms.ts';

/** Knows the run's secrets and takes them out of text. */
export interface Redaction {
  /** From now on the secret is redacted; one shorter than 6 characters is left alone. */
  mask(secret: string): void;
  /** The text with `***` for every secret in its plain, base64, percent-, JSON- and XML-escaped forms and line by line. */
  redact(text: string): string;
}

const REPLACEMENT = '***';
/** Size of the filter: one bit for each hash of three characters. */
const HASHES = 1 << 16;

/**
 * One pass over the text: a filter on three characters rejects nearly every position with one look, a
 * table by the first six finds the candidates of the others, longest first. 5 MB take some 20 ms
 * however many secrets there are; an alternation of regular expressions takes longer with each.
 */
export function createRedaction(): Redaction {
  const known = new Set<string>();
  const filter = new Uint8Array(HASHES);
  const byStart = new Map<string, Beginning>();

  const learn = (form: Form): void => {
    const start = form.text.slice(0, SHORTEST);
    const same = byStart.get(start) ?? { forms: new Map(), longestFirst: undefined };
    byStart.set(start, same);
    if (same.forms.has(form.text)) return;
    same.forms.set(form.text, form);
    same.longestFirst = undefined;
    filter[hash(form.text, 0)] = 1;
  };

  return {
    mask(secret) {
      if (secret.trim().length < SHORTEST || known.has(secret)) return;
      known.add(secret);
      for (const form of formsOf(secret)) learn(form);
    },

    redact(text) {
      if (known.size === 0) return text;
      const parts: string[] = [];
      let done = 0;
      // Secrets that overlap (one begins where the other hasn't ended) become one `***`: no rest of either is left.
      let open: Span | undefined;
      const last = text.length - SHORTEST;
      for (let position = 0; position <= last; position++) {
        if (filter[hash(text, position)] === 0) continue;
        const beginning = byStart.get(text.slice(position, position + SHORTEST));
        const span = beginning === undefined ? undefined : longestSpan(text, position, sorted(beginning));
        if (span === undefined) continue;
        if (open !== undefined && span.from < open.to) {
          open = { from: Math.min(open.from, span.from), to: Math.max(open.to, span.to) };
          continue;
        }
        if (open !== undefined) {
          parts.push(text.slice(done, open.from), REPLACEMENT);
          done = open.to;
        }
        open = span;
      }
      if (open === undefined) return text;
      return [...parts, text.slice(done, open.from), REPLACEMENT, text.slice(open.to)].join('');
    },
  };
}

/** The forms that begin alike; sorted when they are first looked through, for many secrets begin alike. */
interface Beginning {
  readonly forms: Map<string, Form>;
  longestFirst: readonly Form[] | undefined;
}

function sorted(beginning: Beginning): readonly Form[] {
  beginning.longestFirst ??= [...beginning.forms.values()].sort((a, b) => b.text.length - a.text.length);
  return beginning.longestFirst;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function hash(text: string, at: number): number {
  return (text.charCodeAt(at) ^ (text.charCodeAt(at + 1) << 5) ^ (text.charCodeAt(at + 2) << 10)) & (HASHES - 1);
}

function longestSpan(text: string, position: number, forms: readonly Form[]): Span | undefined {
  for (const form of forms) {
    const end = endOf(text, position, form.text);
    if (end !== undefined) return spanOf(text, position, end, form);
  }
  return undefined;
}

/**
 * Where a form that begins at `position` ends. Blanks within it match any others: YAML folds long values at them,
 * and messages come in one line.
 */
function endOf(text: string, position: number, form: string): number | undefined {
  if (text.startsWith(form, position)) return position + form.length;
  // What follows a secret is not a part of it.
  if (isBlank(form, form.length - 1)) return undefined;
  let at = position;
  for (let index = 0; index < form.length; ) {
    if (isBlank(form, index)) {
      if (!isBlank(text, at)) return undefined;
      while (isBlank(form, index)) index++;
      while (isBlank(text, at)) at++;
    } else if (form.charCodeAt(index++) !== text.charCodeAt(at++)) return undefined;
  }
  return at;
}

/** Space, tab, line feed, carriage return; not past the end, where there is no character. */
function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 32 || code === 9 || code === 10 || code === 13;
}

function spanOf(text: string, position: number, end: number, form: Form): Span {
  const from = form.before === 1 && isBase64(text, position - 1) ? position - 1 : position;
  const to = form.after === 1 && isBase64(text, end) ? end + 1 : end;
  return { from, to };
}

function isBase64(text: string, at: number): boolean {
  return /[A-Za-z0-9+/_-]/.test(text.charAt(at));
}
