import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { githubOfEachTest } from '../support/each-test.ts';
import { TOKEN } from '../support/github-server.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { CHART, runStranger, type StrangersEvent, type StrangersRun } from '../support/stranger.ts';

/**
 * A stranger's walk: a repository with only a chart, the README's workflow, from a pull request to three environments.
 * What happens without a cluster is in scenarios/pipeline-workflow.test.ts.
 */

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG;
const onCluster = isOurs ? test : test.skip;

let registry: TestRegistry;
let cluster: Cluster;
beforeAll(async () => {
  if (!isOurs) return;
  registry = await startTestRegistry();
  cluster = await startCluster('e2e-pipeline', 1);
}, 300_000);
afterAll(async () => {
  if (!isOurs) return;
  await cluster?.down();
  await registry?.stop();
}, 120_000);

const github = githubOfEachTest();
/** What GitHub is told of, as `prod: in_progress, success`. */
const told = (): string[] =>
  github.state.deployments.map(
    ({ environment, statuses }) =>
      `${environment}: ${statuses
        .map(({ state }) => state)
        .reverse()
        .join(', ')}`,
  );

const OURS = { full_name: 'acme/charts', default_branch: 'main' };
const PUSH: StrangersEvent = { name: 'push', payload: { ref: 'refs/heads/main', repository: OURS } };
const ENVIRONMENTS = ['dev', 'staging', 'prod'];

async function run(
  event: StrangersEvent,
  options: Partial<Parameters<typeof runStranger>[1]> = {},
): Promise<StrangersRun> {
  const kubeconfig = readFileSync(cluster.kubeconfig, 'utf8');
  return runStranger(event, {
    registry: `oci://${registry.host}/charts`,
    kubeconfig,
    environment: { GITHUB_TOKEN: TOKEN },
    args: ['--secret', 'GITHUB_TOKEN', '--env', `GITHUB_API_URL=${github.url}`],
    ...options,
  });
}

/** `dev: 1 deployed`, of each environment that has a release, with the digests that they are of. */
async function live(): Promise<{ readonly releases: readonly string[]; readonly digests: ReadonlySet<string> }> {
  const releases: string[] = [];
  const digests = new Set<string>();
  for (const name of ENVIRONMENTS) {
    const listed = JSON.parse(await cluster.helm('list', '--namespace', name, '--output', 'json'));
    for (const { name: release } of listed) {
      const history = JSON.parse(await cluster.helm('history', release, '--namespace', name, '--output', 'json'));
      const { revision, status, description } = history.at(-1);
      releases.push(`${name}: ${revision} ${status}`);
      digests.add(/sha256:[0-9a-f]{64}/.exec(description)?.[0] ?? description);
    }
  }
  return { releases, digests };
}

const succeeded = ['Publish: succeeded', ...ENVIRONMENTS.map((name) => `Deploy to ${name}: succeeded`)];
const next = { 'chart/Chart.yaml': CHART['chart/Chart.yaml']?.replace('1.0.0', '1.1.0') ?? '' };

onCluster(
  'from a pull request, on which no cluster is touched, to three environments with one digest; again it is unchanged',
  async () => {
    const pull = {
      number: 45,
      pull_request: { number: 45, head: { sha: 'f'.repeat(40), repo: OURS } },
      repository: OURS,
    };
    const checked = await run({ name: 'pull_request', payload: pull });
    expect([checked.code, checked.jobs]).toEqual([0, ['Check: succeeded']]);
    expect((await live()).releases).toEqual([]);
    expect([told(), github.state.comments.length]).toEqual([[], 1]);

    const first = await run(PUSH);
    if (first.code !== 0) throw new Error(first.output);
    expect(first.jobs).toEqual(succeeded);
    const { releases, digests } = await live();
    expect([releases, digests.size]).toEqual([['dev: 1 deployed', 'staging: 1 deployed', 'prod: 1 deployed'], 1]);
    const greeting = await cluster.get('configmap', 'demo-prod', '--namespace', 'prod');
    expect(greeting.data.greeting).toBe('prod');
    // act makes none for a job with `environment:`, so each is Chartship's own.
    expect(told()).toEqual(ENVIRONMENTS.map((name) => `${name}: in_progress, success`));

    const again = await run(PUSH);
    expect([again.code, again.jobs]).toEqual([0, succeeded]);
    expect((await live()).releases).toEqual(releases);
  },
  600_000,
);

