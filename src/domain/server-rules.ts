import type { Fields } from './diagnosis/reading.ts';
import { groupOf, type KindName } from './kubernetes-schemas.ts';
import { autoscalerFaults, budgetFaults } from './server-rules/autoscalers.ts';
import { claimFaults } from './server-rules/claims.ts';
import { ingressFaults } from './server-rules/ingresses.ts';
import { cronJobFaults, jobFaults } from './server-rules/jobs.ts';
import { networkPolicyFaults } from './server-rules/network-policies.ts';
import { podFaults } from './server-rules/pods.ts';
import {
  clusterRoleBindingFaults,
  clusterRoleFaults,
  priorityClassFaults,
  roleBindingFaults,
  roleFaults,
  webhookFaults,
} from './server-rules/roles.ts';
import { configMapFaults, secretFaults } from './server-rules/secrets.ts';
import type { ServerFault, Since } from './server-rules/server-fault.ts';
import { serviceFaults } from './server-rules/services.ts';
import { daemonSetFaults, deploymentFaults, replicaSetFaults, statefulSetFaults } from './server-rules/workloads.ts';

export type { ServerFault } from './server-rules/server-fault.ts';

type Rule = (object: Fields, since: Since) => readonly ServerFault[];

/** By `group/Kind`. */
const RULES: Readonly<Record<string, Rule>> = {
  '/ConfigMap': configMapFaults,
  '/PersistentVolumeClaim': (claim) => claimFaults(claim),
  '/Secret': secretFaults,
  '/Service': serviceFaults,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhookFaults,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhookFaults,
  'apps/DaemonSet': daemonSetFaults,
  'apps/Deployment': deploymentFaults,
  'apps/ReplicaSet': replicaSetFaults,
  'apps/StatefulSet': statefulSetFaults,
  'autoscaling/HorizontalPodAutoscaler': autoscalerFaults,
  'batch/CronJob': cronJobFaults,
  'batch/Job': jobFaults,
  'networking.k8s.io/Ingress': ingressFaults,
  'networking.k8s.io/NetworkPolicy': networkPolicyFaults,
  'policy/PodDisruptionBudget': budgetFaults,
  'rbac.authorization.k8s.io/ClusterRole': clusterRoleFaults,
  'rbac.authorization.k8s.io/ClusterRoleBinding': clusterRoleBindingFaults,
  'rbac.authorization.k8s.io/Role': roleFaults,
  'rbac.authorization.k8s.io/RoleBinding': roleBindingFaults,
  'scheduling.k8s.io/PriorityClass': priorityClassFaults,
};

/**
 * What the API server's own validation refuses in Kubernetes' own kinds and no schema says (k8s.io/kubernetes,
 * pkg/apis/…/validation): what all versions from 1.32 on refuse, or the one that is asked about, and what no default, no
 * admission and no other object can mend.
 */
export function serverFaults(object: Fields, name: KindName, minor: string): readonly ServerFault[] {
  const before = known.get(object);
  if (before !== undefined) return before;
  let hasAsked = false;
  const since = (least: number): boolean => {
    hasAsked = true;
    return Number(minor.slice(2)) >= least;
  };
  const id = `${groupOf(name.apiVersion)}/${name.kind}`;
  const rule = Object.hasOwn(RULES, id) ? RULES[id] : undefined;
  const faults = [...(rule?.(object, since) ?? []), ...podFaults(object, id, since)].map((fault) => ({
    ...fault,
    path: thereOf(object, fault.path),
  }));
  if (!hasAsked) known.set(object, faults);
  return faults;
}

/** What is said of objects whatever the version: each is asked about for several. */
const known = new WeakMap<Fields, readonly ServerFault[]>();

/** As much of a path as leads to something that is there. */
function thereOf(object: Fields, path: readonly string[]): readonly string[] {
  let node: unknown = object;
  for (const [index, step] of path.entries()) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return path.slice(0, index);
    node = (node as Fields)[step];
  }
  return path;
}
