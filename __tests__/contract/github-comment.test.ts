import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../src/domain/finding.ts';
import type { GitHubRun } from '../../src/domain/github-run.ts';
import type { Report } from '../../src/domain/outcome.ts';
import { commentOn } from '../../src/github/pull-request-comment.ts';
import type { Forge } from '../../src/ports.ts';
import { closedPort } from '../support/closed-port.ts';
import { githubOfEachTest } from '../support/each-test.ts';
import { FORBIDDEN, type ForgeGiven, onWrites, RUN, testForge, writesTo } from '../support/github-forge.ts';
import { TOKEN, type Trouble } from '../support/github-server.ts';
import { SAMPLES } from '../support/sample-report.ts';

/** The comment on a pull request, over HTTP with a server that takes and gives what GitHub's description allows. */

const github = githubOfEachTest();
let notes: string[];
beforeEach(async () => {
  notes = [];
});

const forge = (given: ForgeGiven = {}): Forge => testForge(github, { note: (text) => notes.push(text), ...given });

const PULL_REQUEST = { number: 7, headSha: 'deadbeefdeadbeef' };

function say(
  report: Report = SAMPLES.good,
  run: Partial<GitHubRun> = {},
  about: readonly string[] = ['', 'chart'],
  by = forge(),
): Promise<Finding[]> {
  return commentOn(PULL_REQUEST, { ...RUN, ...run }, about, report, by);
}

const bodies = (): string[] => github.state.comments.map(({ body }) => body);

test('one comment, which the next runs keep up to date', async () => {
  expect(await say()).toEqual([]);
  expect(await say(SAMPLES.findings, { id: 1002 })).toEqual([]);
  expect(await say(SAMPLES.findings, { id: 1002, attempt: 2 })).toEqual([]);
  expect(bodies()).toHaveLength(1);
  expect(bodies()[0]).toContain('Chartship: failed');
  expect(bodies()[0]).toContain('/actions/runs/1001/attempts/2');
  expect(notes).toContain(`requests go to ${new URL(github.url).host}`);
});

test('other charts and other workflows have comments of their own', async () => {
  await say();
  await say(SAMPLES.good, {}, ['', 'other']);
  await say(SAMPLES.good, { workflow: '.github/workflows/other.yml' });
  await say(SAMPLES.findings, { id: 1002 });
  expect(bodies()).toHaveLength(3);
});

test('found behind two hundred other comments', async () => {
  await say();
  const [own] = github.state.comments;
  const others = Array.from({ length: 230 }, (_, index) => ({
    id: 5000 + index,
    issue: 7,
    body: 'Me too',
    by: 'User' as const,
    association: 'NONE',
  }));
  github.state.comments = [...others, ...(own === undefined ? [] : [own])];
  await say(SAMPLES.findings, { id: 1002 });
  expect(github.state.comments).toHaveLength(231);
  expect(own?.body).toContain('Chartship: failed');
});

test('whom the repository does not trust, his marker is not believed', async () => {
  await say();
  const [own] = github.state.comments;
  const forged = { id: 0, issue: 7, body: own?.body ?? '', by: 'User' as const, association: 'CONTRIBUTOR' };
  github.state.comments = [forged];
  await say(SAMPLES.findings, { id: 1002 });
  expect(forged.body).toBe(own?.body);
  expect(bodies()).toHaveLength(2);
});

test('two runs at once leave one comment', async () => {
  await Promise.all([say(SAMPLES.good, { id: 1001 }), say(SAMPLES.findings, { id: 1002 })]);
  expect(bodies()).toHaveLength(1);
  expect(bodies()[0]).toContain('run 1002.1');
});

test('a run that was slow does not take the word from a later one', async () => {
  await say(SAMPLES.findings, { id: 1002 });
  await say(SAMPLES.good, { id: 1001 });
  expect(bodies()[0]).toContain('Chartship: failed');
});

test('a comment that is removed meanwhile is made anew', async () => {
  await say();
  github.trouble = ({ route }) => {
    if (route.startsWith('PATCH ')) github.state.comments = [];
    return undefined;
  };
  expect(await say(SAMPLES.findings, { id: 1002 })).toEqual([]);
  expect(bodies()).toHaveLength(1);
  expect(writesTo(github).filter((route) => route.startsWith('PATCH '))).toHaveLength(1);
});

const SECONDARY = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';

