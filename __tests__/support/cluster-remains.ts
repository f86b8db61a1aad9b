import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ran } from './cluster.ts';
import { isAlive } from './process-tree.ts';

/** What identifies a running Docker-free cluster from outside; taken while it runs, for `remains` afterwards. */
export interface Traces {
  /** Of its process, mount and network namespaces: `pid:[4026532…]`. */
  readonly namespaces: ReadonlySet<string>;
  readonly folder: string;
  readonly group: string;
}

// biome-ignore lint/suspicious/noExplicitAny: scripts of the repository, plain JavaScript
async function script(name: string): Promise<any> {
  return await import(`../../scripts/cluster/${name}.mjs`);
}

export async function traces(name: string): Promise<Traces> {
  const { clusterNamed } = await script('docker-free');
  const { processesIn } = await script('control-groups');
  const { folder, group } = clusterNamed(name);
  const all = (processesIn(group) as number[]).flatMap(namespacesOf);
  const ours = new Set(namespacesOf(process.pid));
  return { namespaces: new Set(all.filter((namespace) => !ours.has(namespace))), folder, group };
}

/** The processes of a cluster, as this machine numbers them. */
export async function processesOf(name: string): Promise<number[]> {
  const { clusterNamed } = await script('docker-free');
  const { processesIn } = await script('control-groups');
  return processesIn(clusterNamed(name).group);
}

/** Their command lines. */
export async function commandsOf(name: string): Promise<string[]> {
  return (await processesOf(name)).map(commandOf);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

function namespacesOf(pid: number): string[] {
  return ['pid', 'mnt', 'net', 'ipc'].flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return []; // ended since it was listed
    }
  });
}

/** Everything that is left of a cluster, in words. */
export async function remains({ namespaces, folder, group }: Traces): Promise<string[]> {
  const { groupsOf, isAnyCluster, prefix } = await script('control-groups');
  // A number that a namespace had is given to another one soon: of a cluster that another test has started meanwhile.
  const isAnothers = (pid: string): boolean => {
    const groups = read(`/proc/${pid}/cgroup`);
    return groups.includes(`:/${prefix}`) && !groups.includes(`:/${group}/`);
  };
  const found: string[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || !isAlive(Number(name))) continue;
    const command = commandOf(Number(name));
    const isIn = namespacesOf(Number(name)).some((namespace) => namespaces.has(namespace));
    if ((isIn && !isAnothers(name)) || command.includes(`${folder}/`)) {
      found.push(`process ${name}: ${command}`);
    }
    // Every mount namespace there is, not only ours: some process could keep one.
    for (const line of read(`/proc/${name}/mountinfo`).split('\n')) {
      if (line.includes(`${folder}/`)) found.push(`mount in ${name}: ${line}`);
    }
  }
  found.push(...(groupsOf(group) as string[]).map((path) => `control group ${path}`));
  // The machine's own limit is put back with the last cluster, of whatever test.
  const limit = isAnyCluster() ? [] : ['/run/chartship-watch-limit'];
  found.push(...[folder, `${folder}.lock`, ...limit].filter((path) => existsSync(path)).map((path) => `file ${path}`));
  return found;
}

/** What this machine is like, as far as a cluster without namespaces would change it. */
export async function machineState(): Promise<Record<string, string>> {
  const { nodePrograms } = await script('node-programs');
  const { withPrograms } = await script('../debian');
  const env = withPrograms(await nodePrograms());
  const said = async (command: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await ran(command, args, env);
    return code === 0 ? stdout : `${code}: ${stderr}`;
  };
  const settings = ['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops'];
  const perNetwork = ['net/ipv4/ip_forward', 'net/ipv4/conf/all/route_localnet', 'net/netfilter/nf_conntrack_max'];
  const places = [
    ...['/run/netns', '/run/containerd', '/var/lib/containerd', '/var/lib/kubelet', '/var/lib/cni', '/var/lib/etcd'],
    ...['/var/log/pods', '/var/log/containers', '/etc/cni', '/opt/containerd', '/opt/cni'],
  ];
  return {
    interfaces: (await said('ip', '-oneline', 'link')).replace(/(state|qlen|mode|group) \S+/g, ''),
    routes: await said('ip', 'route', 'show', 'table', 'all'),
    rules: await said('nft', 'list', 'ruleset'),
    mounts: read('/proc/self/mountinfo'),
    settings: [...settings, ...perNetwork].map((name) => `${name} ${read(join('/proc/sys', name))}`).join(''),
    places: places.map((place) => `${place} ${existsSync(place) ? readdirSync(place).join() : 'absent'}`).join('\n'),
    groups: readdirSync('/sys/fs/cgroup').join(),
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
