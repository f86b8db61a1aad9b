// A Kubernetes of several real nodes on one Linux machine, as root, without Docker and without installing anything.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withPrograms } from '../debian.mjs';
import { cacheFolder, clusterToolNames, getTools, ToolError } from '../tools.mjs';
import { nodeName } from './addresses.mjs';
import { apiOf } from './api.mjs';
import { prefix } from './control-groups.mjs';
import { nodeImages } from './images.mjs';
import { kubeconfig } from './keys.mjs';
import { lock } from './lock.mjs';
import { firstProcess, inMachine, startMachine, stopMachine } from './machine.mjs';
import { nodePrograms } from './node-programs.mjs';
import { programNames, programRecord } from './programs.mjs';
import { run } from './run.mjs';
import { recycle } from './volumes.mjs';
import { putWatchLimitBack, raiseWatchLimit } from './watch-limit.mjs';

/** Why there can be none here, or undefined. */
export function whyNot() {
  if (process.platform !== 'linux') return 'it takes Linux';
  if (process.getuid() !== 0) return 'it takes root';
  // In a container root is rarely more than a name.
  if (spawnSync('unshare', ['--mount', '--net', '--pid', '--cgroup', '--fork', 'true']).status !== 0)
    return 'it takes the right to make namespaces (CAP_SYS_ADMIN), which root has not here';
  // Its packages have versions that fit each other and Kubernetes: containerd 1.6, PostgreSQL 15, Redis 7.
  const release = fs.existsSync('/etc/os-release') ? fs.readFileSync('/etc/os-release', 'utf8') : '';
  if (!/^ID=debian$/m.test(release) || !/^VERSION_ID="12"$/m.test(release))
    return 'it takes its programs from Debian 12';
  return undefined;
}

/** @param name several clusters live side by side under different names */
export function clusterNamed(name) {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
    throw new ToolError(`"${name}" is no name for a cluster: small letters, digits and hyphens, 31 at most.`);
  }
  const folder = path.join(clustersFolder(), name);
  // Two checkouts may have a cluster of one name each.
  const place = createHash('sha256').update(folder).digest('hex').slice(0, 6);
  return { name, folder, group: `${prefix}${name}-${place}`, kubeconfig: path.join(folder, 'kubeconfig') };
}

function clustersFolder() {
  return path.join(cacheFolder(), 'clusters');
}

/** What takes minutes the first time: builds and downloads. The two go on side by side, one needs the processor, the other the network. */
export async function prepare(progress) {
  const tools = getTools(clusterToolNames);
  tools.catch(() => {});
  const programs = await nodePrograms(progress.say);
  const images = await nodeImages(programs, progress.say);
  return { programs, images, ...(await tools) };
}

export async function up(name, progress, nodeCount = 3) {
  const cluster = clusterNamed(name);
  const unlock = await lockOf(cluster, progress);
  try {
    if (await isReady(cluster)) return cluster;
    const prepared = await prepare(progress);
    // What an interrupted start or a killed cluster left.
    await stopMachine(cluster);
    const nodes = Array.from({ length: nodeCount }, (_, index) => index + 1);
    await startMachine(cluster, nodes.map(nodeName));
    const { programs, images, kubernetes, coredns } = prepared;
    const plan = { nodes, group: cluster.group, programs, images, kubernetes, coredns };
    fs.writeFileSync(path.join(cluster.folder, 'plan.json'), JSON.stringify(plan));
    linkPrograms(cluster, kubernetes);
    await raiseWatchLimit();
    await runScript(cluster, 'boot.mjs', [cluster.folder], progress);
    await openTheApi(cluster);
    return cluster;
  } catch (error) {
    if (firstProcess(cluster))
      error.message += `\nWhat there is of the cluster was left for a look: ${cluster.folder}/log`;
    throw error;
  } finally {
    unlock();
  }
}

export async function down(name, progress) {
  const cluster = clusterNamed(name);
  const unlock = await lockOf(cluster, progress);
  try {
    await stopMachine(cluster);
    await putWatchLimitBack();
    unlock.andForget();
  } finally {
    unlock();
  }
}

function lockOf({ folder }, progress) {
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  return lock(`${folder}.lock`, () => progress.say('waiting for another process that starts or stops it'));
}

