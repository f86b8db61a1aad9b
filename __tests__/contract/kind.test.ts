import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { repository } from '../support/scenario.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { getTool } = await import('../../scripts/tools.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { imagesToBuild } = await import('../../scripts/cluster/kind.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { wrongDeployments, wrongFiles, wrongPods } = await import('../../scripts/ci/bitnami.mjs');

/**
 * What can be seen of the job `kind` of ci.yml where no Docker runs (docs/workflows.md, "On kind"): kind is the real
 * one, and in Docker's place is a program that says that it is there and begins nothing.
 */
(process.platform === 'win32' ? describe.skip : describe)('npm run cluster -- up, by kind', () => {
  let folder: string;
  let kind: string;
  beforeAll(async () => {
    kind = (await getTool('kind')) as string;
    folder = mkdtempSync(join(tmpdir(), 'chartship-kind-'));
    const log = join(folder, 'asked');
    writeFileSync(
      join(folder, 'docker'),
      `#!/bin/sh\necho "$*" >> ${log}\ncase "$1" in\n  info) echo '{"CgroupDriver":"systemd","CgroupVersion":"2","MemoryLimit":true,"PidsLimit":true,"CPUShares":true}' ;;\n  ps | version | inspect | network) ;;\n  *) echo "there is no machine for it" >&2; exit 1 ;;\nesac\n`,
    );
    chmodSync(join(folder, 'docker'), 0o755);
  }, 1_800_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const cluster = (...args: string[]) =>
    spawnSync(process.execPath, [join(repository, 'scripts/cluster.mjs'), ...args], {
      encoding: 'utf8',
      env: {
        HOME: folder,
        CHARTSHIP_CACHE: join(folder, 'cache'),
        PATH: [folder, dirname(kind), '/usr/bin', '/bin'].join(delimiter),
      },
    });

  test('kind takes the configuration, and asks Docker for four nodes', () => {
    const { status, stderr } = cluster('up', '--name', 'test', '--real-stores');
    expect(status).toBe(1);
    expect(stderr).toContain('kind create cluster --name chartship-test --kubeconfig');
    expect(stderr).toMatch(/Preparing nodes (📦 ){4} /);
    expect(stderr).toMatch(/docker run --name chartship-test-(control-plane|worker)[\s\S]*there is no machine for it/);
    expect(readFileSync(join(folder, 'asked'), 'utf8')).not.toMatch(/^build/m);
    expect(existsSync(join(folder, 'cache/kind/test/kubeconfig'))).toBe(false);
  }, 60_000);

  test('where there is no Docker the real stores can’t be had', () => {
    writeFileSync(join(folder, 'docker'), '#!/bin/sh\nexit 1\n');
    const { status, stderr } = cluster('up', '--name', 'test', '--real-stores');
    expect([status, stderr]).toEqual([1, expect.stringContaining('--real-stores takes kind and Docker')]);
  });
});

test('with the real stores the agent’s images alone are built, with all the names that are deployed', () => {
  const built = (realStores: boolean): string[] =>
    imagesToBuild({ realStores }).flatMap(({ names }: { names: string[] }) => names);
  expect(built(false).filter((name) => /postgres|redis/.test(name))).toHaveLength(8);
  expect(built(true).filter((name) => /postgres|redis/.test(name))).toEqual([]);
  // chart/values.yaml's own.
  expect(built(true)).toEqual(
    expect.arrayContaining(['docker.io/my-company/task-api:1.0.0', 'docker.io/my-company/task-api-migrations:1.0.0']),
  );
});

describe('whether it is Bitnami’s', () => {
  const pulled = (image: string) => `docker.io/bitnamilegacy/${image}@sha256:${'a'.repeat(64)}`;
  const pod = (image: string, tag: string, imageID: string) => ({
    status: { containerStatuses: [{ name: image, image: `docker.io/bitnamilegacy/${image}:${tag}`, imageID }] },
  });
  const redis = pod('redis', '7.0.12-debian-11-r34', pulled('redis'));

  test('its images, pulled from where it has them', () => {
    const good = [pod('postgresql', '15.4.0-debian-11-r45', pulled('postgresql')), redis, { status: {} }];
    expect(wrongPods('dev', good)).toEqual([]);
    const loaded = pod('postgresql', '15.4.0-debian-11-r45', `sha256:${'b'.repeat(64)}`);
    expect(wrongPods('dev', [loaded, redis])).toEqual([
      `dev: postgresql was not pulled as bitnamilegacy/postgresql: sha256:${'b'.repeat(64)}`,
    ]);
    expect(wrongPods('prod', [redis])).toEqual(['prod: no container runs bitnamilegacy/postgresql']);
  });

  test('its charts, by the library that they bring along', () => {
    const common = (chart: string) => `task-api/charts/${chart}/charts/common/Chart.yaml`;
    expect(wrongFiles(['task-api/Chart.yaml', common('postgresql'), common('redis')])).toEqual([]);
    expect(wrongFiles(['task-api/Chart.yaml', common('redis'), 'task-api/charts/postgresql/Chart.yaml'])).toEqual([
      "the package has no charts/postgresql/charts/common/Chart.yaml: its dependency is not Bitnami's",
    ]);
  });

  test('every environment', () => {
    const of = (...outcomes: string[]) =>
      outcomes.map((outcome, index) => ({ environment: ['dev', 'staging', 'prod'][index], outcome }));
    expect(wrongDeployments(of('deployed', 'deployed', 'deployed'))).toEqual([]);
    expect(wrongDeployments(of('deployed', 'rolled-back', 'skipped'))).toHaveLength(1);
    expect(wrongDeployments([])).toHaveLength(1);
  });
});
