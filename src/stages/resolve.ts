import { join } from 'node:path';
import type { ChartFile, ChartMetadata } from '../domain/chart.ts';
import { CONTENT_LOCK } from '../domain/content-lock.ts';
import { dependencyOf } from '../domain/dependency-file.ts';
import type { Mirror } from '../domain/dependency-mirror.ts';
import type { Finding } from '../domain/finding.ts';
import type { StagedChart } from '../domain/staged.ts';
import { templateReads } from '../domain/template-reads.ts';
import { together } from '../domain/together.ts';
import { checkContent } from './resolve/content.ts';
import type { ResolvePorts, Resolving } from './resolve/context.ts';
import { overrideVersions } from './resolve/override.ts';
import { type ChartTree, readTree } from './resolve/tree.ts';

/** A chart in the repository. */
export interface ChartSource {
  /** Absolute, links followed. */
  readonly directory: string;
  /** Relative to the repository's root. */
  readonly source: string;
  readonly metadata: ChartMetadata;
}

export interface ResolveOptions {
  readonly mirrors: readonly Mirror[];
  /** Written into the staged Chart.yaml, so that every stage sees them. */
  readonly version?: string;
  readonly appVersion?: string;
  /** Absolute folders that are never copied: the report's, layouts. */
  readonly exclude: readonly string[];
}

export interface ResolveResult {
  readonly findings: readonly Finding[];
  /** Absent when a finding is an error. */
  readonly staged?: StagedChart;
  /** A chartship.lock that could be committed, where there is none. */
  readonly contentLock?: string;
}

/** Copies a chart into a private folder with its dependencies in `charts/`; the committed folder is only read. */
export async function resolve(
  chart: ChartSource,
  options: ResolveOptions,
  ports: ResolvePorts,
): Promise<ResolveResult> {
  const { metadata, directory, source } = chart;
  const { files } = ports;
  const real = async (path: string): Promise<string> => (await files.real(path)) ?? path;
  const resolving: Resolving = {
    ports,
    mirrors: options.mirrors,
    exclude: await Promise.all(options.exclude.map(real)),
    root: await real(files.root),
    fetched: new Map(),
  };
  const folder = { directory, source, chart: metadata.name };
  const tree = await readTree(resolving, folder, [directory]);
  const committed = tree.files.find(({ path }) => path === CONTENT_LOCK);
  const content = checkContent(folder, committed, tree.contents);
  const hasErrors = (findings: readonly Finding[]): boolean => findings.some(({ severity }) => severity === 'error');
  // Where something could not be had, entries for it are not stale, and what was had is not all.
  const isMeant = ({ severity }: Finding): boolean => severity === 'error' || !hasErrors(tree.findings);
  const findings = [...tree.findings, ...content.findings.filter(isMeant)];
  if (hasErrors(findings)) return { findings };
  const staged = await stage(chart, options, tree, ports);
  return { findings, staged, ...(content.contentLock !== undefined && { contentLock: content.contentLock }) };
}

async function stage(
  { metadata, source }: ChartSource,
  options: ResolveOptions,
  tree: ChartTree,
  { files }: ResolvePorts,
): Promise<StagedChart> {
  const { version = metadata.version, appVersion = metadata.appVersion } = options;
  const directory = join(await files.makeTemporary('chart'), metadata.name);
  await writeAll(overridden(tree.files, options), directory, files);
  const reads = templateReads(tree.everything);
  return {
    directory,
    source,
    metadata: {
      ...metadata,
      version,
      ...(appVersion !== undefined && { appVersion }),
      dependencies: (tree.dependencyFiles?.requirements ?? []).map(dependencyOf),
    },
    files: tree.files.filter(({ path }) => !path.startsWith('charts/')),
    dependencies: tree.dependencies,
    readsCapabilities: reads.capabilities,
    readsOperation: reads.operation,
  };
}

function overridden(files: readonly ChartFile[], { version, appVersion }: ResolveOptions): readonly ChartFile[] {
  if (version === undefined && appVersion === undefined) return files;
  const versions = { ...(version !== undefined && { version }), ...(appVersion !== undefined && { appVersion }) };
  return files.map((file) =>
    file.path === 'Chart.yaml' ? { ...file, content: overrideVersions(file.content, versions) } : file,
  );
}

async function writeAll(
  contents: readonly ChartFile[],
  directory: string,
  files: ResolvePorts['files'],
): Promise<void> {
  const atOnce = 16;
  for (let start = 0; start < contents.length; start += atOnce) {
    const some = contents.slice(start, start + atOnce);
    await together(some.map(({ path, content }) => files.write(join(directory, path), content)));
  }
}
