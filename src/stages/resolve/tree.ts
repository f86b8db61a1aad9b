import type { ChartFile } from '../../domain/chart.ts';
import { type DependencyFiles, readDependencyFiles } from '../../domain/dependency-file.ts';
import type { Finding } from '../../domain/finding.ts';
import { joinShown } from '../../domain/paths.ts';
import type { StagedDependency } from '../../domain/staged.ts';
import { type ChartFolder, readChartFolder } from '../stage-copy.ts';
import type { Content } from './content.ts';
import { dependencyFinding, type Resolving, type Wanted } from './context.ts';
import { type Resolved, resolveDependency } from './dependency.ts';
import { readLock } from './lock.ts';
import { readVendored, type Vendored } from './vendored.ts';

/** A chart's folder with all its dependencies in `charts/`, in memory. */
export interface ChartTree {
  readonly findings: readonly Finding[];
  readonly files: readonly ChartFile[];
  /** Every file, those in archives too: where templates are looked for. */
  readonly everything: readonly ChartFile[];
  readonly dependencies: readonly StagedDependency[];
  readonly contents: readonly Content[];
  readonly dependencyFiles?: DependencyFiles;
}

/** Reads a chart's folder and resolves what it depends on. `above` are the real folders of the charts that led here, itself last. */
export async function readTree(
  resolving: Resolving,
  folder: ChartFolder,
  above: readonly string[],
): Promise<ChartTree> {
  const copy = await readChartFolder(folder, resolving.exclude, resolving.ports.files);
  const nothing = { files: [], everything: [], dependencies: [], contents: [] };
  if (copy.findings.length > 0) return { ...nothing, findings: copy.findings };
  const read = readDependencyFiles(copy.files);
  if (!read.ok) {
    const findings = read.faults.map(
      (fault): Finding => ({
        stage: 'resolve',
        rule: 'resolve/dependency-file',
        severity: 'error',
        chart: folder.chart,
        ...fault,
        message: joinShown(folder.source, fault.message),
        file: joinShown(folder.source, fault.file),
      }),
    );
    return { ...nothing, findings };
  }
  const dependencyFiles = read.value;
  const { wanted, findings: lockFindings } = readLock(folder, dependencyFiles);
  const { vendored, faults } = await readVendored(copy.files);
  const at = { resolving, folder, files: dependencyFiles, vendored, above };
  const resolved = await Promise.all(wanted.map((each) => resolveDependency(at, each)));
  const findings = [
    ...lockFindings,
    ...faults.map(({ path, reason }) => unsafe(folder, path, reason)),
    ...resolved.flatMap((each) => each.findings),
    ...notLocked(folder, dependencyFiles, resolved),
    ...collisions(folder, dependencyFiles, wanted, resolved),
  ];
  const left = leftOut(folder, dependencyFiles, vendored, resolved, findings);
  const dropped = new Set(left.paths);
  const own = copy.files.filter(({ path }) => !dropped.has(/^charts\/[^/]+/.exec(path)?.[0] ?? ''));
  const added = uniquePaths(resolved.flatMap((each) => each.files));
  // The same rules would hide from helm what is put there now.
  const hidden =
    above.length === 1
      ? resolved.flatMap((each, index) => hiddenBy(folder, dependencyFiles, copy.ignored, wanted[index]?.index, each))
      : [];
  const extra = vendored.filter(
    ({ path, chart }) => !dropped.has(path) && !dependencyFiles.requirements.some(({ name }) => name === chart.name),
  );
  return {
    findings: [...findings, ...left.findings, ...hidden],
    files: [...own, ...added],
    everything: [
      ...own,
      ...resolved.flatMap((each) => each.everything),
      ...extra.flatMap(({ chart }) => chart.everything),
    ],
    dependencies: [...resolved.flatMap((each) => each.dependency ?? []), ...extra.map(vendoredDependency)],
    contents: resolved.flatMap((each) => each.contents),
    dependencyFiles,
  };
}

function unsafe(folder: ChartFolder, path: string, reason: string): Finding {
  const file = joinShown(folder.source, path);
  return {
    stage: 'resolve',
    rule: 'resolve/unsafe-archive',
    severity: 'error',
    message: `${file} ${reason}`,
    chart: folder.chart,
    file,
  };
}

function vendoredDependency({ chart, sha256 }: Vendored): StagedDependency {
  return { name: chart.name, version: chart.version, ...(sha256 && { sha256 }), from: 'vendored', files: chart.files };
}

/** Versions of a network that no lock holds may be others tomorrow. */
function notLocked(folder: ChartFolder, files: DependencyFiles, resolved: readonly Resolved[]): Finding[] {
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
function collisions(
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
function leftOut(
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

function hiddenBy(
  folder: ChartFolder,
  files: DependencyFiles,
  ignored: (path: string) => boolean,
  index: number | undefined,
  { files: added }: Resolved,
): Finding[] {
  const hidden = added.find(({ path }) => ignored(path));
  if (hidden === undefined) return [];
  const rules = joinShown(folder.source, '.helmignore');
  const message = `${rules} hides ${hidden.path} from helm, a file of a dependency`;
  const hint = `Change the rule in ${rules} so that it doesn't reach into charts/.`;
  return [dependencyFinding(folder, files, index, { rule: 'resolve/ignored-dependency', message, hint })];
}

function uniquePaths(files: readonly ChartFile[]): ChartFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}
