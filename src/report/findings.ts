import type { Finding, Severity } from '../domain/finding.ts';
import { SEVERITIES } from '../domain/finding.ts';
import type { Report } from '../domain/outcome.ts';
import { oneLine } from './plain-text.ts';

/** `file:line:column` as editors and terminals link it; `undefined` for a finding about no file. */
export function placeOf(finding: Finding): string | undefined {
  if (finding.file === undefined) return undefined;
  const position = [finding.line, finding.column].filter((number) => number !== undefined);
  return [oneLine(finding.file), ...position].join(':');
}

/** Where a finding was seen, a part each: the chart, its environments, the Kubernetes versions, the object. */
export function scopeOf(finding: Finding): string[] {
  const parts: string[] = [];
  if (finding.chart !== undefined) parts.push(oneLine(finding.chart));
  if (finding.environments?.length) parts.push(finding.environments.map(oneLine).join(', '));
  if (finding.kubeVersions?.length) parts.push(`Kubernetes ${finding.kubeVersions.map(oneLine).join(', ')}`);
  if (finding.resource !== undefined) parts.push(oneLine(finding.resource));
  return parts;
}

/** The worst first; within a severity in the order of the report. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

export function countOf(report: Report, severity: Severity): number {
  return report.findings.filter((finding) => finding.severity === severity).length;
}
