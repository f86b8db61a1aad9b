import { SAMPLES } from '../../__tests__/support/sample-report.ts';
import { commentText } from '../../src/report/comment.ts';
import { summaryText } from '../../src/report/summary.ts';

const FRAME = {
  marker: '<!-- chartship -->',
  commit: '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567',
  runUrl: 'https://github.com/acme/task-api/actions/runs/1',
};

/** The texts of which there are pictures, by the pictures' names. */
export const texts: Readonly<Record<string, string>> = {
  'comment-changes': commentText(SAMPLES.proposed, FRAME),
  'comment-findings': commentText(SAMPLES.findings, FRAME),
  'summary-published': summaryText(SAMPLES.good),
  'summary-findings': summaryText(SAMPLES.findings),
  'summary-deployment-failed': summaryText(SAMPLES.undeployed),
};
