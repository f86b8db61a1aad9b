import type { DeploymentStatus, Forge, ForgeAnswer, ForgeComment, ForgeDeployment } from '../ports.ts';
import { createClient, type ForgeOptions, type Send } from './forge-client.ts';

/** Whom a repository lets write to it, or be asked to: `author_association` as GitHub has it. */
const TRUSTED = ['OWNER', 'MEMBER', 'COLLABORATOR'];

interface RawComment {
  readonly id: number;
  readonly body?: string;
  readonly user: { readonly type: string } | null;
  readonly author_association: string;
}

interface RawStatus {
  readonly state: string;
  readonly description: string;
  readonly log_url?: string;
  readonly environment_url?: string;
}

/** GitHub's API. Octokit, 70 KB, is loaded with this file: it is imported only where there is something to say. */
export function createForge(options: ForgeOptions): Forge {
  const send = createClient(options);
  return {
    comments: (pullRequest) =>
      mapped(
        pages<RawComment>(send, 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
          issue_number: pullRequest,
        }),
        (comments) => comments.map(commentOf),
      ),
    addComment: (pullRequest, body) =>
      mapped(
        send<RawComment>('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
          issue_number: pullRequest,
          body,
        }),
        commentOf,
      ),
    editComment: (id, body) =>
      mapped(send('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', { comment_id: id, body }), nothing),
    removeComment: (id) =>
      mapped(send('DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}', { comment_id: id }), nothing),

    deployments: (of) =>
      mapped(
        send<ForgeDeployment[]>('GET /repos/{owner}/{repo}/deployments', { ...of, per_page: NEWEST }),
        (deployments) => deployments.map(({ id, sha }) => ({ id, sha })),
      ),
    addDeployment: ({ environment, task, sha, description, payload, isProduction }) =>
      mapped(
        send<ForgeDeployment>('POST /repos/{owner}/{repo}/deployments', {
          ...{ ref: sha, environment, task, description, payload, production_environment: isProduction },
          // It is being deployed: GitHub is told, not asked.
          ...{ auto_merge: false, required_contexts: [] },
        }),
        (made) => ({ id: made.id, sha: made.sha }),
      ),
    deploymentStatuses: (id) =>
      mapped(
        send<RawStatus[]>('GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
          deployment_id: id,
          per_page: NEWEST,
        }),
        (statuses) => statuses.map(statusOf),
      ),
    addDeploymentStatus: (id, { state, description, logUrl, environmentUrl }) =>
      mapped(
        send('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
          ...{ deployment_id: id, state, description, log_url: logUrl, auto_inactive: false },
          ...(environmentUrl !== undefined && { environment_url: environmentUrl }),
        }),
        nothing,
      ),
  };
}

function statusOf({ state, description, log_url = '', environment_url }: RawStatus): DeploymentStatus {
  return {
    state: state as DeploymentStatus['state'],
    description,
    logUrl: log_url,
    ...(environment_url && { environmentUrl: environment_url }),
  };
}

function commentOf({ id, body, user, author_association }: RawComment): ForgeComment {
  return { id, body: body ?? '', isTrusted: user?.type === 'Bot' || TRUSTED.includes(author_association) };
}

/** Deployments and statuses that are looked at. */
const NEWEST = 30;
const PER_PAGE = 100;
/** A pull request with more comments than this has other worries. */
const PAGES = 20;

async function pages<T>(
  send: Send,
  route: string,
  parameters: Readonly<Record<string, unknown>>,
  most = PAGES,
): Promise<ForgeAnswer<readonly T[]>> {
  const all: T[] = [];
  for (let page = 1; page <= most; page += 1) {
    const answer = await send<T[]>(route, { ...parameters, per_page: PER_PAGE, page });
    if (!answer.ok) return answer;
    all.push(...answer.value);
    if (answer.value.length < PER_PAGE) break;
  }
  return { ok: true, value: all };
}

async function mapped<T, R>(answer: Promise<ForgeAnswer<T>>, map: (value: T) => R): Promise<ForgeAnswer<R>> {
  const got = await answer;
  return got.ok ? { ok: true, value: map(got.value) } : got;
}

function nothing(): undefined {
  return undefined;
}
