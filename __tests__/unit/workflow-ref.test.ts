import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { valid } from 'semver';
import { workflowPreRelease, workflowTag } from '../../src/adapters/workflow-ref.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartship-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SHA = '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';
const branch = (name: string, run = '17'): NodeJS.ProcessEnv => ({
  GITHUB_EVENT_NAME: 'push',
  GITHUB_REF_TYPE: 'branch',
  GITHUB_REF_NAME: name,
  GITHUB_RUN_NUMBER: run,
  GITHUB_SHA: SHA,
});
const tag = { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.2.3', GITHUB_SHA: SHA, GITHUB_RUN_NUMBER: '17' };

test('the tag is known on a tag, and nowhere else', () => {
  expect([workflowTag(tag), workflowTag(branch('v1.2.3')), workflowTag({})]).toEqual(['v1.2.3', undefined, undefined]);
});

test.each([
  ['main', 'main.17.sha-0a1b2c3'],
  ['feature/Été_x', 'feature-t-x.17.sha-0a1b2c3'],
  ['--x--', 'x.17.sha-0a1b2c3'],
  ['007', 'branch-007.17.sha-0a1b2c3'],
  ['日本', 'branch-.17.sha-0a1b2c3'],
  ['x'.repeat(90), `${'x'.repeat(40)}.17.sha-0a1b2c3`],
])('a commit of the branch %s is %s', (name, expected) => {
  expect(workflowPreRelease(branch(name))).toBe(expected);
  expect(valid(`1.2.3-${expected}`)).toBe(`1.2.3-${expected}`);
});

test.each<[string, NodeJS.ProcessEnv]>([
  ['a tag', tag],
  ['no workflow', {}],
  ['a run without a number', branch('main', 'x')],
])('%s has none', (_what, environment) => {
  expect(workflowPreRelease(environment)).toBeUndefined();
});

describe('of a pull request', () => {
  const preRelease = (event: string, name = 'pull_request'): string | undefined => {
    const path = join(folder, 'event.json');
    writeFileSync(path, event);
    // GITHUB_SHA is the merge's.
    return workflowPreRelease({ ...branch('45/merge'), GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path });
  };
  const head = 'f'.repeat(40);

  test.each(['pull_request', 'pull_request_target', 'pull_request_review'])('%s it is the head', (name) => {
    const event = JSON.stringify({ pull_request: { number: 45, head: { sha: head } } });
    expect(preRelease(event, name)).toBe('pr.45.sha-fffffff');
  });

  test.each(['no JSON', 'null', '{"pull_request":{"number":"45","head":{"sha":"x"}}}'])(
    '%s says nothing of it',
    (event) => {
      expect(preRelease(event)).toBe('45-merge.17.sha-0a1b2c3');
    },
  );
});
