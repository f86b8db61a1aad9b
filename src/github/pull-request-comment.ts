import { createHash } from 'node:crypto';
import type { Finding } from '../domain/finding.ts';
import type { GitHubRun, PullRequest } from '../domain/github-run.ts';
import type { Report } from '../domain/outcome.ts';
import type { Forge, ForgeAnswer, ForgeComment, ForgeFault } from '../ports.ts';
import { commentText } from '../report/comment.ts';
import { untold } from './untold.ts';

const MARKER = /^<!-- chartship-comment ([0-9a-f]{16}) run ([0-9]+)\.([0-9]+) -->/;

interface Mine {
  readonly key: string;
  readonly run: GitHubRun;
}

/**
 * Says on the pull request what a report says: in one comment for each workflow and set of charts, which is found by
 * its marker and kept up to date. What can't be said is a note: the summary has it all.
 */
export async function commentOn(
  pullRequest: PullRequest,
  run: GitHubRun,
  about: readonly string[],
  report: Report,
  forge: Forge,
): Promise<Finding[]> {
  const key = createHash('sha256')
    .update(JSON.stringify([run.workflow, ...about]))
    .digest('hex')
    .slice(0, 16);
  const body = commentText(report, {
    marker: `<!-- chartship-comment ${key} run ${run.id}.${run.attempt} -->`,
    commit: pullRequest.headSha,
    runUrl: `${run.url}/attempts/${run.attempt}`,
  });
  const fault = await say(pullRequest.number, body, { key, run }, forge);
  return fault === undefined
    ? []
    : [untold('comment', 'the pull request has no comment of this run', fault, 'pull-requests')];
}

/** A comment that somebody removes meanwhile is made anew, once. */
async function say(number: number, body: string, mine: Mine, forge: Forge): Promise<ForgeFault | undefined> {
  for (let tries = 0; ; tries += 1) {
    const there = await ours(number, mine, forge);
    if (!there.ok) return there.fault;
    const [first] = there.value;
    if (first === undefined) return await add(number, body, mine, forge);
    if (isNewer(first, mine)) return undefined;
    const edited = first.body === body ? { ok: true as const } : await forge.editComment(first.id, body);
    if (edited.ok) return undefined;
    if (edited.fault.kind !== 'not-found' || tries > 0) return edited.fault;
  }
}

/** Two runs at once may both find none: both look again, and the later comment goes. */
async function add(number: number, body: string, mine: Mine, forge: Forge): Promise<ForgeFault | undefined> {
  const added = await forge.addComment(number, body);
  const isOpen = !added.ok && (added.fault.kind === 'unreachable' || added.fault.kind === 'server-error');
  if (!added.ok && !isOpen) return added.fault;
  const there = await ours(number, mine, forge);
  if (!there.ok) return added.ok ? undefined : added.fault;
  const [first, ...others] = there.value;
  if (first === undefined) {
    // It never came to be.
    const again = await forge.addComment(number, body);
    return again.ok ? undefined : again.fault;
  }
  const own = added.ok ? others.find(({ id }) => id === added.value.id) : undefined;
  if (own !== undefined) await forge.removeComment(own.id);
  if (first.body === body || isNewer(first, mine)) return undefined;
  const edited = await forge.editComment(first.id, body);
  return edited.ok ? undefined : edited.fault;
}

/** Those of this workflow and these charts. Anybody can write a marker; whom the repository doesn't trust is not believed. */
async function ours(number: number, { key }: Mine, forge: Forge): Promise<ForgeAnswer<readonly ForgeComment[]>> {
  const comments = await forge.comments(number);
  if (!comments.ok) return comments;
  const those = comments.value.filter(({ body, isTrusted }) => isTrusted && MARKER.exec(body)?.[1] === key);
  return { ok: true, value: those.sort((a, b) => a.id - b.id) };
}

/** A run that was slow doesn't take the word from one that was started after it. */
function isNewer({ body }: ForgeComment, { run }: Mine): boolean {
  const [, , id, attempt] = MARKER.exec(body) ?? [];
  return Number(id) > run.id || (Number(id) === run.id && Number(attempt) > run.attempt);
}
