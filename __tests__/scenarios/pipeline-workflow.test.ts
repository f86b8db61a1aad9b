import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { address } from '../support/act.ts';
import { closedPort } from '../support/closed-port.ts';
import { startGitHub, TOKEN } from '../support/github-server.ts';
import { readmeWorkflow } from '../support/readme-workflow.ts';
import { type RefusingCluster, startRefusingCluster } from '../support/refusing-cluster.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { pinned, repository } from '../support/scenario.ts';
import { CLAIMS, type Sigstore, startSigstore } from '../support/sigstore.ts';
import { runStranger, type StrangersRun } from '../support/stranger.ts';

/**
 * The reusable workflow as a stranger's repository calls it, run by act: its workflow is the README's, its registry a
 * real one on loopback. What comes after an environment that is healthy is in e2e/pipeline-deploy.test.ts.
 */

describe('the workflow in the README', () => {
  test('is short enough to read at a glance', () => {
    expect(readmeWorkflow().trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  });

  test('is right, by actionlint, which looks up the inputs and secrets in pipeline.yml', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chartship-readme-'));
    try {
      const lint = (text: string): string => {
        const workflows = join(folder, '.github/workflows');
        mkdirSync(workflows, { recursive: true });
        spawnSync('git', ['init', '--quiet'], { cwd: folder });
        writeFileSync(
          join(workflows, 'pipeline.yml'),
          readFileSync(join(repository, '.github/workflows/pipeline.yml')),
        );
        // Of a workflow in another repository actionlint knows nothing.
        const local = text.replace(
          `${address()}/.github/workflows/pipeline.yml@v1`,
          './.github/workflows/pipeline.yml',
        );
        expect(local).not.toBe(text);
        writeFileSync(join(workflows, 'chart.yml'), local);
        return spawnSync(pinned('actionlint'), [], { cwd: folder, encoding: 'utf8' }).stdout;
      };
      expect(lint(readmeWorkflow())).toBe('');
      expect(lint(readmeWorkflow().replace('deploy:', 'deploi:'))).toContain('input "deploi" is not defined');
      expect(lint(readmeWorkflow().replace('KUBECONFIG:', 'CUBECONFIG:'))).toContain(
        'secret "CUBECONFIG" is not defined',
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('what it hands on', () => {
  const read = (file: string) => parse(readFileSync(join(repository, file), 'utf8'));
  const { on, jobs } = read('.github/workflows/pipeline.yml');
  const given = on.workflow_call.inputs as Record<string, { description: string; type: string; default: unknown }>;
  const known = Object.keys(read('action.yml').inputs);
  type Step = { uses?: string; with?: Record<string, unknown> };
  const steps = (Object.values(jobs) as { steps: Step[] }[])
    .flatMap((job) => job.steps)
    .filter(({ uses }) => uses === `${address()}@v1`);

  test('are inputs that the Action has', () => {
    expect(steps).toHaveLength(5);
    expect(steps.flatMap((step) => Object.keys(step.with ?? {})).filter((name) => !known.includes(name))).toEqual([]);
  });

  test.each(Object.keys(given).filter((name) => !['runner', 'artifact'].includes(name)))(
    'the input %s is handed on under its name, and no other has its value',
    (name) => {
      const value = new RegExp(`\\binputs\\.${name}(?![\\w-])`);
      const places = steps.flatMap((step) =>
        Object.entries(step.with ?? {}).flatMap(([to, text]) => (value.test(String(text)) ? [to] : [])),
      );
      expect(places).toContain(name);
      // What is attested is verified; where nothing is to be deployed no environment is planned.
      const besides: Record<string, readonly string[]> = { attest: ['verify', 'trusted-root'], until: ['deploy'] };
      expect(places.filter((to) => to !== name && !besides[name]?.includes(to))).toEqual([]);
      expect(given[name]).toMatchObject({ description: expect.stringMatching(/\.$/), default: expect.anything() });
    },
  );
});

jest.setTimeout(120_000);
let registry: TestRegistry;
let cluster: RefusingCluster;
let number = 0;
beforeAll(async () => {
  [registry, cluster] = await Promise.all([startTestRegistry(), startRefusingCluster()]);
});
afterAll(() => Promise.all([registry.stop(), cluster.stop()]));
beforeEach(() => {
  number += 1;
});

const OURS = { full_name: 'acme/charts', default_branch: 'main' };
const PUSH = { ref: 'refs/heads/main', repository: OURS };

const run = (
  name: string,
  payload: object,
  options: Partial<Parameters<typeof runStranger>[1]> = {},
): Promise<StrangersRun> =>
  runStranger(
    { name, payload },
    { registry: `oci://${registry.host}/charts-${number}`, kubeconfig: cluster.kubeconfig, ...options },
  );

async function tags(): Promise<readonly string[]> {
  const answer = await fetch(`http://${registry.host}/v2/charts-${number}/demo/tags/list`);
  return answer.status === 404 ? [] : ((await answer.json()) as { tags: string[] }).tags.sort();
}

const publishOnly = [['deploy: dev,staging,prod', 'until: publish']] as const;

describe('on a pull request', () => {
  test('it is checked, and no more', async () => {
    const payload = {
      number: 45,
      pull_request: { number: 45, head: { sha: 'f'.repeat(40), repo: OURS } },
      repository: OURS,
    };
    // A registry that is not on this machine; the way to it ends on a closed port of loopback.
    const proxy = `http://127.0.0.1:${await closedPort()}`;
    const ended = await run('pull_request', payload, {
      registry: 'oci://registry.example/charts',
      environment: { HTTPS_PROXY: proxy, HTTP_PROXY: proxy },
    });
    expect([ended.code, ended.jobs]).toEqual([0, ['Check: succeeded']]);
    expect(ended.output).toContain('nothing is published: this runs for a pull request');
    expect(ended.output).toContain('publish/not-compared');
    expect(ended.output).toMatch(/artifact chartship-report-check - .*\.\/packages\/demo-1\.0\.0\.tgz/);
  });
});

test('two pushes to a pull request at once leave one comment, which is the later run’s', async () => {
  const github = await startGitHub();
  try {
    const payload = {
      number: 45,
      pull_request: { number: 45, head: { sha: 'f'.repeat(40), repo: OURS } },
      repository: OURS,
    };
    const push = (id: number) =>
      run('pull_request', payload, {
        environment: { GITHUB_TOKEN: TOKEN },
        args: [
          ...['--secret', 'GITHUB_TOKEN', '--env', `GITHUB_API_URL=${github.url}`],
          ...['--env', `GITHUB_RUN_ID=${id}`, '--env', 'GITHUB_RUN_ATTEMPT=1'],
        ],
      });
    const both = await Promise.all([push(1002), push(1001)]);
    expect(both.map(({ jobs }) => jobs)).toEqual([['Check: succeeded'], ['Check: succeeded']]);
    expect(github.state.comments).toHaveLength(1);
    expect(github.state.comments[0]?.body).toContain('run 1002.1');
    expect(github.faults).toEqual([]);
  } finally {
    await github.stop();
  }
});

describe('on the default branch', () => {
  test('it is published, and each environment has a job of its own, in order, with what was published', async () => {
    const ended = await run('push', PUSH);
    // No cluster lets anybody in here. That none is begun after one that failed is GitHub's to see to: see below.
    expect(ended.jobs).toEqual([
      'Publish: succeeded',
      ...['dev', 'staging', 'prod'].map((name) => `Deploy to ${name}: failed`),
    ]);
    expect(ended.code).not.toBe(0);
    expect(await tags()).toEqual(['1.0.0']);
    const begun = [...ended.output.matchAll(/\/Deploy to (\w+)-\d\s*\] ⭐ Run Set up job/g)].map(([, name]) => name);
    expect(begun).toEqual(['dev', 'staging', 'prod']);
    const references = [...ended.output.matchAll(/oci:\/\/[^\s"]+\/demo@sha256:[0-9a-f]{64}/g)].map(
      ([reference]) => reference,
    );
    expect(new Set(references).size).toBe(1);
    for (const name of begun) expect(ended.output).toContain(`deployments=[{"chart":"demo","environment":"${name}"`);
  });

  test('the jobs of environments wait for each other, and none is begun after one that failed or cuts one off', () => {
    const read = (name: string) => parse(readFileSync(join(repository, '.github/workflows', name), 'utf8')).jobs;
    const jobs = read('pipeline.yml');
    for (const { deploy } of [jobs, read('deploy.yml')]) {
      expect(deploy.strategy).toMatchObject({ 'max-parallel': 1, 'fail-fast': true });
      // A job that may fail, or runs whatever failed before, would go on to the next environment.
      expect(deploy).not.toHaveProperty('continue-on-error');
      expect(String(deploy.if ?? '')).not.toMatch(/always|failure|cancelled/);
      expect(deploy.concurrency).toMatchObject({
        group: expect.stringContaining('matrix.environment'),
        'cancel-in-progress': false,
      });
      expect(deploy.needs).toBe('publish');
    }
    // In the order of the plan, which is that of deploy or chartship.yaml: a list, made before anything is published.
    expect(jobs.deploy.strategy.matrix).toEqual({
      environment: expect.stringContaining('needs.publish.outputs.environments'),
    });
    expect(jobs.publish.outputs.environments).toContain('fromJSON(steps.plan.outputs.matrix).environments');
    const ids = (jobs.publish.steps as { id?: string }[]).flatMap(({ id }) => id ?? []);
    expect(ids).toEqual(['plan', 'chartship']);
    const writing = Object.entries<{ permissions: unknown }>(jobs).filter(([, job]) =>
      JSON.stringify(job.permissions).includes('packages":"write'),
    );
    expect(writing.map(([name]) => name)).toEqual(['publish', 'aliases']);
    expect(jobs.aliases.needs).toEqual(['publish', 'deploy']);
  });

  test('until says publish, or nothing is published', async () => {
    const ended = await run('push', PUSH, { changes: [['deploy: dev,staging,prod', 'until: package']] });
    expect([ended.jobs, await tags()]).toEqual([['Publish: failed'], []]);
    expect(ended.output).toContain('until is publish, where nothing is to be deployed, or not there');
  });

  test('alias tags stay while an environment failed', async () => {
    const ended = await run('push', PUSH, {
      changes: [['deploy: dev,staging,prod', "deploy: dev\n      alias-tags: '{{major}}'"]],
    });
    expect([ended.jobs, await tags()]).toEqual([['Publish: succeeded', 'Deploy to dev: failed'], ['1.0.0']]);
  });

  test('with until: publish nothing is deployed; again, it is published already', async () => {
    const first = await run('push', PUSH, { changes: publishOnly });
    expect([first.code, first.jobs]).toEqual([0, ['Publish: succeeded']]);
    const again = await run('push', PUSH, { changes: publishOnly });
    expect([again.code, again.jobs]).toEqual([0, ['Publish: succeeded']]);
    expect(again.output).toContain('already published: demo 1.0.0');
  });

  test('an environment that is not there stops it before anything is published', async () => {
    const ended = await run('push', PUSH, { changes: [['deploy: dev,staging', 'deploy: dev,stagin']] });
    expect([ended.jobs, await tags()]).toEqual([['Publish: failed'], []]);
    expect(ended.output).toContain('there is no environment "stagin" to deploy');
  });

  test('without deploy the environments are those of chartship.yaml, in its order', async () => {
    const ended = await run('push', PUSH, {
      changes: [['      deploy: dev,staging,prod\n', '']],
      files: { 'chartship.yaml': 'environments: { staging: {}, dev: {} }\n' },
    });
    expect(ended.jobs).toEqual(['Publish: succeeded', 'Deploy to staging: failed', 'Deploy to dev: failed']);
  });

  test('of two pushes at once with other contents one is published and the other refused', async () => {
    const push = (greeting: string) =>
      run('push', PUSH, { changes: publishOnly, files: { 'chart/values.yaml': `greeting: ${greeting}\n` } });
    const both = await Promise.all([push('one'), push('two')]);
    expect(both.flatMap(({ jobs }) => jobs).sort()).toEqual(['Publish: failed', 'Publish: succeeded']);
    const refused = both.find(({ code }) => code !== 0)?.output ?? '';
    expect(refused).toMatch(/publish\/(refused|race)/);
    expect(await tags()).toEqual(['1.0.0']);
  });
});

test('of two pushes at once with two versions both are published, and the aliases are the newer one’s', async () => {
  const push = (version: string) =>
    run('push', PUSH, {
      changes: [['deploy: dev,staging,prod', "until: publish\n      alias-tags: '{{major}}, {{major}}.{{minor}}'"]],
      files: { 'chart/Chart.yaml': `apiVersion: v2\nname: demo\nversion: ${version}\n` },
    });
  const both = await Promise.all([push('1.2.4'), push('1.2.3')]);
  expect(both.map(({ jobs }) => jobs)).toEqual([['Publish: succeeded'], ['Publish: succeeded']]);
  expect(await tags()).toEqual(['1', '1.2', '1.2.3', '1.2.4']);
  const digest = async (tag: string) => {
    const url = `http://${registry.host}/v2/charts-${number}/demo/manifests/${tag}`;
    const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
    return (await fetch(url, { method: 'HEAD', headers })).headers.get('docker-content-digest');
  };
  expect([await digest('1'), await digest('1.2')]).toEqual(Array(2).fill(await digest('1.2.4')));
});

describe('on a tag', () => {
  const tag = (name: string) => ({ ref: `refs/tags/${name}`, repository: OURS });

  test('it is published; alias tags follow where they are asked for', async () => {
    const ended = await run('push', tag('v1.0.0'), {
      changes: [['deploy: dev,staging,prod', "until: publish\n      alias-tags: '{{major}}.{{minor}}'"]],
    });
    expect([ended.code, ended.jobs, await tags()]).toEqual([0, ['Publish: succeeded'], ['1.0', '1.0.0']]);
  });

  test('that says another version it is refused, and nothing deployed', async () => {
    const ended = await run('push', tag('v1.0.1'));
    expect([ended.jobs, await tags()]).toEqual([['Publish: failed'], []]);
    expect(ended.output).toContain('the tag v1.0.1 says that demo is 1.0.1, and its version is 1.0.0');
  });
});

describe('on another branch', () => {
  const feature = { ref: 'refs/heads/feature', repository: OURS };
  const branches = ['branches: [main]', 'branches: [main, feature]'] as const;

  test('it is checked; the registry is not asked', async () => {
    const ended = await run('push', feature, { changes: [branches] });
    expect([ended.code, ended.jobs, await tags()]).toEqual([0, ['Check: succeeded'], []]);
    expect(ended.output).not.toContain('requests go to the registry');
  });

  test('with pre-release it is published as a version of its commit, and not deployed', async () => {
    const ended = await run('push', feature, {
      changes: [branches, ['deploy: dev,staging,prod', 'deploy: dev,staging,prod\n      pre-release: true']],
    });
    expect([ended.code, ended.jobs]).toEqual([0, ['Publish: succeeded']]);
    expect(await tags()).toEqual([expect.stringMatching(/^1\.0\.0-feature\.1\.sha-[0-9a-f]{7}$/)]);
  });
});

describe('with attest', () => {
  let sigstore: Sigstore;
  beforeAll(async () => {
    sigstore = await startSigstore();
  });
  afterAll(() => sigstore.stop());

  /** Who signs is this workflow, as the caller's repository; act has no tokens of its own. */
  const attested = (isPrivate: boolean, inputs: readonly string[], files: Record<string, string> = {}) => {
    sigstore.claims = {
      ...CLAIMS,
      repository: 'example/chartship',
      job_workflow_ref: `${address()}/.github/workflows/pipeline.yml@refs/tags/v1`,
    };
    const given = ['deploy: dev', 'attest: true', ...inputs].join('\n      ');
    return run(
      'push',
      { ...PUSH, repository: { ...OURS, private: isPrivate } },
      {
        changes: [['deploy: dev,staging,prod', given]],
        files,
        args: Object.entries(sigstore.environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      },
    );
  };
  const services = () => `sigstore: ${JSON.stringify(sigstore.services)}`;

  test('services of one’s own sign, and a deployment believes the root that is given', async () => {
    const ended = await attested(true, [services(), 'trusted-root: .github/roots.jsonl'], {
      '.github/roots.jsonl': `${sigstore.root}\n`,
    });
    expect(ended.jobs).toEqual(['Publish: succeeded', 'Deploy to dev: failed']);
    expect(ended.output).toContain('was published by the workflow');
    // It came as far as the cluster, which lets nobody in.
    expect(ended.output).toContain('"outcome":"failed"');
    expect(ended.output).not.toContain('deploy/provenance');
  });

  test.each<[string, boolean, () => readonly string[]]>([
    ['a private repository without a root', true, () => []],
    ['services of one’s own without a root', false, () => [services()]],
    ['a root that is not there', false, () => ['trusted-root: .github/roots.jsonl']],
  ])('%s stops before anything is published', async (_, isPrivate, inputs) => {
    const ended = await attested(isPrivate, inputs());
    expect([ended.jobs, await tags()]).toEqual([['Publish: failed'], []]);
    expect(ended.output).toContain('commit what "gh attestation trusted-root" prints');
  });
});
