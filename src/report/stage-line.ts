import type { StageRun } from '../domain/stage.ts';
import { oneLine } from './plain-text.ts';

/** What a run is about, such as `render task-api prod 1.35`. */
export function runName(run: Omit<StageRun, 'status' | 'seconds'>): string {
  return [run.name, run.chart, run.environment, run.kubeVersion]
    .filter((part) => part !== undefined)
    .map(oneLine)
    .join(' ');
}

/** The Kubernetes versions that a run was for. */
export function versionsOf({ kubeVersion, kubeVersions = [] }: StageRun): readonly string[] {
  return kubeVersion === undefined ? kubeVersions : [kubeVersion];
}

/** A run that ended, in one line for a log: status, seconds, what it was about. */
export function stageLine(run: StageRun): string {
  const seconds = run.status === 'skipped' ? '' : `${run.seconds.toFixed(2)} s`;
  return `${run.status.padEnd(9)} ${seconds.padStart(8)}  ${runName(run)}`;
}
