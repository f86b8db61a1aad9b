import type { ChartFile } from './chart.ts';
import { readVersion, sameVersion } from './dependency-range.ts';
import { type Position, readSource, type SourceFault } from './source.ts';

/** The file's name, beside Chart.lock. */
export const CONTENT_LOCK = 'chartship.lock';

/** An archive as it was fetched. `repository` is as Chart.yaml or Chart.lock has it, before mirrors. */
export interface LockedContent {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
  /** Of the archive's bytes, lower-case hex. */
  readonly sha256: string;
}

export interface ContentLock {
  readonly entries: readonly (LockedContent & { readonly position: Position | undefined })[];
}

const FIELDS = ['name', 'version', 'repository', 'sha256'] as const;

/** Reads a chartship.lock strictly: what isn't understood can't protect anything. Every fault is given. */
export function readContentLock(
  file: ChartFile,
): { readonly ok: true; readonly lock: ContentLock } | { readonly ok: false; readonly faults: readonly SourceFault[] } {
  const answer = readSource(file.content);
  if (!answer.ok) return { ok: false, faults: [answer.fault] };
  const { data, position } = answer.source;
  const faults: SourceFault[] = [];
  const wrong = (path: (string | number)[], message: string, what: 'key' | 'value' = 'value'): void => {
    faults.push({ message, ...(position(path, what) ?? position([])) });
  };
  if (!isMap(data))
    return {
      ok: false,
      faults: [{ message: 'must be a mapping with version: 1 and dependencies', line: 1, column: 1 }],
    };
  for (const key of Object.keys(data)) {
    if (key !== 'version' && key !== 'dependencies') wrong([key], `has an unknown key: ${JSON.stringify(key)}`, 'key');
  }
  if (data.version !== 1) wrong(['version'], 'must have version: 1');
  const list = data.dependencies ?? [];
  if (!Array.isArray(list)) wrong(['dependencies'], 'has dependencies that are no list');
  const entries: (LockedContent & { position: Position | undefined })[] = [];
  for (const [index, item] of (Array.isArray(list) ? list : []).entries()) {
    const entry = readEntry(item, ['dependencies', index], wrong);
    if (entry === undefined) continue;
    if (entries.some((other) => isFor(other, entry)))
      wrong(['dependencies', index], `lists ${entry.name} ${entry.version} twice`);
    entries.push({ ...entry, position: position(['dependencies', index]) });
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, lock: { entries } };
}

function readEntry(
  item: unknown,
  path: (string | number)[],
  wrong: (path: (string | number)[], message: string, what?: 'key' | 'value') => void,
): LockedContent | undefined {
  if (!isMap(item)) {
    wrong(path, 'has a dependency that is no mapping');
    return undefined;
  }
  for (const key of Object.keys(item)) {
    if (!FIELDS.some((field) => field === key))
      wrong([...path, key], `has an unknown key: ${JSON.stringify(key)}`, 'key');
  }
  const { name, version, repository, sha256 } = item;
  if (typeof name !== 'string' || typeof version !== 'string' || typeof repository !== 'string') {
    wrong(path, 'has a dependency without a name, version and repository as texts');
    return undefined;
  }
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    wrong([...path, 'sha256'], `has a sha256 for ${name} that is not 64 lower-case hexadecimal digits`);
    return undefined;
  }
  return { name, version, repository, sha256 };
}

function isMap(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** Whether two are the same chart, version and repository (trailing slashes don't count). */
export function isFor(a: Omit<LockedContent, 'sha256'>, b: Omit<LockedContent, 'sha256'>): boolean {
  const bare = (url: string): string => url.replace(/\/+$/, '');
  return a.name === b.name && sameVersion(a.version, b.version) && bare(a.repository) === bare(b.repository);
}

/** The text of a chartship.lock for these archives: the same for the same content, in whatever order they came. */
export function writeContentLock(contents: readonly LockedContent[]): string {
  const lines = [
    '# The content of each dependency, by the sha256 of its archive: another content under the same version is refused.',
    'version: 1',
  ];
  const sorted = unique(contents).sort((a, b) => compare(keyOf(a), keyOf(b)));
  lines.push(sorted.length === 0 ? 'dependencies: []' : 'dependencies:');
  for (const content of sorted) lines.push(...entryText(content).split('\n'));
  return `${lines.join('\n')}\n`;
}

/** One entry as it stands in the file. Every text is quoted as JSON, which YAML reads as it is. */
export function entryText({ name, version, repository, sha256 }: LockedContent): string {
  return [
    `  - name: ${JSON.stringify(name)}`,
    `    version: ${JSON.stringify(version)}`,
    `    repository: ${JSON.stringify(repository)}`,
    `    sha256: ${JSON.stringify(sha256)}`,
  ].join('\n');
}

function unique(contents: readonly LockedContent[]): LockedContent[] {
  return contents.filter((content, index) => contents.findIndex((other) => isFor(other, content)) === index);
}

function keyOf({ name, version, repository }: LockedContent): string {
  return `${name}\n${readVersion(version) === undefined ? version : version.replace(/^v/, '')}\n${repository}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