describe('what GitHub refuses is a note, and sent once', () => {
  test.each<[string, Trouble, RegExp]>([
    ['a token of a fork', FORBIDDEN, /answered 403: Resource not accessible by integration/],
    ['what it does not show', { status: 404, message: 'Not Found' }, /answered 404/],
    ['a conflict', { status: 409, message: 'Conflict' }, /answered 409/],
    ['a locked conversation', { status: 422, message: 'Issue is locked' }, /answered 422: Issue is locked/],
    ['a long limit', { status: 403, message: SECONDARY, headers: { 'retry-after': '3600' } }, /secondary rate limit/],
  ])('%s', async (_name, trouble, words) => {
    onWrites(github, trouble);
    const [note, ...others] = await say();
    expect(others).toEqual([]);
    expect(note).toMatchObject({ stage: 'github', rule: 'github/comment', severity: 'note' });
    expect(note?.message).toMatch(words);
    expect(JSON.stringify(note)).not.toContain(TOKEN);
    expect(bodies()).toEqual([]);
    expect(writesTo(github)).toHaveLength(1);
  });

  test('a fork is told what it lacks', async () => {
    onWrites(github, FORBIDDEN);
    const [note] = await say();
    expect(note?.hint).toBe(
      'The job needs "permissions: pull-requests: write"; on a pull request from a fork the token may only read.',
    );
  });

  test('a token that may not even read is refused once', async () => {
    github.trouble = () => FORBIDDEN;
    expect(await say()).toHaveLength(1);
    expect(github.asked).toHaveLength(1);
  });

  test('a token that is none', async () => {
    const [note] = await say(SAMPLES.good, {}, [], forge({ token: 'ghs_wrong' }));
    expect(note?.message).toMatch(/answered 401: Bad credentials/);
    expect(JSON.stringify(note)).not.toContain('ghs_wrong');
  });

  test('nobody there', async () => {
    const [note] = await say(SAMPLES.good, {}, [], forge({ url: `http://127.0.0.1:${await closedPort()}` }));
    expect(note?.message).toMatch(/can't be reached: ECONNREFUSED/);
  });

  test('a token is not sent without encryption', async () => {
    const [note] = await say(SAMPLES.good, {}, [], forge({ url: 'http://github.invalid' }));
    expect(note?.message).toMatch(/a token is not sent without encryption/);
  });

  test('no answer', async () => {
    github.trouble = () => 'silence';
    const [note] = await say(SAMPLES.good, {}, [], forge({ milliseconds: 200 }));
    expect(note?.message).toMatch(/did not answer in time|can't be reached/);
  });
});

describe('what passes is waited for', () => {
  test('a secondary rate limit says when to come again', async () => {
    onWrites(github, { status: 403, message: SECONDARY, headers: { 'retry-after': '30' } }, { times: 1 });
    const started = performance.now();
    expect(await say()).toEqual([]);
    expect(performance.now() - started).toBeGreaterThan(290);
    expect(bodies()).toHaveLength(1);
    expect(notes.join('\n')).toMatch(/says to come again in 30 s/);
  });

  test.each<[string, Trouble]>([
    ['500', { status: 500 }],
    ['502', { status: 502 }],
    ['a connection that is cut', 'cut'],
  ])('%s, once, for what makes a comment', async (_name, trouble) => {
    onWrites(github, trouble, { times: 1 });
    expect(await say()).toEqual([]);
    expect(bodies()).toHaveLength(1);
  });

  test.each<[string, Trouble]>([
    ['502', { status: 502 }],
    ['a connection that is cut', 'cut'],
  ])('%s, once, for what changes one', async (_name, trouble) => {
    await say();
    onWrites(github, trouble, { times: 1 });
    expect(await say(SAMPLES.findings, { id: 1002 })).toEqual([]);
    expect(bodies()).toHaveLength(1);
    expect(bodies()[0]).toContain('Chartship: failed');
  });

  test('an answer that is lost leads to no second comment', async () => {
    onWrites(github, 'lost', { times: 1 });
    expect(await say()).toEqual([]);
    expect(bodies()).toHaveLength(1);
    expect(writesTo(github)).toHaveLength(1);
  });

  test('not for ever', async () => {
    onWrites(github, { status: 500 });
    const [note] = await say();
    expect(note?.message).toMatch(/answered 500/);
    expect(writesTo(github)).toHaveLength(2);
  });

  test('after an interruption each call has three seconds, and no second try', async () => {
    const cancel = new AbortController();
    cancel.abort();
    github.trouble = () => ({ status: 500 });
    const [note] = await say(SAMPLES.good, {}, [], forge({ cancel: cancel.signal }));
    expect(note?.message).toMatch(/answered 500/);
    expect(github.asked).toHaveLength(1);
  });
});
