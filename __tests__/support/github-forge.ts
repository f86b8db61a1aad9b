import { createForge } from '../../src/adapters/forge.ts';
import type { GitHubRun } from '../../src/domain/github-run.ts';
import type { Forge } from '../../src/ports.ts';
import { type GitHubServer, TOKEN, type Trouble } from './github-server.ts';

export interface ForgeGiven {
  readonly token?: string;
  readonly url?: string;
  readonly cancel?: AbortSignal;
  readonly note?: (text: string) => void;
  /** Of one try; a call has five times that. */
  readonly milliseconds?: number;
}

/** The real adapter on the local server. A second of waiting takes a hundredth of one, but for the pace of writes. */
export function testForge(github: Pick<GitHubServer, 'url'>, given: ForgeGiven = {}): Forge {
  return createForge({
    repository: 'acme/charts',
    token: given.token ?? TOKEN,
    environment: { GITHUB_API_URL: given.url ?? github.url },
    cancel: given.cancel ?? new AbortController().signal,
    note: given.note ?? (() => undefined),
    second: 10,
    tryMilliseconds: given.milliseconds ?? 3000,
    callMilliseconds: 5 * (given.milliseconds ?? 3000),
  });
}

/** As workflowEnvironment of github-server.ts has it. */
export const RUN: GitHubRun = {
  repository: 'acme/charts',
  workflow: '.github/workflows/chart.yml',
  id: 1001,
  attempt: 1,
  url: 'https://github.example/acme/charts/actions/runs/1001',
  sha: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00',
};

/** What GitHub says to a token that may not. */
export const FORBIDDEN: Trouble = { status: 403, message: 'Resource not accessible by integration' };

/** The first `times` writes whose route begins so have this trouble. */
export function onWrites(
  github: Pick<GitHubServer, 'trouble'>,
  trouble: Trouble,
  { times = Number.POSITIVE_INFINITY, to = '' }: { readonly times?: number; readonly to?: string } = {},
): void {
  let left = times;
  github.trouble = ({ route }) => {
    if (route.startsWith('GET ') || !route.startsWith(to) || left <= 0) return undefined;
    left -= 1;
    return trouble;
  };
}

/** The writes that came, in order. */
export function writesTo(github: Pick<GitHubServer, 'asked'>): string[] {
  return github.asked.map(({ route }) => route).filter((route) => !route.startsWith('GET '));
}
