import { createHash } from 'node:crypto';
import compare from 'semver/functions/compare.js';
import type { ChartFile } from '../../domain/chart.ts';
import { type ReadChart, readChartArchive, readChartFiles } from '../../domain/dependency-archive.ts';
import { readVersion, sameVersion, satisfies } from '../../domain/dependency-range.ts';
import type { Wanted } from './context.ts';

/** A chart that lies in `charts/`. */
export interface Vendored {
  /** `charts/NAME-VERSION.tgz` or `charts/FOLDER`. */
  readonly path: string;
  readonly chart: ReadChart;
  /** Of the archive, lower-case hex; absent for a folder. */
  readonly sha256?: string;
}

export interface VendoredFault {
  readonly path: string;
  readonly reason: string;
}

/** Reads what helm would load of `charts/`: names that begin with `.` or `_` and folders without a Chart.yaml aside. */
export async function readVendored(
  files: readonly ChartFile[],
): Promise<{ vendored: Vendored[]; faults: VendoredFault[] }> {
  const tops = new Map<string, ChartFile[]>();
  for (const file of files) {
    const top = /^charts\/([^._/][^/]*)/.exec(file.path)?.[0];
    if (top !== undefined) tops.set(top, [...(tops.get(top) ?? []), file]);
  }
  const vendored: Vendored[] = [];
  const faults: VendoredFault[] = [];
  for (const [path, inside] of tops) {
    const archive = inside[0]?.path === path ? inside[0] : undefined;
    if (archive !== undefined && !path.endsWith('.tgz')) continue;
    if (archive === undefined && !inside.some((file) => file.path === `${path}/Chart.yaml`)) continue;
    const read =
      archive === undefined
        ? await readChartFiles(inside.map((file) => ({ ...file, path: file.path.slice(path.length + 1) })))
        : await readChartArchive(archive.content);
    if (!read.ok) faults.push({ path, reason: read.reason });
    else vendored.push({ path, chart: read.chart, ...(archive && { sha256: sha256(archive.content) }) });
  }
  return { vendored, faults };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The chart in `charts/` that is what is wanted: the newest where a range admits several, an archive before a folder. */
export function chooseVendored(wanted: Wanted, vendored: readonly Vendored[]): Vendored | undefined {
  const fitting = vendored.filter(({ chart }) => {
    if (chart.name !== wanted.requirement.name) return false;
    // Of a chart without a repository helm locks the range itself.
    return (
      sameVersion(chart.version, wanted.version) ||
      (isRange(wanted) && satisfies(chart.version, wanted.version) === true)
    );
  });
  return fitting.sort((a, b) => newest(a, b) || Number(a.sha256 === undefined) - Number(b.sha256 === undefined))[0];
}

function isRange(wanted: Wanted): boolean {
  return !wanted.locked || wanted.repository === '';
}

function newest(a: Vendored, b: Vendored): number {
  const text = ({ chart }: Vendored): string => {
    const version = readVersion(chart.version);
    if (version === undefined) return '0.0.0-0';
    return `${version.major}.${version.minor}.${version.patch}${version.pre && `-${version.pre}`}`;
  };
  return compare(text(b), text(a));
}
