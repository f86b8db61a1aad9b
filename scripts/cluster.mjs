// A throwaway Kubernetes for the demo and the tests: see `usage`, and docs/decisions/0009-the-cluster.md.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import * as dockerFree from './cluster/docker-free.mjs';
import { givenKubeconfig, variable } from './cluster/given.mjs';
import * as kind from './cluster/kind.mjs';
import { startProgress, ToolError } from './tools.mjs';

const usage = `npm run cluster -- up            starts it, or finds it running; prints the path of its kubeconfig
npm run cluster -- down          ends it and leaves nothing
npm run cluster -- status        which there are, and how they are
npm run cluster -- recycle       empties the volumes that no claim holds any more, and offers them again
npm run cluster -- exec -- COMMAND …       runs a command in its namespaces, in the control plane's network
npm run cluster -- kill PROGRAM [SIGNAL]   ends one of its programs, such as kube-apiserver or node2-kubelet
npm run cluster -- start PROGRAM           starts it again
npm run cluster -- registry PORT           its nodes pull registry.test/… from what listens on 127.0.0.1:PORT
npm run cluster -- prepare       builds and downloads what up needs, and starts nothing

  --name NAME    another cluster beside the first (default: dev)
  --nodes N      for up: how many nodes (default: 3)
  --real-stores  for up, of kind: no stand-ins for Bitnami's images; its nodes pull the real ones
  --in NETWORK   for exec: a node's network, which reaches pods and Services, or "outside", this machine's

It is the cluster that ${variable} names, if that is set; else kind's, where kind and Docker work;
else, as root on Debian 12, a real Kubernetes made from its programs. recycle, exec, kill, start and registry are for that one alone.`;
const options = {
  name: { type: 'string', default: 'dev' },
  nodes: { type: 'string', default: '3' },
  'real-stores': { type: 'boolean', default: false },
  in: { type: 'string' },
  help: { type: 'boolean' },
};

async function main() {
  const { values, positionals } = request();
  if (values.help) return console.log(usage);
  const [verb, ...rest] = positionals;
  const nodes = Number(values.nodes);
  if (!(nodes >= 1 && nodes <= 9)) throw new ToolError('--nodes takes a number from 1 to 9.');
  const verbs = { up, down, status, recycle, exec, kill, start, registry, prepare };
  const takesMore = ['exec', 'kill', 'start', 'registry'].includes(verb);
  if (!Object.hasOwn(verbs, verb ?? '') || takesMore !== rest.length > 0) throw new ToolError(usage);
  const realStores = values['real-stores'];
  return await verbs[verb]({ name: values.name, nodes, realStores, network: values.in, command: rest });
}

async function up({ name, nodes, realStores }) {
  const given = givenKubeconfig();
  if (given) {
    console.error(`cluster: the one that ${variable} names; nothing is started`);
    return console.log(given);
  }
  if (kind.isPossible())
    return console.log((await withProgress('up', (progress) => kind.up(name, progress, { realStores }))).kubeconfig);
  if (realStores) throw new ToolError('--real-stores takes kind and Docker: no node of ours reaches a registry.');
  whyNotHere();
  const cluster = await withProgress('ready', (progress) => dockerFree.up(name, progress, nodes));
  console.error(`kubectl is ${cluster.folder}/bin/kubectl, logs are in ${cluster.folder}/log`);
  console.log(cluster.kubeconfig);
}

async function down({ name }) {
  if (givenKubeconfig()) return console.error(`cluster: ${variable} is set, and what it names is not ours to end`);
  if (kind.isPossible()) return await withProgress('down', () => kind.down(name));
  whyNotHere();
  await withProgress('down', (progress) => dockerFree.down(name, progress));
}

async function status() {
  const given = givenKubeconfig();
  if (given) return console.log(`${given}, by ${variable}`);
  const all = dockerFree.clusters();
  for (const cluster of all) {
    const state = (await dockerFree.isReady(cluster))
      ? cluster.kubeconfig
      : 'not running, or not ready; `up` starts it anew';
    console.log(`${cluster.name}: ${state}`);
  }
  if (all.length === 0) console.log('There is no cluster.');
}

async function recycle({ name }) {
  const volumes = await dockerFree.recycleVolumes(dockerFree.clusterNamed(name));
  console.log(volumes.length > 0 ? `as new: ${volumes.join(', ')}` : 'No volume was released.');
}

function exec({ name, network, command }) {
  const { argv, env } = dockerFree.commandIn(dockerFree.clusterNamed(name), command, network);
  const child = spawn(argv[0], argv.slice(1), { stdio: 'inherit', env });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      process.exitCode = code ?? 1;
      resolve();
    });
  });
}

async function kill({ name, command: [program, signal] }) {
  await dockerFree.signalProgram(dockerFree.clusterNamed(name), program, signal);
}

async function start({ name, command: [program] }) {
  await dockerFree.startProgramAgain(dockerFree.clusterNamed(name), program);
}

async function registry({ name, command: [port] }) {
  await dockerFree.serveRegistry(dockerFree.clusterNamed(name), port);
}

async function prepare() {
  if (givenKubeconfig() || kind.isPossible()) return;
  whyNotHere();
  await withProgress('prepared', dockerFree.prepare);
}

function whyNotHere() {
  const why = dockerFree.whyNot();
  if (!why) return;
  const docker = fs.existsSync('/var/run/docker.sock')
    ? 'Docker is here, so installing kind would do'
    : 'kind with Docker would do, too';
  throw new ToolError(
    `There can be no cluster here: ${why}. ${docker}, and so would any cluster that ${variable} names.`,
  );
}

async function withProgress(end, work) {
  const progress = startProgress('cluster');
  try {
    const result = await work(progress);
    progress.end(end);
    return result;
  } catch (error) {
    progress.end('failed');
    throw error;
  }
}

function request() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new ToolError(`${error.message}\n${usage}`);
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof ToolError ? `cluster: ${error.message}` : error);
  process.exitCode = 1;
}
