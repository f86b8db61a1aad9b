// Where Docker runs and kind is installed: its cluster, with the images built by Docker. The repository's own tests
// run on the Docker-free cluster; this is for laptops, and was not run where they are.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../tools.mjs';
import { run } from './run.mjs';

const agentFolder = fileURLToPath(new URL('../../__tests__/e2e/agent', import.meta.url));
const variants = { '1.0.0': '', '2.0.0': '2.0.0', '3.0.0-broken': '2.0.0 3.0.0-broken' };

export function isPossible() {
  const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  return works('kind', 'version') && works('docker', 'info');
}

const nameOf = (name) => `chartship-${name}`;
const kubeconfigOf = (name) => path.join(cacheFolder(), 'kind', name, 'kubeconfig');

export async function up(name, progress) {
  const kubeconfig = kubeconfigOf(name);
  fs.mkdirSync(path.dirname(kubeconfig), { recursive: true });
  if (!(await isUp(name))) {
    progress.say('kind makes the nodes');
    const nodes = [{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }, { role: 'worker' }];
    const input = JSON.stringify({ kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', nodes });
    await run(
      'kind',
      ['create', 'cluster', '--name', nameOf(name), '--kubeconfig', kubeconfig, '--config', '-', '--wait', '5m'],
      { input },
    );
  }
  for (const [version, parts] of Object.entries(variants)) {
    const image = `chartship.test/agent:${version}`;
    progress.say(`docker builds ${image}`);
    await run('docker', ['build', '--tag', image, '--build-arg', `VARIANTS=${parts}`, agentFolder]);
    await run('kind', ['load', 'docker-image', '--name', nameOf(name), image]);
  }
  return { name, kubeconfig };
}

export async function down(name) {
  await run('kind', ['delete', 'cluster', '--name', nameOf(name)]);
  fs.rmSync(path.dirname(kubeconfigOf(name)), { recursive: true, force: true });
}

export async function isUp(name) {
  return (await run('kind', ['get', 'clusters'])).split('\n').includes(nameOf(name));
}
