import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createGit } from '../../src/adapters/git.ts';
import { tagPatterns } from '../../src/domain/changelog.ts';
import type { GitAnswer } from '../../src/ports.ts';
import { gitIn } from '../support/git-repository.ts';
import { testRun } from '../support/registry.ts';

/** The history of a tag, by the real git. */

let root: string;
let git: (...args: string[]) => string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'chartship-git-')));
  git = gitIn(root);
  git('init', '-q', '-b', 'main');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function commit(subject: string, path = 'a', body = ''): void {
  mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, path, 'file'), subject);
  git('add', '-A');
  git('commit', '-q', '-m', subject, ...(body === '' ? [] : ['-m', body]));
}

function history(
  tag: string,
  folders: string[] = [],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<GitAnswer> {
  return createGit({ run: testRun(), environment, os: 'linux', root }).commitsBefore(tag, {
    ...tagPatterns(tag),
    folders,
  });
}

const subjects = (answer: GitAnswer): unknown =>
  answer.ok ? [answer.since, ...answer.commits.map(({ subject }) => subject)] : answer.message;

test('commits since the last release; pre-releases and other tags are none', async () => {
  commit('one');
  git('tag', 'v1.0.0');
  commit('two', 'a', 'its body\n\nBREAKING CHANGE: x');
  git('tag', 'v1.1.0-rc.1');
  git('tag', 'other-9.0.0');
  commit('three', 'b');
  git('tag', '-a', '-m', 'x', 'v1.1.0');
  commit('four');
  expect(subjects(await history('v1.1.0'))).toEqual(['v1.0.0', 'three', 'two']);
  expect(subjects(await history('v1.1.0', ['b']))).toEqual(['v1.0.0', 'three']);
  expect(subjects(await history('v1.1.0-rc.1'))).toEqual(['v1.0.0', 'two']);
  const answer = await history('v1.1.0');
  expect(answer.ok && answer.commits[1]?.body).toContain('BREAKING CHANGE: x');
});

test('the first tag has all before it', async () => {
  commit('one');
  commit('two');
  git('tag', 'v1.0.0');
  expect(subjects(await history('v1.0.0'))).toEqual([undefined, 'two', 'one']);
});

test('a checkout without history, a tag that is not there, no repository and no git say so', async () => {
  commit('one');
  git('tag', 'v1.0.0');
  commit('two');
  git('tag', 'v1.1.0');
  const shallow = join(root, 'shallow');
  git('clone', '-q', '--depth=1', '--branch=v1.1.0', `file://${root}`, shallow);
  const full = root;
  root = shallow;
  expect(subjects(await history('v1.1.0'))).toBe('the checkout has no history');
  root = full;
  expect(subjects(await history('v9'))).toBe('the checkout has no tag v9');
  expect(subjects(await history('--output=x'))).toBe('the checkout has no tag --output=x');
  expect(subjects(await history('v1.1.0', [], { PATH: '/nowhere' }))).toBe('git is not installed');
  rmSync(join(root, '.git'), { recursive: true });
  expect(subjects(await history('v1.1.0'))).toMatch(/^git says: .*not a git repository/);
});
