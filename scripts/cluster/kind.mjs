// Where Docker runs and kind is installed: its cluster, with the images built by Docker. The repository's own tests
// run on the Docker-free cluster; this is for laptops and for the job `kind` of ci.yml, and was not run where they are.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../tools.mjs';
import { agentImages, agentVariants, storeImages } from './image-names.mjs';
import { run } from './run.mjs';

const folderOf = (part) => fileURLToPath(new URL(`../../__tests__/e2e/${part}`, import.meta.url));

export function isPossible() {
  const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  return works('kind', 'version') && works('docker', 'info');
}

const roles = ['control-plane', 'worker', 'worker', 'worker'];
const configuration = {
  kind: 'Cluster',
  apiVersion: 'kind.x-k8s.io/v1alpha4',
  nodes: roles.map((role) => ({ role })),
};

const nameOf = (name) => `chartship-${name}`;
const kubeconfigOf = (name) => path.join(cacheFolder(), 'kind', name, 'kubeconfig');

/** What Docker builds and kind loads: the names of an image, and what of. Without stand-ins nodes pull the stores' own. */
export function imagesToBuild({ realStores }) {
  const agents = Object.entries(agentImages).map(([version, names]) => {
    const variants = `VARIANTS=${agentVariants[version].join(' ')}`;
    return { names, args: ['--build-arg', variants, folderOf('agent')] };
  });
  const stores = Object.entries(storeImages).map(([store, names]) => ({
    names,
    args: ['--target', store, folderOf('stores')],
  }));
  return realStores ? agents : [...agents, ...stores];
}

export async function up(name, progress, { realStores = false } = {}) {
  const kubeconfig = kubeconfigOf(name);
  fs.mkdirSync(path.dirname(kubeconfig), { recursive: true });
  if (!(await isUp(name))) {
    progress.say('kind makes the nodes');
    const input = JSON.stringify(configuration);
    await run(
      'kind',
      ['create', 'cluster', '--name', nameOf(name), '--kubeconfig', kubeconfig, '--config', '-', '--wait', '5m'],
      { input },
    );
  }
  for (const { names, args } of imagesToBuild({ realStores })) await buildAndLoad(name, names, args, progress);
  return { name, kubeconfig };
}

async function buildAndLoad(name, images, args, progress) {
  progress.say(`docker builds ${images[0]}`);
  await run('docker', ['build', ...images.flatMap((image) => ['--tag', image]), ...args]);
  await run('kind', ['load', 'docker-image', '--name', nameOf(name), ...images]);
}

export async function down(name) {
  await run('kind', ['delete', 'cluster', '--name', nameOf(name)]);
  fs.rmSync(path.dirname(kubeconfigOf(name)), { recursive: true, force: true });
}

export async function isUp(name) {
  return (await run('kind', ['get', 'clusters'])).split('\n').includes(nameOf(name));
}
