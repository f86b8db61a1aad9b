import { join } from 'node:path';
import type { DeploymentOutcome } from '../domain/deployment.ts';
import type { Report } from '../domain/outcome.ts';
import { isPublished } from '../report/commands.ts';

/** The Action's outputs; where a run has nothing to say, the text is empty. */
export interface Outputs {
  readonly status: string;
  /** Of the first chart, as those that follow up to `package` but for `references`. */
  readonly version: string;
  readonly reference: string;
  /** Of each chart in the first registry that has it, one a line; a layout can't be deployed from by another job. */
  readonly references: string;
  readonly digest: string;
  /** Absolute path of the package. */
  readonly package: string;
  /** Absolute path of the report folder; empty when none was written. */
  readonly report: string;
  /** How many there are, of any severity. */
  readonly findings: string;
  /** JSON array, as in report.json. */
  readonly published: string;
  /** JSON, of a run that only planned; else an empty text. */
  readonly matrix: string;
  /** JSON array, as in report.json but without logs: the runner drops an output that holds a masked value. */
  readonly deployments: string;
}

/** A refused publish gives no reference: what is there under that version is not what this run checked. */
export function outputsOf(report: Report, reportFolder: string | undefined): Outputs {
  const packed = report.packages[0];
  const chart = packed?.chart ?? report.published[0]?.chart;
  const published = report.published.filter(isPublished).find((one) => one.chart === chart);
  return {
    status: report.status,
    version: packed?.version ?? report.published[0]?.version ?? '',
    reference: published?.reference ?? '',
    references: referencesOf(report).join('\n'),
    digest: published?.digest ?? '',
    package: packed === undefined || reportFolder === undefined ? '' : join(reportFolder, 'packages', packed.file),
    report: reportFolder ?? '',
    findings: String(report.findings.length),
    published: JSON.stringify(report.published),
    matrix: report.plan === undefined ? '' : JSON.stringify(report.plan.matrix),
    deployments: JSON.stringify(report.deployments.map(withoutLogs)),
  };
}

function referencesOf({ published }: Report): readonly string[] {
  const first = new Map<string, string>();
  for (const { chart, reference } of published.filter(isPublished)) {
    if (!first.has(chart) && reference.startsWith('oci://')) first.set(chart, reference);
  }
  return [...first.values()];
}

function withoutLogs({ cause, tests, ...one }: DeploymentOutcome): object {
  const { log: _log, ...told } = cause ?? {};
  return { ...one, cause: cause && told, tests: tests.map(({ name, outcome }) => ({ name, outcome })) };
}
