import type { Finding } from './domain/finding.ts';
import type { Report } from './domain/outcome.ts';
import { commentOn } from './github/pull-request-comment.ts';
import { readGitHub } from './github-request.ts';
import type { Ports } from './ports.ts';
import { cleaned } from './report/cleaned.ts';
import type { RawRequest } from './request.ts';

/** What came of it is said where it is reviewed, also of a request that was refused. */
export async function tellPullRequest(
  raw: RawRequest,
  report: Report,
  { openForge, host }: Pick<Ports, 'openForge' | 'host'>,
): Promise<Finding[]> {
  const github = readGitHub(raw);
  const pullRequest = github?.run.pullRequest;
  // Of a run that was interrupted the next one tells; a plan has come to nothing yet.
  const isSilent = report.status === 'cancelled' || report.plan !== undefined;
  if (github?.comment !== true || pullRequest === undefined || isSilent) return [];
  try {
    const forge = await openForge({ repository: github.run.repository, token: github.token });
    return await commentOn(pullRequest, github.run, github.about, cleaned(report, host.redact), forge);
  } catch (error) {
    // A bug, and no reason to lose the report.
    const message = `a bug in Chartship: the pull request has no comment: ${error instanceof Error ? error.message : String(error)}`;
    return [{ stage: 'github', rule: 'github/bug', severity: 'note', message }];
  }
}
