import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { workflowEvent } from '../../src/adapters/workflow-event.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartship-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['push', 'own'],
  ['release', 'own'],
  ['workflow_dispatch', 'own'],
  [undefined, 'own'],
  ['pull_request', 'pull-request'],
  ['pull_request_review', 'pull-request'],
  ['pull_request_review_comment', 'pull-request'],
  ['merge_group', 'pull-request'],
  ['pull_request_target', 'foreign'],
])('%s is %s', (name, kind) => {
  expect(workflowEvent({ ...(name !== undefined && { GITHUB_EVENT_NAME: name }) })).toBe(kind);
});

describe('workflow_run', () => {
  const kindOf = (event: string | undefined): string => {
    const path = join(folder, 'event.json');
    if (event !== undefined) writeFileSync(path, event);
    return workflowEvent({
      GITHUB_EVENT_NAME: 'workflow_run',
      GITHUB_EVENT_PATH: event === undefined ? join(folder, 'absent') : path,
      GITHUB_REPOSITORY: 'acme/charts',
    });
  };
  const run = (event: string, head?: string) =>
    JSON.stringify({ workflow_run: { event, ...(head !== undefined && { head_repository: { full_name: head } }) } });

  test.each([
    [run('push', 'acme/charts'), 'own'],
    [run('push', 'somebody/charts'), 'foreign'],
    [run('pull_request', 'acme/charts'), 'foreign'],
    [run('pull_request_target', 'acme/charts'), 'foreign'],
    [run('merge_group', 'acme/charts'), 'foreign'],
    [run('push'), 'foreign'],
    ['{"workflow_run":null}', 'foreign'],
    ['null', 'foreign'],
    ['not JSON', 'foreign'],
    [undefined, 'foreign'],
  ])('%s is %s', (event, kind) => {
    expect(kindOf(event)).toBe(kind);
  });
});
