import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { githubRun } from '../../src/adapters/github-run.ts';
import type { GitHubRun } from '../../src/domain/github-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartship-event-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(event: unknown, more: Record<string, string | undefined> = {}): GitHubRun | undefined {
  const path = join(folder, 'event.json');
  writeFileSync(path, typeof event === 'string' ? event : JSON.stringify(event));
  return githubRun({
    GITHUB_REPOSITORY: 'acme/charts',
    GITHUB_SHA: 'c0ffee',
    GITHUB_RUN_ID: '12',
    GITHUB_RUN_ATTEMPT: '2',
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_WORKFLOW_REF: 'acme/charts/.github/workflows/a@b.yml@refs/heads/x@y',
    GITHUB_EVENT_PATH: path,
    ...more,
  });
}

test('what the runner says', () => {
  expect(run({}, { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.0.0' })).toEqual({
    ...{ repository: 'acme/charts', workflow: '.github/workflows/a@b.yml', id: 12, attempt: 2, sha: 'c0ffee' },
    ...{ url: 'https://github.example/acme/charts/actions/runs/12', tag: 'v1.0.0' },
  });
});

test.each([
  ['GITHUB_REPOSITORY', undefined],
  ['GITHUB_REPOSITORY', 'odd'],
  ['GITHUB_RUN_ID', ''],
  ['GITHUB_SHA', ''],
])('without %s (%s) it is no run', (name, value) => {
  expect(run({}, { [name]: value })).toBeUndefined();
});

describe('the pull request', () => {
  const one = (number: number, repository = 'acme/charts') => ({
    ...{ number, head: { sha: 'dead' }, url: `https://api.github.com/repos/${repository}/pulls/${number}` },
  });
  test.each<[string, unknown, number | undefined]>([
    ['its own event', { pull_request: { number: 7, head: { sha: 'dead' } } }, 7],
    ['a run of a workflow for one', { workflow_run: { pull_requests: [one(7)] } }, 7],
    ["a fork's of the same commit", { workflow_run: { pull_requests: [one(3, 'evil/charts'), one(7)] } }, 7],
    ["only a fork's", { workflow_run: { pull_requests: [one(3, 'evil/charts')] } }, undefined],
    ['two', { workflow_run: { pull_requests: [one(7), one(8)] } }, undefined],
    ['none', { workflow_run: { pull_requests: [] } }, undefined],
    ['an event that is odd', { pull_request: { number: '7' } }, undefined],
    ['no JSON', '{', undefined],
    ['nothing', 'null', undefined],
  ])('%s', (_name, event, number) => {
    expect(run(event)?.pullRequest?.number).toBe(number);
  });
});
