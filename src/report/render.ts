import type { Report } from '../domain/outcome.ts';
import type { RulePages } from '../domain/rule-pages.ts';
import { cleaned } from './cleaned.ts';
import { jsonText } from './json.ts';
import { junitText } from './junit.ts';
import { planJson } from './plan.ts';
import { sarifText } from './sarif.ts';
import { summaryText } from './summary.ts';

/** The texts of the report folder's files. */
export interface ReportFiles {
  readonly 'report.json': string;
  readonly 'report.sarif': string;
  readonly 'junit.xml': string;
  readonly 'summary.md': string;
}

/** The one file of a run that only planned: what an earlier run measured stays for the next plan. */
export function renderPlan(
  report: Report,
  redact: (text: string) => string,
): { readonly 'plan.json': string } | undefined {
  const plan = report.plan && cleaned(report, redact).plan;
  return plan && { 'plan.json': planJson(plan) };
}

/**
 * The report folder's files by name. Secrets are taken out of every string before it is written in a
 * file's notation, so the texts need no second redaction (and must not get one: it could break the JSON).
 */
export function renderReport(report: Report, redact: (text: string) => string, pages?: RulePages): ReportFiles {
  const clean = cleaned(report, redact);
  return {
    'report.json': jsonText(clean),
    'report.sarif': sarifText(clean, pages),
    'junit.xml': junitText(clean),
    'summary.md': summaryText(clean),
  };
}