onCluster(
  'by hand one environment alone; then a tag takes the next version to all',
  async () => {
    const before = (await live()).releases;
    const dispatch = { name: 'workflow_dispatch', payload: { ref: 'refs/heads/main', repository: OURS, inputs: null } };
    const one = await run(dispatch, {
      files: next,
      changes: [
        ['on:\n', 'on:\n  workflow_dispatch:\n'],
        ['deploy: dev,staging,prod', 'deploy: staging'],
      ],
    });
    expect([one.code, one.jobs]).toEqual([0, ['Publish: succeeded', 'Deploy to staging: succeeded']]);
    expect((await live()).releases).toEqual(before.map((each) => each.replace('staging: 1', 'staging: 2')));

    const tag = { name: 'push', payload: { ref: 'refs/tags/v1.1.0', repository: OURS } };
    // The registry may stand in chartship.yaml, too.
    const place = `oci://${registry.host}/charts`;
    const all = await run(tag, {
      files: { ...next, 'chartship.yaml': `registry: ["${place}"]\n` },
      changes: [
        [`      registry: ${place}\n`, ''],
        ['deploy: dev,staging,prod', "deploy: dev,staging,prod\n      alias-tags: '{{major}}.{{minor}}'"],
      ],
    });
    expect([all.code, all.jobs]).toEqual([0, [...succeeded, 'Move the alias tags: succeeded']]);
    const listed = await fetch(`http://${registry.host}/v2/charts/demo/tags/list`);
    expect(((await listed.json()) as { tags: string[] }).tags.sort()).toEqual(['1.0.0', '1.1', '1.1.0']);
    const { releases, digests } = await live();
    expect([releases, digests.size]).toEqual([['dev: 2 deployed', 'staging: 2 deployed', 'prod: 2 deployed'], 1]);
  },
  600_000,
);

onCluster(
  'an environment that refuses it fails the run and keeps what it had',
  async () => {
    await cluster.apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'no-changes-in-staging' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE'] },
          ],
        },
        validations: [{ expression: "object.metadata.namespace != 'staging'", message: 'staging is closed' }],
      },
    });
    await cluster.apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'no-changes-in-staging' },
      spec: { policyName: 'no-changes-in-staging', validationActions: ['Deny'] },
    });
    try {
      const files = {
        'chart/Chart.yaml': CHART['chart/Chart.yaml']?.replace('1.0.0', '1.2.0') ?? '',
        'chart/values.yaml': 'greeting: hello\nmore: true\n',
        'chart/values-staging.yaml': 'greeting: changed\n',
      };
      const ended = await run(PUSH, { files });
      expect(ended.code).not.toBe(0);
      expect(told()).toContain('staging: in_progress, failure');
      // act goes on to prod all the same: it has no fail-fast (docs/workflows.md).
      expect(ended.jobs.slice(0, 3)).toEqual([
        'Publish: succeeded',
        'Deploy to dev: succeeded',
        'Deploy to staging: failed',
      ]);
      expect(ended.output).toContain('staging is closed');
      expect((await live()).releases[1]).toBe('staging: 2 deployed');
    } finally {
      await cluster.kubectl('delete', 'validatingadmissionpolicybinding', 'no-changes-in-staging');
      await cluster.kubectl('delete', 'validatingadmissionpolicy', 'no-changes-in-staging');
    }
  },
  600_000,
);
