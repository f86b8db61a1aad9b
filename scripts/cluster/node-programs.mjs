import { debianPrograms } from '../debian.mjs';

const packages = [
  'containerd',
  'runc',
  'containernetworking-plugins',
  'etcd-server',
  'nftables',
  'iproute2',
  'openssl',
];

/** The folder with what a node needs and this machine hasn't. */
export function nodePrograms(say) {
  return debianPrograms('programs', packages, say);
}
