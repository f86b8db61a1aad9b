import { matches, type Pattern, parsePattern } from './go-pattern.ts';

/** A `.helmignore` that helm refuses to read; `line` counts from 1. */
export class HelmignoreError extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.name = 'HelmignoreError';
    this.line = line;
  }
}

/**
 * Whether helm leaves a path of a chart out. Paths are relative to the chart, with forward slashes. A folder
 * that is left out takes all below it along, so whoever walks the chart asks for folders first.
 */
export type Ignores = (path: string, isFolder: boolean) => boolean;

interface Rule {
  readonly pattern: Pattern;
  /** `!`: whatever does NOT match is left out. This is Helm's meaning; git's is another. */
  readonly negated: boolean;
  readonly foldersOnly: boolean;
  /** Without a slash a pattern is about the last segment of a path alone. */
  readonly nameOnly: boolean;
}

/** Go's bufio.Scanner reads no longer line. */
const LINE_BYTES = 65_535;
/** What Helm adds to every `.helmignore`. */
const DEFAULT_RULE = 'templates/.?*';

/**
 * The rules of a `.helmignore` (an empty text where there is none), as Helm 3 and 4 read them: the first
 * rule that decides wins. Throws a `HelmignoreError` where helm refuses the file.
 */
export function parseHelmignore(text: string): Ignores {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const rules = [...lines, DEFAULT_RULE].flatMap((line, index) => parseRule(line, index + 1) ?? []);
  return (path, isFolder) => {
    if (path === '' || path === '.' || path === './') return false;
    for (const rule of rules) {
      if (rule.negated) {
        if ((rule.foldersOnly && !isFolder) || !applies(rule, path)) return true;
      } else if ((!rule.foldersOnly || isFolder) && applies(rule, path)) {
        return true;
      }
    }
    return false;
  };
}

function applies(rule: Rule, path: string): boolean {
  const name = rule.nameOnly ? path.slice(path.lastIndexOf('/') + 1) : path;
  // A fault in a pattern that shows only now counts as no match.
  return matches(rule.pattern, name) === true;
}

function parseRule(line: string, number: number): Rule | undefined {
  if (new TextEncoder().encode(line).length > LINE_BYTES) {
    throw new HelmignoreError(`a line is longer than the ${LINE_BYTES} bytes that helm reads`, number);
  }
  // What Go trims; JavaScript's trim() differs in U+0085 and U+FEFF.
  const rule = line.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
  if (rule === '' || rule.startsWith('#')) return undefined;
  if (rule.includes('**')) throw new HelmignoreError(`helm doesn't support ** in ${JSON.stringify(rule)}`, number);
  // Helm tries each rule as it stands on the name "abc"; only a fault that shows then is refused.
  if (matches(parsePattern(rule), 'abc') === 'malformed') {
    throw new HelmignoreError(`the pattern ${JSON.stringify(rule)} is malformed`, number);
  }
  const negated = rule.startsWith('!');
  const path = negated ? rule.slice(1) : rule;
  const foldersOnly = path.endsWith('/');
  const bare = foldersOnly ? path.slice(0, -1) : path;
  return {
    pattern: parsePattern(bare.startsWith('/') ? bare.slice(1) : bare),
    negated,
    foldersOnly,
    nameOnly: !bare.includes('/'),
  };
}
