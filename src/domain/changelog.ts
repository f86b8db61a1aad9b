import { readSource } from './source.ts';

/** A change as the notes of a release tell it. */
export interface Change {
  /** What it is listed under. */
  readonly section: string;
  readonly text: string;
  readonly links: readonly { readonly name: string; readonly url: string }[];
}

/** A commit, as git has it. */
export interface Commit {
  readonly hash: string;
  readonly subject: string;
  readonly body: string;
}

/** Kinds that Artifact Hub knows, and conventional commits' types, in the order in which they are told. */
const SECTIONS: readonly (readonly [string, readonly string[]])[] = [
  ['Breaking changes', ['breaking']],
  ['Security', ['security']],
  ['Added', ['added', 'feat']],
  ['Changed', ['changed', 'refactor', 'perf', 'revert']],
  ['Deprecated', ['deprecated']],
  ['Removed', ['removed']],
  ['Fixed', ['fixed', 'fix']],
  ['Other', []],
];
const OTHER = 'Other';

/** The sections that there are, each with its changes. */
export function bySection(changes: readonly Change[]): { section: string; changes: Change[] }[] {
  return SECTIONS.map(([section]) => ({ section, changes: changes.filter((one) => one.section === section) })).filter(
    (one) => one.changes.length > 0,
  );
}

function sectionOf(kind: string): string {
  return SECTIONS.find(([, kinds]) => kinds.includes(kind.toLowerCase()))?.[0] ?? OTHER;
}

/**
 * The annotation `artifacthub.io/changes` of Chart.yaml: YAML with a list of texts, or of mappings with `kind`,
 * `description` and `links`. `undefined` where it is neither.
 */
export function changesOfAnnotation(annotation: string): Change[] | undefined {
  const read = readSource(new TextEncoder().encode(annotation));
  if (!read.ok || !Array.isArray(read.source.data)) return undefined;
  const changes = read.source.data.map(changeOf);
  return changes.every((change) => change !== undefined) ? changes : undefined;
}

function changeOf(entry: unknown): Change | undefined {
  if (typeof entry === 'string') return { section: OTHER, text: entry, links: [] };
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { kind, description, links } = entry as Record<string, unknown>;
  if (typeof description !== 'string') return undefined;
  return {
    section: typeof kind === 'string' ? sectionOf(kind) : OTHER,
    text: description,
    links: (Array.isArray(links) ? links : []).flatMap((link: { name?: unknown; url?: unknown } | null) =>
      typeof link?.name === 'string' && typeof link.url === 'string' ? [{ name: link.name, url: link.url }] : [],
    ),
  };
}

/** `feat(chart)!: what it does`; a body with `BREAKING CHANGE:` breaks, too. */
const CONVENTIONAL = /^([a-z]+)(?:\(([^)]*)\))?(!)?: +(\S.*)$/i;

/** What users notice: types such as `chore`, `ci`, `docs` and `test` are left out, unless they break something. */
const UNNOTICED = ['build', 'chore', 'ci', 'docs', 'style', 'test', 'tests'];

/** Conventional commits as changes; a commit that is none is one of the other changes, and merges are left out. */
export function changesOfCommits(commits: readonly Commit[]): Change[] {
  return commits.flatMap(({ subject, body }): Change[] => {
    if (/^Merge (?:branch|pull request|remote-tracking branch|tag) /.test(subject)) return [];
    const [, type, scope, mark, what] = CONVENTIONAL.exec(subject) ?? [];
    if (type === undefined || what === undefined) return [{ section: OTHER, text: subject, links: [] }];
    const text = scope === undefined || scope === '' ? what : `${scope}: ${what}`;
    if (mark === '!' || /^BREAKING[ -]CHANGE: /m.test(body))
      return [{ section: sectionOf('breaking'), text, links: [] }];
    return UNNOTICED.includes(type.toLowerCase()) ? [] : [{ section: sectionOf(type), text, links: [] }];
  });
}

/** Which tags are of the same line of releases, as git's patterns: those that count, and those that don't. */
export function tagPatterns(tag: string): { readonly match: string; readonly exclude: string | undefined } {
  const [, prefix = '', version = tag] = /^(.*?)([0-9]+\..*)$/.exec(tag) ?? [];
  const isPre = version.replace(/\+.*$/, '').includes('-');
  // The notes of a release are since the last release; those of a pre-release since whatever was last.
  return { match: `${prefix}[0-9]*`, exclude: isPre ? undefined : `${prefix}[0-9]*-*` };
}
