import { createHash } from 'node:crypto';
import type { Asked } from './github-server.ts';

/** The operations that Chartship uses, as GitHub's description has their paths. */
export const PATHS = [
  '/repos/{owner}/{repo}/issues/{issue_number}/comments',
  '/repos/{owner}/{repo}/issues/comments/{comment_id}',
  '/repos/{owner}/{repo}/deployments',
  '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
  '/repos/{owner}/{repo}/releases',
  '/repos/{owner}/{repo}/releases/{release_id}',
  '/repos/{owner}/{repo}/releases/{release_id}/assets',
  '/repos/{owner}/{repo}/releases/assets/{asset_id}',
] as const;

export interface Comment {
  readonly id: number;
  readonly issue: number;
  body: string;
  /** `Bot` for the workflow's token. */
  readonly by: 'Bot' | 'User';
  readonly association: string;
}

export interface Status {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly environment_url: string;
  readonly log_url: string;
}

export interface Deployment {
  readonly id: number;
  readonly sha: string;
  readonly ref: string;
  readonly task: string;
  readonly environment: string;
  readonly payload: unknown;
  readonly description: string | null;
  readonly production_environment: boolean;
  /** Long ago where it isn't said. */
  created?: string;
  /** Newest first. */
  readonly statuses: Status[];
}

export interface Asset {
  readonly id: number;
  readonly name: string;
  readonly content: Uint8Array;
  /** An upload that was never finished is `open`, by the description's schema; its prose says `starter`. */
  readonly state: 'uploaded' | 'open';
}

export interface Release {
  readonly id: number;
  tag_name: string;
  target_commitish: string;
  name: string | null;
  body: string | null;
  draft: boolean;
  prerelease: boolean;
  immutable: boolean;
  readonly assets: Asset[];
}

export interface GitHubState {
  comments: Comment[];
  deployments: Deployment[];
  releases: Release[];
  nextId: number;
  url: string;
  /** The repository's setting: what is published can't be changed any more. */
  immutableReleases?: boolean;
}

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}
type Handler = (state: GitHubState, asked: Asked) => Answer;

/** Where files are, for everybody who knows the address: as GitHub has them in another place than its API. */
export const STORED = '/stored/';

const NOT_FOUND: Answer = {
  status: 404,
  body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' },
};
const NOTHING: Answer = { status: 204 };
const TIME = '2026-01-02T03:04:05Z';

