import type { KubeObject } from '../kube-object.ts';
import { quantityOf } from './quantity.ts';
import { at, condition, type Fields, fields, list, text } from './reading.ts';
import type { ReleasePod } from './release-pods.ts';
import type { Look } from './seen.ts';
import type { Blame, Trouble } from './trouble.ts';

export const PATIENCE = 60;

/** No node fits. Terminal after 60 s in which no autoscaler said that a node comes, and nothing was leaving to make room. */
export function unschedulable(where: ReleasePod, look: Look): Trouble | undefined {
  const { pod } = where;
  const scheduled = condition(pod, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  const message = text(scheduled.message);
  // A claim that isn't bound is the cause behind it, and told as that.
  if (/unbound immediate PersistentVolumeClaims|persistentvolumeclaim "/i.test(message)) return undefined;
  const comes = look.events(pod, 'TriggeredScaleUp', 'Nominated').at(-1);
  const isLeaving = look.of('Pod').some(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const isPreempting = text(at(pod, 'status', 'nominatedNodeName')) !== '';
  const lasts = isLeaving || isPreempting ? 0 : look.lasting('unschedulable', pod);
  const nodes = reasons(message);
  return {
    cause: {
      code: 'unschedulable',
      resource: `Pod/${pod.metadata.name}`,
      message: `no node fits the pod ${pod.metadata.name}: ${nodes}${comes === undefined ? '' : '; a node is on its way'}`,
      hint: hintOf(message),
    },
    terminal: where.revision !== 'old' && !look.isOld(pod) && comes === undefined && lasts >= PATIENCE,
    logs: [],
    ...blameOf(pod, message),
    of: where.of,
    waitsFor: [],
  };
}

/** `0/3 nodes are available: 3 Insufficient cpu. no new claims…, preemption: …` → `3 of 3 nodes: Insufficient cpu`. */
function reasons(message: string): string {
  const [, free, all, rest = ''] = /^(\d+)\/(\d+) nodes are available: (.*)$/s.exec(message) ?? [];
  if (all === undefined) return message.replace(/\s+/g, ' ').trim();
  const main =
    rest
      .split(/\. (?:no new claims|preemption:)/)[0]
      ?.replace(/\.$/, '')
      .trim() ?? rest;
  const each = main.split(', ').map((part) => part.replace(/^(\d+) (?:node\(s\) )?(.*)$/, `$2 ($1 of ${all} nodes)`));
  return free === undefined ? main : each.join(', ');
}

function hintOf(message: string): string {
  if (/insufficient (cpu|memory|ephemeral-storage)/i.test(message))
    return 'Lower the resource requests, or give the cluster more or larger nodes.';
  if (/affinity\/selector|anti-affinity/i.test(message))
    return "Check nodeSelector and affinity against the nodes' labels: kubectl get nodes --show-labels";
  if (/taint/i.test(message)) return 'Give the pod a toleration, or take the taint off: kubectl describe nodes';
  if (/persistent volume/i.test(message))
    return 'Check the volumes that are free and in which zone they are: kubectl get pv';
  if (/topology spread/i.test(message)) return 'Check topologySpreadConstraints against the nodes that there are.';
  return 'See kubectl describe pod, and kubectl describe nodes.';
}

function blameOf(pod: KubeObject, message: string): { blame?: Blame } {
  const resource = /insufficient (cpu|memory|ephemeral-storage)/i.exec(message)?.[1]?.toLowerCase();
  const containers = list(at(pod, 'spec', 'containers'));
  if (resource !== undefined) {
    // The one that asks for most.
    const amount = (each: Fields): number => quantityOf(at(each, 'resources', 'requests', resource)) ?? 0;
    const most = [...containers].sort((a, b) => amount(b) - amount(a))[0];
    if (most === undefined || amount(most) === 0) return {};
    return { blame: { kind: 'quantity', path: ['requests', resource], resources: fields(most.resources) } };
  }
  const selector = fields(at(pod, 'spec', 'nodeSelector'));
  if (/affinity\/selector/i.test(message) && Object.keys(selector).length > 0)
    return { blame: { kind: 'mapping', key: 'nodeSelector', mapping: selector } };
  return {};
}
