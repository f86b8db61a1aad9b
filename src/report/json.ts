import type { Report } from '../domain/outcome.ts';

/** `report.json` as `schemas/report.schema.json` describes it: indented by two, a line feed at the end. */
export function jsonText(report: Report): string {
  // Whoever reads JSON has the file.
  const findings = report.findings.map(({ frame: _frame, region: _region, ...finding }) => finding);
  return `${JSON.stringify({ ...report, findings }, null, 2)}\n`;
}
