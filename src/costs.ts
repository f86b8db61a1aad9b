import { join } from 'node:path';
import { ARCHIVE_LIMITS } from './domain/limits.ts';
import { STAGES, type StageRun } from './domain/stage.ts';
import type { Costs } from './matrix.ts';
import type { Files } from './ports.ts';
import type { ChartOnDisk } from './survey.ts';

/** Bytes of an earlier report: it may hold the logs of many deployments. */
const REPORT_BYTES = 64 * 1024 * 1024;

/**
 * What checking each chart costs: the seconds that it took in an earlier run whose report.json lies in the report
 * folder, or below it, where artifacts of several jobs are put. A chart that no run measured is taken to cost what its
 * size lets expect of those that were; where none was measured, its size.
 */
export async function measureCosts(charts: readonly ChartOnDisk[], reports: string, files: Files): Promise<Costs> {
  const measured = await measuredSeconds(reports, files);
  const sizes = new Map<string, number>();
  for (const { metadata, directory } of charts) sizes.set(metadata.name, await sizeOf(directory, files));
  return costsOf(sizes, measured);
}

/** Sizes and the seconds of those that were measured → costs in one unit. Pure. */
export function costsOf(sizes: ReadonlyMap<string, number>, measured: ReadonlyMap<string, number>): Costs {
  const known = [...sizes].filter(([name]) => measured.has(name));
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  const bytes = sum(known.map(([, size]) => size));
  if (bytes === 0) return { unit: 'bytes', of: sizes };
  const perByte = sum(known.map(([name]) => measured.get(name) ?? 0)) / bytes;
  const costs = [...sizes].map(([name, size]) => [name, measured.get(name) ?? size * perByte] as const);
  return { unit: 'seconds', of: new Map(costs) };
}

/** The seconds of each chart's checks; of several reports the dearest. */
async function measuredSeconds(folder: string, files: Files): Promise<ReadonlyMap<string, number>> {
  const seconds = new Map<string, number>();
  if ((await files.kind(folder)) !== 'folder') return seconds;
  for (const path of await files.glob(folder, ['report.json', '**/report.json'])) {
    for (const [chart, took] of secondsIn(await readReport(path, files)))
      seconds.set(chart, Math.max(took, seconds.get(chart) ?? 0));
  }
  return seconds;
}

/** A report that can't be read measures nothing: a plan is as right without it. */
async function readReport(path: string, files: Files): Promise<unknown> {
  try {
    const bytes = await files.read(path, REPORT_BYTES);
    return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The last stage that a shard runs for its charts. */
const LAST = STAGES.indexOf('publish');

/** Seconds by chart; of a chart that failed or was cut off nothing: it would have taken longer. */
export function secondsIn(report: unknown): ReadonlyMap<string, number> {
  const stages = (report as { stages?: unknown } | null | undefined)?.stages;
  const runs = (Array.isArray(stages) ? stages : []).filter(isRun).filter(({ name }) => STAGES.indexOf(name) <= LAST);
  const broken = new Set(runs.filter(({ status }) => status === 'failed' || status === 'cancelled').map(chartOf));
  const seconds = new Map<string, number>();
  for (const run of runs) {
    if (!broken.has(run.chart)) seconds.set(run.chart, (seconds.get(run.chart) ?? 0) + run.seconds);
  }
  return seconds;
}

type Run = StageRun & { readonly chart: string };

function isRun(value: unknown): value is Run {
  const { name, chart, seconds } = (value ?? {}) as Record<string, unknown>;
  const isStage = (STAGES as readonly unknown[]).includes(name);
  return isStage && typeof chart === 'string' && typeof seconds === 'number' && seconds >= 0;
}

function chartOf({ chart }: Run): string {
  return chart;
}

/** Bytes of all files of a folder; what is beyond the files that a package may have isn't counted. */
async function sizeOf(directory: string, files: Files): Promise<number> {
  let bytes = 0;
  let left: number = ARCHIVE_LIMITS.entries;
  const folders = [directory];
  for (let folder = folders.pop(); folder !== undefined && left > 0; folder = folders.pop()) {
    for (const { path, kind, size } of await files.list(folder)) {
      left -= 1;
      if (kind === 'file') bytes += size;
      else if (kind === 'folder' && path !== '.git') folders.push(join(folder, path));
    }
  }
  return bytes;
}
