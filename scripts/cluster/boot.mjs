// Runs inside the machine's namespaces and starts the cluster in them; ends when it is ready.
//
//   node boot.mjs FOLDER     FOLDER/plan.json says what (see cluster.mjs)
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withPrograms } from '../debian.mjs';
import * as addresses from './addresses.mjs';
import { apiOf } from './api.mjs';
import { kubeconfig, makeKeys } from './keys.mjs';
import { networks, prepareNode } from './node.mjs';
import { startProgram } from './programs.mjs';
import { run } from './run.mjs';
import { makeVolumes } from './volumes.mjs';

const folder = process.argv[2];
const plan = JSON.parse(fs.readFileSync(path.join(folder, 'plan.json'), 'utf8'));
const env = withPrograms(plan.programs, { HOME: folder, LANG: 'C.UTF-8' });
/** Programs that should have stayed. */
const ended = [];
const say = (text) => process.stdout.write(`${text}\n`);

async function main() {
  say('preparing');
  await ownFolders();
  await Promise.all([connectNodes(), makeKeys(at('keys'), plan.nodes, env)]);
  const inside = `https://${addresses.controlPlane}:${addresses.apiPort}`;
  writePrivate('admin.kubeconfig', kubeconfig(at('keys'), 'admin', inside));

  say('starting the API server');
  for (const [name, argv] of Object.entries(storage())) start(name, argv);
  const nodes = plan.nodes.map((number) => ({
    name: addresses.nodeName(number),
    programs: prepareNode(number, { ...plan, folder }),
  }));
  for (const { name, programs } of nodes) start('containerd', programs.containerd, name);
  const api = apiOf(at('admin.kubeconfig'));
  await until('the API server is ready', () => api.call('GET', '/readyz'));

  say('starting the nodes');
  for (const [name, argv] of Object.entries(controllers())) start(name, argv);
  for (const { name, programs } of nodes) {
    await startKubelet(name, programs.kubelet);
    start('kube-proxy', programs['kube-proxy'], name);
  }
  const volumes = makeVolumes(api, at('volumes'));
  for (const { name } of nodes) {
    await until(`${name} is ready`, async () => {
      const { status } = await api.call('GET', `/api/v1/nodes/${name}`);
      if (!status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
        throw new Error('not yet');
    });
  }
  await volumes;
  await until('pods may be made', () => api.call('GET', '/api/v1/namespaces/default/serviceaccounts/default'));
  api.close();
}

/** What programs write outside their folders, whatever they are told, is in memory and this namespace's alone. */
async function ownFolders() {
  // Volumes of pods are mounted below here and must be seen by the pods' own namespaces.
  await run('mount', ['--make-rshared', '/']);
  // Often a link into /run, which is about to be hidden.
  const resolver = fs.existsSync('/etc/resolv.conf') && fs.realpathSync('/etc/resolv.conf');
  for (const place of ['/run', '/var/log']) await run('mount', ['-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', place]);
  for (const number of plan.nodes) fs.mkdirSync(`/run/${addresses.nodeName(number)}`);
  await ownStateFolder();
  // Names are for the cluster's own DNS alone.
  if (resolver) {
    const own = '/run/resolv.conf';
    fs.writeFileSync(own, `nameserver ${addresses.controlPlane}\noptions timeout:1 attempts:2\n`);
    fs.mkdirSync(path.dirname(resolver), { recursive: true });
    if (!fs.existsSync(resolver)) fs.writeFileSync(resolver, '');
    await run('mount', ['--bind', own, resolver]);
  }
  // The kubelet would set these for the whole machine, if it didn't find what it wants.
  const wanted = { 'vm/overcommit_memory': 1, 'vm/panic_on_oom': 0, 'kernel/panic': 10, 'kernel/panic_on_oops': 1 };
  for (const [name, value] of Object.entries({
    ...wanted,
    'kernel/keys/root_maxkeys': 1e6,
    'kernel/keys/root_maxbytes': 25e6,
  })) {
    const file = `/run/sysctl-${name.replaceAll('/', '-')}`;
    fs.writeFileSync(file, `${value}\n`);
    await run('mount', ['--bind', file, `/proc/sys/${name}`]);
  }
}

async function connectNodes() {
  for (const number of plan.nodes) await run('ip', ['netns', 'add', addresses.nodeName(number)], { env });
  for (const [network, lines] of Object.entries(networks(plan.nodes))) {
    const where = network === 'control-plane' ? [] : ['-netns', network];
    await run('ip', [...where, '-batch', '-'], { env, input: lines.join('\n') });
    const forwarding = 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet';
    const [command, ...args] = inNetwork(['sh', '-c', forwarding], network);
    await run(command, args, { env });
  }
}

function storage() {
  const key = (file) => at('keys', file);
  const client = 'http://127.0.0.1:2379';
  return {
    etcd: [
      ...['etcd', '--data-dir', at('etcd'), '--listen-client-urls', client, '--advertise-client-urls', client],
      // Nothing here outlives the machine, so nothing need wait for the disk.
      ...['--listen-peer-urls', 'http://127.0.0.1:2380', '--unsafe-no-fsync', '--log-level', 'warn'],
    ],
    'kube-apiserver': [
      ...[plan.kubernetes, 'kube-apiserver', `--etcd-servers=${client}`, `--secure-port=${addresses.apiPort}`],
      ...[`--advertise-address=${addresses.controlPlane}`, `--service-cluster-ip-range=${addresses.services}`],
      ...[`--tls-cert-file=${key('apiserver.crt')}`, `--tls-private-key-file=${key('apiserver.key')}`],
      ...[`--client-ca-file=${key('ca.crt')}`, '--authorization-mode=Node,RBAC', '--allow-privileged=true'],
      '--enable-admission-plugins=NodeRestriction',
      ...[`--kubelet-client-certificate=${key('admin.crt')}`, `--kubelet-client-key=${key('admin.key')}`],
      // Nodes have names that nobody resolves.
      '--kubelet-preferred-address-types=InternalIP',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${key('service-accounts.key')}`,
      `--service-account-signing-key-file=${key('service-accounts.key')}`,
    ],
    'api-inside': forwarding('/run/api.sock', `${addresses.controlPlane}:${addresses.apiPort}`),
    'registry-inside': forwarding(`${addresses.controlPlane}:${addresses.registryPort}`, '/run/registry.sock'),
  };
}

function forwarding(from, to) {
  return [process.execPath, fileURLToPath(new URL('forward.mjs', import.meta.url)), from, to];
}

/**
 * A /var/lib of our own, with all that is in the machine's: whatever its folder, a kubelet writes to /var/lib/kubelet,
 * which stayed behind on the machine, and where the clusters of two tests met.
 */
async function ownStateFolder() {
  const own = '/run/var-lib';
  fs.mkdirSync(path.join(own, 'kubelet'), { recursive: true });
  for (const entry of fs.readdirSync('/var/lib', { withFileTypes: true })) {
    const [from, to] = [path.join('/var/lib', entry.name), path.join(own, entry.name)];
    if (entry.name === 'kubelet') continue;
    if (entry.isSymbolicLink()) {
      fs.symlinkSync(fs.readlinkSync(from), to);
      continue;
    }
    if (entry.isDirectory()) fs.mkdirSync(to);
    else fs.writeFileSync(to, '');
    await run('mount', ['--rbind', from, to]);
  }
  await run('mount', ['--rbind', own, '/var/lib']);
}

function controllers() {
  const admin = at('admin.kubeconfig');
  const resolver = `.:53 {\n bind ${addresses.controlPlane}\n errors\n kubernetes cluster.local in-addr.arpa {\n  kubeconfig ${admin}\n }\n cache 2\n}\n`;
  fs.writeFileSync(at('Corefile'), resolver);
  const key = (file) => at('keys', file);
  return {
    'kube-controller-manager': [
      ...[plan.kubernetes, 'kube-controller-manager', `--kubeconfig=${admin}`, '--leader-elect=false'],
      ...[`--service-account-private-key-file=${key('service-accounts.key')}`, `--root-ca-file=${key('ca.crt')}`],
      ...[`--cluster-signing-cert-file=${key('ca.crt')}`, `--cluster-signing-key-file=${key('ca.key')}`],
    ],
    'kube-scheduler': [plan.kubernetes, 'kube-scheduler', `--kubeconfig=${admin}`, '--leader-elect=false'],
    coredns: [plan.coredns, '-conf', at('Corefile')],
  };
}

function start(program, argv, network = 'control-plane') {
  const name = network === 'control-plane' ? program : `${network}-${program}`;
  const child = startProgram(folder, name, { command: inNetwork(argv, network), env });
  child.on('exit', () => ended.push(name));
}

/**
 * One after the other: whatever its folder, a kubelet removes this socket and makes it anew, and two that do so at
 * once end with "address already in use".
 */
async function startKubelet(node, argv) {
  const socket = () => fs.statSync('/var/lib/kubelet/device-plugins/kubelet.sock', { throwIfNoEntry: false })?.ino;
  const before = socket();
  start('kubelet', argv, node);
  await until(`the kubelet of ${node} listens for devices`, () => {
    if ([undefined, before].includes(socket())) throw new Error('not yet');
  });
}

/** nsenter, not `ip netns exec`: that mounts /sys anew, where the kubelet then finds no control groups. */
function inNetwork(argv, network) {
  return network === 'control-plane' ? argv : ['nsenter', `--net=/run/netns/${network}`, '--', ...argv];
}

function at(...names) {
  return path.join(folder, ...names);
}

function writePrivate(name, text) {
  fs.writeFileSync(at(name), text, { mode: 0o600 });
}

function lastWords(name) {
  return fs.readFileSync(at('log', name), 'utf8').trim().split('\n').slice(-3).join('\n');
}

async function until(what, attempt) {
  const deadline = Date.now() + 120_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      for (const name of ended) throw new Error(`${name} ended: ${lastWords(name)}`);
      if (Date.now() > deadline)
        throw new Error(`Not within two minutes: ${what}. ${error.message}. The logs are in ${at('log')}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