export const handlers: Readonly<Record<string, Handler>> = {
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': (state, asked) => {
    const those = state.comments.filter(({ issue }) => issue === Number(asked.path.issue_number));
    return { status: 200, body: page(those, asked).map((one) => commentBody(one, state)) };
  },
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': (state, asked) => {
    const { body } = asked.body as { body: string };
    if (body.length > 65_536) return invalid('Body is too long (maximum is 65536 characters)');
    const comment: Comment = {
      id: state.nextId++,
      issue: Number(asked.path.issue_number),
      body,
      by: 'Bot',
      association: 'NONE',
    };
    state.comments.push(comment);
    return { status: 201, body: commentBody(comment, state) };
  },
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': (state, asked) => {
    const comment = state.comments.find(({ id }) => id === Number(asked.path.comment_id));
    if (comment === undefined) return NOT_FOUND;
    const { body } = asked.body as { body: string };
    if (body.length > 65_536) return invalid('Body is too long (maximum is 65536 characters)');
    comment.body = body;
    return { status: 200, body: commentBody(comment, state) };
  },
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}': (state, asked) => {
    const left = state.comments.filter(({ id }) => id !== Number(asked.path.comment_id));
    if (left.length === state.comments.length) return NOT_FOUND;
    state.comments = left;
    return NOTHING;
  },

  'GET /repos/{owner}/{repo}/deployments': (state, asked) => {
    const those = state.deployments.filter((one) =>
      (['sha', 'ref', 'task', 'environment'] as const).every(
        (key) => asked.query[key] === undefined || asked.query[key] === one[key],
      ),
    );
    return { status: 200, body: page([...those].reverse(), asked).map((one) => deploymentBody(one, state)) };
  },
  'POST /repos/{owner}/{repo}/deployments': (state, asked) => {
    const given = asked.body as Partial<Deployment> & { ref: string; required_contexts?: string[] };
    if (given.required_contexts === undefined)
      return { status: 409, body: { message: 'Conflict: Commit status checks failed for the ref.' } };
    const deployment: Deployment = {
      id: state.nextId++,
      sha: given.ref,
      ref: given.ref,
      task: given.task ?? 'deploy',
      environment: given.environment ?? 'production',
      payload: given.payload ?? '',
      description: given.description ?? null,
      production_environment: given.production_environment ?? given.environment === 'production',
      statuses: [],
    };
    state.deployments.push(deployment);
    return { status: 201, body: deploymentBody(deployment, state) };
  },
  'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': (state, asked) => {
    const deployment = state.deployments.find(({ id }) => id === Number(asked.path.deployment_id));
    if (deployment === undefined) return NOT_FOUND;
    return { status: 200, body: page(deployment.statuses, asked).map((one) => statusBody(one, deployment, state)) };
  },
  'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': (state, asked) => {
    const deployment = state.deployments.find(({ id }) => id === Number(asked.path.deployment_id));
    if (deployment === undefined) return NOT_FOUND;
    const given = asked.body as { state: string; description?: string; environment_url?: string; log_url?: string };
    if ((given.description ?? '').length > 140) return invalid('Description is too long (maximum is 140 characters)');
    const { auto_inactive: clears = true } = asked.body as { auto_inactive?: boolean };
    if (given.state === 'success' && clears) clearOthers(state, deployment);
    const status = statusOf(state, given);
    deployment.statuses.unshift(status);
    return { status: 201, body: statusBody(status, deployment, state) };
  },

  'GET /repos/{owner}/{repo}/releases': (state, asked) => ({
    status: 200,
    body: page([...state.releases].reverse(), asked).map((one) => releaseBody(one, state)),
  }),
  'POST /repos/{owner}/{repo}/releases': (state, asked) => {
    const given = asked.body as Partial<Release> & { tag_name: string };
    const draft = given.draft ?? false;
    if (!draft && state.releases.some((one) => one.tag_name === given.tag_name && !one.draft)) return tagTaken();
    const release: Release = {
      id: state.nextId++,
      tag_name: given.tag_name,
      target_commitish: given.target_commitish ?? 'main',
      name: given.name ?? null,
      body: given.body ?? null,
      draft,
      prerelease: given.prerelease ?? false,
      immutable: !draft && state.immutableReleases === true,
      assets: [],
    };
    state.releases.push(release);
    return { status: 201, body: releaseBody(release, state) };
  },
  'GET /repos/{owner}/{repo}/releases/{release_id}': (state, asked) => {
    const release = releaseOf(state, asked);
    return release === undefined ? NOT_FOUND : { status: 200, body: releaseBody(release, state) };
  },
  'PATCH /repos/{owner}/{repo}/releases/{release_id}': (state, asked) => {
    const release = releaseOf(state, asked);
    if (release === undefined) return NOT_FOUND;
    const given = asked.body as Partial<Release>;
    const publishes = release.draft && given.draft === false;
    if (publishes && state.releases.some((one) => one !== release && !one.draft && one.tag_name === release.tag_name))
      return tagTaken();
    for (const key of ['tag_name', 'name', 'body', 'draft', 'prerelease'] as const)
      if (given[key] !== undefined) Object.assign(release, { [key]: given[key] });
    if (publishes && state.immutableReleases === true) release.immutable = true;
    return { status: 200, body: releaseBody(release, state) };
  },
  'DELETE /repos/{owner}/{repo}/releases/{release_id}': (state, asked) => {
    const release = releaseOf(state, asked);
    if (release === undefined) return NOT_FOUND;
    state.releases = state.releases.filter((one) => one !== release);
    return NOTHING;
  },
  'GET /repos/{owner}/{repo}/releases/{release_id}/assets': (state, asked) => {
    const release = releaseOf(state, asked);
    if (release === undefined) return NOT_FOUND;
    return { status: 200, body: page(release.assets, asked).map((one) => assetBody(one, state)) };
  },
  'POST /repos/{owner}/{repo}/releases/{release_id}/assets': (state, asked) => {
    const release = releaseOf(state, asked);
    if (release === undefined) return NOT_FOUND;
    if (release.immutable) return invalid('Cannot upload assets to an immutable release.');
    if (!(asked.body instanceof Uint8Array)) return { status: 400, body: { message: 'Bad Content-Length: 0' } };
    const name = asked.query.name ?? '';
    if (release.assets.some((one) => one.name === name))
      return {
        status: 422,
        body: {
          message: 'Validation Failed',
          errors: [{ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' }],
        },
      };
    const asset: Asset = { id: state.nextId++, name, content: asked.body, state: 'uploaded' };
    release.assets.push(asset);
    return { status: 201, body: assetBody(asset, state) };
  },
  'GET /repos/{owner}/{repo}/releases/assets/{asset_id}': (state, asked) => {
    const id = Number(asked.path.asset_id);
    const asset = state.releases.flatMap(({ assets }) => assets).find((one) => one.id === id);
    return asset === undefined ? NOT_FOUND : { status: 302, headers: { location: `${state.url}${STORED}${id}` } };
  },
  'DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}': (state, asked) => {
    for (const release of state.releases) {
      const index = release.assets.findIndex(({ id }) => id === Number(asked.path.asset_id));
      if (index < 0) continue;
      if (release.immutable) return invalid('Cannot delete asset from an immutable release');
      release.assets.splice(index, 1);
      return NOTHING;
    }
    return NOT_FOUND;
  },
};

/** A status as GitHub's own jobs write it, or one that was asked for. */
export function statusOf(
  state: GitHubState,
  given: { state: string; description?: string; environment_url?: string; log_url?: string },
): Status {
  const { description = '', environment_url = '', log_url = '' } = given;
  return { id: state.nextId++, state: given.state, description, environment_url, log_url };
}

/** Success makes those of before inactive, but for production ones. */
function clearOthers(state: GitHubState, deployment: Deployment): void {
  for (const other of state.deployments) {
    if (other === deployment || other.environment !== deployment.environment || other.production_environment) continue;
    other.statuses.unshift(statusOf(state, { state: 'inactive' }));
  }
}

function invalid(message: string): Answer {
  return { status: 422, body: { message: 'Validation Failed', errors: [{ resource: 'X', code: 'custom', message }] } };
}

function tagTaken(): Answer {
  const errors = [{ resource: 'Release', code: 'already_exists', field: 'tag_name' }];
  return { status: 422, body: { message: 'Validation Failed', errors } };
}

function releaseOf(state: GitHubState, asked: Asked): Release | undefined {
  return state.releases.find(({ id }) => id === Number(asked.path.release_id));
}

function page<T>(all: readonly T[], { query }: Asked): T[] {
  const size = Number(query.per_page ?? 30);
  const first = (Number(query.page ?? 1) - 1) * size;
  return all.slice(first, first + size);
}

function userBody(type: 'Bot' | 'User'): object {
  const login = type === 'Bot' ? 'github-actions[bot]' : 'somebody';
  const url = `https://api.github.com/users/${login}`;
  const links = ['followers', 'following', 'gists', 'starred', 'subscriptions', 'organizations', 'repos', 'events'];
  return {
    ...{ login, id: 41898282, node_id: 'U', avatar_url: '', gravatar_id: '', url, html_url: url },
    ...Object.fromEntries([...links, 'received_events'].map((name) => [`${name}_url`, url])),
    ...{ type, site_admin: false },
  };
}

function commentBody({ id, issue, body, by, association }: Comment, { url }: GitHubState): object {
  const base = `${url}/repos/acme/charts/issues`;
  return {
    ...{ id, node_id: 'C', url: `${base}/comments/${id}`, html_url: `${base}/${issue}#issuecomment-${id}`, body },
    ...{ user: userBody(by), created_at: TIME, updated_at: TIME, issue_url: `${base}/${issue}` },
    author_association: association,
  };
}

function deploymentBody(one: Deployment, { url }: GitHubState): object {
  const { id, sha, ref, task, environment, payload, description, production_environment } = one;
  const base = `${url}/repos/acme/charts`;
  return {
    ...{ id, node_id: 'D', sha, ref, task, environment, payload, description, production_environment },
    ...{ url: `${base}/deployments/${id}`, statuses_url: `${base}/deployments/${id}/statuses`, repository_url: base },
    ...{ creator: userBody('Bot'), created_at: one.created ?? TIME, updated_at: TIME },
  };
}

function statusBody(one: Status, deployment: Deployment, { url }: GitHubState): object {
  const base = `${url}/repos/acme/charts`;
  const deployment_url = `${base}/deployments/${deployment.id}`;
  return {
    ...{ ...one, node_id: 'S', target_url: one.log_url, environment: deployment.environment },
    ...{ creator: userBody('Bot'), deployment_url, repository_url: base },
    ...{ url: `${deployment_url}/statuses/${one.id}`, created_at: TIME, updated_at: TIME },
  };
}

function releaseBody(one: Release, state: GitHubState): object {
  const base = `${state.url}/repos/acme/charts/releases/${one.id}`;
  const { assets, ...rest } = one;
  return {
    ...{ ...rest, node_id: 'R', url: base, html_url: `https://github.example/acme/charts/releases/${one.tag_name}` },
    ...{
      assets_url: `${base}/assets`,
      upload_url: `${base}/assets{?name,label}`,
      tarball_url: null,
      zipball_url: null,
    },
    ...{ created_at: TIME, published_at: one.draft ? null : TIME, author: userBody('Bot') },
    assets: assets.map((asset) => assetBody(asset, state)),
  };
}

function assetBody({ id, name, content, state: progress }: Asset, { url }: GitHubState): object {
  const digest = progress === 'uploaded' ? `sha256:${createHash('sha256').update(content).digest('hex')}` : null;
  return {
    ...{ id, node_id: 'A', name, label: null, state: progress, content_type: 'application/octet-stream', digest },
    ...{ size: content.byteLength, url: `${url}/repos/acme/charts/releases/assets/${id}`, download_count: 0 },
    ...{ browser_download_url: `${url}/${name}`, created_at: TIME, updated_at: TIME, uploader: userBody('Bot') },
  };
}
