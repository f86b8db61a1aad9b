import type { GitHubRun } from './domain/github-run.ts';
import type { RawRequest } from './request.ts';

/** What is to be said on GitHub, and by what token. */
export interface GitHubRequest {
  readonly run: GitHubRun;
  readonly token: string;
  readonly comment: boolean;
  readonly deployment: boolean;
  readonly release: boolean;
  /** The run's charts and configuration as they were asked for: runs of one workflow with others have a comment of their own. */
  readonly about: readonly string[];
}

/**
 * Read by itself, so that a request that is refused can be told of, too: what is wrong with these inputs is said with
 * the others. `undefined` outside of a workflow and without a token.
 */
export function readGitHub({ inputs, workflow }: RawRequest): GitHubRequest | undefined {
  const given = (name: string): string =>
    inputs
      .filter((input) => input.name === name)
      .map(({ text }) => text)
      .join('\n')
      .trim();
  const token = given('github-token');
  if (workflow.run === undefined || token === '') return undefined;
  const charts = given('chart')
    .split(/[\n,]/)
    .map((text) => text.trim());
  return {
    run: workflow.run,
    token,
    comment: given('comment').toLowerCase() !== 'false',
    deployment: given('github-deployment').toLowerCase() !== 'false',
    release: given('github-release').toLowerCase() === 'true',
    about: [given('config'), ...charts.filter((text) => text !== '').sort()],
  };
}
