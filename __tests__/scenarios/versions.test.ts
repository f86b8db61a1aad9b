import { describe, expect, test } from '@jest/globals';
import { closedPort } from '../support/closed-port.ts';
import { publishingSpaceOfEachTest } from '../support/each-test.ts';
import { faulty, startFaultProxy } from '../support/fault-proxy.ts';
import { startRefusingCluster } from '../support/refusing-cluster.ts';
import { type ActionEnded, action } from '../support/scenario.ts';

/** Versions as a workflow for a branch, a tag or a pull request has them, against a real registry. */

const here = publishingSpaceOfEachTest();

const SHA = '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';
const onTag = (name: string) => ({
  GITHUB_EVENT_NAME: 'push',
  GITHUB_REF_TYPE: 'tag',
  GITHUB_REF_NAME: name,
  GITHUB_SHA: SHA,
});
const onBranch = (name: string) => ({
  GITHUB_EVENT_NAME: 'push',
  GITHUB_REF_TYPE: 'branch',
  GITHUB_REF_NAME: name,
  GITHUB_SHA: SHA,
  GITHUB_RUN_NUMBER: '17',
});
const publish = (inputs: Record<string, string> = {}, environment: Record<string, string> = {}): Promise<ActionEnded> =>
  action(here.space, { registry: `oci://${here.host}/${here.place}`, ...inputs }, { environment });
const told = ({ code, report }: ActionEnded) => [
  code,
  ...(report?.findings ?? []).map(({ rule, severity, file, line, column }) =>
    [severity, rule, ...(file === undefined ? [] : [`${file}:${line}:${column}`])].join(' '),
  ),
];
const tagsOf = async (chart = 'demo'): Promise<string[]> => {
  const answer = await fetch(`http://${here.host}/v2/${here.place}/${chart}/tags/list`);
  return answer.status === 404 ? [] : ((await answer.json()) as { tags: string[] }).tags.sort();
};
const digestOf = async (tag: string, chart = 'demo'): Promise<string | null> => {
  const accept = { accept: 'application/vnd.oci.image.manifest.v1+json' };
  const answer = await fetch(`http://${here.host}/v2/${here.place}/${chart}/manifests/${tag}`, { headers: accept });
  await answer.arrayBuffer();
  return answer.headers.get('docker-content-digest');
};
const chartOf = (name: string, version: string): Record<string, string> => ({
  'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
});

test('a version with a v before it is published under it, as helm does, and a tag of that version is of it', async () => {
  here.space.chart('chart', chartOf('demo', 'v1.2.3'));
  const ended = await publish({ 'alias-tags': '{{major}}' }, onTag('v1.2.3'));
  // Helm 4 says in lint that it is no semantic version.
  expect(told(ended)).toEqual([0, 'warning lint/helm chart/Chart.yaml:undefined:undefined']);
  expect(await tagsOf()).toEqual(['1', 'v1.2.3']);
  expect(await digestOf('1')).toBe(await digestOf('v1.2.3'));
  expect(told(await publish({}, onTag('v1.2.4')))[1]).toMatch(/^error resolve\/tag/);
});

