import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DeploymentOutcome } from '../../src/domain/deployment.ts';
import { runByAct } from '../support/act.ts';
import { type Cluster, ran, startCluster } from '../support/cluster.ts';
import { type DependencyRegistry, startDependencyRegistry } from '../support/dependency-registry.ts';
import { githubOfEachTest } from '../support/each-test.ts';
import { TOKEN } from '../support/github-server.ts';
import { node24, pinned, repository } from '../support/scenario.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG;

let registry: DependencyRegistry;
let cluster: Cluster;

beforeAll(async () => {
  if (!isOurs) return;
  registry = await startDependencyRegistry();
  cluster = await startCluster('e2e-workflow');
}, 300_000);

afterAll(async () => {
  if (!isOurs) return;
  await cluster?.down();
  await registry?.stop();
}, 120_000);

const github = githubOfEachTest();

/** The workflow, as a repository with these settings runs it. */
const runWorkflow = (): ReturnType<typeof runByAct> =>
  runByAct(
    [
      'workflow_dispatch',
      ...['--workflows', '.github/workflows/deploy.yml'],
      ...['--var', `REGISTRY=oci://${registry.host}/charts`],
      ...['--var', `MIRRORS=${registry.mirrors}`],
      ...['--secret', 'KUBECONFIG', '--secret', 'GITHUB_TOKEN'],
      ...['--env', `GITHUB_API_URL=${github.url}`],
    ],
    { KUBECONFIG: readFileSync(cluster.kubeconfig, 'utf8'), GITHUB_TOKEN: TOKEN },
    [dirname(pinned('helm')), dirname(pinned('oras'))],
  );

const environments = ['dev', 'staging', 'prod'];
/** `dev: agent-dev in dev, revision 1: deployed, oci://…@sha256:…`, as the workflow's last step has it. */
const DEPLOYED = /(\w+): (\S+) in (\S+), revision (\d+): (\S+), (oci:\/\/\S+@sha256:[0-9a-f]{64})/g;

(isOurs ? test : test.skip)(
  'the workflow publishes once and deploys that digest to each environment, in order; run again it finds all of it unchanged',
  async () => {
    const first = await runWorkflow();
    if (first.code !== 0) throw new Error(first.output);
    const deployed = [...first.output.matchAll(DEPLOYED)].map((match) => match.slice(1));
    const references = new Set(deployed.map((each) => each[5]));
    expect(references.size).toBe(1);
    expect(deployed).toEqual(environments.map((name) => [name, `agent-${name}`, name, '1', 'deployed', ...references]));

    const told = github.state.deployments.map(({ environment, statuses }) => [environment, statuses[0]?.state]);
    expect(told).toEqual(environments.map((name) => [name, 'success']));

    for (const name of environments) {
      const releases = JSON.parse(
        await cluster.helm('history', `agent-${name}`, '--namespace', name, '--output', 'json'),
      );
      expect(releases).toEqual([expect.objectContaining({ revision: 1, status: 'deployed' })]);
      expect(references).toContain(releases[0].description);
    }

    const again = await runWorkflow();
    if (again.code !== 0) throw new Error(again.output);
    expect([...again.output.matchAll(DEPLOYED)].map((match) => [match[1], match[5]])).toEqual(
      environments.map((name) => [name, 'unchanged']),
    );
    expect(new Set([...again.output.matchAll(DEPLOYED)].map((match) => match[6]))).toEqual(references);

    // Of the kubeconfig nothing is in a log.
    const { users } = JSON.parse(await cluster.kubectl('config', 'view', '--raw', '--output', 'json'));
    const secrets: string[] = users.flatMap(({ user }: { user: Record<string, string> }) => Object.values(user));
    expect(secrets.length).toBeGreaterThan(0);
    for (const secret of secrets) expect(first.output + again.output).not.toContain(secret);
  },
  900_000,
);

(isOurs ? test : test.skip)(
  'a first install that failed leaves nothing in the way of the next: an install, with its migration',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chartship-first-'));
    const deploy = async (
      ...more: string[]
    ): Promise<{ readonly code: number; readonly deployment: DeploymentOutcome }> => {
      const report = join(folder, 'report');
      const args = [
        ...['chart', '--mirrors', registry.mirrors, '--environments', 'dev', '--deploy', 'dev'],
        ...['--namespace', 'first', '--release', 'agent-first', '--report', report, ...more],
      ];
      const path = [dirname(pinned('helm')), dirname(pinned('oras')), process.env.PATH].join(delimiter);
      const env = { ...cluster.env, PATH: path, CI: 'true' };
      const { code, stdout } = await ran(node24, [join(repository, 'dist/cli.js'), ...args], env);
      const [deployment] = JSON.parse(readFileSync(join(report, 'report.json'), 'utf8')).deployments;
      if (deployment === undefined) throw new Error(stdout);
      return { code, deployment };
    };
    const failed = await deploy('--set', 'postgresql.image.tag=no-such', '--timeout', '20s');
    expect(failed).toMatchObject({ code: 1, deployment: { outcome: 'removed', cause: { code: 'image-pull' } } });
    expect(await cluster.helm('list', '--namespace', 'first', '--short')).toBe('');

    const next = await deploy();
    expect(next).toMatchObject({ code: 0, deployment: { outcome: 'deployed', revision: 1 } });
    expect(next.deployment.tests).toEqual([expect.objectContaining({ outcome: 'passed' })]);
    const jobs = await cluster.get('jobs', '--namespace', 'first');
    expect(jobs.items.map((job: { status: { succeeded: number } }) => job.status.succeeded)).toEqual([1]);
    rmSync(folder, { recursive: true, force: true });
  },
  400_000,
);
