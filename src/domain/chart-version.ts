import type { SemVer } from 'semver';
import compare from 'semver/functions/compare.js';
import parse from 'semver/functions/parse.js';
import type { ChartMetadata } from './chart.ts';

/** What a chart's version is given besides its Chart.yaml. */
export interface VersionWish {
  readonly version: string | undefined;
  /** `pr.45.sha-0a1b2c3`: makes of a version one of a commit that is no release. */
  readonly preRelease: string | undefined;
}

/** The version that a chart is packaged as. */
export function packagedVersion({ version, preRelease }: VersionWish, chart: Pick<ChartMetadata, 'version'>): string {
  const base = version ?? chart.version;
  if (preRelease === undefined) return base;
  // Build metadata says how a release was built, and this is none.
  const [release = ''] = base.split('+');
  return `${release}${release.includes('-') ? '.' : '-'}${preRelease}`;
}

/** The `{{…}}` of a pattern; as docker/metadata-action and semantic-release users know them. */
const PLACEHOLDER = /\{\{\s*([a-z]+)\s*\}\}/g;

/** The names of a pattern's placeholders. */
export function placeholdersOf(pattern: string): readonly string[] {
  return [...pattern.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
}

/** What a git tag says of charts: the version that each which it speaks of must have. `demo-1.2.3` speaks of demo alone, `v1.2.3` of all. */
export function taggedVersions(
  tag: string,
  formats: readonly string[],
  charts: readonly string[],
): ReadonlyMap<string, string> {
  return new Map(
    charts.flatMap((chart) => {
      const [version] = formats.flatMap((format) => versionIn(tag, format, chart) ?? []);
      return version === undefined ? [] : [[chart, version] as const];
    }),
  );
}

/** The chart that a tag names, where it is none of those that there are. */
export function strangerIn(tag: string, formats: readonly string[]): string | undefined {
  const [name] = /^.+(?=-v?\d+\.\d+\.\d)/.exec(tag) ?? [];
  return name !== undefined && taggedVersions(tag, formats, [name]).size > 0 ? name : undefined;
}

/** Whether a file is named as a chart's package, or as what is made beside one, of another version than the chart has. */
export function isOfOtherVersion(file: string, chart: { readonly name: string; readonly version: string }): boolean {
  const [, what = ''] = /^(.+?)(?:\.tgz|\.cdx\.json)(?:\.sigstore\.json)?$/.exec(file) ?? [];
  if (!what.startsWith(`${chart.name}-`)) return false;
  const version = what.slice(chart.name.length + 1);
  return version !== chart.version && isWhole(version);
}

function versionIn(tag: string, format: string, chart: string): string | undefined {
  const pattern = format
    .split(/(\{\{\s*[a-z]+\s*\}\})/)
    .map((part) => {
      const [name] = placeholdersOf(part);
      return name === 'version' ? '(.+)' : name === 'name' ? escaped(chart) : escaped(part);
    })
    .join('');
  const found = new RegExp(`^${pattern}$`).exec(tag)?.[1];
  return found !== undefined && /^\d/.test(found) && isWhole(found) ? found : undefined;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&');
}

/** `v1` and `1.2` are no versions but what stands for one; `v1.2.3` is what some charts call theirs. */
function isWhole(text: string): boolean {
  return /^v?\d/.test(text) && parse(text) !== null;
}

/** `v1.2.3` is 1.2.3. */
export function withoutPrefix(version: string): string {
  return version.replace(/^v/, '');
}

/** `{{major}}.{{minor}}` and 1.2.3 → `1.2`. */
export function aliasOf(pattern: string, version: string): string {
  const { major, minor } = strictly(version);
  return pattern.replace(PLACEHOLDER, (_, name) => String(name === 'major' ? major : minor));
}

export function isPreRelease(version: string): boolean {
  return strictly(version).prerelease.length > 0;
}

/** The newest release among the tags of a repository that a pattern gives the same alias as it gives a version. */
export function newestFor(pattern: string, version: string, tags: readonly string[]): string {
  const alias = aliasOf(pattern, version);
  return tags
    .map((tag) => tag.replace('_', '+'))
    .filter((tag) => tag.startsWith('v') === version.startsWith('v'))
    .filter((tag) => isWhole(tag) && !isPreRelease(tag) && aliasOf(pattern, tag) === alias)
    .reduce((newest, tag) => (compare(tag, newest) > 0 ? tag : newest), version);
}

function strictly(version: string): SemVer {
  const parsed = parse(version);
  if (parsed === null) throw new Error(`${version} is no version`);
  return parsed;
}
