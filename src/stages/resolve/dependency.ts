import type { ChartFile } from '../../domain/chart.ts';
import type { ReadChart } from '../../domain/dependency-archive.ts';
import { readChartFiles } from '../../domain/dependency-archive.ts';
import type { DependencyFault } from '../../domain/dependency-fault.ts';
import type { DependencyFiles } from '../../domain/dependency-file.ts';
import type { Finding } from '../../domain/finding.ts';
import type { StagedDependency } from '../../domain/staged.ts';
import type { Content } from './content.ts';
import { dependencyFinding, type Resolving, type Wanted } from './context.ts';
import { type ChartFolder, readChartFolder } from './copy.ts';
import { findLocal, localFault } from './local.ts';
import { fetchChart } from './remote.ts';
import { type Origin, originOf } from './source.ts';
import { readTree } from './tree.ts';
import { chooseVendored, type Vendored } from './vendored.ts';

/** The chart that has the dependency. */
export interface Parent {
  readonly resolving: Resolving;
  readonly folder: ChartFolder;
  readonly files: DependencyFiles;
  readonly vendored: readonly Vendored[];
  /** The real folders of the charts that led here, `folder` last. */
  readonly above: readonly string[];
}

export interface Resolved {
  readonly findings: readonly Finding[];
  /** What is to be added to the parent, paths `charts/…`. */
  readonly files: readonly ChartFile[];
  readonly everything: readonly ChartFile[];
  readonly contents: readonly Content[];
  /** Whether it is of the network, and so another one tomorrow where nothing locks it. */
  readonly remote: boolean;
  readonly dependency?: StagedDependency;
  readonly vendored?: Vendored;
}

const NOTHING: Resolved = { findings: [], files: [], everything: [], contents: [], remote: false };

/** Finds one dependency: in `charts/`, in the repository, or at its own repository or that one's mirror. */
export async function resolveDependency(parent: Parent, wanted: Wanted): Promise<Resolved> {
  const vendored = chooseVendored(wanted, parent.vendored);
  if (vendored !== undefined) return useVendored(parent, wanted, vendored);
  const origin = originOf(parent.resolving, wanted);
  switch (origin.kind) {
    case 'none':
      return failed(parent, wanted, unvendored(parent, wanted, origin.fault));
    case 'local':
      return useLocal(parent, wanted, origin);
    case 'remote':
      return useRemote(parent, wanted, origin.repository);
  }
}

function failed({ folder, files }: Parent, wanted: Wanted, fault: DependencyFault): Resolved {
  return { ...NOTHING, findings: [dependencyFinding(folder, files, wanted.index, fault)] };
}

/** Of a chart that can come from `charts/` alone, what is there instead. */
function unvendored(parent: Parent, wanted: Wanted, fault: DependencyFault): DependencyFault {
  const other = parent.vendored.find(({ chart }) => chart.name === wanted.requirement.name);
  if (wanted.repository !== '' || other === undefined) return fault;
  return { ...fault, message: `${fault.message}; ${other.path} is ${other.chart.version}` };
}

async function useVendored(parent: Parent, wanted: Wanted, vendored: Vendored): Promise<Resolved> {
  const { chart, sha256 } = vendored;
  return {
    ...NOTHING,
    vendored,
    findings: await staleCopy(parent, wanted, vendored),
    everything: chart.everything,
    dependency: staged(wanted, chart, 'vendored', sha256),
    contents:
      sha256 === undefined ? [] : [contentOf(parent, wanted, chart, sha256, { fetched: false, from: vendored.path })],
  };
}

function staged(
  { requirement }: Wanted,
  chart: Pick<ReadChart, 'name' | 'version' | 'everything'>,
  from: string,
  sha256?: string,
): StagedDependency {
  return {
    name: chart.name,
    ...(requirement.alias && { alias: requirement.alias }),
    version: chart.version,
    ...(sha256 && { sha256 }),
    from,
    files: chart.everything,
  };
}

