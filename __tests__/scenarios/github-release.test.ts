import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { githubOfEachTest } from '../support/each-test.ts';
import { gitIn } from '../support/git-repository.ts';
import { TOKEN, workflowEnvironment } from '../support/github-server.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { type ActionEnded, action, command, pinned, type Workspace, workspace } from '../support/scenario.ts';

/** The release of a tag: the Action's bundle as a runner starts it, a real git, a real registry, and GitHub's API on loopback. */

let registry: TestRegistry;
const github = githubOfEachTest();
let space: Workspace;
let git: (...args: string[]) => string;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.stop());
beforeEach(async () => {
  space = workspace();
  git = gitIn(space.root);
  space.empty('.git');
  git('init', '-q', '-b', 'main');
  space.chart('chart');
  commit('feat: the first thing');
});
afterEach(async () => {
  space.remove();
});

function commit(message: string): void {
  git('add', 'chart');
  git('commit', '-q', '--allow-empty', '-m', message);
}

function release(tag: string | undefined, path: string, inputs: Record<string, string> = {}): Promise<ActionEnded> {
  const reference = tag === undefined ? [] : [['GITHUB_REF_TYPE', 'tag'] as const, ['GITHUB_REF_NAME', tag] as const];
  return action(
    space,
    { 'github-token': TOKEN, 'github-release': 'true', registry: `oci://${registry.host}/${path}`, ...inputs },
    { environment: workflowEnvironment(github, { GITHUB_EVENT_NAME: 'push', ...Object.fromEntries(reference) }) },
  );
}

const bytesOf = (name: string): Uint8Array | undefined =>
  github.state.releases[0]?.assets.find((asset) => asset.name === name)?.content;

test('the package that is published, the report, and what changed since the last tag; once', async () => {
  git('tag', 'v0.9.0');
  commit('fix(values): mind @team and `code` (#7)');
  commit('chore: nothing to notice');
  git('tag', 'v1.0.0');
  const ended = await release('v1.0.0', 'released');
  expect([ended.code, ended.report?.release]).toEqual([
    0,
    {
      ...{ tag: 'v1.0.0', url: 'https://github.example/acme/charts/releases/v1.0.0', outcome: 'published' },
      assets: ['demo-1.0.0.tgz', 'chartship-report.json'],
    },
  ]);
  const [made] = github.state.releases;
  expect(made).toMatchObject({ draft: false, prerelease: false, target_commitish: expect.stringMatching(/^c0ffee/) });
  expect(made?.body).toContain('### Fixed\n\n- values: mind &#64;&#8203;team and &#96;code&#96; (#7)');
  expect(made?.body).toContain(`helm pull oci://${registry.host}/released/demo@sha256:`);
  expect(made?.body).not.toMatch(/nothing to notice|the first thing/);
  const packed = readFileSync(join(space.root, 'chartship-report/packages/demo-1.0.0.tgz'));
  expect(Buffer.compare(Buffer.from(bytesOf('demo-1.0.0.tgz') ?? ''), packed)).toBe(0);
  expect(JSON.parse(new TextDecoder().decode(bytesOf('chartship-report.json')))).toMatchObject({ status: 'passed' });
  expect(ended.summary).toContain('**v1.0.0**: released');
  expect(ended.stdout).toContain('released: v1.0.0 on GitHub');

  const again = await release('v1.0.0', 'released');
  expect([again.code, again.report?.release?.outcome]).toEqual([0, 'already-published']);
  expect(github.state.releases).toHaveLength(1);
});

test('what Chart.yaml says changed, of one chart of two', async () => {
  const changes = 'annotations:\n  artifacthub.io/changes: |\n    - kind: added\n      description: said by hand\n';
  space.chart('chart', {
    'Chart.yaml': `apiVersion: v2\nname: demo\nversion: 1.0.0-rc.1\n${changes}`,
  });
  space.chart('other', { 'Chart.yaml': 'apiVersion: v2\nname: other\nversion: 3.0.0\n' });
  const ended = await release('demo-1.0.0-rc.1', 'two', { chart: 'chart,other' });
  expect([ended.code, ended.report?.release?.assets]).toEqual([0, ['demo-1.0.0-rc.1.tgz', 'chartship-report.json']]);
  expect(github.state.releases[0]).toMatchObject({ prerelease: true, body: expect.stringContaining('said by hand') });
});

