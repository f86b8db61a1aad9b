// The second half of `npm run ship`: what was published goes to a throwaway cluster, environment by environment.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { whyNot } from '../cluster/docker-free.mjs';
import { givenKubeconfig } from '../cluster/given.mjs';
import * as kind from '../cluster/kind.mjs';
import { ToolError } from '../tools.mjs';
import { nodeThatDeploys } from './node.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const clusterScript = path.join('scripts', 'cluster.mjs');

/** Why there can be no cluster here; `undefined` where there can. */
export function whyNoCluster() {
  return givenKubeconfig() || kind.isPossible() ? undefined : whyNot();
}

/** A cluster of this run's own, or the one that was given. `end` leaves nothing of it. */
export async function startCluster(name) {
  const printed = await script('up', '--name', name);
  const kubeconfig = printed.trim().split('\n').at(-1);
  const kubectl = path.join(path.dirname(kubeconfig), 'bin', 'kubectl');
  return {
    kubeconfig,
    kubectl: fs.existsSync(kubectl) ? kubectl : 'kubectl',
    end: () => script('down', '--name', name),
  };
}

/**
 * Deploys a published chart by its digest and checks what the report says of it.
 * @param run starts a program in the repository's root with an environment, and shows what it prints
 */
export async function deployPublished({ reference, environments, cluster, report, env, run }) {
  const node = await nodeThatDeploys(env);
  const args = [
    ...[path.join('dist', 'cli.js'), reference, '--deploy', environments.join(',')],
    ...['--kubeconfig', cluster.kubeconfig, '--report', path.relative(root, report)],
  ];
  console.log(`ship: $ node ${args.join(' ')}`);
  await run(node, args, env, { show: true });
  const { status, deployments } = JSON.parse(fs.readFileSync(path.join(report, 'report.json'), 'utf8'));
  const good = ({ outcome, tests }) => outcome === 'deployed' && tests.every((test) => test.outcome === 'passed');
  const names = deployments.filter(good).map(({ environment }) => environment);
  if (status !== 'passed' || names.join() !== environments.join()) {
    throw new ToolError(`${report}/report.json: ${status}; deployed and tested: ${names.join(', ') || 'nothing'}.`);
  }
  return deployments;
}

/** Commands that show what was deployed. */
export function commandsToLook({ kubeconfig, kubectl }, deployments) {
  return [
    `export KUBECONFIG=${kubeconfig}`,
    ...deployments.map(({ namespace }) => `${kubectl} get all -l app=task-api -n ${namespace}`),
    ...deployments.slice(-1).map(({ namespace, release }) => `helm history ${release} -n ${namespace}`),
  ];
}

/** `npm run cluster -- …`; its progress is shown. */
function script(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [clusterScript, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      printed += text;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(printed) : reject(new ToolError(`npm run cluster -- ${args.join(' ')} failed.`)),
    );
  });
}
