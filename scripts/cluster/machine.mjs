// What a cluster runs in: a process namespace with a mount and a network namespace of its own. When its first
// process ends, however it ends, the kernel kills every other in it (pods and shims included), and with the last one
// go its mounts, network namespaces, interfaces and firewall rules. Outside it there are only control groups and a
// folder, which `stopMachine` removes.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { getTool, ToolError } from '../tools.mjs';
import { inGroups, makeGroups, processesIn, removeGroups } from './control-groups.mjs';

/** @param cluster { folder, group } */
export async function startMachine(cluster, nodes) {
  const pause = await getTool('pause');
  fs.mkdirSync(cluster.folder, { recursive: true, mode: 0o700 });
  makeGroups(cluster.group, nodes);
  const unshare = ['unshare', '--mount', '--pid', '--net', '--ipc', '--fork', '--kill-child', '--mount-proc', pause];
  const log = fs.openSync(path.join(cluster.folder, 'machine.log'), 'w');
  const [command, ...args] = inGroups(cluster.group, unshare);
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log] });
  fs.closeSync(log);
  child.unref();
  const failed = new Promise((_, reject) => {
    child.on('error', reject);
    child.on('exit', () =>
      reject(new ToolError(`No namespaces: ${fs.readFileSync(path.join(cluster.folder, 'machine.log'), 'utf8')}`)),
    );
  });
  failed.catch(() => {});
  const init = await Promise.race([firstChild(child.pid, pause), failed]);
  fs.writeFileSync(path.join(cluster.folder, 'machine'), `${init} ${startTime(init)}\n`);
  return init;
}

async function firstChild(pid, program) {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    const [child] = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean);
    // It is the program once all namespaces are made.
    if (child && read(`/proc/${child}/cmdline`).startsWith(program)) return Number(child);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new ToolError('The namespaces of the cluster could not be made within 10 s.');
}

/** The first process of a machine that runs, or undefined. A number that now is another process' doesn't count. */
export function firstProcess({ folder }) {
  const [pid, started] = read(path.join(folder, 'machine')).trim().split(' ');
  return pid && started && startTime(pid) === started ? Number(pid) : undefined;
}

/**
 * A command line that runs another one in the machine, in one of its networks: the control plane's, a node's by its
 * name, or that of the machine around it.
 */
export function inMachine(cluster, argv, network = 'control-plane') {
  const pid = firstProcess(cluster);
  if (!pid) throw new ToolError('The cluster is not running.');
  const networks = { 'control-plane': [`--net=/proc/${pid}/ns/net`], outside: [] };
  const where = networks[network] ?? [`--net=/proc/${pid}/root/run/netns/${network}`];
  const namespaces = ['mnt', 'pid', 'ipc'].map(
    (name) => `--${name === 'mnt' ? 'mount' : name}=/proc/${pid}/ns/${name}`,
  );
  return inGroups(cluster.group, ['nsenter', ...namespaces, ...where, '--', ...argv]);
}

/** Ends everything and leaves nothing; safe to repeat, and to interrupt and repeat. */
export async function stopMachine({ folder, group }) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const pids = processesIn(group);
    for (const pid of pids) kill(pid);
    if (pids.length === 0 && removeGroups(group)) break;
    if (Date.now() > deadline) {
      throw new ToolError(
        `These processes of the cluster can't be ended: ${pids.join(', ') || `none, but the group ${group} is busy`}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // Last: as long as it is there, the cluster is known.
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** The 22nd field of /proc/PID/stat; the second, a name in parentheses, may hold anything. */
function startTime(pid) {
  return /\) (.*)$/s.exec(read(`/proc/${pid}/stat`))?.[1].split(' ')[19];
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
