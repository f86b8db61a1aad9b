import { basename, resolve } from 'node:path';
import type { ChartMetadata } from './domain/chart.ts';
import { packagedVersion } from './domain/chart-version.ts';
import { RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import { RELEASE_FILE_BYTES, RELEASE_NOTES_BYTES } from './domain/limits.ts';
import { isInside, shownPath } from './domain/paths.ts';
import type { Files } from './ports.ts';
import type { Request } from './request.ts';
import { fault, quote } from './settings.ts';

/** A file that a release on GitHub has besides what Chartship made. */
export interface ReleaseFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** What a release is given by its workflow. */
export interface ReleaseMaterial {
  /** What it says changed, in Markdown; `undefined` where Chartship finds that out. */
  readonly notes: string | undefined;
  readonly files: readonly ReleaseFile[];
}

type Reads = Pick<Files, 'root' | 'read' | 'real' | 'kind' | 'glob'>;

/** GitHub gives files with other characters another name, under which nobody would find them again. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,254}$/;
/** The report among the files of a release. */
export const REPORT_FILE = 'chartship-report.json';
const OURS = 'has the name of a file that Chartship makes';
const OTHER_NAME = 'Give it another name.';
const INSIDE = 'Nothing outside the repository is read.';

/** Read before anything starts: what is missing must not be found out when all is published. */
export async function readReleaseMaterial(
  given: { readonly notes: string | undefined; readonly files: readonly string[]; readonly base: string },
  reads: Reads,
  faults: Finding[],
): Promise<ReleaseMaterial> {
  return {
    notes: given.notes === undefined ? undefined : await readNotes(given.notes, given.base, reads, faults),
    files: await readFiles(given.files, given.base, reads, faults),
  };
}

/** What is only known with the charts: a file that is named as one that is made of them. Throws a `RequestError`. */
export function checkReleaseNames(
  {
    releaseMaterial,
    attestation,
    ...wish
  }: Pick<Request, 'releaseMaterial' | 'attestation' | 'version' | 'preRelease'>,
  charts: readonly Pick<ChartMetadata, 'name' | 'version'>[],
): void {
  const given = releaseMaterial.files.map(({ name }) => name);
  const packages = charts.map((chart) => `${chart.name}-${packagedVersion(wish, chart)}`);
  const files = packages.flatMap((name) => [`${name}.tgz`, ...(attestation ? [`${name}.cdx.json`] : [])]);
  const made = new Set([...files, ...(attestation ? [...files, ...given].map((name) => `${name}.sigstore.json`) : [])]);
  const faults = given
    .filter((name) => made.has(name))
    .map((name) => fault('github-release-files', `github-release-files: ${quote(name)} ${OURS}`, { hint: OTHER_NAME }));
  if (faults.length > 0) throw new RequestError(faults);
}

async function readNotes(named: string, base: string, reads: Reads, faults: Finding[]): Promise<string | undefined> {
  const wrong = (what: string, hint?: string): undefined =>
    void faults.push(
      fault('github-release-notes', `github-release-notes ${quote(named)} ${what}`, { ...(hint && { hint }) }),
    );
  const real = await reads.real(resolve(base, named));
  if (real === undefined) return wrong('is not there');
  if (!(await isOfRepository(real, reads))) return wrong('lies outside the repository', INSIDE);
  const bytes = await readBounded(real, RELEASE_NOTES_BYTES, reads);
  if (bytes === 'too large')
    return wrong(`has more than ${RELEASE_NOTES_BYTES} bytes`, 'GitHub takes no longer text: say it in short.');
  if (bytes === undefined) return wrong('is no file');
  const text = textOf(bytes);
  if (text === undefined) return wrong('is not UTF-8 text');
  return text === ''
    ? wrong('is empty', 'Leave it out, and the release says what Chart.yaml or the commits say.')
    : text;
}

async function readFiles(
  patterns: readonly string[],
  base: string,
  reads: Reads,
  faults: Finding[],
): Promise<readonly ReleaseFile[]> {
  const files = new Map<string, { readonly path: string; readonly content: Uint8Array }>();
  const wrong = (about: string, what: string, hint?: string): void =>
    void faults.push(
      fault('github-release-files', `github-release-files: ${quote(about)} ${what}`, { ...(hint && { hint }) }),
    );
  for (const pattern of patterns) {
    const paths = await matching(pattern, base, reads);
    if (paths.length === 0) wrong(pattern, 'is not there');
    for (const path of paths) {
      const real = (await reads.real(path)) ?? path;
      const shown = shownPath(reads.root, path);
      const name = basename(path);
      if (!(await isOfRepository(real, reads))) wrong(shown, 'lies outside the repository', INSIDE);
      else if (!NAME.test(name))
        wrong(shown, 'has a name that GitHub changes', 'Take letters, digits and . _ + - only.');
      else if (name === REPORT_FILE) wrong(shown, OURS, OTHER_NAME);
      else if ((files.get(name)?.path ?? real) !== real)
        wrong(shown, 'has the name of another one', 'In a release names are without folders: give each its own.');
      else {
        const content = await readBounded(real, RELEASE_FILE_BYTES, reads);
        if (content === 'too large') wrong(shown, `is larger than ${RELEASE_FILE_BYTES / 1024 / 1024} MiB`);
        else if (content === undefined) wrong(shown, 'is no file', 'Give files, or a pattern for them: assets/*.');
        else if (content.byteLength === 0) wrong(shown, 'is empty', 'GitHub takes no empty file: leave it out.');
        else files.set(name, { path: real, content });
      }
    }
  }
  return [...files].map(([name, { content }]) => ({ name, content }));
}

/** A file, or those that a pattern is of; a file may well be named [x]. */
async function matching(pattern: string, base: string, reads: Reads): Promise<readonly string[]> {
  const path = resolve(base, pattern);
  if ((await reads.kind(path)) !== undefined) return [path];
  return /[*?[{!]/.test(pattern) ? await reads.glob(base, [pattern]) : [];
}

async function isOfRepository(real: string, reads: Reads): Promise<boolean> {
  return isInside((await reads.real(reads.root)) ?? reads.root, real);
}

async function readBounded(path: string, limit: number, reads: Reads): Promise<Uint8Array | 'too large' | undefined> {
  try {
    return await reads.read(path, limit);
  } catch (error) {
    if (error instanceof RangeError) return 'too large';
    throw error;
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch {
    return undefined;
  }
}
