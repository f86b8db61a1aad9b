/** The run of a workflow on GitHub that this is a step of. */
export interface GitHubRun {
  /** `owner/name`. */
  readonly repository: string;
  /** The workflow's file, `.github/workflows/chart.yml`; its name where the file isn't known. */
  readonly workflow: string;
  readonly id: number;
  readonly attempt: number;
  /** Where a person looks at it. */
  readonly url: string;
  /** The commit that the workflow runs on. */
  readonly sha: string;
  /** The tag's name, where a tag set it off. */
  readonly tag?: string;
  /** Absent where it runs for none, or for several. */
  readonly pullRequest?: PullRequest;
}

export interface PullRequest {
  readonly number: number;
  /** What is proposed; `GitHubRun.sha` is a merge commit of GitHub's. */
  readonly headSha: string;
}