describe('a changed chart under a version that is taken', () => {
  /** A registry on a host that isn't this machine's, reached by a proxy on loopback. */
  const pull = (
    inputs: Record<string, string> = {},
    event = 'pull_request',
    behind = here.proxy.host,
  ): Promise<ActionEnded> =>
    publish(
      { registry: `oci://registry.example/${here.place}`, 'plain-http': 'true', ...inputs },
      { GITHUB_EVENT_NAME: event, HTTP_PROXY: `http://${behind}`, NO_PROXY: '' },
    );

  test('is refused at the line of the version', async () => {
    expect(told(await publish())).toEqual([0]);
    here.space.write('chart/values.yaml', 'greeting: changed\n');
    const ended = await publish();
    expect(told(ended)).toEqual([1, 'error publish/refused chart/Chart.yaml:3:10']);
    expect(ended.stdout).toMatch(/^::error title=[^:]*file=chart\/Chart\.yaml,line=3,col=10::/m);
    // With a version that was given, Chart.yaml is not what has to be changed.
    expect(told(await publish({ version: '1.0.0' }))).toEqual([1, 'error publish/refused']);
  });

  test.each(['pull_request', 'merge_group'])('is told on %s, where nothing is written', async (event) => {
    expect(told(await publish())).toEqual([0]);
    expect(told(await pull({}, event))).toEqual([0, 'note publish/pull-request']);
    expect(here.proxy.seen.length).toBeGreaterThan(0);
    here.space.write('chart/values.yaml', 'greeting: changed\n');
    const ended = await pull({}, event);
    expect(told(ended)).toEqual([1, 'note publish/pull-request', 'error publish/refused chart/Chart.yaml:3:10']);
    expect(ended.report?.findings[1]?.message).toContain('with other files: changed values.yaml');
    here.space.chart('chart', { ...chartOf('demo', '1.0.1'), 'values.yaml': 'greeting: changed\n' });
    expect(told(await pull({}, event))).toEqual([0, 'note publish/pull-request']);
    expect([here.proxy.uploads(), await tagsOf()]).toEqual([0, ['1.0.0']]);
  });

  test('is seen by one look, together with what the comment compares with', async () => {
    await publish();
    const asked = (): string[] => {
      const seen = here.proxy.seen.splice(0).map(({ method, path }) => `${method} ${path}`);
      return seen
        .map((each) => each.replace(/^.*\/v2\/charts-\d+\/demo\//, '').replace(/sha256:[0-9a-f]{64}/, 'DIGEST'))
        .sort();
    };
    const aVersion = ['blobs/DIGEST', 'blobs/DIGEST', 'manifests/1.0.0', 'tags/list'];
    // A blob takes oras two requests. The same package, another one under its version, and the next version, which isn't there. A
    // list of tags doesn't tell whether a version is taken: it may be another's answer.
    await pull();
    expect(asked()).toEqual(aVersion);
    here.space.write('chart/values.yaml', 'greeting: changed\n');
    await pull();
    expect(asked()).toEqual(aVersion);
    here.space.chart('chart', { ...chartOf('demo', '1.0.1'), 'values.yaml': 'greeting: changed\n' });
    await pull();
    expect(asked()).toEqual([...aVersion, 'manifests/1.0.1'].sort());
    here.space.chart('chart', { ...chartOf('other', '1.0.0') });
    await pull();
    const seen = here.proxy.seen.map(({ path }) => path.replace(/^.*charts-\d+/, ''));
    expect(seen.sort()).toEqual(['/other/manifests/1.0.0', '/other/tags/list']);
  });

  test.each([
    ['no such repository', 404, '{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}'],
    ['a page', 404, '<html>Not Found</html>'],
    ['an empty list', 200, '[]'],
    ['null', 200, 'null'],
  ])('is refused whatever answers for the list of tags: %s', async (_, status, body) => {
    await publish();
    here.space.write('chart/values.yaml', 'greeting: changed\n');
    const proxy = await startFaultProxy(
      here.host,
      faulty({ kind: 'answer', status, body }, ({ path }) => path.includes('/tags/list')),
    );
    try {
      const ended = await pull({}, 'pull_request', proxy.host);
      expect(told(ended)).toEqual([1, 'note publish/pull-request', 'error publish/refused chart/Chart.yaml:3:10']);
    } finally {
      await proxy.stop();
    }
  });

  test('is published on loopback, and what is written is read anew', async () => {
    const onPull = { GITHUB_EVENT_NAME: 'pull_request' };
    const twice = [await publish({ 'alias-tags': 'latest' }, onPull), await publish({}, onPull)];
    expect(twice.map(told)).toEqual([[0], [0]]);
    expect(twice.map(({ report }) => report?.published[0]?.outcome)).toEqual(['pushed', 'already-published']);
    expect(await tagsOf()).toEqual(['1.0.0', 'latest']);
  });

  test('is a note where the registry does not answer, and not asked for a head that is not ours', async () => {
    const behind = `127.0.0.1:${await closedPort()}`;
    expect(told(await pull({}, 'pull_request', behind))).toEqual([
      0,
      'note publish/pull-request',
      'note publish/not-compared',
    ]);
    // What is published is compared with for the comment, but nobody is told that it would be refused.
    expect(told(await publish())).toEqual([0]);
    here.space.write('chart/values.yaml', 'greeting: changed\n');
    expect(told(await pull())).toContain('error publish/refused chart/Chart.yaml:3:10');
    expect(told(await pull({}, 'pull_request_target'))).toEqual([0, 'note publish/pull-request']);
    expect(told(await pull({ until: 'package' }))).toEqual([0]);
    expect(here.proxy.uploads()).toBe(0);
  });
});

describe('a git tag', () => {
  test.each([
    ['v1.0.0', []],
    ['demo-1.0.0', []],
    ['1.0.1', ['error resolve/tag chart/Chart.yaml:3:10']],
    ['v1.0.1', ['error resolve/tag chart/Chart.yaml:3:10']],
    ['demo-v1.0.1', ['error resolve/tag chart/Chart.yaml:3:10']],
    ['other-1.0.1', ['note resolve/tag']],
    ['nightly', []],
    ['v1', []],
  ])('%s on demo 1.0.0', async (tag, findings) => {
    const ended = await publish({}, onTag(tag));
    const isRefused = findings.some((each) => each.startsWith('error'));
    expect(told(ended)).toEqual([isRefused ? 1 : 0, ...findings]);
    expect(await tagsOf()).toEqual(isRefused ? [] : ['1.0.0']);
    if (isRefused)
      expect(ended.report?.findings[0]?.message).toBe(
        `the tag ${tag} says that demo is 1.0.1, and its version is 1.0.0`,
      );
  });

  test('that the version follows, or that is no tag of charts, is none to disagree with', async () => {
    expect(told(await publish({ version: 'v2.0.0' }, onTag('v2.0.0')))).toEqual([0]);
    expect(told(await publish({ 'tag-format': 'chart-{{version}}' }, onTag('v2.0.0')))).toEqual([0]);
    expect(told(await publish({ version: '3.0.0' }, onTag('v2.0.0')))).toEqual([1, 'error resolve/tag']);
    expect(told(await publish({ 'tag-format': 'chart-{{version}}' }, onTag('chart-2.0.0')))).toEqual([
      1,
      'error resolve/tag chart/Chart.yaml:3:10',
    ]);
  });

  test('of one of several charts speaks of that one; one without a name, of all', async () => {
    here.space.empty('chart');
    here.space.chart('charts/a', chartOf('a', '1.0.0'));
    here.space.chart('charts/b', chartOf('b', '2.0.0'));
    const all = { chart: 'charts/*' };
    expect(told(await publish(all, onTag('a-1.0.0')))).toEqual([0]);
    expect(told(await publish(all, onTag('b-1.0.0')))).toEqual([1, 'error resolve/tag charts/b/Chart.yaml:3:10']);
    expect(told(await publish(all, onTag('v1.0.0')))).toEqual([1, 'error resolve/tag charts/b/Chart.yaml:3:10']);
  });
});

describe('a version of a commit', () => {
  const asked = { 'pre-release': 'true', 'alias-tags': '{{major}}' };

  test('on a branch, and a release on a tag', async () => {
    const ended = await publish(asked, onBranch('feature/x'));
    expect(told(ended)).toEqual([0, 'note publish/alias']);
    expect(ended.outputs.version).toBe('1.0.0-feature-x.17.sha-0a1b2c3');
    expect(told(await publish(asked, onTag('v1.0.0')))).toEqual([0]);
    expect(await tagsOf()).toEqual(['1', '1.0.0', '1.0.0-feature-x.17.sha-0a1b2c3']);
  });

  test('each of several charts has its own', async () => {
    here.space.chart('charts/a', chartOf('a', '1.0.0'));
    here.space.chart('charts/b', chartOf('b', '2.0.0-rc.1'));
    const ended = await publish({ chart: 'charts/*', 'pre-release': 'true' }, onBranch('main'));
    expect(ended.report?.packages.map(({ version }) => version)).toEqual([
      '1.0.0-main.17.sha-0a1b2c3',
      '2.0.0-rc.1.main.17.sha-0a1b2c3',
    ]);
  });

  test('of a pull request is packaged, with its number', async () => {
    here.space.write('event.json', JSON.stringify({ pull_request: { number: 45, head: { sha: 'f'.repeat(40) } } }));
    const environment = {
      ...onBranch('45/merge'),
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_EVENT_PATH: `${here.space.root}/event.json`,
    };
    const ended = await publish({ 'pre-release': 'true', registry: '' }, environment);
    expect([told(ended), ended.outputs.version]).toEqual([[0], '1.0.0-pr.45.sha-fffffff']);
  });

  test('outside a workflow is exit 2', async () => {
    expect(told(await publish({ 'pre-release': 'true' }))).toEqual([2, 'error request/pre-release']);
  });
});

describe('alias tags', () => {
  const patterns = { 'alias-tags': '{{major}},{{major}}.{{minor}}' };
  const release = async (version: string, inputs: Record<string, string> = {}): Promise<ActionEnded> => {
    here.space.chart('chart', { ...chartOf('demo', version), 'values.yaml': `greeting: ${version}\n` });
    return publish({ ...patterns, ...inputs });
  };

  test('follow the newest release and never go back', async () => {
    const first = await release('1.2.3');
    expect(told(first)).toEqual([0]);
    expect(first.report?.published[0]?.aliases).toEqual(['1', '1.2']);
    expect(first.stdout).toContain('(also 1, 1.2)');
    await release('1.3.0');
    expect([await digestOf('1'), await digestOf('1.2')]).toEqual([await digestOf('1.3.0'), await digestOf('1.2.3')]);
    // An older line is mended: its own alias moves, the major's doesn't.
    const patch = await release('1.2.4');
    expect(told(patch)).toEqual([0, 'note publish/alias']);
    expect(patch.report?.findings[0]?.message).toContain('the tag 1 of demo in');
    expect(patch.report?.published[0]?.aliases).toEqual(['1.2']);
    expect([await digestOf('1'), await digestOf('1.2')]).toEqual([await digestOf('1.3.0'), await digestOf('1.2.4')]);
    expect(told(await release('1.2.2'))).toEqual([0, 'note publish/alias', 'note publish/alias']);
    expect(told(await release('1.4.0-rc.1'))).toEqual([0, 'note publish/alias']);
    expect([await digestOf('1'), await digestOf('1.2'), await digestOf('1.4')]).toEqual([
      await digestOf('1.3.0'),
      await digestOf('1.2.4'),
      null,
    ]);
    // Again: nothing to be done, and the same is said.
    expect((await release('1.3.0')).report?.published[0]?.aliases).toEqual(['1', '1.3']);
  });

  test('move in no registry until the version is in all', async () => {
    const dead = `127.0.0.1:${await closedPort()}`;
    const both = { registry: `oci://${here.host}/${here.place},oci://${dead}/charts` };
    const ended = await release('1.2.3', both);
    expect([ended.code, ended.report?.published.map(({ outcome }) => outcome).sort()]).toEqual([
      1,
      ['failed', 'pushed'],
    ]);
    expect(await tagsOf()).toEqual(['1.2.3']);
    await release('1.2.3');
    expect(await tagsOf()).toEqual(['1', '1.2', '1.2.3']);
  });

  test('move only once the version is deployed, where it is to be', async () => {
    const cluster = await startRefusingCluster();
    try {
      const ended = await release('1.2.3', { deploy: 'default', kubeconfig: cluster.kubeconfig });
      expect([ended.code, ended.report?.published[0]?.outcome, ended.report?.deployments[0]?.outcome]).toEqual([
        1,
        'pushed',
        'failed',
      ]);
      expect(await tagsOf()).toEqual(['1.2.3']);
    } finally {
      await cluster.stop();
    }
  });

  test.each([
    ['{{minor}}.{{patch}}', 'request/alias-tags'],
    ['{{major}}.{{minor}}.0', 'request/alias-tags'],
    ['not a tag', 'request/alias-tags'],
  ])('%s can be none', async (pattern, rule) => {
    expect(told(await publish({ 'alias-tags': pattern }))).toEqual([2, `error ${rule}`]);
  });

  test('a tag format without a version is none', async () => {
    expect(told(await publish({ 'tag-format': '{{name}}' }))).toEqual([2, 'error request/tag-format']);
  });
});
