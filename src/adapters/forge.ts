import type {
  DeploymentStatus,
  Forge,
  ForgeAnswer,
  ForgeAsset,
  ForgeComment,
  ForgeDeployment,
  ForgeRelease,
} from '../ports.ts';
import { createClient, FILE_TYPE, type ForgeOptions, type Send } from './forge-client.ts';

/** Whom a repository lets write to it, or be asked to: `author_association` as GitHub has it. */
const TRUSTED = ['OWNER', 'MEMBER', 'COLLABORATOR'];

interface RawComment {
  readonly id: number;
  readonly body?: string;
  readonly user: { readonly type: string } | null;
  readonly author_association: string;
}

interface RawDeployment {
  readonly id: number;
  readonly sha: string;
  readonly created_at: string;
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
        send<RawDeployment[]>('GET /repos/{owner}/{repo}/deployments', { ...of, per_page: NEWEST }),
        (deployments) => deployments.map(deploymentOf),
      ),
    addDeployment: ({ environment, task, sha, description, payload, isProduction }) =>
      mapped(
        send<RawDeployment>('POST /repos/{owner}/{repo}/deployments', {
          ...{ ref: sha, environment, task, description, payload, production_environment: isProduction },
          // It is being deployed: GitHub is told, not asked.
          ...{ auto_merge: false, required_contexts: [] },
        }),
        deploymentOf,
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

    releases: async (tag) => {
      const all = await pages<RawRelease>(send, 'GET /repos/{owner}/{repo}/releases', {}, RELEASE_PAGES);
      if (!all.ok) return all;
      const those = all.value.filter((one) => one.tag_name === tag).map(releaseOf);
      return { ok: true, value: those.sort((a, b) => a.id - b.id) };
    },
    release: (id) =>
      mapped(send<RawRelease>('GET /repos/{owner}/{repo}/releases/{release_id}', { release_id: id }), releaseOf),
    addDraft: ({ tag, sha, name, body, isPrerelease }) =>
      mapped(
        send<RawRelease>('POST /repos/{owner}/{repo}/releases', {
          ...{ tag_name: tag, target_commitish: sha, name, body, draft: true, prerelease: isPrerelease },
        }),
        releaseOf,
      ),
    removeRelease: (id) =>
      mapped(send('DELETE /repos/{owner}/{repo}/releases/{release_id}', { release_id: id }), nothing),
    publishRelease: (id, { isPrerelease, body }) =>
      mapped(
        send<RawRelease>('PATCH /repos/{owner}/{repo}/releases/{release_id}', {
          // By version and date among all: a fix of an older line is not the latest.
          ...{ release_id: id, draft: false, prerelease: isPrerelease, make_latest: isPrerelease ? 'false' : 'legacy' },
          ...(body !== undefined && { body }),
        }),
        releaseOf,
      ),
    assets: (release) =>
      mapped(
        pages<RawAsset>(send, 'GET /repos/{owner}/{repo}/releases/{release_id}/assets', { release_id: release }),
        (assets) => assets.map(assetOf),
      ),
    assetContent: (id) =>
      mapped(
        send<ArrayBuffer>('GET /repos/{owner}/{repo}/releases/assets/{asset_id}', {
          asset_id: id,
          headers: { accept: FILE_TYPE },
        }),
        (content) => new Uint8Array(content),
      ),
    addAsset: async (release, { name, type, content }) => {
      const answer = await send<RawAsset>(`POST ${release.uploadUrl}`, {
        name,
        data: content,
        headers: { 'content-type': type },
      });
      if (answer.ok) return { ok: true, value: assetOf(answer.value) };
      const { kind, message } = answer.fault;
      return kind === 'invalid' && /already_exists/.test(message)
        ? { ok: false, fault: { kind: 'conflict', message } }
        : answer;
    },
    removeAsset: (id) =>
      mapped(send('DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}', { asset_id: id }), nothing),
  };
}

/** Drafts stand among the others, by the date of their commit. */
const RELEASE_PAGES = 10;

interface RawRelease {
  readonly id: number;
  readonly tag_name: string;
  readonly target_commitish: string;
  readonly draft: boolean;
  readonly immutable?: boolean;
  readonly body?: string | null;
  readonly html_url: string;
  readonly upload_url: string;
}

function releaseOf(raw: RawRelease): ForgeRelease {
  const { id, tag_name, target_commitish, draft, immutable, body, html_url, upload_url } = raw;
  return {
    ...{ id, tag: tag_name, target: target_commitish, isDraft: draft, isImmutable: immutable === true },
    ...{ body: body ?? '', url: html_url, uploadUrl: upload_url },
  };
}

interface RawAsset {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly state: string;
  readonly digest: string | null;
}

function assetOf({ id, name, size, state, digest }: RawAsset): ForgeAsset {
  return { id, name, size, isComplete: state === 'uploaded', ...(digest && { digest }) };
}

function deploymentOf({ id, sha, created_at }: RawDeployment): ForgeDeployment {
  return { id, sha, created: created_at };
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
