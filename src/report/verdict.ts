import { SEVERITIES } from '../domain/finding.ts';
import type { PublishOutcome, ReleaseOutcome, Report, RunStatus } from '../domain/outcome.ts';
import { DEPLOYMENT_WORDS } from './deployments.ts';
import { countOf } from './findings.ts';
import { count } from './plain-text.ts';
import { planVerdict } from './plan.ts';
import { versionsOf } from './stage-line.ts';

const WORDS: Record<RunStatus, string> = {
  passed: 'passed',
  failed: 'failed',
  invalid: 'invalid request',
  error: 'Chartship could not do its work',
  cancelled: 'cancelled',
};

export const STATUS_MARKS: Record<RunStatus, string> = {
  passed: '✅',
  failed: '❌',
  invalid: '❌',
  error: '💥',
  cancelled: '🚫',
};

export const OUTCOME_WORDS: Record<PublishOutcome['outcome'], string> = {
  pushed: 'pushed',
  'already-published': 'already published',
  refused: 'refused',
  failed: 'not published',
};

export const RELEASE_WORDS: Record<ReleaseOutcome['outcome'], string> = {
  published: 'released',
  'already-published': 'released already',
  failed: 'not released',
};

/** The whole run in one line, such as `failed: 1 chart × 3 environments; 1 refused; 1 error, 2 warnings`. */
export function verdict(report: Report): string {
  const planned = report.plan === undefined ? '' : planVerdict(report.plan);
  const said = [planned, checked(report), published(report), deployed(report), found(report)].filter(
    (part) => part !== '',
  );
  return said.length === 0 ? WORDS[report.status] : `${WORDS[report.status]}: ${said.join('; ')}`;
}

function checked(report: Report): string {
  const ran = report.stages.filter((run) => run.status !== 'skipped');
  const sizes = [
    [distinct(ran.map((run) => run.chart)), 'chart'],
    [distinct(ran.map((run) => run.environment)), 'environment'],
    [distinct(ran.flatMap(versionsOf)), 'Kubernetes version'],
  ] as const;
  return sizes.flatMap(([size, noun]) => (size === 0 ? [] : [count(size, noun)])).join(' × ');
}

function published(report: Report): string {
  return Object.entries(OUTCOME_WORDS)
    .map(([outcome, word]) => [report.published.filter((one) => one.outcome === outcome).length, word] as const)
    .flatMap(([number, word]) => (number === 0 ? [] : [`${number} ${word}`]))
    .join(', ');
}

function deployed(report: Report): string {
  return Object.entries(DEPLOYMENT_WORDS)
    .map(([outcome, word]) => [report.deployments.filter((one) => one.outcome === outcome).length, word] as const)
    .flatMap(([number, word]) => (number === 0 ? [] : [`${number} ${word}`]))
    .join(', ');
}

function found(report: Report): string {
  return SEVERITIES.flatMap((severity) => {
    const number = countOf(report, severity);
    return number === 0 ? [] : [count(number, severity)];
  }).join(', ');
}

function distinct(values: readonly (string | undefined)[]): number {
  return new Set(values.filter((value) => value !== undefined)).size;
}
