import eq from 'semver/functions/eq.js';
import gte from 'semver/functions/gte.js';
import major from 'semver/functions/major.js';
import rcompare from 'semver/functions/rcompare.js';
import valid from 'semver/functions/valid.js';
import { EnvironmentError, invalid, type RequestError } from '../domain/errors.ts';
import type { ToolName, ToolReleases } from '../domain/tool-releases.ts';

/** What the inputs `helm-version` and `oras-version` can ask for. Versions are without a leading `v`. */
export type Wish =
  | { readonly kind: 'any' }
  | { readonly kind: 'major'; readonly major: number }
  | { readonly kind: 'exact'; readonly version: string; readonly sha256?: string };

/** One version for one platform, with the checksum of its archive. */
export interface Release {
  readonly version: string;
  readonly sha256: string;
}

/** Throws a `RequestError` when the text asks for nothing that could be had. */
export function parseWish(tool: ToolName, text: string, releases: ToolReleases): Wish {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'any' };
  const match = /^v?(?:(\d+)|(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)(?:@sha256:([0-9a-fA-F]{64}))?)$/.exec(trimmed);
  if (match === null) throw unclear(tool, trimmed, releases);
  const [, major, version, sha256] = match;
  if (major !== undefined) {
    if (releases.pinned[Number(major)] === undefined) {
      throw invalid(rule(tool), `${tool}-version: ${tool} ${major} can't be used: ${needs(tool, releases)}.`);
    }
    return { kind: 'major', major: Number(major) };
  }
  if (version === undefined || valid(version) === null) throw unclear(tool, trimmed, releases);
  if (!isNewEnough(version, releases)) {
    throw invalid(rule(tool), `${tool}-version: ${tool} ${version} can't be used: ${needs(tool, releases)}.`);
  }
  return { kind: 'exact', version, ...(sha256 !== undefined && { sha256: sha256.toLowerCase() }) };
}

/** Whether a version belongs to a major that Chartship works with and is not older than its minimum. */
export function isNewEnough(version: string, releases: ToolReleases): boolean {
  const minimum = releases.minimum[major(version)];
  return minimum !== undefined && gte(version, minimum);
}

/** Whether an installed version is what was asked for. It must be new enough in any case. */
export function grants(wish: Wish, version: string): boolean {
  switch (wish.kind) {
    case 'any':
      return true;
    case 'major':
      return major(version) === wish.major;
    case 'exact':
      return eq(version, wish.version);
  }
}

/**
 * The release to download. Throws a `RequestError` for a version whose checksum is neither recorded nor
 * given, an `EnvironmentError` for a platform without an archive.
 */
export function releaseFor(tool: ToolName, wish: Wish, platform: string, releases: ToolReleases): Release {
  if (wish.kind === 'exact' && wish.sha256 !== undefined) return { version: wish.version, sha256: wish.sha256 };
  const version = wish.kind === 'exact' ? wish.version : pinnedOf(wish, releases);
  const platforms = releases.checksums[version];
  if (platforms === undefined) throw unknownVersion(tool, version, releases);
  const sha256 = platforms[platform];
  if (sha256 === undefined) {
    throw new EnvironmentError(
      `No ${tool} was found on this machine, and no archive of ${tool} ${version} is recorded for ${platform} (only for ${Object.keys(platforms).join(', ')}).`,
      { hint: `Install ${tool} (${needs(tool, releases)}), or give ${tool}-version as VERSION@sha256:….` },
    );
  }
  return { version, sha256 };
}

function pinnedOf(wish: { kind: 'any' } | { kind: 'major'; major: number }, releases: ToolReleases): string {
  const major = wish.kind === 'major' ? wish.major : releases.defaultMajor;
  const version = releases.pinned[major];
  if (version === undefined) throw new Error(`no version of major ${major} is pinned`);
  return version;
}

/** `Chartship needs helm 4.0.0 or a later 4, or 3.18.0 or a later 3`. */
export function needs(tool: ToolName, releases: ToolReleases): string {
  const ranges = Object.entries(releases.minimum)
    .sort(([a], [b]) => Number(b) - Number(a))
    .map(([major, minimum]) => `${minimum} or a later ${major}`);
  return `Chartship needs ${tool} ${ranges.join(', or ')}`;
}

function unknownVersion(tool: ToolName, version: string, releases: ToolReleases): RequestError {
  const recorded = Object.keys(releases.checksums).sort(rcompare).join(', ');
  return invalid(
    rule(tool),
    `${tool}-version: ${tool} ${version} is not installed, and Chartship has no checksum for it. Recorded are ${recorded}.`,
    { hint: `Give the sha256 of its archive for this platform with it: ${tool}-version: v${version}@sha256:…` },
  );
}

function unclear(tool: ToolName, text: string, releases: ToolReleases): RequestError {
  const pins = Object.values(releases.pinned).sort(rcompare);
  return invalid(rule(tool), `${tool}-version: "${text}" is no version.`, {
    hint: `Give a major (${pins.map((pin) => major(pin)).join(' or ')}), a version (such as v${pins[0]}), or a version with the checksum of its archive (v4.9.9@sha256: and 64 hexadecimal digits); leave it empty for an installed one that is new enough, else ${pins[0]}.`,
  });
}

function rule(tool: ToolName): string {
  return `request/${tool}-version`;
}
