// The control groups of a cluster: one for its processes, one below which each node's kubelet keeps its pods'.
// In version 1 there is a tree for each controller, in version 2 a single one.
import fs from 'node:fs';
import path from 'node:path';

const mount = '/sys/fs/cgroup';
/** How the names of all clusters' groups begin. */
export const prefix = 'chartship-';
const isVersion2 = () => fs.existsSync(path.join(mount, 'cgroup.controllers'));

function trees() {
  if (isVersion2()) return [mount];
  return fs
    .readdirSync(mount)
    .map((name) => path.join(mount, name))
    .filter(isGroup);
}

const isGroup = (folder) => fs.existsSync(path.join(folder, 'cgroup.procs'));

export function makeGroups(name, nodes) {
  for (const tree of trees()) {
    makeGroup(tree, name);
    for (const child of ['machine', ...nodes]) makeGroup(tree, path.join(name, child));
  }
}

/**
 * A command line that first enters the group for processes: whatever it starts is found by it, even if all else that
 * is known of the cluster is lost. A process started by hand stays in no group of the session that started it.
 */
export function inGroups(name, argv) {
  const join = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"';
  const groups = trees().map((tree) => path.join(tree, name, 'machine'));
  return ['sh', '-c', join, 'join', ...groups, '--', ...argv];
}

function makeGroup(tree, name) {
  const folder = path.join(tree, name);
  const parent = path.dirname(folder);
  if (isVersion2()) {
    // A child has the controllers that its parent hands on.
    const controllers = fs.readFileSync(path.join(parent, 'cgroup.controllers'), 'utf8').trim().split(' ');
    const handedOn = controllers.map((controller) => `+${controller}`).join(' ');
    fs.writeFileSync(path.join(parent, 'cgroup.subtree_control'), handedOn);
  }
  fs.mkdirSync(folder, { recursive: true });
  // A new group of the cpuset controller has no processor and takes no process.
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (isVersion2() || !fs.existsSync(path.join(folder, file))) continue;
    fs.writeFileSync(path.join(folder, file), fs.readFileSync(path.join(parent, file)));
  }
}

/** The processes in a cluster's groups, as this namespace numbers them. */
export function processesIn(name) {
  const pids = new Set();
  for (const folder of groupsOf(name)) {
    for (const pid of linesOf(path.join(folder, 'cgroup.procs'))) pids.add(Number(pid));
  }
  pids.delete(0); // a process of another namespace that can't be seen from here
  return [...pids];
}

/** Removes what is empty, the innermost first; returns whether all are gone. */
export function removeGroups(name) {
  for (const folder of groupsOf(name)) {
    try {
      fs.rmdirSync(folder);
    } catch (error) {
      if (error.code !== 'EBUSY' && error.code !== 'ENOENT') throw error;
    }
  }
  return groupsOf(name).length === 0;
}

/** Whether there is a cluster on this machine, of whatever checkout. */
export function isAnyCluster() {
  return trees().some((tree) => fs.readdirSync(tree).some((entry) => entry.startsWith(prefix)));
}

/** Every group of the cluster in every tree, the innermost first. */
export function groupsOf(name) {
  return trees().flatMap((tree) => below(path.join(tree, name)));
}

function below(folder) {
  let entries;
  try {
    entries = fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  const children = entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(folder, entry.name));
  return [...children.flatMap(below), folder];
}

function linesOf(file) {
  try {
    return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // gone since it was listed
  }
}
