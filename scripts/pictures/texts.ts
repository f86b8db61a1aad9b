import { SAMPLES } from '../../__tests__/support/sample-report.ts';
import { summaryText } from '../../src/report/summary.ts';

/** The texts of which there are pictures, by the pictures' names. */
export const texts: Readonly<Record<string, string>> = {
  'summary-published': summaryText(SAMPLES.good),
  'summary-findings': summaryText(SAMPLES.findings),
  'summary-deployment-failed': summaryText(SAMPLES.undeployed),
};
