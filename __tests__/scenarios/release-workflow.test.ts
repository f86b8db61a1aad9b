import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { type ActRun, address, type OwnRepository, ownRepository } from '../support/act.ts';
import { type DependencyRegistry, startDependencyRegistry } from '../support/dependency-registry.ts';
import { githubOfEachTest } from '../support/each-test.ts';
import { gitIn } from '../support/git-repository.ts';
import { FORBIDDEN, writesTo } from '../support/github-forge.ts';
import { TOKEN } from '../support/github-server.ts';
import { killTree } from '../support/process-tree.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { pinned } from '../support/scenario.ts';
import { type Sigstore, startSigstore } from '../support/sigstore.ts';
import { bytesOf, expectVouched } from '../support/vouched.ts';

/**
 * This repository's own release, from the tag to the tags that follow it: the whole workflow, run by act, with a registry
 * that wants a password, a server that takes what GitHub's description allows, Sigstore's mock services, and a bare
 * repository on disk that is pushed to. All of them are the workflow's own settings, but for two things: the job `ci`,
 * which would run this very test, is one that says so; and addresses at github.com lead git to the bare repository.
 */

jest.setTimeout(180_000);
const VERSION = '1.2.3';
const TAG = `v${VERSION}`;
const LOGIN = { username: 'publisher', password: 'p@ss:word/%#' };
const CI = `name: ci
on: workflow_call
jobs:
  tests:
    runs-on: ubuntu-latest
    steps:
      - run: echo "all tests of $GITHUB_REF_NAME"
`;

let registry: TestRegistry;
let dependencies: DependencyRegistry;
let sigstore: Sigstore;
let own: OwnRepository;
let git: (...args: string[]) => string;
let origin: string;
const github = githubOfEachTest();
beforeAll(async () => {
  [dependencies, sigstore] = await Promise.all([startDependencyRegistry(), startSigstore()]);
});
afterAll(() => Promise.all([dependencies.stop(), sigstore.stop()]));
beforeEach(async () => {
  registry = await startTestRegistry(LOGIN);
  own = ownRepository((folder) => {
    const edit = (file: string, change: (text: string) => string): void => {
      const before = readFileSync(join(folder, file), 'utf8');
      const after = change(before);
      if (after === before) throw new Error(`${file} is as it was`);
      writeFileSync(join(folder, file), after);
    };
    edit('package.json', (text) => text.replace(/"version": "[^"]+"/, `"version": "${VERSION}"`));
    edit('CHANGELOG.md', (text) => text.replace(/^## /m, `## [${VERSION}] - 2026-11-25\n\n- What is new.\n\n## `));
    edit('.github/workflows/ci.yml', () => CI);
  });
  git = gitIn(own.folder);
  origin = join(dirname(own.folder), 'origin.git');
  mkdirSync(origin);
  gitIn(origin)('init', '--quiet', '--bare');
  // The release before it, which the moving tags lead to.
  for (const tag of ['v1.2.2', 'v1.2', 'v1']) git('tag', tag);
  git('commit', '--quiet', '--allow-empty', '--message=next');
  git('tag', TAG);
  git('push', '--quiet', '--tags', origin, 'main');
});
afterEach(async () => {
  own.remove();
  await registry.stop();
});

interface Ended extends ActRun {
  /** What became of each job. */
  readonly jobs: readonly string[];
}

/** What GitHub does when the tag is pushed, or the run is started again. */
async function push(tag = TAG, started?: (pid: number) => void): Promise<Ended> {
  const base = dirname(own.folder);
  const [event, environment] = [join(base, 'event.json'), join(base, 'environment')];
  writeFileSync(event, JSON.stringify({ ref: `refs/tags/${tag}`, repository: { full_name: address() } }));
  const given = {
    ...{ GITHUB_REPOSITORY: address(), GITHUB_API_URL: github.url, GITHUB_RUN_ID: '1001' },
    ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: `url.${origin}.insteadOf` },
    GIT_CONFIG_VALUE_0: 'https://github.com/example/chartship',
    ...sigstore.environment,
  };
  const lines = Object.entries(given).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(environment, lines.join(''), { mode: 0o600 });
  const ended = await own.run(
    [
      ...['push', '--workflows', '.github/workflows/release.yml', '--eventpath', event, '--env-file', environment],
      ...['--var', `REGISTRY=oci://${registry.host}/charts`, '--var', `REGISTRY_USERNAME=${LOGIN.username}`],
      ...['--var', `MIRRORS=${dependencies.mirrors}`, '--var', `SIGSTORE=${sigstore.services}`],
      ...['--secret', 'REGISTRY_PASSWORD', '--secret', 'GITHUB_TOKEN'],
    ],
    { REGISTRY_PASSWORD: LOGIN.password, GITHUB_TOKEN: TOKEN },
    [dirname(pinned('helm')), dirname(pinned('oras'))],
    { ...(started && { started }) },
  );
  const jobs = [...ended.output.matchAll(/^\[(?:release\/)?([^\]]+?)\s*\] .*Job (succeeded|failed)/gm)];
  return { ...ended, jobs: jobs.map(([, job = '', how]) => `${job}: ${how}`) };
}

const ALL = [
  'Tag, version, changelog and address agree: succeeded',
  'ci/ci/tests: succeeded',
  'Publish chart/, release on GitHub: succeeded',
  'Moving tags: succeeded',
];

/** Tag → commit, in what was pushed to. */
function tags(): Record<string, string> {
  const listed = gitIn(origin)('for-each-ref', '--format=%(refname:strip=2) %(objectname)', 'refs/tags');
  return Object.fromEntries(listed.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ')])));
}

async function published(tag: string): Promise<string | null> {
  const authorization = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`;
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(`http://${registry.host}/v2/charts/task-api/manifests/${tag}`, {
    headers: { authorization, accept },
  });
  await answer.arrayBuffer();
  return answer.ok ? answer.headers.get('docker-content-digest') : null;
}

