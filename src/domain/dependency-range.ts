import compare from 'semver/functions/compare.js';

/**
 * Version ranges as Helm reads them (github.com/Masterminds/semver v3). npm's grammar is close but not the
 * same: commas, `!=`, `=>`, loose versions such as `v1` or `1.2`, and a prerelease is looked at where any
 * part of an "and" group names one.
 */
interface Constraint {
  readonly operator: string;
  /** A full version; parts that were left out or are `x` are 0. */
  readonly version: Version;
  readonly minorOpen: boolean;
  readonly patchOpen: boolean;
  readonly open: boolean;
}

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly pre: string;
  readonly build: string;
}

const SUFFIX = String.raw`(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?`;
const VERSION = new RegExp(String.raw`^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?${SUFFIX}$`);
const PART = String.raw`v?([0-9xX*]+)(?:\.([0-9xX*]+))?(?:\.([0-9xX*]+))?${SUFFIX}`;
const OPERATORS = '=>|=<|!=|>=|<=|~>|=|>|<|~|\\^|';
const ONE = new RegExp(String.raw`^(${OPERATORS})\s*${PART}`);
const HYPHEN = new RegExp(String.raw`\s*(${bare(PART)})\s+-\s+(${bare(PART)})\s*`, 'g');

/** The pattern without its capturing groups, to stand within another. */
function bare(pattern: string): string {
  return pattern.replace(/\((?!\?)/g, '(?:');
}

/** A version as Helm reads it (a leading `v` and missing parts are taken); `undefined` when it is none. */
export function readVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  return versionOf(match[1], match[2], match[3], match[4], match[5]);
}

function versionOf(major?: string, minor?: string, patch?: string, pre?: string, build?: string): Version {
  return {
    major: Number(major ?? 0),
    minor: Number(minor ?? 0),
    patch: Number(patch ?? 0),
    pre: pre ?? '',
    build: build ?? '',
  };
}

/** Whether two texts are the same version, build metadata included; by text where one of them is no version. */
export function sameVersion(a: string, b: string): boolean {
  const [left, right] = [readVersion(a), readVersion(b)];
  if (left === undefined || right === undefined) return a === b;
  return order(left, right) === 0 && left.build === right.build;
}

/** Whether the text names one version rather than a range. */
export function isExact(range: string): boolean {
  return /^=?v?\d+\.\d+\.\d+/.test(range) && readVersion(range.replace(/^=/, '')) !== undefined;
}

/** Whether a version is in a range; `undefined` when the range is none that Helm reads. */
export function satisfies(version: string, range: string): boolean | undefined {
  const groups = parseRange(range);
  if (groups === undefined) return undefined;
  const subject = readVersion(version);
  if (subject === undefined) return false;
  return groups.some((group) => {
    if (subject.pre !== '' && !group.some((constraint) => constraint.version.pre !== '')) return false;
    return group.every((constraint) => meets(subject, constraint));
  });
}

function parseRange(range: string): Constraint[][] | undefined {
  // As Helm does, so that no text can make this slow.
  if (range.length > 512) return undefined;
  const groups: Constraint[][] = [];
  for (const part of range.replace(HYPHEN, '>= $1, <= $2 ').split('||')) {
    const group = parseGroup(part);
    if (group === undefined) return undefined;
    groups.push(group);
  }
  return groups;
}

function parseGroup(text: string): Constraint[] | undefined {
  let rest = text.trim();
  const group: Constraint[] = [];
  while (rest !== '') {
    const match = ONE.exec(rest);
    if (match === null) return undefined;
    group.push(constraintOf(match));
    const after = rest.slice(match[0].length);
    const gap = /^(?:\s*,\s*|\s+|$)/.exec(after);
    if (gap === null || (gap[0].includes(',') && after.length === gap[0].length)) return undefined;
    rest = after.slice(gap[0].length);
  }
  return group.length === 0 ? undefined : group;
}

function constraintOf(match: readonly (string | undefined)[]): Constraint {
  const [, operator = '', major, minor, patch, pre, build] = match;
  if (isAny(major)) return { operator, version: versionOf('0', '0', '0', pre, build), ...open('all') };
  if (isAny(minor)) return { operator, version: versionOf(major, '0', '0', pre, build), ...open('minor') };
  if (isAny(patch)) return { operator, version: versionOf(major, minor, '0', pre, build), ...open('patch') };
  return { operator, version: versionOf(major, minor, patch, pre, build), ...open('none') };
}

function isAny(part: string | undefined): boolean {
  return part === undefined || /^[xX*]/.test(part);
}

function open(from: 'all' | 'minor' | 'patch' | 'none'): Omit<Constraint, 'operator' | 'version'> {
  return { open: from !== 'none', minorOpen: from === 'minor', patchOpen: from === 'patch' };
}

function order(a: Version, b: Version): number {
  return compare(textOf(a), textOf(b));
}

function textOf(version: Version): string {
  return `${version.major}.${version.minor}.${version.patch}${version.pre === '' ? '' : `-${version.pre}`}`;
}

function meets(v: Version, constraint: Constraint): boolean {
  const { version: c, operator, open: isOpen, minorOpen, patchOpen } = constraint;
  switch (operator) {
    case '!=':
      return !isOpen ? order(v, c) !== 0 : unequal(v, constraint);
    case '>':
      if (!isOpen) return order(v, c) > 0;
      if (v.major !== c.major) return v.major > c.major;
      if (minorOpen) return false;
      return patchOpen ? v.minor > c.minor : order(v, c) > 0;
    case '<':
      return order(v, c) < 0;
    case '>=':
    case '=>':
      return order(v, c) >= 0;
    case '<=':
    case '=<':
      if (!isOpen) return order(v, c) <= 0;
      return v.major < c.major || (v.major === c.major && (v.minor <= c.minor || minorOpen));
    case '^':
      return caret(v, constraint);
    case '~':
    case '~>':
      return tilde(v, constraint);
    default:
      return isOpen ? tilde(v, constraint) : order(v, c) === 0;
  }
}

/** Only the parts that are given count; `!=1.2.x` lets a prerelease of 1.2 through, as in Masterminds. */
function unequal(v: Version, { version: c, minorOpen, patchOpen }: Constraint): boolean {
  if (v.major !== c.major) return true;
  if (minorOpen) return false;
  if (v.minor !== c.minor) return true;
  return patchOpen ? v.pre !== c.pre : order(v, c) !== 0;
}

function tilde(v: Version, { version: c, minorOpen, patchOpen }: Constraint): boolean {
  if (order(v, c) < 0) return false;
  if (c.major === 0 && c.minor === 0 && c.patch === 0 && !minorOpen && !patchOpen) return true;
  return v.major === c.major && (v.minor === c.minor || minorOpen);
}

function caret(v: Version, { version: c, minorOpen, patchOpen }: Constraint): boolean {
  if (order(v, c) < 0) return false;
  if (c.major > 0 || minorOpen) return v.major === c.major;
  if (v.major > 0) return false;
  if (c.minor > 0 || patchOpen) return v.minor === c.minor;
  return v.minor === 0 && v.patch === c.patch;
}