export function clusters() {
  if (!fs.existsSync(clustersFolder())) return [];
  const folders = fs.readdirSync(clustersFolder(), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map((entry) => clusterNamed(entry.name));
}

export async function isReady(cluster) {
  if (!firstProcess(cluster) || !fs.existsSync(cluster.kubeconfig)) return false;
  try {
    await withApi(cluster, (api) => api.call('GET', '/readyz'));
    return true;
  } catch {
    return false;
  }
}

/** A command line in one of the cluster's networks (a node's, `control-plane`, `outside`), and its environment. */
export function commandIn(cluster, argv, network) {
  const { programs } = JSON.parse(fs.readFileSync(path.join(cluster.folder, 'plan.json'), 'utf8'));
  const env = withPrograms(programs);
  return {
    argv: inMachine(cluster, argv, network),
    env: { ...env, PATH: `${path.join(cluster.folder, 'bin')}:${env.PATH}` },
  };
}

/** Sends a signal to one of the cluster's programs, such as kube-apiserver or node2-kubelet. */
export async function signalProgram(cluster, name, signal = 'KILL') {
  const { pid } = programRecord(cluster.folder, known(cluster, name));
  const [command, ...args] = inMachine(cluster, ['sh', '-c', 'kill -s "$0" "$1"', signal, String(pid)]);
  await run(command, args);
}

/** Starts one of them again. */
export async function startProgramAgain(cluster, name) {
  const { network } = programRecord(cluster.folder, known(cluster, name));
  await startIn(cluster, network, name);
}

/** Lets the nodes pull `registry.test/…` from what listens on this port of this machine's loopback, until the next call. */
export async function serveRegistry(cluster, port) {
  if (!(Number(port) > 0 && Number(port) < 65536)) throw new ToolError(`"${port}" is no port.`);
  await forwardOutside(cluster, 'registry-outside', '/run/registry.sock', `127.0.0.1:${port}`);
}

/** A forwarder in the cluster's namespaces, so that it ends with them, but in the network around them. */
async function forwardOutside(cluster, name, ...args) {
  const script = fileURLToPath(new URL('forward.mjs', import.meta.url));
  await startIn(cluster, 'outside', name, {
    command: [process.execPath, script, ...args],
    env: {},
    network: 'outside',
  });
}

async function startIn(cluster, network, name, record) {
  const script = fileURLToPath(new URL('programs.mjs', import.meta.url));
  const more = record ? [JSON.stringify(record)] : [];
  const [command, ...args] = inMachine(cluster, [process.execPath, script, cluster.folder, name, ...more], network);
  await run(command, args);
}

function known(cluster, name) {
  const names = programNames(cluster.folder);
  if (!names.includes(name)) throw new ToolError(`The cluster has no program "${name}". It has: ${names.join(', ')}.`);
  return name;
}

/** Empties the volumes that no claim holds any more. */
export function recycleVolumes(cluster) {
  return withApi(cluster, recycle);
}

export async function withApi(cluster, use) {
  const api = apiOf(cluster.kubeconfig);
  try {
    return await use(api);
  } finally {
    api.close();
  }
}

/** kubectl and the others under their own names. */
function linkPrograms({ folder }, kubernetes) {
  fs.mkdirSync(path.join(folder, 'bin'));
  fs.symlinkSync(kubernetes, path.join(folder, 'bin', 'kubectl'));
}

/** The API server on a free port of loopback. The kubeconfig comes last: a cluster with one was ready once. */
async function openTheApi(cluster) {
  const portFile = path.join(cluster.folder, 'api-port');
  await forwardOutside(cluster, 'api-outside', '127.0.0.1:0', '/run/api.sock', portFile);
  for (let tries = 0; !fs.existsSync(portFile); tries++) {
    if (tries === 500) throw new ToolError('The API server could not be opened to this machine within 10 s.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const text = kubeconfig(
    path.join(cluster.folder, 'keys'),
    'admin',
    `https://127.0.0.1:${fs.readFileSync(portFile, 'utf8')}`,
  );
  fs.writeFileSync(`${cluster.kubeconfig}.new`, text, { mode: 0o600 });
  fs.renameSync(`${cluster.kubeconfig}.new`, cluster.kubeconfig);
}

/** Runs a script in the cluster's namespaces; its lines on standard output say what it is at. */
function runScript(cluster, script, args, progress) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const [command, ...rest] = inMachine(cluster, [process.execPath, file, ...args]);
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => progress.say(text.trim().split('\n').at(-1)));
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new ToolError(`The cluster didn't start (${signal ?? `exit code ${code}`}): ${said.trim()}`));
    });
  });
}