function contentOf(
  { folder, files }: Parent,
  wanted: Wanted,
  chart: Pick<ReadChart, 'name' | 'version'>,
  sha256: string,
  rest: Pick<Content, 'fetched' | 'from'>,
): Content {
  const place = (): ReturnType<Content['place']> => {
    const { file = '', line, column } = dependencyFinding(folder, files, wanted.index, { rule: '', message: '' });
    return { file, ...(line !== undefined && { line }), ...(column !== undefined && { column }) };
  };
  return {
    content: { name: chart.name, version: chart.version, repository: wanted.repository, sha256 },
    place,
    locked: wanted.locked,
    ...rest,
  };
}

async function useRemote(parent: Parent, wanted: Wanted, repository: string): Promise<Resolved> {
  const remote = await fetchChart(parent.resolving, wanted, repository);
  if (!remote.ok) return { ...failed(parent, wanted, remote.fault), remote: true };
  const { chart, bytes, sha256 } = remote;
  return {
    ...NOTHING,
    remote: true,
    files: [{ path: `charts/${chart.name}-${chart.version}.tgz`, content: bytes }],
    everything: chart.everything,
    dependency: staged(wanted, chart, `${repository}/${chart.name}`, sha256),
    contents: [contentOf(parent, wanted, chart, sha256, { fetched: true, from: repository })],
  };
}

async function useLocal(parent: Parent, wanted: Wanted, origin: Extract<Origin, { kind: 'local' }>): Promise<Resolved> {
  const { resolving, folder, files, above } = parent;
  const found = await findLocal(resolving, wanted, origin, folder, above);
  if (!found.ok) return failed(parent, wanted, found.fault);
  const tree = await readTree(resolving, found.folder, [...above, found.folder.directory]);
  if (tree.files.length === 0) return { ...NOTHING, findings: tree.findings };
  const read = await readChartFiles(tree.files);
  const { source } = found.folder;
  if (!read.ok) return failed(parent, wanted, { rule: 'resolve/local-missing', message: `${source} ${read.reason}` });
  const fault = localFault(wanted, read.chart, source, files.lockFile);
  if (fault !== undefined) {
    const hint = fault.hint ?? `Run: helm dependency update ${folder.source}`;
    const wrong = failed(parent, wanted, { ...fault, hint });
    return { ...wrong, findings: [...wrong.findings, ...tree.findings] };
  }
  return {
    ...NOTHING,
    findings: tree.findings,
    files: tree.files.map((file) => ({ ...file, path: `charts/${read.chart.name}/${file.path}` })),
    everything: tree.everything,
    dependency: staged(wanted, { ...read.chart, everything: tree.everything }, `file://${source}`),
    contents: tree.contents,
  };
}

/** A `file://` chart that was also packed into `charts/` is used from there, as helm does: it may have been changed since. */
async function staleCopy(parent: Parent, wanted: Wanted, vendored: Vendored): Promise<Finding[]> {
  if (!wanted.repository.startsWith('file://')) return [];
  const { resolving, folder, files, above } = parent;
  const origin = originOf({ ...resolving, mirrors: [] }, wanted);
  if (origin.kind !== 'local') return [];
  const found = await findLocal(resolving, wanted, origin, folder, above);
  if (!found.ok) return [];
  const copy = await readChartFolder(found.folder, resolving.exclude, resolving.ports.files);
  const changed = firstDifference(vendored.chart.files, copy.files);
  if (changed === undefined) return [];
  const message = `${vendored.path} is used for ${wanted.requirement.name}, though ${found.folder.source} has changed since: ${changed}`;
  const hint = `Run helm dependency update ${folder.source}, or remove ${vendored.path}.`;
  return [dependencyFinding(folder, files, wanted.index, { rule: 'resolve/vendored-stale', message, hint }, 'warning')];
}

/** Helm writes Chart.yaml and Chart.lock anew when it packs, and dependencies may be packed or not. */
function firstDifference(packed: readonly ChartFile[], source: readonly ChartFile[]): string | undefined {
  const compared = (all: readonly ChartFile[]) =>
    new Map(
      all
        .filter(({ path }) => !/^(?:Chart\.(?:yaml|lock)$|charts\/)/.test(path))
        .map(({ path, content }) => [path, content]),
    );
  const [left, right] = [compared(packed), compared(source)];
  return [...new Set([...left.keys(), ...right.keys()])].sort().find((path) => {
    const [a, b] = [left.get(path), right.get(path)];
    return a === undefined || b === undefined || Buffer.compare(a, b) !== 0;
  });
}
