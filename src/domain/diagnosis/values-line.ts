import { isMapping, isWithin, type MergedValue, mergedValues, type ValuesPath } from '../merged-values.ts';
import type { ValuesLayer } from '../values.ts';
import { quantityOf } from './quantity.ts';
import type { Blame } from './trouble.ts';

/** A value that is neither a mapping nor a list. */
type Leaf = MergedValue;

/**
 * The line of the values file that set what is at fault. Only where it is certain: one place of the merged values
 * that fits, in a file. A chart's template may make anything of a value, so what fits twice, or is set by `--set` or
 * by secret values, has no line.
 */
export function valuesLine(blame: Blame, layers: readonly ValuesLayer[]): { file: string; line: number } | undefined {
  const leaves = ofChart(
    blame.chart,
    mergedValues(layers).filter(({ value }) => typeof value !== 'object'),
  );
  const found = fitting(blame, leaves);
  const [only] = found;
  if (only === undefined || found.length > 1 || only.layer.kind !== 'file') return undefined;
  const position = only.layer.source?.position(only.path);
  return position === undefined ? undefined : { file: only.layer.shown, line: position.line };
}

/** A dependency's values are those under its name. Under another name (an alias) they can't be told from the others. */
function ofChart(chart: string | undefined, leaves: readonly Leaf[]): readonly Leaf[] {
  if (chart === undefined || !leaves.some(({ path }) => path.length > 1 && path[0] === chart)) return leaves;
  return leaves.filter(({ path }) => path[0] === chart || path[0] === 'global');
}

function fitting(blame: Blame, leaves: readonly Leaf[]): Leaf[] {
  switch (blame.kind) {
    case 'image':
      return [...leaves.filter(({ value }) => value === blame.image), ...imageParts(blame.image, leaves)];
    case 'quantity':
      return leaves.filter((leaf) => endsWith(leaf.path, blame.path) && areResources(leaf, blame.resources, leaves));
    case 'name':
      return leaves.filter(
        ({ path, value }) => value === blame.name && path.slice(-2).some((step) => NAMING.test(String(step))),
      );
    case 'replicas':
      // One replica is the default of most subcharts, whose own values are not among the layers.
      return blame.replicas < 2
        ? []
        : leaves.filter(
            ({ path, value }) => value === blame.replicas && /^replica(s|Count)$/.test(String(path.at(-1))),
          );
    case 'mapping': {
      const wanted = Object.entries(blame.mapping);
      const within = leaves.filter(({ path }) => path.at(-2) === blame.key);
      const fits = within.filter(({ path, value }) =>
        wanted.some(([key, each]) => key === path.at(-1) && each === value),
      );
      const parents = new Set(fits.map(({ path }) => JSON.stringify(path.slice(0, -1))));
      return parents.size === 1 && fits.length === wanted.length && within.length === fits.length ? fits.slice(-1) : [];
    }
  }
}

/**
 * Whether the resources that a leaf is of are those of a container, all of them: one quantity alone may be somebody
 * else's default. The API server sets requests that are missing to the limits.
 */
function areResources({ path }: Leaf, resources: Readonly<Record<string, unknown>>, leaves: readonly Leaf[]): boolean {
  const around = path.slice(0, -2);
  const own = new Map(
    leaves
      .filter((leaf) => leaf.path.length === path.length && isWithin(leaf.path, around))
      .map((leaf) => [leaf.path.slice(-2).join(' '), quantityOf(leaf.value)]),
  );
  const wanted = ['requests', 'limits'].flatMap((way) =>
    Object.entries(isMapping(resources[way]) ? resources[way] : {}).map(
      ([resource, quantity]) => [way, resource, quantityOf(quantity)] as const,
    ),
  );
  const fits = ([way, resource, quantity]: (typeof wanted)[number]): boolean => {
    const value = own.get(`${way} ${resource}`) ?? (way === 'requests' ? own.get(`limits ${resource}`) : undefined);
    return quantity !== undefined && value === quantity;
  };
  const names = new Set(wanted.map(([way, resource]) => `${way} ${resource}`));
  return wanted.length > 0 && wanted.every(fits) && [...own.keys()].every((name) => names.has(name));
}

/** Keys under which names of other objects stand. */
const NAMING = /secret|config|class|account|claim|key|ref|existing|priority/i;
const REPOSITORY = ['repository', 'name', 'image'];

/** `{ registry, repository, tag, digest }`: the part that is most likely to be changed, of each that makes up the image. */
function imageParts(image: string, leaves: readonly Leaf[]): Leaf[] {
  const byPath = new Map(leaves.map((leaf) => [JSON.stringify(leaf.path), leaf]));
  const shared = byPath.get('["global","imageRegistry"]')?.value;
  return leaves.flatMap((leaf) => {
    const { path, value } = leaf;
    // What is the whole image has been found as that.
    if (typeof value !== 'string' || value === '' || value === image || !REPOSITORY.includes(String(path.at(-1))))
      return [];
    const sibling = (key: string): Leaf | undefined => byPath.get(JSON.stringify([...path.slice(0, -1), key]));
    const [registry, tag, digest] = [sibling('registry'), sibling('tag'), sibling('digest')];
    const hosts = [registry?.value, shared, defaultHost(image)].filter(
      (host) => typeof host === 'string' && host !== '',
    );
    for (const base of [value, ...hosts.map((host) => `${String(host)}/${value}`)]) {
      const rest = image.startsWith(base) ? image.slice(base.length) : undefined;
      if (rest === undefined) continue;
      const tagged = tag === undefined || tag.value === '' || tag.value === null ? undefined : `:${String(tag.value)}`;
      const digested = typeof digest?.value === 'string' && digest.value !== '' ? `@${digest.value}` : undefined;
      if (digested !== undefined && rest.endsWith(digested) && digest !== undefined) return [digest];
      if (tagged !== undefined && tag !== undefined && rest === tagged) return [tag];
      // Without a tag of its own it is the chart's appVersion.
      if (tag?.value !== undefined && tagged === undefined && /^:[^/:@]+$/.test(rest)) return [leaf];
    }
    return [];
  });
}

/** The image's own registry: many a dependency has one in its values, which are not among the layers. */
function defaultHost(image: string): string | undefined {
  return /^([^/]*[.:][^/]*|localhost)\//.exec(image)?.[1];
}

function endsWith(path: ValuesPath, end: ValuesPath): boolean {
  return end.every((step, index) => path[path.length - end.length + index] === step);
}
