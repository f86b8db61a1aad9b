import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ageKey, encrypted } from '../support/age-key.ts';
import { CANARY, tracesBelow, tracesIn } from '../support/canary.ts';
import { type Cluster, clusterCommand, startCluster } from '../support/cluster.ts';
import { startTestRegistry } from '../support/registry.ts';
import { command, node24, pinned, repository, toolPath } from '../support/scenario.ts';
import { testPod, WEB_VALUES } from '../support/web-chart.ts';
import { type WebDeployment, webDeployment } from '../support/web-deployment.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { isPossible: kindIsPossible } = await import('../../scripts/cluster/kind.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG && !kindIsPossible();

(isOurs ? describe : describe.skip)('ways to deploy', () => {
  let cluster: Cluster;
  const webs: WebDeployment[] = [];

  beforeAll(async () => {
    await clusterCommand('prepare');
    cluster = await startCluster('e2e-modes', 1);
  }, 900_000);
  afterAll(async () => {
    await cluster?.down();
    for (const { space } of webs) space.remove();
  }, 60_000);

  function webIn(namespace: string): WebDeployment {
    const web = webDeployment(cluster, namespace);
    webs.push(web);
    web.is({ 'templates/test.yaml': testPod('echo fine') });
    return web;
  }
  const all = async (namespace: string): Promise<string> =>
    await cluster.kubectl('get', 'all,secrets,configmaps,leases,events', '--namespace', namespace, '--output=name');

  test('dry-run says what would change, and changes nothing, not even the namespace', async () => {
    const web = webIn('dry');
    const first = await web.deploy(['--dry-run', 'true']);
    expect({ code: first.code, outcome: first.deployment?.outcome }).toEqual({ code: 0, outcome: 'skipped' });
    expect(first.stdout).toMatch(/\+ Deployment\/web/);
    expect((await cluster.kubectl('get', 'namespace', 'dry', '--ignore-not-found')).trim()).toBe('');
    expect((await web.deploy([])).code).toBe(0);
    const before = await all('dry');
    const second = await web.deploy(['--dry-run', 'true', '--set', 'replicas=3']);
    expect({ code: second.code, outcome: second.deployment?.outcome }).toEqual({ code: 0, outcome: 'skipped' });
    expect(second.stdout).toMatch(/replicas: 1 → 3/);
    expect(await all('dry')).toBe(before);
    // What the API server would refuse is a failure of a dry run, too.
    const refused = await web.deploy(['--dry-run', 'true', '--set', 'replicas=-1']);
    expect({
      code: refused.code,
      cause: refused.deployment?.cause?.code ?? refused.report?.findings[0]?.rule,
    }).toMatchObject({ code: 1 });
    expect(await all('dry')).toBe(before);
  }, 120_000);

  test('an image that its registry says it does not have is found before anything is changed, with the line that sets it', async () => {
    const login = { username: 'reader', password: 'only to read' };
    const registry = await startTestRegistry(login);
    try {
      const at = `${registry.host}/team/api:1`;
      const { status, stdout, stderr } = spawnSync(
        pinned('oras'),
        [
          ...['push', at, 'package.json', '--plain-http', '--format', 'json'],
          '--username',
          'reader',
          '--password-stdin',
        ],
        { cwd: repository, input: login.password, encoding: 'utf8' },
      );
      if (status !== 0) throw new Error(stderr);
      const { digest } = JSON.parse(stdout);

      await cluster.kubectl('create', 'namespace', 'images');
      const web = webIn('images');
      const dryRun = async (image: string, password = login.password): ReturnType<typeof web.deploy> => {
        web.is({ 'values.yaml': WEB_VALUES.replace(/^image: .*$/m, `image: ${image}`) });
        return await web.deploy(['--dry-run', 'true', '--registry-username', `${registry.host}=reader`], {
          environment: { CHARTSHIP_REGISTRY_PASSWORD: `${registry.host}=${password}` },
        });
      };
      const ofDeploy = ({ code, report }: Awaited<ReturnType<typeof dryRun>>) => ({
        code,
        findings: report?.findings.filter(({ stage }) => stage === 'deploy'),
      });
      expect(ofDeploy(await dryRun(at))).toEqual({ code: 0, findings: [] });
      const byDigest = await dryRun(`${registry.host}/team/api:no-such@${digest}`);
      expect(ofDeploy(byDigest)).toEqual({ code: 0, findings: [] });

      const absent = await dryRun(`${registry.host}/team/api:2`);
      expect(absent.code).toBe(1);
      expect(absent.deployment?.cause).toMatchObject({
        code: 'image-pull',
        resource: 'Deployment/web',
        message: `the image ${registry.host}/team/api:2 does not exist in its registry`,
        file: 'chart/values.yaml',
        line: 1,
      });

      // What can't be known is no failure.
      const unknown = await dryRun(`${registry.host}/team/api:2`, 'another password');
      expect(ofDeploy(unknown)).toEqual({
        code: 0,
        findings: [
          expect.objectContaining({ severity: 'note', rule: 'deploy/unknown', message: expect.stringMatching(/401/) }),
        ],
      });
    } finally {
      await registry.stop();
    }
  }, 120_000);

  test('what is live and healthy already is tested, not upgraded', async () => {
    const web = webIn('same');
    expect((await web.deploy([])).deployment).toMatchObject({ outcome: 'deployed', revision: 1 });
    const second = await web.deploy([]);
    expect(second.deployment).toMatchObject({ outcome: 'unchanged', revision: 1, tests: [{ outcome: 'passed' }] });
    expect(second.code).toBe(0);
    // A hand on the cluster is a change.
    await cluster.kubectl('scale', 'deployment', 'web', '--namespace', 'same', '--replicas=2');
    const third = await web.deploy([]);
    expect(third.stdout).toMatch(/changed by hand since revision 1: Deployment\/web/);
    expect(third.deployment).toMatchObject({ outcome: 'deployed', revision: 2 });
    expect((await cluster.get('deployment', 'web', '--namespace', 'same')).spec.replicas).toBe(1);
    // What is unchanged and no longer works is a failure, and nothing is rolled back for it.
    web.is({
      'templates/test.yaml': testPod('[ ! -e /etc/marker/broken ]')
        .replace('      image:', '      volumeMounts: [{ name: marker, mountPath: /etc/marker }]\n      image:')
        .concat('  volumes: [{ name: marker, configMap: { name: marker, optional: true } }]\n'),
    });
    expect((await web.deploy([])).deployment).toMatchObject({ outcome: 'deployed', revision: 3 });
    await cluster.kubectl('create', 'configmap', 'marker', '--namespace', 'same', '--from-literal=broken=1');
    const broken = await web.deploy([]);
    expect({ code: broken.code, deployment: broken.deployment }).toMatchObject({
      code: 1,
      deployment: { outcome: 'failed', revision: 3, cause: { code: 'test-failed' } },
    });
    expect(broken.report?.stages).toContainEqual(expect.objectContaining({ name: 'test', status: 'failed' }));
  }, 180_000);

  test('a wrong kubeconfig or context is exit 2, before anything starts, and one that nobody answers at is soon told', async () => {
    const web = webIn('nowhere');
    for (const [args, options, named] of [
      [[], { kubeconfig: '/nowhere/kubeconfig' }, /\/nowhere\/kubeconfig/],
      [['--kube-context', 'absent'], {}, /absent/],
    ] as const) {
      const ended = await web.deploy(args, options);
      expect({ named, code: ended.code, status: ended.report?.status }).toEqual({ named, code: 2, status: 'invalid' });
      expect(ended.stderr + ended.stdout).toMatch(named);
      expect(ended.report?.stages ?? []).toEqual([]);
      expect(ended.seconds).toBeLessThan(10);
    }
    const closed = join(web.space.root, 'closed.kubeconfig');
    writeFileSync(
      closed,
      readFileSync(cluster.kubeconfig, 'utf8').replace(/server:.*|"server": *"[^"]*"/, (found) =>
        found.replace(/:\d+/, ':1'),
      ),
      { mode: 0o600 },
    );
    const unreachable = await web.deploy([], { kubeconfig: closed });
    expect({ code: unreachable.code, cause: unreachable.deployment?.cause?.code }).toEqual({
      code: 1,
      cause: 'unreachable',
    });
    expect(unreachable.seconds).toBeLessThan(25);
    const wrong = join(web.space.root, 'wrong.kubeconfig');
    const shown = JSON.parse(await cluster.kubectl('config', 'view', '--raw', '--output=json'));
    writeFileSync(
      wrong,
      JSON.stringify({
        ...shown,
        users: shown.users.map(({ name }: { name: string }) => ({ name, user: { token: 'wrong-token' } })),
      }),
      { mode: 0o600 },
    );
    const unauthorized = await web.deploy([], { kubeconfig: wrong });
    expect({ code: unauthorized.code, cause: unauthorized.deployment?.cause?.code }).toEqual({
      code: 1,
      cause: 'unauthorized',
    });
    expect(unauthorized.stdout + unauthorized.stderr).not.toContain('wrong-token');
    expect((await cluster.kubectl('get', 'namespace', 'nowhere', '--ignore-not-found')).trim()).toBe('');
  }, 120_000);

  test('an encrypted values file reaches the cluster with what is published, and only as it was checked', async () => {
    const web = webIn('encrypted');
    const registry = await startTestRegistry();
    try {
      const key = ageKey();
      const environment = { SOPS_AGE_KEY: key.secret };
      const file = 'shared/prod.enc.yaml';
      const note = `${CANARY}-in-an-annotation`;
      web.space.write(file, encrypted(`note: ${note}\n`, key));
      symlinkSync(pinned('sops'), join(toolPath(web.space.root).split(':')[0] ?? '', 'sops'));
      const place = `oci://${registry.host}/charts`;
      const inputs = ['--environments', 'prod', '--values', file];
      const published = await command(web.space, ['chart', '--registry', place, ...inputs], { environment });
      expect({ said: published.stdout, code: published.code }).toEqual({ said: published.stdout, code: 0 });
      // What is deployed is the registry's.
      web.space.empty('chart');
      const deploy = () =>
        command(
          web.space,
          [
            ...[`${place}/web:1.0.0`, '--deploy', 'prod', '--namespace', 'encrypted', '--release', 'web', ...inputs],
            ...['--kubeconfig', cluster.kubeconfig],
          ],
          { environment, node: existsSync(node24) ? node24 : process.execPath },
        );
      const first = await deploy();
      expect(first.report?.deployments).toMatchObject([{ outcome: 'deployed', revision: 1 }]);
      const { template } = (await cluster.get('deployment', 'web', '--namespace', 'encrypted')).spec;
      expect(template.metadata.annotations.note).toBe(note);
      expect([tracesIn(first.stdout), tracesIn(first.stderr), tracesBelow(web.space.root)]).toEqual([[], [], {}]);
      expect((await deploy()).report?.deployments).toMatchObject([{ outcome: 'unchanged', revision: 1 }]);
      web.space.write(file, encrypted('note: checked by nobody\n', key));
      const changed = await deploy();
      expect(changed.report?.deployments).toMatchObject([{ outcome: 'failed', cause: { code: 'values', file } }]);
      expect(changed.code).toBe(1);
      expect((await cluster.get('deployment', 'web', '--namespace', 'encrypted')).metadata.generation).toBe(1);
    } finally {
      await registry.stop();
    }
  }, 180_000);

  test('environments in order: the first that fails is the last that is touched', async () => {
    const web = webIn('unused');
    web.is({
      'values-dev.yaml': '{}\n',
      'values-staging.yaml': 'command: [sh, -c, exit 3]\n',
      'templates/test.yaml': testPod('echo fine'),
    });
    web.space.write(
      'chartship.yaml',
      `environments:
${['dev', 'staging', 'prod'].map((name) => `  ${name}: { namespace: order-${name}, release: web, values: [values-${name}.yaml] }`).join('\n')}
`,
    );
    const run = (): ReturnType<typeof command> =>
      command(
        web.space,
        ['chart', '--deploy', 'dev,staging,prod', '--kubeconfig', cluster.kubeconfig, '--timeout', '60s'],
        { node: existsSync(node24) ? node24 : process.execPath },
      );
    const failed = await run();
    const outcomes = (ended: Awaited<ReturnType<typeof run>>): string[] =>
      (ended.report?.deployments ?? []).map(({ environment, outcome }) => `${environment} ${outcome}`);
    expect({ code: failed.code, outcomes: outcomes(failed) }).toEqual({
      code: 1,
      outcomes: ['dev deployed', 'staging removed', 'prod skipped'],
    });
    expect((await cluster.kubectl('get', 'namespace', 'order-prod', '--ignore-not-found')).trim()).toBe('');
    web.space.write('chart/values-staging.yaml', '{}\n');
    const good = await run();
    // The other values file is in the package: it is another one.
    expect({ code: good.code, outcomes: outcomes(good) }).toEqual({
      code: 0,
      outcomes: ['dev deployed', 'staging deployed', 'prod deployed'],
    });
    expect(outcomes(await run())).toEqual(['dev unchanged', 'staging unchanged', 'prod unchanged']);
  }, 180_000);
});
