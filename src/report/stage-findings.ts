import type { Finding } from '../domain/finding.ts';
import type { StageRun } from '../domain/stage.ts';

/** Whether a finding is about this run: of its stage, and of its chart, environment and version where it names some. */
export function concerns(finding: Finding, run: StageRun): boolean {
  return (
    finding.stage === run.name &&
    admits(finding.chart === undefined ? undefined : [finding.chart], run.chart) &&
    admits(finding.environments, run.environment) &&
    admits(finding.kubeVersions, run.kubeVersion)
  );
}

function admits(named: readonly string[] | undefined, value: string | undefined): boolean {
  return named === undefined || named.length === 0 || value === undefined || named.includes(value);
}
