import { compare, parse } from 'semver';

/** The tags that move to a release, `v1` and `v1.2`: each only where it is the newest of those, and never for a pre-release. */
export function movingTags(tag, tags) {
  const version = parse(tag);
  if (version === null || version.prerelease.length > 0) return [];
  const released = tags.map((each) => parse(each)).filter((each) => each !== null && each.prerelease.length === 0);
  const isNewest = (those) => released.filter(those).every((each) => compare(each, version) <= 0);
  return [
    ...(isNewest((each) => each.major === version.major) ? [`v${version.major}`] : []),
    ...(isNewest((each) => each.major === version.major && each.minor === version.minor)
      ? [`v${version.major}.${version.minor}`]
      : []),
  ];
}
