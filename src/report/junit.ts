import xml from 'xml';
import type { DeploymentOutcome, TestOutcome } from '../domain/deployment.ts';
import type { Finding } from '../domain/finding.ts';
import type { Report } from '../domain/outcome.ts';
import type { StageRun } from '../domain/stage.ts';
import { bySeverity, placeOf } from './findings.ts';
import { oneLine, plainText } from './plain-text.ts';
import { concerns } from './stage-findings.ts';

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly seconds: number;
  /** Set when it did not run to its end; the reason. */
  readonly skipped?: string;
  readonly failures: readonly Finding[];
  readonly others: readonly Finding[];
  /** What a program said. */
  readonly log?: string;
}

/**
 * JUnit's XML: a suite per chart, a test case per run of a stage and per test of a release. (The `xml` serialiser and not the
 * package junit-xml, which writes failures as `<error>` while it counts them as failures.)
 */
export function junitText(report: Report): string {
  const cases = [
    ...report.stages.map((run) => caseOf(run, report)),
    ...report.deployments.flatMap((one) => one.tests.map((test) => testCase(test, one))),
    ...homeless(report),
  ];
  const suites = [...new Set(cases.map((one) => one.suite))].map((suite) => {
    const own = cases.filter((one) => one.suite === suite);
    return { testsuite: [{ _attr: { name: oneLine(suite), ...totals(own) } }, ...own.map(element)] };
  });
  const root = { testsuites: [{ _attr: { name: 'chartship', ...totals(cases) } }, ...suites] };
  return `${xml([root], { declaration: true, indent: '  ' })}\n`;
}

function caseOf(run: StageRun, { findings, deployments }: Report): Case {
  const own = bySeverity(findings.filter((finding) => concerns(finding, run)));
  const failures = run.status === 'failed' ? failuresOf(run, own) : [];
  return {
    suite: suiteOf(run.chart),
    name: [run.name, run.environment, run.kubeVersion].filter((part) => part !== undefined).join(' '),
    seconds: run.seconds,
    ...((run.status === 'skipped' || run.status === 'cancelled') && { skipped: run.status }),
    failures,
    others: own.filter((finding) => !failures.includes(finding)),
    ...(failures.length > 0 && logOf(run, deployments)),
  };
}

/** The log that shows why a deployment failed. */
function logOf(run: StageRun, deployments: readonly DeploymentOutcome[]): Pick<Case, 'log'> {
  if (run.name !== 'deploy') return {};
  const log = deployments.find((one) => one.chart === run.chart && one.environment === run.environment)?.cause?.log;
  return log === undefined ? {} : { log };
}

function testCase({ name, outcome, log }: TestOutcome, { chart, environment }: DeploymentOutcome): Case {
  const message = `the test ${name} failed`;
  return {
    suite: suiteOf(chart),
    name: `test ${environment} ${name}`,
    seconds: 0,
    ...(outcome === 'skipped' && { skipped: outcome }),
    failures: outcome === 'failed' ? [{ stage: 'test', rule: 'deploy/test-failed', severity: 'error', message }] : [],
    others: [],
    ...(log !== '' && { log }),
  };
}

/** The errors; with `fail-on: warning` a stage may have failed for its warnings alone. */
function failuresOf(run: StageRun, own: readonly Finding[]): readonly Finding[] {
  const errors = own.filter((finding) => finding.severity === 'error');
  if (errors.length > 0) return errors;
  if (own.length > 0) return own;
  return [{ stage: run.name, rule: run.name, severity: 'error', message: `${run.name} failed` }];
}

/** Errors that no failed run carries (the request itself, a tool that can't be had) get a case per stage and chart. */
function homeless(report: Report): Case[] {
  const failed = report.stages.filter((run) => run.status === 'failed');
  const errors = report.findings.filter(
    (finding) => finding.severity === 'error' && !failed.some((run) => concerns(finding, run)),
  );
  const groups = new Map<string, Finding[]>();
  for (const finding of errors) {
    const key = JSON.stringify([finding.stage, finding.chart]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].map((failures) => ({
    suite: suiteOf(failures[0]?.chart),
    name: failures[0]?.stage ?? 'request',
    seconds: 0,
    failures,
    others: [],
  }));
}

function suiteOf(chart: string | undefined): string {
  return chart ?? 'chartship';
}

function totals(cases: readonly Case[]): Record<string, string | number> {
  return {
    tests: cases.length,
    failures: cases.filter((one) => one.failures.length > 0).length,
    errors: 0,
    skipped: cases.filter((one) => one.skipped !== undefined).length,
    time: cases.reduce((sum, one) => sum + one.seconds, 0).toFixed(3),
  };
}

function element(one: Case): xml.XmlObject {
  const said = [...one.others.map(detail), ...(one.log === undefined ? [] : [plainText(one.log).trim()])];
  const attributes = { name: oneLine(one.name), classname: oneLine(one.suite), time: one.seconds.toFixed(3) };
  return {
    testcase: [
      { _attr: attributes },
      ...(one.skipped === undefined ? [] : [{ skipped: { _attr: { message: one.skipped } } }]),
      ...one.failures.map((finding) => ({
        failure: [{ _attr: { message: oneLine(finding.message), type: finding.rule } }, detail(finding)],
      })),
      ...(said.length === 0 ? [] : [{ 'system-out': said.join('\n\n') }]),
    ],
  };
}

function detail(finding: Finding): string {
  return plainText(
    [
      `${finding.severity}: ${finding.rule}`,
      ...[placeOf(finding)].filter((place) => place !== undefined),
      finding.message,
      ...(finding.hint === undefined ? [] : [`hint: ${finding.hint}`]),
    ].join('\n'),
  );
}