test('a tag is of the charts that tag-format says, and of none that is not there', async () => {
  for (const name of ['a', 'b'])
    space.chart(`charts/${name}`, { 'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n` });
  const format = { chart: 'charts/*', 'tag-format': '{{name}}/v{{version}}' };
  const ended = await release('a/v1.0.0', 'format', format);
  expect([ended.code, ended.report?.release?.assets]).toEqual([0, ['a-1.0.0.tgz', 'chartship-report.json']]);
  const stranger = await release('b-1.0.0', 'stranger', { chart: 'charts/a' });
  expect([stranger.code, stranger.report?.release]).toEqual([0, undefined]);
  expect(stranger.report?.findings.map(({ rule }) => rule)).toEqual(['github/no-tag', 'resolve/tag']);
  expect(github.state.releases).toHaveLength(1);
});

test('no history: released all the same, with a note', async () => {
  space.empty('.git');
  const ended = await release('v1.0.0', 'shallow');
  expect([ended.code, ended.report?.release?.outcome]).toEqual([0, 'published']);
  expect(ended.report?.findings).toMatchObject([{ rule: 'github/changes', severity: 'note' }]);
  expect(ended.report?.findings[0]?.hint).toContain('fetch-depth: 0');
});

test('who asks for a release and may not make it, fails; what is published stays', async () => {
  github.trouble = ({ route }) =>
    route.startsWith('POST ') ? { status: 403, message: 'Resource not accessible by integration' } : undefined;
  git('tag', 'v1.0.0');
  const ended = await release('v1.0.0', 'forbidden');
  expect([ended.code, ended.report?.release?.outcome, ended.report?.published[0]?.outcome]).toEqual([
    1,
    'failed',
    'pushed',
  ]);
  expect(ended.report?.findings[0]).toMatchObject({ rule: 'github/release', severity: 'error' });
  expect(ended.report?.findings[0]?.hint).toContain('permissions: contents: write');
});

test('nothing is released but of a tag, and of what passed', async () => {
  const branch = await release(undefined, 'branch');
  expect([branch.code, branch.report?.findings[0]?.rule]).toEqual([0, 'github/no-tag']);
  space.write('chart/templates/broken.yaml', 'kind: {{ .Values.nothing.here }}\n');
  expect((await release('v1.0.0', 'broken')).code).toBe(1);
  expect(github.asked).toEqual([]);
});

test.each([
  [['--github-release'], 'github-release needs a workflow on GitHub and a github-token'],
  [['--artifacthub-repo', 'nowhere.yml'], 'artifacthub-repo "nowhere.yml" is not there'],
  [['--artifacthub-repo', 'list.yml'], 'artifacthub-repo "list.yml" must be a mapping'],
])('%j is refused', async (args, message) => {
  space.write('list.yml', '- a\n');
  const ended = await command(space, args);
  expect([ended.code, ended.report?.findings.map((finding) => finding.message)]).toEqual([2, [message]]);
});

test("Artifact Hub's file is a tag beside the chart, the same digest each time, and moves when it changes", async () => {
  space.write('artifacthub-repo.yml', 'repositoryID: 0d0c\nowners: [{ name: a, email: a@example.org }]\n');
  const place = `${registry.host}/hub/demo:artifacthub.io`;
  const oras = (...args: string[]): string =>
    execFileSync(pinned('oras'), [...args, '--plain-http'], { encoding: 'utf8' });
  const push = async (): Promise<string> => {
    const ended = await command(space, [
      '--registry',
      `oci://${registry.host}/hub`,
      '--artifacthub-repo',
      'artifacthub-repo.yml',
    ]);
    expect(ended.code).toBe(0);
    return oras('resolve', place);
  };
  const first = await push();
  expect(await push()).toBe(first);
  const manifest = JSON.parse(oras('manifest', 'fetch', place));
  expect(manifest).toMatchObject({
    config: { mediaType: 'application/vnd.cncf.artifacthub.config.v1+yaml', size: 0 },
    layers: [
      {
        mediaType: 'application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml',
        annotations: { 'org.opencontainers.image.title': 'artifacthub-repo.yml' },
      },
    ],
  });
  space.write('artifacthub-repo.yml', 'repositoryID: 0d0d\n');
  expect(await push()).not.toBe(first);
});
