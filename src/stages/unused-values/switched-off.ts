import type { Dependency } from '../../domain/chart.ts';
import type { Environment } from '../../domain/environment.ts';
import { isMapping } from '../../domain/merged-values.ts';
import type { StagedChart } from '../../domain/staged.ts';
import type { ValuesLayer } from '../../domain/values.ts';
import { conditionsOf } from '../../domain/values-use/chart-tree.ts';
import { dependencyLayers } from '../locate/dependency-layers.ts';

/** Whether no environment uses a dependency, as Helm decides it: its tags first, and then the first condition that is a yes or a no. */
export function isSwitchedOff(
  dependency: Dependency,
  environments: readonly Environment[],
  staged: StagedChart,
): boolean {
  const conditions = conditionsOf(dependency);
  const tags = (dependency.tags ?? []).map((tag) => ['tags', tag]);
  if (conditions.length === 0 && tags.length === 0) return false;
  let defaults: readonly ValuesLayer[] | undefined;
  return environments.every(({ layers }) => {
    const valueAt = (path: readonly string[]): unknown => {
      const own = lastSet(path, layers);
      if (own !== undefined) return own;
      defaults ??= dependencyLayers(staged);
      return lastSet(path, defaults);
    };
    for (const path of conditions) {
      const value = valueAt(path);
      if (value === UNKNOWN || typeof value === 'boolean') return value === false;
    }
    const tagged = tags.map(valueAt);
    return !tagged.includes(UNKNOWN) && !tagged.includes(true) && tagged.includes(false);
  });
}

const UNKNOWN = Symbol('it is set, and to what is not known');

/** What the last of the layers that set a path sets. */
function lastSet(path: readonly string[], layers: readonly ValuesLayer[]): unknown {
  for (const { paths, source } of [...layers].reverse()) {
    if (paths?.some((set) => path.every((step, index) => set[index] === undefined || set[index] === step)) === true)
      return UNKNOWN;
    let node: unknown = source?.data;
    for (const step of path) node = isMapping(node) && Object.hasOwn(node, step) ? node[step] : undefined;
    // Null takes away what was set before.
    if (node === null) return UNKNOWN;
    if (node !== undefined) return node;
  }
  return undefined;
}
