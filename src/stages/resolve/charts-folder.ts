import type { DependencyFiles } from '../../domain/dependency-file.ts';
import type { Finding } from '../../domain/finding.ts';
import { joinShown } from '../../domain/paths.ts';
import type { StagedDependency } from '../../domain/staged.ts';
import { dependencyFinding, type Wanted } from './context.ts';
import type { ChartFolder } from './copy.ts';
import type { Resolved } from './dependency.ts';
import type { Vendored } from './vendored.ts';

/** Versions of a network that no lock holds may be others tomorrow. */
export function notLocked(folder: ChartFolder, files: DependencyFiles, resolved: readonly Resolved[]): Finding[] {
  if (files.lock !== undefined || !resolved.some(({ remote }) => remote)) return [];
  const fault = {
    rule: 'resolve/no-lock',
    message: `${joinShown(folder.source, files.lockFile)} is not there: which versions of its dependencies ${folder.source} gets depends on the day`,
    hint: `Run helm dependency update ${folder.source} and commit ${files.lockFile}.`,
  };
  return [dependencyFinding(folder, files, undefined, fault, 'warning')];
}

/**
 * Helm packs each dependency under its name: two charts of one name (other versions, other repositories) get into
 * one folder, and the package holds a mixture of both, though the same chart renders well from its folder.
 */
export function collisions(
  folder: ChartFolder,
  files: DependencyFiles,
  wanted: readonly Wanted[],
  resolved: readonly Resolved[],
): Finding[] {
  const first = new Map<string, StagedDependency>();
  return resolved.flatMap(({ dependency }, index): Finding[] => {
    if (dependency === undefined) return [];
    const other = first.get(dependency.name);
    first.set(dependency.name, other ?? dependency);
    if (other === undefined || (other.version === dependency.version && other.from === dependency.from)) return [];
    const message = `two dependencies are named ${dependency.name}: ${other.version} from ${other.from} and ${dependency.version} from ${dependency.from}`;
    const hint =
      'In a package they would be mixed into one folder, even with an alias. Use one version for both, or give one of the charts another name.';
    return [dependencyFinding(folder, files, wanted[index]?.index, { rule: 'resolve/name-collision', message, hint })];
  });
}

/** What lies in `charts/` under the name of a dependency but is not it: helm would load it as well. */
export function leftOut(
  folder: ChartFolder,
  files: DependencyFiles,
  vendored: readonly Vendored[],
  resolved: readonly Resolved[],
  before: readonly Finding[],
): { paths: string[]; findings: Finding[] } {
  const used = new Set(resolved.flatMap(({ vendored: one }) => one?.path ?? []));
  const left = vendored.filter(
    ({ path, chart }) => !used.has(path) && files.requirements.some(({ name }) => name === chart.name),
  );
  const findings = left.map(({ path, chart }): Finding => {
    const file = joinShown(folder.source, path);
    const taken = resolved.find(({ dependency }) => dependency?.name === chart.name)?.dependency;
    const message = `${file} is ${chart.name} ${chart.version} and was left out${taken ? `: ${chart.name} ${taken.version} (${taken.from}) is used` : ''}`;
    return {
      stage: 'resolve',
      rule: 'resolve/vendored-left-out',
      severity: 'note',
      message,
      chart: folder.chart,
      file,
    };
  });
  return {
    paths: left.map(({ path }) => path),
    findings: before.some(({ severity }) => severity === 'error') ? [] : findings,
  };
}
