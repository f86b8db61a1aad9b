import type { Report } from '../domain/outcome.ts';

/** `report.json` as `schemas/report.schema.json` describes it: indented by two, a line feed at the end. */
export function jsonText(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
