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
  const byStart = new Map<string, Form[]>();

  const learn = (form: Form): void => {
    const start = form.text.slice(0, SHORTEST);
    const same = byStart.get(start) ?? [];
    if (same.some((other) => other.text === form.text)) return;
    byStart.set(
      start,
      [...same, form].sort((a, b) => b.text.length - a.text.length),
    );
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
        const forms = byStart.get(text.slice(position, position + SHORTEST));
        const form = forms?.find((one) => text.startsWith(one.text, position));
        if (form === undefined) continue;
        const span = spanOf(text, position, form);
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

interface Span {
  readonly from: number;
  readonly to: number;
}

function hash(text: string, at: number): number {
  return (text.charCodeAt(at) ^ (text.charCodeAt(at + 1) << 5) ^ (text.charCodeAt(at + 2) << 10)) & (HASHES - 1);
}

function spanOf(text: string, position: number, form: Form): Span {
  const end = position + form.text.length;
  const from = form.before === 1 && isBase64(text, position - 1) ? position - 1 : position;
  const to = form.after === 1 && isBase64(text, end) ? end + 1 : end;
  return { from, to };
}

function isBase64(text: string, at: number): boolean {
  return /[A-Za-z0-9+/_-]/.test(text.charAt(at));
}
