import type { Report } from '../domain/outcome.ts';
import type { StageRun } from '../domain/stage.ts';
import { STAGES } from '../domain/stage.ts';
import { inert, table, unbroken } from './markdown.ts';
import { versionsOf } from './stage-line.ts';

/** What was checked: a row per chart × environment, a column per stage; `undefined` when nothing ran. */
export function checkTable(report: Report): string | undefined {
  const rows = new Map<string, StageRun[]>();
  for (const run of report.stages) {
    const key = JSON.stringify([run.chart, run.environment]);
    rows.set(key, [...(rows.get(key) ?? []), run]);
  }
  if (rows.size === 0) return undefined;
  const stages = STAGES.filter((stage) => report.stages.some((run) => run.name === stage));
  return table(
    ['Chart', 'Environment', 'Kubernetes', ...stages],
    [...rows.values()].map((runs) => [
      inert(runs[0]?.chart ?? '—'),
      inert(runs[0]?.environment ?? '(all)'),
      versions(runs),
      ...stages.map((stage) => cell(runs.filter((run) => run.name === stage))),
    ]),
  );
}

function versions(runs: readonly StageRun[]): string {
  const seen = new Set(runs.flatMap(versionsOf));
  return seen.size === 0 ? '' : [...seen].map(inert).join(', ');
}

/** One cell for all runs of a stage: the worst of them, and how many when they differ. */
function cell(runs: readonly StageRun[]): string {
  for (const status of ['failed', 'cancelled', 'passed', 'skipped'] as const) {
    const those = runs.filter((run) => run.status === status);
    if (those.length === 0) continue;
    const seconds = those.reduce((sum, run) => sum + run.seconds, 0);
    const share = those.length === runs.length ? '' : ` (${those.length} of ${runs.length})`;
    return unbroken(`${MARKS[status]}${share}${status === 'skipped' ? '' : ` ${seconds.toFixed(2)} s`}`);
  }
  return '';
}

const MARKS: Record<StageRun['status'], string> = {
  passed: '✅',
  failed: '❌ failed',
  skipped: 'skipped',
  cancelled: '🚫 cancelled',
};
