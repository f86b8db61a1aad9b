import { at, fields, text } from '../diagnosis/reading.ts';
import { faults } from './pod-security-level.ts';
import type { Policy } from './policy.ts';

/** Pods that the level which the chart's own Namespace enforces refuses. */
export const podSecurityNamespace: Policy = {
  name: 'pod-security-namespace',
  of: 'pods',
  across: true,
  severity: 'error',
  byVersion: true,
  check: ({ pods }, release) => {
    if (pods === undefined) return [];
    const name = release.namespaceOf(pods.owner);
    const namespace = release.ofKind('Namespace').find((each) => each.name === name);
    const labels = fields(at(namespace?.data, 'metadata', 'labels'));
    const level = text(labels['pod-security.kubernetes.io/enforce']);
    if (level !== 'baseline' && level !== 'restricted') return [];
    // A newer level than the cluster has is its newest.
    const asked = /^v(1\.[0-9]+)$/.exec(text(labels['pod-security.kubernetes.io/enforce-version']))?.[1];
    const version = asked === undefined || older(release.minor, asked) ? release.minor : asked;
    return faults(pods, level, version, `, and Namespace/${name} enforces it: the pod is refused`);
  },
};

function older(minor: string, than: string): boolean {
  return Number(minor.split('.')[1]) < Number(than.split('.')[1]);
}
