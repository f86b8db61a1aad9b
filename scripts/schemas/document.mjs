// The schemas of all versions as one text (docs/decisions/0008-kubernetes-schemas.md has the format): what many
// versions share is there once, and the same specifications always give the same text.

/**
 * @param {{ release: string, sum: string, kinds: Map, definitions: Map }[]} versions
 * @param {Map<string, object>} lifecycles by `apiVersion kind`
 */
export function writeDocument(versions, lifecycles) {
  const ordered = versions.toSorted((a, b) => minorNumber(a.release) - minorNumber(b.release));
  const minors = ordered.map(({ release }) => minorOf(release));
  const names = (which) => [...new Set(ordered.flatMap((version) => [...version[which].keys()]))].sort();
  const history = (which, name) =>
    changes(
      ordered.map((version) => version[which].get(name) ?? null),
      minors,
    );

  const kinds = {};
  for (const id of names('kinds')) {
    const [apiVersion, kind] = id.split(' ');
    const of = ({ definition, namespaced }) => ({ definition, namespaced });
    kinds[apiVersion] ??= {};
    kinds[apiVersion][kind] = changes(
      ordered.map((version) => version.kinds.get(id) ?? null).map((found) => found && of(found)),
      minors,
    );
  }
  const definitions = names('definitions');
  const header = {
    releases: Object.fromEntries(ordered.map(({ release, sum }) => [release, sum])),
    kinds,
    lifecycles: nested(lifecycles),
    definitions,
  };
  return `${[header, ...definitions.map((name) => history('definitions', name))].map((line) => canonical(line)).join('\n')}\n`;
}

/** What a thing is, by the minor from which on it is that; null from where it is gone. */
function changes(contents, minors) {
  const result = {};
  let before = 'null';
  for (const [index, content] of contents.entries()) {
    const text = canonical(content);
    if (text !== before) result[minors[index]] = content;
    before = text;
  }
  return result;
}

function nested(lifecycles) {
  const result = {};
  for (const id of [...lifecycles.keys()].sort()) {
    const [apiVersion, kind] = id.split(' ');
    result[apiVersion] ??= {};
    result[apiVersion][kind] = lifecycles.get(id);
  }
  return result;
}

/** JSON with keys in one order whatever made them; minors by number, so that 1.100 comes after 1.99. */
export function canonical(value) {
  return JSON.stringify(value, (_key, node) => {
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return node;
    return Object.fromEntries(
      Object.keys(node)
        .sort(byMinorOrText)
        .map((key) => [key, node[key]]),
    );
  });
}

function byMinorOrText(a, b) {
  const [left, right] = [minorNumber(a), minorNumber(b)];
  if (!Number.isNaN(left) && !Number.isNaN(right) && left !== right) return left - right;
  return a < b ? -1 : a > b ? 1 : 0;
}

function minorNumber(version) {
  return Number(/^1\.(\d+)(\.\d+)?$/.exec(version)?.[1] ?? Number.NaN);
}

function minorOf(release) {
  return release.split('.').slice(0, 2).join('.');
}
