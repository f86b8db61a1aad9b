import type { Report } from '../domain/outcome.ts';
import { checkTable } from './check-table.ts';
import { comparisonBlocks, dangerBlocks } from './comparison-blocks.ts';
import { findingBlocks } from './finding-blocks.ts';
import { fitted } from './fitted.ts';
import { inert } from './markdown.ts';
import { shorten } from './plain-text.ts';
import { STATUS_MARKS, verdict } from './verdict.ts';

/** GitHub counts characters; so many bytes are never more of them. */
const LIMIT_BYTES = 65_536;
/** Findings of one severity; the others are in the summary and in report.json. */
const PER_SEVERITY = 20;
/** What all comparisons together may take. */
const COMPARISON_BYTES = 28_000;

/** Where the report comes from: what stands in the comment beside what it says. */
export interface CommentFrame {
  /** An HTML comment, by which the next run finds it. */
  readonly marker: string;
  /** The commit that is proposed. */
  readonly commit: string;
  readonly runUrl: string;
}

/** The comment on a pull request: GitHub-flavoured Markdown in which nothing of a chart can act, cut to what GitHub takes. */
export function commentText(report: Report, { marker, commit, runUrl }: CommentFrame): string {
  const checks = checkTable(report);
  return fitted(
    [
      `${marker}\n## ${STATUS_MARKS[report.status]} Chartship: ${inert(shorten(verdict(report), 500))}`,
      `_Of ${inert(commit.slice(0, 12))}. The whole report is in [the summary of the run](${runUrl})._`,
      ...dangerBlocks(report),
      ...findingBlocks(report, PER_SEVERITY),
      ...comparisonBlocks(report, COMPARISON_BYTES),
      ...(checks === undefined ? [] : [`<details><summary>What was checked</summary>\n\n${checks}\n\n</details>`]),
    ],
    LIMIT_BYTES,
  );
}
