import type { PullRequest } from '../domain/github-run.ts';

/** A pull request as an event has it; `undefined` for what is none. */
export function pullRequestOf(given: unknown): PullRequest | undefined {
  const { number, head } = (given ?? {}) as { number?: unknown; head?: { sha?: unknown } };
  const isKnown = typeof number === 'number' && Number.isSafeInteger(number) && number > 0;
  return isKnown && typeof head?.sha === 'string' ? { number, headSha: head.sha } : undefined;
}
