import { readFileSync } from 'node:fs';
import type { GitHubRun, PullRequest } from '../domain/github-run.ts';
import { workflowTag } from './workflow-ref.ts';

/** What the runner says of the workflow's run; `undefined` outside of one. */
export function githubRun(environment: NodeJS.ProcessEnv): GitHubRun | undefined {
  const { GITHUB_REPOSITORY: repository, GITHUB_SHA: sha, GITHUB_SERVER_URL: server } = environment;
  const id = Number(environment.GITHUB_RUN_ID);
  if (!repository || !/^[^/]+\/[^/]+$/.test(repository) || !sha || !(id > 0)) return undefined;
  const event = eventOf(environment);
  const pullRequest = pullRequestOf(event, repository);
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

interface Event {
  readonly pull_request?: unknown;
  readonly workflow_run?: { readonly pull_requests?: unknown };
}

function eventOf(environment: NodeJS.ProcessEnv): Event {
  try {
    return (JSON.parse(readFileSync(environment.GITHUB_EVENT_PATH ?? '', 'utf8')) ?? {}) as Event;
  } catch {
    return {};
  }
}

function pullRequestOf({ pull_request: own, workflow_run: run }: Event, repository: string): PullRequest | undefined {
  if (own !== undefined) return readPullRequest(own);
  // Those of forks with the same commit are among them: their numbers mean others here.
  const others = (Array.isArray(run?.pull_requests) ? run.pull_requests : []).filter((one: { url?: unknown } | null) =>
    String(one?.url).includes(`/repos/${repository}/pulls/`),
  );
  return others.length === 1 ? readPullRequest(others[0]) : undefined;
}

function readPullRequest(given: unknown): PullRequest | undefined {
  const { number, head } = (given ?? {}) as {
    number?: unknown;
    head?: { sha?: unknown };
  };
  if (typeof number !== 'number' || typeof head?.sha !== 'string') return undefined;
  return { number, headSha: head.sha };
}
