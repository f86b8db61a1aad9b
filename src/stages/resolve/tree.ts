import type { ChartFile } from '../../domain/chart.ts';
import { type DependencyFiles, readDependencyFiles } from '../../domain/dependency-file.ts';
import type { Finding } from '../../domain/finding.ts';
import { joinShown } from '../../domain/paths.ts';
import type { StagedDependency } from '../../domain/staged.ts';
import { together } from '../../domain/together.ts';
import { collisions, leftOut, notLocked } from './charts-folder.ts';
import type { Content } from './content.ts';
import type { Resolving, Wanted } from './context.ts';
import { type ChartFolder, readChartFolder } from './copy.ts';
import { resolveDependency } from './dependency.ts';
import { withoutHidden } from './hidden.ts';
import { readLock } from './lock.ts';
import { readVendored, type Vendored } from './vendored.ts';

/** A chart's folder with all its dependencies in `charts/`, in memory. */
export interface ChartTree {
  readonly findings: readonly Finding[];
  readonly files: readonly ChartFile[];
  /** Every file, those in archives too, those of a dependency below `charts/`: where templates are looked for. */
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
  const isTop = above.length === 1;
  // What lies there and is no good is told: to fetch it instead would be a second fault, or hide the first.
  const isSpoilt = ({ requirement, version }: Wanted): boolean =>
    faults.some(
      ({ path }) => path === `charts/${requirement.name}` || path === `charts/${requirement.name}-${version}.tgz`,
    );
  const fit = wanted.filter((each) => !isSpoilt(each));
  const resolved = await together(
    fit.map(async (each) => {
      const one = await resolveDependency(at, each);
      // helm looks at the rules of the chart that it is given, not at those of charts within.
      return isTop ? await withoutHidden(folder, dependencyFiles, copy.ignored, each, one) : one;
    }),
  );
  const findings = [
    ...lockFindings,
    ...faults.map(({ path, reason }) => unsafe(folder, path, reason)),
    ...resolved.flatMap((each) => each.findings),
    ...notLocked(folder, dependencyFiles, resolved),
    ...collisions(folder, dependencyFiles, fit, resolved),
  ];
  const left = leftOut(folder, dependencyFiles, vendored, resolved, findings);
  const dropped = new Set(left.paths);
  const own = copy.files.filter(({ path }) => !dropped.has(/^charts\/[^/]+/.exec(path)?.[0] ?? ''));
  const added = uniquePaths(resolved.flatMap((each) => each.files));
  const extra = vendored.filter(
    ({ path, chart }) => !dropped.has(path) && !dependencyFiles.requirements.some(({ name }) => name === chart.name),
  );
  return {
    findings: [...findings, ...left.findings],
    files: [...own, ...added],
    everything: uniquePaths([
      ...own,
      ...resolved.flatMap(({ dependency, everything }) =>
        dependency === undefined ? [] : below(dependency, everything),
      ),
      ...extra.flatMap(({ chart }) => below(chart, chart.everything)),
    ]),
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
  return {
    name: chart.name,
    version: chart.version,
    ...(sha256 && { sha256 }),
    from: 'vendored',
    files: chart.everything,
  };
}

function below({ name }: { readonly name: string }, files: readonly ChartFile[]): ChartFile[] {
  return files.map((file) => ({ ...file, path: `charts/${name}/${file.path}` }));
}

function uniquePaths(files: readonly ChartFile[]): ChartFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}
