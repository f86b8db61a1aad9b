import { createHash } from 'node:crypto';
import type { Location, Log, Notification, Result } from 'sarif';
import type { Finding } from '../domain/finding.ts';
import type { Report } from '../domain/outcome.ts';
import type { RulePages } from '../domain/rule-pages.ts';
import { oneLine, plainText } from './plain-text.ts';
import { ruleDescriptor } from './rule-descriptor.ts';

/**
 * SARIF 2.1.0, one run. Findings about a place in a file are results. What is about no file (a registry
 * that can't be reached, a wrong input) is a notification of the invocation: GitHub's code scanning
 * refuses a whole upload for one result without a file.
 */
export function sarifText(report: Report, pages: RulePages = { pages: {} }): string {
  const rules = rulesOf(report.findings).map((id) => ruleDescriptor(id, pages));
  const index = new Map(rules.map((rule, position) => [rule.id, position]));
  const placed = report.findings.filter((finding) => finding.file !== undefined);
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Chartship', rules } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: report.status === 'passed' || report.status === 'failed',
            toolExecutionNotifications: report.findings
              .filter((finding) => finding.file === undefined)
              .map((finding) => notificationOf(finding, index.get(finding.rule) ?? -1)),
          },
        ],
        results: withFingerprints(placed).map(({ finding, fingerprint }) =>
          resultOf(finding, index.get(finding.rule) ?? -1, fingerprint),
        ),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function rulesOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map((finding) => finding.rule))].sort();
}

function resultOf(finding: Finding, ruleIndex: number, fingerprint: string): Result {
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: finding.severity,
    message: { text: messageOf(finding) },
    locations: [locationOf(finding)],
    partialFingerprints: { 'chartship/v1': fingerprint },
    properties: propertiesOf(finding),
  };
}

function notificationOf(finding: Finding, index: number): Notification {
  return {
    descriptor: { id: finding.rule, index },
    level: finding.severity,
    message: { text: messageOf(finding) },
    properties: propertiesOf(finding),
  };
}

function messageOf(finding: Finding): string {
  const message = plainText(finding.message).trim();
  return finding.hint === undefined ? message : `${message}\n${plainText(finding.hint).trim()}`;
}

function locationOf(finding: Finding): Location {
  const { region } = finding;
  const uri = oneLine(finding.file ?? '')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
  return {
    physicalLocation: {
      artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
      ...(finding.line !== undefined && {
        region: {
          startLine: finding.line,
          ...(finding.column !== undefined && { startColumn: finding.column }),
          ...(region !== undefined && { snippet: { text: region.text } }),
        },
        ...(region?.around !== undefined && {
          contextRegion: {
            startLine: region.around.line,
            endLine: region.around.endLine,
            snippet: { text: region.around.text },
          },
        }),
      }),
    },
    ...(finding.resource !== undefined && {
      logicalLocations: [{ fullyQualifiedName: oneLine(finding.resource), kind: 'resource' }],
    }),
  };
}

function propertiesOf(finding: Finding): Record<string, unknown> {
  const { stage, chart, environments, kubeVersions, path } = finding;
  return {
    stage,
    ...(chart !== undefined && { chart }),
    ...(environments && { environments }),
    ...(kubeVersions && { kubeVersions }),
    ...(path !== undefined && { path }),
  };
}

/** The same fault keeps its fingerprint when lines move; equal ones are told apart by their order. */
function withFingerprints(findings: readonly Finding[]): { finding: Finding; fingerprint: string }[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const { rule, chart, file, resource, path } = finding;
    const message = finding.message.replace(/\d+/g, '0');
    const hash = createHash('sha256')
      .update(JSON.stringify([rule, chart, file, resource, path, message]))
      .digest('hex')
      .slice(0, 32);
    const number = (seen.get(hash) ?? 0) + 1;
    seen.set(hash, number);
    return { finding, fingerprint: `${hash}:${number}` };
  });
}
