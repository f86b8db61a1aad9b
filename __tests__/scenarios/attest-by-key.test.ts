import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RefusingCluster, startRefusingCluster } from '../support/refusing-cluster.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { command, type Ended, node24, toolPath, type Workspace, workspace } from '../support/scenario.ts';

/** Elsewhere than on GitHub: attested by a key, and deployed where its public half verifies it. */
let cosign: string;
let registry: TestRegistry;
let cluster: RefusingCluster;
let space: Workspace;
beforeAll(async () => {
  // @ts-expect-error a script of the repository, plain JavaScript
  const { getTool } = await import('../../scripts/tools.mjs');
  cosign = (await getTool('cosign')) as string;
  registry = await startTestRegistry();
  cluster = await startRefusingCluster();
  space = workspace();
  space.chart('chart');
  space.write('kubeconfig', cluster.kubeconfig);
  space.write('password', 'password-of-the-key\n');
  for (const name of ['ours', 'theirs']) {
    const env = { HOME: space.root, COSIGN_PASSWORD: 'password-of-the-key' };
    execFileSync(cosign, ['generate-key-pair', '--output-key-prefix', name], { cwd: space.root, env, stdio: 'ignore' });
  }
}, 1_800_000);
afterAll(async () => {
  await Promise.all([registry.stop(), cluster.stop()]);
  space.remove();
});

const run = (...args: string[]): Promise<Ended> =>
  command(space, args, {
    node: node24,
    environment: { PATH: `${path.dirname(cosign)}${path.delimiter}${toolPath(space.root)}` },
  });

test('published with a key, deployed with its public half, and not with another', async () => {
  const place = `oci://${registry.host}/by-key`;
  const key = ['--signing-key', 'ours.key', '--signing-password', '@password'];
  const published = await run('--registry', place, '--attest', 'true', ...key);
  expect([published.code, published.report?.findings]).toEqual([0, []]);
  expect(published.stdout + published.stderr + JSON.stringify(published.report)).not.toContain('password-of-the-key');

  const deploy = (publicKey: string): Promise<Ended> =>
    run(`${place}/demo:1.0.0`, '--deploy', 'default', '--kubeconfig', 'kubeconfig', '--verify', `key=${publicKey}`);
  expect((await deploy('ours.pub')).report?.deployments).toMatchObject([{ cause: { code: 'unauthorized' } }]);
  const strange = await deploy('theirs.pub');
  expect([strange.code, strange.report?.deployments]).toMatchObject([1, [{ outcome: 'skipped' }]]);
  expect(strange.report?.findings).toMatchObject([
    { rule: 'deploy/provenance', message: expect.stringMatching(/its provenance was signed by another key/) },
  ]);
});
