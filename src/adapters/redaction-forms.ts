/**
 * The forms in which a secret can show up. `before` and `after` are neighbours that belong to it: where a
 * secret is encoded within a longer text, the first and the last base64 digit hold some of its bits.
 */
export interface Form {
  readonly text: string;
  readonly before: 0 | 1;
  readonly after: 0 | 1;
  /** Whether it is the whole secret encoded, which can be encoded once more. */
  readonly again: boolean;
}

/** Shorter forms would match ordinary words all over the output. */
export const SHORTEST = 6;
/** Longer secrets (whole kubeconfigs) are looked for encoded once, their lines twice. */
const TWICE_LENGTH = 4096;

/** Every form of one secret: itself, its lines, and each of those encoded once and twice over. */
export function formsOf(secret: string): Form[] {
  const forms = new Map<string, Form>();
  for (const text of new Set([secret, secret.trim(), inOneLine(secret), ...secretLines(secret)])) {
    // Twice: a registry's password is base64 within JSON that is base64 again in a Secret, and helm quotes what it quotes.
    for (const once of encodings(text)) {
      add(forms, once);
      if (once.again && text.length <= TWICE_LENGTH) for (const twice of encodings(once.text)) add(forms, twice);
    }
  }
  return [...forms.values()];
}

/** As a message of one line has it; the beginning of a form is looked for to the letter. */
function inOneLine(secret: string): string {
  return secret.replace(/\s+/g, ' ').trim();
}

function add(forms: Map<string, Form>, form: Form): void {
  if (form.text.length >= SHORTEST && !forms.has(form.text)) forms.set(form.text, form);
}

/** The lines of a secret, trimmed, but for those that are too short or only name a YAML key. */
export function secretLines(secret: string): string[] {
  const lines = secret.split(/\r\n|\r|\n/).map((line) => line.trim());
  return lines.filter((line) => line.length >= SHORTEST && (lines.length === 1 || !isNoSecret(line)));
}

/** `auth:`, `- name:`, `apiVersion: v1`, `-----BEGIN …-----`: redacting these would only hide what others wrote. */
function isNoSecret(line: string): boolean {
  return (
    /^(- )?["']?[\w./-]+["']?:( [|>][+-]?)?$/.test(line) ||
    /^(apiVersion|kind): /.test(line) ||
    /^-----(BEGIN|END) [A-Z ]+-----$/.test(line)
  );
}

function encodings(text: string): Form[] {
  const whole = new Set([text, ...jsonForms(text), ...quotedForms(text), ...percentForms(text), xmlForm(text)]);
  return [...[...whole].map((form): Form => ({ text: form, before: 0, after: 0, again: true })), ...base64Forms(text)];
}

/** As JSON.stringify, as Go's encoder (`<`, `>`, `&`), with `\/`, and with everything but ASCII escaped. */
function jsonForms(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const unicode = (found: string): string => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const forms = [json, json.replaceAll('/', '\\/'), json.replace(/[<>&]/g, unicode)];
  return [...forms, ...forms.map((form) => form.replace(/[^\x00-\x7f]/g, unicode))];
}

/** Within single quotes of YAML and of a shell, within Go's double quotes, and as helm's schema check quotes a value. */
function quotedForms(text: string): string[] {
  const go = text.replace(/[\\"\x00-\x1f\x7f]/g, (found) => GO[found] ?? `\\x${hexOf(found)}`);
  const ofSchema = go.replaceAll('\\"', '"').replaceAll("'", "\\'");
  return [text.replaceAll("'", "''"), text.replaceAll("'", "'\\''"), go, ofSchema];
}

const GO: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0');
}

/** encodeURIComponent and the fuller and sparser sets of other programs; both cases of hex; `+` for a blank. */
function percentForms(text: string): string[] {
  const component = encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'));
  const full = component.replace(/[!'()*~]/g, hex);
  const queryOfGo = component.replace(/[!'()*]/g, hex);
  const pathOfGo = queryOfGo.replace(/%(24|26|2B|3A|3D|40)/g, decodeURIComponent);
  const userOfGo = queryOfGo.replace(/%(24|26|2B|2C|3B|3D)/g, decodeURIComponent);
  const forms = [component, full, queryOfGo, pathOfGo, userOfGo, component.replace(/%2F/g, '/')];
  return forms
    .flatMap((form) => [form, form.replaceAll('%20', '+')])
    .flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (found) => found.toLowerCase())]);
}

function hex(mark: string): string {
  return `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
}

function xmlForm(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => XML[mark] ?? mark);
}

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Base64 of the secret wherever it stands within what is encoded (three alignments), plain and for URLs. */
function base64Forms(text: string): Form[] {
  const bytes = Buffer.from(text);
  const forms: Form[] = [];
  for (const offset of [0, 1, 2] as const) {
    const digits = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const before = offset === 0 ? 0 : 1;
    const after = (offset + bytes.length) % 3 === 0 ? 0 : 1;
    const certain = digits.slice(offset === 0 ? 0 : offset + 1, after === 1 ? -1 : undefined);
    for (const form of [certain, certain.replaceAll('+', '-').replaceAll('/', '_')]) {
      // Once more, too: `user:password` in base64 stands in a pull secret that is base64 as a whole.
      forms.push({ text: form, before, after, again: true });
    }
    // The base64 of a long secret alone comes in lines: 76 from coreutils and MIME, 64 in PEM.
    if (offset === 0) for (const width of [64, 76]) forms.push(...wrapped(digits, width));
  }
  // The whole of it, so that it can be encoded a second time.
  const alone = bytes.toString('base64');
  return [...forms, { text: alone, before: 0, after: 0, again: true }];
}

function wrapped(digits: string, width: number): Form[] {
  if (digits.length <= width) return [];
  const lines = digits.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  // A short last line is left to chance: a few digits would match anything.
  return lines.filter((line) => line.length >= 16).map((text): Form => ({ text, before: 0, after: 0, again: false }));
}
