import { readArchive } from './archive.ts';
import type { ChartFile } from './chart.ts';
import { ARCHIVE_LIMITS } from './limits.ts';
import { readSource } from './source.ts';

/** A chart that was read from an archive or a folder. */
export interface ReadChart {
  /** As its Chart.yaml says. */
  readonly name: string;
  readonly version: string;
  /** Its own files, paths relative to it; archives in its `charts/` as they are. */
  readonly files: readonly ChartFile[];
  /** Its files and those of every archive within it. */
  readonly everything: readonly ChartFile[];
}

export type ChartRead =
  | { readonly ok: true; readonly chart: ReadChart }
  /** Follows the archive's name in a sentence. */
  | { readonly ok: false; readonly reason: string };

/** Archives within archives deeper than this are no chart that anyone made. */
const DEEPEST = 10;

/** Reads an archive and every archive in its `charts/`, all within the bounds of one. */
export async function readChartArchive(bytes: Uint8Array): Promise<ChartRead> {
  const read = await readArchive(bytes, ARCHIVE_LIMITS);
  return read.ok ? readChartFiles(read.files) : read;
}

/** As `readChartArchive` does, for a chart's files. */
export async function readChartFiles(files: readonly ChartFile[]): Promise<ChartRead> {
  const identity = identityOf(files);
  if (typeof identity === 'string') return { ok: false, reason: identity };
  const everything: ChartFile[] = [];
  const budget = { files: ARCHIVE_LIMITS.entries, bytes: ARCHIVE_LIMITS.totalBytes };
  const reason = await collect(files, '', everything, budget, 0);
  return reason === undefined ? { ok: true, chart: { ...identity, files, everything } } : { ok: false, reason };
}

async function collect(
  files: readonly ChartFile[],
  prefix: string,
  everything: ChartFile[],
  budget: { files: number; bytes: number },
  depth: number,
): Promise<string | undefined> {
  for (const file of files) {
    budget.files -= 1;
    budget.bytes -= file.content.byteLength;
    if (budget.files < 0) return `holds more than ${ARCHIVE_LIMITS.entries} files with the archives within it`;
    if (budget.bytes < 0)
      return `unpacks to more than ${ARCHIVE_LIMITS.totalBytes / 1024 / 1024} MiB with the archives within it`;
    const path = prefix + file.path;
    everything.push({ path, content: file.content });
    if (!isChartArchive(file.path)) continue;
    if (depth >= DEEPEST) return `holds archives within archives, more than ${DEEPEST} deep: ${path}`;
    const inner = await readArchive(file.content, ARCHIVE_LIMITS);
    if (!inner.ok) return `holds ${path}, which ${inner.reason}`;
    const below = `${path.slice(0, -'.tgz'.length)}/`;
    const reason = await collect(inner.files, below, everything, budget, depth + 1);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Whether helm would unpack this file of a chart: an archive in a `charts/` whose name doesn't begin with `.` or `_`. */
export function isChartArchive(path: string): boolean {
  return /^(?:charts\/[^/]+\/)*charts\/[^._/][^/]*\.tgz$/.test(path);
}

/** The name and version in Chart.yaml, or what is wrong with it. */
function identityOf(files: readonly ChartFile[]): { name: string; version: string } | string {
  const file = files.find(({ path }) => path === 'Chart.yaml');
  if (file === undefined) return 'holds no Chart.yaml';
  const read = readSource(file.content);
  if (!read.ok) return `holds a Chart.yaml that ${read.fault.message}`;
  const data = read.source.data;
  const { name, version } = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>;
  if (typeof name !== 'string' || typeof version !== 'string') return 'holds a Chart.yaml without a name and version';
  return { name, version };
}
