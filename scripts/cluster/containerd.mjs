// containerd: its configuration on a node, and one for a moment that makes what the nodes start from.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { withPrograms } from '../debian.mjs';
import { ToolError } from '../tools.mjs';
import { run } from './run.mjs';

/** What every containerd here has in common. JSON's strings and lists are TOML's, too. */
function configuration({ root, state, address, rest = '' }) {
  // The opt plugin would make /opt/containerd, the others look for devices and drivers that nobody has here.
  const unused = ['opt', 'aufs', 'btrfs', 'devmapper', 'zfs', 'tracing'].map((name) => unusedPlugins[name]);
  return `version = 2
root = ${JSON.stringify(root)}
state = ${JSON.stringify(state)}
disabled_plugins = ${JSON.stringify(unused)}
[grpc]
address = ${JSON.stringify(address)}
[ttrpc]
address = ${JSON.stringify(`${address}.ttrpc`)}
${rest}`;
}

const unusedPlugins = {
  opt: 'io.containerd.internal.v1.opt',
  aufs: 'io.containerd.snapshotter.v1.aufs',
  btrfs: 'io.containerd.snapshotter.v1.btrfs',
  devmapper: 'io.containerd.snapshotter.v1.devmapper',
  zfs: 'io.containerd.snapshotter.v1.zfs',
  tracing: 'io.containerd.tracing.processor.v1.otlp',
};

/** A node's. */
export function nodeConfiguration({ root, state, address, pauseImage, cniPrograms, cniConfiguration, registries }) {
  const cri = '[plugins."io.containerd.grpc.v1.cri"';
  return configuration({
    root,
    state,
    address,
    rest: `${cri}]
sandbox_image = ${JSON.stringify(pauseImage)}
# A container may not be made likelier to survive than this process itself is, where that takes a capability.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
max_concurrent_downloads = 10
${cri}.cni]
bin_dir = ${JSON.stringify(cniPrograms)}
conf_dir = ${JSON.stringify(cniConfiguration)}
${cri}.registry]
config_path = ${JSON.stringify(registries)}
${cri}.containerd]
snapshotter = "overlayfs"
${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
`,
  });
}

/** Runs one on an empty root until it is stopped; in namespaces of its own, so that it leaves nothing. */
export async function startContainerd(programs, root) {
  const state = `${root}.state`;
  fs.mkdirSync(state);
  const address = path.join(state, 'sock');
  const file = path.join(state, 'config.toml');
  fs.writeFileSync(
    file,
    configuration({ root, state, address, rest: '' }).replace(
      '"io.containerd.internal.v1.opt"',
      '"io.containerd.internal.v1.opt","io.containerd.grpc.v1.cri"',
    ),
  );
  const env = withPrograms(programs);
  const log = fs.openSync(path.join(state, 'log'), 'w');
  const unshare = ['--mount', '--pid', '--net', '--fork', '--kill-child', '--mount-proc'];
  const child = spawn('unshare', [...unshare, 'containerd', '--config', file], { env, stdio: ['ignore', log, log] });
  fs.closeSync(log);
  const ended = new Promise((resolve) => child.on('close', resolve));
  const ctr = (args) => run('ctr', ['--address', address, '--namespace', 'k8s.io', ...args], { env });
  for (let tries = 0; ; tries++) {
    try {
      await ctr(['version']);
      break;
    } catch (error) {
      if (tries === 100 || child.exitCode !== null) {
        child.kill('SIGKILL');
        throw new ToolError(
          `containerd doesn't answer: ${error.message}\n${fs.readFileSync(path.join(state, 'log'), 'utf8')}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    ctr,
    async stop() {
      child.kill('SIGKILL');
      await ended;
      fs.rmSync(state, { recursive: true });
    },
  };
}
