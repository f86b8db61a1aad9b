/** The tags that move to a release, `v1` and `v1.2`: each only where it is the newest of those, and never for a pre-release. */
export function movingTags(tag, tags) {
  const version = versionOf(tag);
  if (version === undefined) return [];
  const [major, minor] = version;
  const released = tags.map(versionOf).filter((each) => each !== undefined);
  const isNewest = (those) => released.filter(those).every((each) => compare(each, version) <= 0);
  return [
    ...(isNewest((each) => each[0] === major) ? [`v${major}`] : []),
    ...(isNewest((each) => each[0] === major && each[1] === minor) ? [`v${major}.${minor}`] : []),
  ];
}

/** Of `v1.2.3` its numbers; anything else is no release, a pre-release no more than a tag that moves. */
function versionOf(tag) {
  return /^v(\d+)\.(\d+)\.(\d+)$/.exec(tag)?.slice(1).map(Number);
}

function compare(a, b) {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