const FILES = ['task-api-1.0.0.tgz', 'task-api-1.0.0.cdx.json', `chartship-${VERSION}.tar.gz`];
const ASSETS = [...FILES.flatMap((name) => [name, `${name}.sigstore.json`]), 'chartship-report.json'];
const names = (): readonly string[] => github.state.releases.flatMap(({ assets }) => assets.map(({ name }) => name));
const UPLOAD = 'POST /repos/{owner}/{repo}/releases/{release_id}/assets';

const expectedTags = () => {
  const [before, now] = ['v1.2.2', TAG].map((tag) => git('rev-parse', `${tag}^{commit}`).trim());
  return {
    before: { 'v1.2.2': before, v1: before, 'v1.2': before, [TAG]: now },
    after: { 'v1.2.2': before, v1: now, 'v1.2': now, [TAG]: now },
  };
};

test('chart, release and moving tags; the same tag again doubles nothing', async () => {
  const first = await push();
  if (first.code !== 0) throw new Error(first.output);
  expect(first.jobs).toEqual(ALL);
  const digest = await published('1.0.0');
  expect(digest).toMatch(/^sha256:/);
  expect([await published('1'), await published('1.0')]).toEqual([digest, digest]);
  const [release] = github.state.releases;
  expect(release).toMatchObject({ tag_name: TAG, draft: false, prerelease: false });
  expect(release?.body).toContain('-->\n\n- What is new.\n\n### Packages');
  expect(release?.body).toContain(`helm pull oci://${registry.host}/charts/task-api@${digest}`);
  expect(names()).toEqual(ASSETS);
  await expectVouched(release, FILES, sigstore);
  const listed = execFileSync('tar', ['-tz'], { input: bytesOf(release, `chartship-${VERSION}.tar.gz`) }).toString();
  for (const file of ['action.yml', 'dist/index.js', 'dist/post.js', 'dist/cli.js'])
    expect(listed.split('\n')).toContain(`chartship-${VERSION}/${file}`);
  expect(tags()).toEqual(expectedTags().after);

  const [writes, signed] = [writesTo(github).length, sigstore.seen.length];
  const again = await push();
  expect([again.code, again.jobs]).toEqual([0, ALL]);
  expect([writesTo(github).length, sigstore.seen.length]).toEqual([writes, signed]);
  expect([await published('1.0.0'), tags()]).toEqual([digest, expectedTags().after]);
  const secrets = [LOGIN.password, TOKEN, sigstore.environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? '', sigstore.token()];
  for (const secret of secrets) expect(first.output + again.output).not.toContain(secret);
});

test('of a run that GitHub refuses, and of one that dies after the draft, no tag moves; the next goes on', async () => {
  github.trouble = ({ route }) => (route === UPLOAD ? FORBIDDEN : undefined);
  const refused = await push();
  expect([refused.code, refused.jobs]).toEqual([1, [...ALL.slice(0, 2), 'Publish chart/, release on GitHub: failed']]);
  expect(refused.output).toContain('permissions: contents: write');
  expect([names(), tags()]).toEqual([[], expectedTags().before]);

  let act = 0;
  let uploads = 0;
  github.trouble = ({ route }) => {
    if (route !== UPLOAD || ++uploads < 4) return undefined;
    killTree(act);
    return 'cut';
  };
  const died = await push(TAG, (pid) => {
    act = pid;
  });
  expect([died.code, names()]).toEqual([null, ASSETS.slice(0, 3)]);
  expect([github.state.releases.map(({ draft }) => draft), tags()]).toEqual([[true], expectedTags().before]);

  github.trouble = () => undefined;
  const next = await push();
  expect([next.code, next.jobs]).toEqual([0, ALL]);
  expect([names(), github.state.releases.map(({ draft }) => draft)]).toEqual([ASSETS, [false]]);
  await expectVouched(github.state.releases[0], FILES, sigstore);
  expect(tags()).toEqual(expectedTags().after);
});

test('two runs at once, which GitHub itself would let follow one another, make one release', async () => {
  github.state.immutableReleases = true;
  const both = await Promise.all([push(), push()]);
  expect(both.map(({ code, jobs }) => [code, jobs])).toEqual([
    [0, ALL],
    [0, ALL],
  ]);
  expect(github.state.releases.map(({ draft }) => draft)).toEqual([false]);
  expect([...names()].sort()).toEqual([...ASSETS].sort());
  await expectVouched(github.state.releases[0], FILES, sigstore);
  expect(tags()).toEqual(expectedTags().after);
});

test('where the tag is of another version nothing is begun', async () => {
  const other = await push('v9.9.9');
  expect([other.code, other.jobs]).toEqual([1, ['Tag, version, changelog and address agree: failed']]);
  expect(other.output).toContain(`the tag v9.9.9 is not ${TAG}, which package.json says`);
  expect([github.asked, await published('1.0.0')]).toEqual([[], null]);
});
