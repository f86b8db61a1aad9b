/** GitHub's API for one repository (`owner/name`), with a token. */
export type OpenForge = (access: { readonly repository: string; readonly token: string }) => Promise<Forge>;

export interface ForgeFault {
  readonly kind:
    | 'unauthorized' // 401: the token is wrong, or ran out
    | 'forbidden' // 403: the token may not
    | 'rate-limited' // 403 and 429 that say when to come again, after waiting where that is soon
    | 'not-found' // 404 and 410; GitHub says so, too, of what the token may not see
    | 'conflict' // 409
    | 'invalid' // 422 and 400
    | 'unreachable' // refused, no such host, closed in the middle, a deadline passed
    | 'server-error'; // 5xx, after tries where another does no harm
  /** One sentence for a person; GitHub's own words where there are any. Never a secret. */
  readonly message: string;
}

export type ForgeAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: ForgeFault };

export interface ForgeComment {
  readonly id: number;
  readonly body: string;
  /** Written by an app (as the workflow's token is), or by somebody whom the repository trusts to write. */
  readonly isTrusted: boolean;
}

export interface ForgeDeployment {
  readonly id: number;
  readonly sha: string;
  /** RFC 3339. */
  readonly created: string;
}

export interface DeploymentStatus {
  readonly state: 'error' | 'failure' | 'inactive' | 'in_progress' | 'queued' | 'pending' | 'success';
  /** At most 140 characters. */
  readonly description: string;
  /** The run that it comes from. */
  readonly logUrl: string;
  /** Where what is deployed is reached. */
  readonly environmentUrl?: string;
}

export interface ForgeRelease {
  readonly id: number;
  readonly tag: string;
  /** The commit, or the branch, that it was made for. */
  readonly target: string;
  readonly isDraft: boolean;
  /** Published for good: neither it nor its files can be changed any more. */
  readonly isImmutable: boolean;
  readonly body: string;
  /** Where a person looks at it. */
  readonly url: string;
  /** Where files are sent to, as GitHub names it. */
  readonly uploadUrl: string;
}

export interface ForgeAsset {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  /** `sha256:…`; absent where GitHub doesn't say. */
  readonly digest?: string;
  /** False for an upload that goes on, or was never finished. */
  readonly isComplete: boolean;
}

/**
 * What is said on GitHub. Every call is bounded in time. What can be tried again without harm is tried again; what
 * makes something new is sent once, so that `unreachable` and `server-error` leave open whether it was made: look.
 */
export interface Forge {
  /** Oldest first. */
  comments(pullRequest: number): Promise<ForgeAnswer<readonly ForgeComment[]>>;
  addComment(pullRequest: number, body: string): Promise<ForgeAnswer<ForgeComment>>;
  editComment(id: number, body: string): Promise<ForgeAnswer<undefined>>;
  removeComment(id: number): Promise<ForgeAnswer<undefined>>;

  /** The newest of an environment and a task, newest first. */
  deployments(of: {
    readonly environment: string;
    readonly task: string;
    readonly sha?: string;
  }): Promise<ForgeAnswer<readonly ForgeDeployment[]>>;
  addDeployment(deployment: {
    readonly environment: string;
    readonly task: string;
    readonly sha: string;
    readonly description: string;
    readonly payload: Readonly<Record<string, string>>;
    readonly isProduction: boolean;
  }): Promise<ForgeAnswer<ForgeDeployment>>;
  /** Newest first. */
  deploymentStatuses(id: number): Promise<ForgeAnswer<readonly DeploymentStatus[]>>;
  /** Other deployments of the environment stay as they are. */
  addDeploymentStatus(id: number, status: DeploymentStatus): Promise<ForgeAnswer<undefined>>;

  /** Every release of a tag, drafts with it, oldest first. */
  releases(tag: string): Promise<ForgeAnswer<readonly ForgeRelease[]>>;
  release(id: number): Promise<ForgeAnswer<ForgeRelease>>;
  addDraft(release: {
    readonly tag: string;
    readonly sha: string;
    readonly name: string;
    readonly body: string;
    readonly isPrerelease: boolean;
  }): Promise<ForgeAnswer<ForgeRelease>>;
  removeRelease(id: number): Promise<ForgeAnswer<undefined>>;
  /** Makes a draft public, with other words where they are given. */
  publishRelease(
    id: number,
    as: { readonly isPrerelease: boolean; readonly body?: string },
  ): Promise<ForgeAnswer<ForgeRelease>>;
  assets(release: number): Promise<ForgeAnswer<readonly ForgeAsset[]>>;
  /** The content of one. */
  assetContent(id: number): Promise<ForgeAnswer<Uint8Array>>;
  /** A `conflict` when there is one of that name. */
  addAsset(
    release: ForgeRelease,
    asset: { readonly name: string; readonly type: string; readonly content: Uint8Array },
  ): Promise<ForgeAnswer<ForgeAsset>>;
  removeAsset(id: number): Promise<ForgeAnswer<undefined>>;
}
