import type { ChartFile, Dependency } from '../chart.ts';
import { dependencyOf, readDependencyFiles } from '../dependency-file.ts';
import type { StagedChart } from '../staged.ts';

/** A chart and the charts within it, as far as they may be switched on. */
export interface ChartTree {
  readonly name: string;
  /** Its key in the values of the chart around it: its alias, or its name. */
  readonly key: string;
  /** Its own, paths relative to it. */
  readonly files: readonly ChartFile[];
  /** What it says of its dependencies, of those that are switched off, too. */
  readonly dependencies: readonly Dependency[];
  readonly inner: readonly ChartTree[];
}

/** `isOff`: whether one of the chart's own dependencies is never used. */
export function chartTree(staged: StagedChart, isOff: (dependency: Dependency) => boolean): ChartTree {
  const { dependencies } = staged.metadata;
  const inner = staged.dependencies.flatMap(({ name, alias, files }) => {
    const asked = dependencies.find((each) => each.name === name && each.alias === alias);
    return asked !== undefined && isOff(asked) ? [] : [treeOf(name, alias ?? name, files)];
  });
  return { name: staged.metadata.name, key: '', files: staged.files, dependencies, inner };
}

function treeOf(name: string, key: string, files: readonly ChartFile[]): ChartTree {
  const own: ChartFile[] = [];
  const folders = new Map<string, ChartFile[]>();
  for (const file of files) {
    const [, folder, path] = /^charts\/([^/]+)\/(.+)$/.exec(file.path) ?? [];
    if (folder === undefined || path === undefined) own.push(file);
    else folders.set(folder, [...(folders.get(folder) ?? []), { path, content: file.content }]);
  }
  if (folders.size === 0) return { name, key, files: own, dependencies: [], inner: [] };
  const read = readDependencyFiles(own.filter(({ path }) => /^(?:Chart|requirements)\.yaml$/.test(path)));
  const dependencies = read.ok ? read.value.requirements.map(dependencyOf) : [];
  const inner = [...folders.values()].flatMap((within) => {
    const chart = nameOf(within);
    if (chart === undefined) return [];
    const keys = dependencies.filter((each) => each.name === chart).map(({ alias }) => alias ?? chart);
    return (keys.length === 0 ? [chart] : keys).map((each) => treeOf(chart, each, within));
  });
  return { name, key, files: own, dependencies, inner };
}

function nameOf(files: readonly ChartFile[]): string | undefined {
  const file = files.find(({ path }) => path === 'Chart.yaml');
  return file && /^name:\s*(["']?)([\w.-]+)\1\s*(?:#.*)?$/m.exec(new TextDecoder().decode(file.content))?.[2];
}

/** The paths in a dependency's condition: the first that is set decides. */
export function conditionsOf({ condition = '' }: Dependency): string[][] {
  return condition
    .trim()
    .split(',')
    .filter((path) => path !== '')
    .map((path) => path.split('.'));
}
