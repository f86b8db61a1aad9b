import type { GitHubRun, PullRequest } from '../domain/github-run.ts';
import { pullRequestOf } from './event-pull-request.ts';
import { eventOf } from './workflow-event-file.ts';
import { workflowTag } from './workflow-ref.ts';

/** What the runner says of the workflow's run; `undefined` outside of one. */
export function githubRun(environment: NodeJS.ProcessEnv): GitHubRun | undefined {
  const { GITHUB_REPOSITORY: repository, GITHUB_SHA: sha, GITHUB_SERVER_URL: server } = environment;
  const id = Number(environment.GITHUB_RUN_ID);
  if (!repository || !/^[^/]+\/[^/]+$/.test(repository) || !sha || !(id > 0)) return undefined;
  const pullRequest = aboutPullRequest(eventOf(environment), repository);
  const tag = workflowTag(environment);
  return {
    repository,
    workflow: fileOf(environment.GITHUB_WORKFLOW_REF, repository) ?? environment.GITHUB_WORKFLOW ?? '',
    id,
    attempt: Number(environment.GITHUB_RUN_ATTEMPT) || 1,
    url: `${server || 'https://github.com'}/${repository}/actions/runs/${id}`,
    sha,
    ...(tag !== undefined && { tag }),
    ...(pullRequest !== undefined && { pullRequest }),
  };
}

/** `owner/name/.github/workflows/chart.yml@refs/heads/main` without the repository and the ref. */
function fileOf(reference: string | undefined, repository: string): string | undefined {
  if (!reference?.startsWith(`${repository}/`)) return undefined;
  return reference.slice(repository.length + 1).replace(/@refs\/.*$/, '');
}

/** The one that the event is about: its own, or that of the run that it follows. */
function aboutPullRequest(
  { pull_request: own, workflow_run }: ReturnType<typeof eventOf>,
  repository: string,
): PullRequest | undefined {
  if (own !== undefined) return pullRequestOf(own);
  const before = (workflow_run as { pull_requests?: unknown } | null | undefined)?.pull_requests;
  // Those of forks with the same commit are among them: their numbers mean others here.
  const others = (Array.isArray(before) ? before : []).filter((one: { url?: unknown } | null) =>
    String(one?.url).includes(`/repos/${repository}/pulls/`),
  );
  return others.length === 1 ? pullRequestOf(others[0]) : undefined;
}
