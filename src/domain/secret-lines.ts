import { maySecret } from './policies/secret-texts.ts';

/** Keys under which secrets stand. */
const SECRET =
  /pass(?:word|wd|phrase|code)?s?$|^pw$|secret|token|credential|(?:api|access|private|shared|ssh|tls|pgp|gpg|encryption|signing|license|account|storage|master)[-_.]?keys?$|\.(?:key|pem|p12|jks)$|^auths?$|htpasswd|connection[-_.]?string|dsn$|salt$|cookie|bearer|authori[sz]ation|\.dockerconfigjson$/i;
/** Of these only where one is, what it is called, or how it is treated. */
const ABOUT_A_SECRET =
  /(?:names?|refs?|path|mount|file|enabled|class|type|length|policy|ttl|seconds)$|(?:password|token)s?[-_.]?key$|^existing|^(?:image)?pullsecrets?$|^automount/i;
/** What is one whatever it is called: keys in armour, tokens of well-known makes, logins in an address, ciphers of sops. */
const LOOKS_SECRET =
  /-----BEGIN|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA|ASIA|AIza|sk-|eyJ)[A-Za-z0-9_-]{10}|:\/\/[^/\s:@]*:[^/\s@{]+@|ENC\[|\b(?:[Bb]earer|[Bb]asic)\s+[A-Za-z0-9+/_=.~-]{8}/;

/**
 * Whether a key may be one under which a secret stands: `postgresPassword` is, `passwordSecretName` isn't. Wider than what
 * is told as a fault (policies/secret-texts.ts): what isn't shown does no harm.
 */
export function mayNameSecret(key: string): boolean {
  return SECRET.test(key) && !ABOUT_A_SECRET.test(key);
}

/**
 * Whether a line of a YAML or JSON text may hold a secret: by its own keys, by those that it stands under, and by what
 * it looks like. Lines are judged by their indentation, so that a text that is no YAML (a template) is judged, too;
 * one too many costs nobody anything.
 */
export function mayBeSecret(lines: readonly string[], index: number): boolean {
  const line = lines[index] ?? '';
  if (line.trim() === '') return false;
  // That nobody wrote by hand, nor reads.
  if (line.length > LONGEST) return true;
  if (LOOKS_SECRET.test(line) || maySecret(line) || keysIn(line).some(mayNameSecret) || namesSecret(line)) return true;
  if (keysIn(line).some((key) => /^(?:value|content)$/i.test(key)) && siblingsOf(lines, index).some(namesSecret))
    return true;
  const above = keysAbove(lines, index);
  if (above.some(mayNameSecret)) return true;
  // A key alone, whose value stands below.
  const own = /^\s*(?:-\s+)*["']?[\w.-]+["']?\s*:\s*$/.test(line) ? [] : keysIn(line);
  if ([...own, ...above].some((key) => /^(?:string)?data$/i.test(key)) && ofSecret(lines, index, ANYWHERE)) return true;
  if (own.length === 0 && above.length === 0 && keysIn(line).length > 0) return false;
  return !isOutsideData(line, above) && ofSecret(lines, index, OF_DOCUMENT);
}

/** Of a Secret: whether a line holds what every object has, and no more. What is misspelt may hold the secret. */
function isOutsideData(line: string, above: readonly string[]): boolean {
  if (/^(?:---|\s*\{\{|\s*#)/.test(line)) return above.length === 0;
  const outermost = above.at(-1) ?? (/^\s*[{[]/.test(line) ? '' : keysIn(line)[0]);
  return outermost !== undefined && /^(?:apiVersion|kind|metadata|type|immutable)$/.test(outermost);
}

/** However the kind is written: with a tag, quotes, or in small letters. */
const KIND = /["']?kind["']?\s*:\s*(?:[!&]\S*\s+)*["']?secrets?(?:list)?\b/.source;
const ANYWHERE = new RegExp(`(?:^|[\\s{,-])${KIND}`, 'i');
/** Other objects have the kind of what they refer to, further in. */
const OF_DOCUMENT = new RegExp(`^(?:\\{.*)?${KIND}`, 'i');

const LONGEST = 20_000;
/** How far a line is looked around: what holds it further away isn't looked for. */
const FAR = 2_000;

/** Keys of a line in block or flow style, with quotes or without. */
function keysIn(line: string): string[] {
  return [...line.matchAll(/(?:^|[\s{,[("'-])["']?([A-Za-z_.][\w.\-/]{0,100})["']?\s{0,3}(?::(?=\s|$|["'[{])|=)/g)].map(
    ([, key = '']) => key,
  );
}

/** `name: DB_PASSWORD` of a variable, whose value stands beside. */
function namesSecret(line: string): boolean {
  const name = /(?:^|[\s{,-])["']?name["']?\s{0,3}:\s{0,3}["']?([\w.-]{1,100})/.exec(line)?.[1];
  return name !== undefined && mayNameSecret(name) && /[A-Z_]{4}/.test(name);
}

function indentOf(line: string): number {
  return line.search(/\S/);
}

/** Where the content of an entry of a list begins: `- a: 1` is as far in as the `b: 2` below it. */
function columnOf(line: string): number {
  return /^\s*(?:-\s+)*/.exec(line)?.[0].length ?? 0;
}

function siblingsOf(lines: readonly string[], index: number): string[] {
  const column = columnOf(lines[index] ?? '');
  const found: string[] = [];
  for (const step of [-1, 1]) {
    for (let at = index + step; at >= 0 && at < lines.length && Math.abs(at - index) < 20; at += step) {
      const line = lines[at] ?? '';
      if (line.trim() === '') continue;
      if (columnOf(line) < column) break;
      if (columnOf(line) === column) found.push(line);
      // The line with the dash begins the entry, or the next one.
      if (/^\s*-\s/.test(line) && indentOf(line) < column) break;
    }
  }
  return found;
}

/** The keys of the lines that a line stands in, the nearest first. */
function keysAbove(lines: readonly string[], index: number): string[] {
  const found: string[] = [];
  let line = lines[index] ?? '';
  for (let at = index - 1; at >= Math.max(0, index - FAR); at--) {
    const before = lines[at] ?? '';
    if (before.trim() === '' || /^\s*(?:#|\{\{)/.test(before)) continue;
    // An entry of a list may be as far in as the key that holds the list.
    const isAbove = /^\s*-(?:\s|$)/.test(line)
      ? indentOf(before) <= indentOf(line) && !/^\s*-(?:\s|$)/.test(before)
      : indentOf(before) < indentOf(line);
    const isDashOfSame = indentOf(before) < indentOf(line) && /^\s*-(?:\s|$)/.test(before);
    if (!isAbove && !isDashOfSame) continue;
    found.push(...keysIn(before).slice(-1), ...keysIn(before).slice(0, 1));
    line = before;
    if (indentOf(before) === 0 && !/^-/.test(before)) break;
  }
  return found;
}

/** Whether the document around a line has the kind of a Secret. */
function ofSecret(lines: readonly string[], index: number, kind: RegExp): boolean {
  const isKind = (line: string): boolean => kind.test(line);
  for (let at = index; at >= Math.max(0, index - FAR) && !/^---/.test(lines[at] ?? ''); at--)
    if (isKind(lines[at] ?? '')) return true;
  for (let at = index; at < Math.min(lines.length, index + FAR) && !/^---/.test(lines[at] ?? ''); at++)
    if (isKind(lines[at] ?? '')) return true;
  return false;
}
