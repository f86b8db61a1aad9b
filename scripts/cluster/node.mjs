// A node: its network, its folders, and the three programs that make it one.
import fs from 'node:fs';
import path from 'node:path';
import * as addresses from './addresses.mjs';
import { nodeConfiguration } from './containerd.mjs';
import { pauseImage } from './image-names.mjs';
import { kubeconfig } from './keys.mjs';

/** Lines for `ip -batch`, in the control plane's network and in each node's. */
export function networks(nodes) {
  const batches = {
    'control-plane': [
      'link set lo up',
      'link add cluster type bridge',
      `addr add ${addresses.controlPlane}/24 dev cluster`,
      'link set cluster up',
      // There is no way out: who tries is told at once.
      'route add unreachable default',
    ],
  };
  for (const number of nodes) {
    const name = addresses.nodeName(number);
    batches['control-plane'].push(
      `link add ${name} type veth peer name eth0 netns ${name}`,
      `link set ${name} master cluster up`,
      `route add ${addresses.podSubnet(number)} via ${addresses.nodeAddress(number)}`,
    );
    batches[name] = [
      'link set lo up',
      `addr add ${addresses.nodeAddress(number)}/24 dev eth0`,
      'link set eth0 up',
      // A Service's address is none of anybody's until kube-proxy has made it a pod's, but it must have a route.
      `route add ${addresses.services} via ${addresses.controlPlane}`,
      'route add unreachable default',
      ...nodes
        .filter((other) => other !== number)
        .map((other) => `route add ${addresses.podSubnet(other)} via ${addresses.nodeAddress(other)}`),
    ];
  }
  return batches;
}

/** Writes all that a node's programs read; returns how each is started: { name: argv }. */
export function prepareNode(number, { folder, group, programs, images, kubernetes }) {
  const name = addresses.nodeName(number);
  const own = path.join(folder, name);
  const at = (...names) => path.join(own, ...names);
  for (const part of ['cni', 'kubelet', 'pods', 'registries/registry.test'])
    fs.mkdirSync(at(part), { recursive: true });
  const write = (file, content) =>
    fs.writeFileSync(at(file), typeof content === 'string' ? content : JSON.stringify(content));
  const keys = path.join(folder, 'keys');
  // Sockets are in the machine's own /run: their paths are short, as they must be.
  const socket = `/run/${name}/containerd.sock`;

  startFrom(images, at('containerd'));
  write(
    'containerd.toml',
    nodeConfiguration({
      root: at('containerd'),
      state: `/run/${name}/containerd`,
      address: socket,
      pauseImage,
      cniPrograms: path.join(programs, 'usr', 'lib', 'cni'),
      cniConfiguration: at('cni'),
      registries: at('registries'),
    }),
  );
  const registry = JSON.stringify(`http://${addresses.controlPlane}:${addresses.registryPort}`);
  // Without a host table containerd 1.6 takes the file for a wrong one, and asks the name itself.
  write('registries/registry.test/hosts.toml', `server = ${registry}\n[host.${registry}]\n`);
  write('cni/10-cluster.conflist', {
    cniVersion: '0.4.0',
    name: 'cluster',
    plugins: [
      {
        // Every packet is routed, also between two pods of a node, so Services work between them, too.
        type: 'ptp',
        ipMasq: false,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: addresses.podSubnet(number) }]],
          routes: [{ dst: '0.0.0.0/0' }],
          dataDir: `/run/${name}/addresses`,
        },
      },
    ],
  });
  write('resolv.conf', '');
  write('kubelet.json', {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: path.join(keys, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    clusterDomain: 'cluster.local',
    clusterDNS: [addresses.controlPlane],
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${group}/${name}`,
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${socket}`,
    resolvConf: at('resolv.conf'),
    podLogsDir: at('pods'),
    volumePluginDir: at('volume-plugins'),
    staticPodPath: '',
    registryPullQPS: 0,
    serializeImagePulls: false,
    // The disk is the machine's: how full it is, is nothing that this cluster could mend.
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '100Mi' },
  });
  fs.writeFileSync(at('kubeconfig'), kubeconfig(keys, name, `https://${addresses.controlPlane}:${addresses.apiPort}`), {
    mode: 0o600,
  });
  write('kube-proxy.json', {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    hostnameOverride: name,
    clusterCIDR: addresses.allPods,
    clientConnection: { kubeconfig: path.join(folder, 'admin.kubeconfig') },
    // Limits are the whole machine's, not a namespace's.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  });
  return {
    containerd: ['containerd', '--config', at('containerd.toml')],
    kubelet: [
      ...[kubernetes, 'kubelet', '--config', at('kubelet.json'), '--kubeconfig', at('kubeconfig')],
      ...['--hostname-override', name, '--node-ip', addresses.nodeAddress(number), '--root-dir', at('kubelet')],
    ],
    'kube-proxy': [kubernetes, 'kube-proxy', '--config', at('kube-proxy.json')],
  };
}

/**
 * containerd's folder with the images in it. Their files are not copied: a layer is only ever read, so a link to it
 * will do, and containerd removes a link as it would remove the layer.
 */
function startFrom(images, target) {
  const source = path.join(images, 'containerd');
  const isLayer = /\/io\.containerd\.snapshotter\.v1\.overlayfs\/snapshots\/\d+$/;
  const isBlob = /\/blobs\/sha256\/[0-9a-f]{64}$/;
  fs.cpSync(source, target, {
    recursive: true,
    filter(from, to) {
      if (!isLayer.test(from) && !isBlob.test(from)) return true;
      fs.mkdirSync(path.dirname(to), { recursive: true });
      fs.symlinkSync(from, to);
      return false;
    },
  });
}
