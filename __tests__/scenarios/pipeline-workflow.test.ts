import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { address } from '../support/act.ts';
import { closedPort } from '../support/closed-port.ts';
import { readmeWorkflow } from '../support/readme-workflow.ts';
import { type RefusingCluster, startRefusingCluster } from '../support/refusing-cluster.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { pinned, repository } from '../support/scenario.ts';
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
    const workflow = parse(readFileSync(join(repository, '.github/workflows/pipeline.yml'), 'utf8'));
    const jobs = workflow.jobs as Record<string, Record<string, unknown>>;
    expect(jobs.deploy?.strategy).toMatchObject({ 'max-parallel': 1, 'fail-fast': true });
    expect(jobs.deploy?.concurrency).toMatchObject({
      group: expect.stringContaining('matrix.environment'),
      'cancel-in-progress': false,
    });
    expect(jobs.deploy?.needs).toBe('publish');
    const writing = Object.entries(jobs).filter(([, job]) =>
      JSON.stringify(job.permissions).includes('packages":"write'),
    );
    expect(writing.map(([name]) => name)).toEqual(['publish']);
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

  test('with pre-release it is published as a version of its commit', async () => {
    const ended = await run('push', feature, {
      changes: [branches, ['deploy: dev,staging,prod', 'until: publish\n      pre-release: true']],
    });
    expect([ended.code, ended.jobs]).toEqual([0, ['Publish: succeeded']]);
    expect(await tags()).toEqual([expect.stringMatching(/^1\.0\.0-feature\.1\.sha-[0-9a-f]{7}$/)]);
  });
});
