import type { PullRequest } from '../domain/github-run.ts';
import { pullRequestOf } from './event-pull-request.ts';
import { eventOf } from './workflow-event-file.ts';

/** The tag that a workflow runs for. */
export function workflowTag(environment: NodeJS.ProcessEnv): string | undefined {
  const { GITHUB_REF_TYPE, GITHUB_REF_NAME } = environment;
  return GITHUB_REF_TYPE === 'tag' && GITHUB_REF_NAME ? GITHUB_REF_NAME : undefined;
}

/** As many as `docker/metadata-action` and git show. */
const SHORT_SHA = 7;
/** A version is a tag of at most 128 characters, and more than the branch is in it. */
const LONGEST_BRANCH = 40;

/**
 * What makes a version one of the commit that a workflow runs for, in the notation of a pre-release: `pr.45.sha-0a1b2c3`,
 * or, with the number of the run, so that later ones are newer, `feature-x.17.sha-0a1b2c3`. `undefined` for a tag, which
 * is a release, and outside a workflow.
 */
export function workflowPreRelease(environment: NodeJS.ProcessEnv): string | undefined {
  if (workflowTag(environment) !== undefined) return undefined;
  const { GITHUB_SHA: sha, GITHUB_RUN_NUMBER: run, GITHUB_REF_NAME: branch } = environment;
  const request = proposed(environment);
  if (request !== undefined) return `pr.${request.number}.${shaPart(request.headSha)}`;
  if (!sha || !branch || !run || !/^\d+$/.test(run)) return undefined;
  return `${branchPart(branch)}.${Number(run)}.${shaPart(sha)}`;
}

function shaPart(sha: string): string {
  return `sha-${sha.slice(0, SHORT_SHA)}`;
}

function branchPart(name: string): string {
  const part = name
    .replace(/[^0-9A-Za-z-]+/g, '-')
    .slice(0, LONGEST_BRANCH)
    .replace(/^-+|-+$/g, '');
  // A number of several digits must not begin with 0, and as one it would be older than any word.
  return /^\d*$/.test(part) ? `branch-${part}` : part;
}

/** The pull request's own last commit: GITHUB_SHA is that of a merge which is in no branch. */
function proposed(environment: NodeJS.ProcessEnv): PullRequest | undefined {
  if (!environment.GITHUB_EVENT_NAME?.startsWith('pull_request')) return undefined;
  const request = pullRequestOf(eventOf(environment).pull_request);
  return request !== undefined && /^[0-9a-f]{40,64}$/.test(request.headSha) ? request : undefined;
}
