import type { Fields } from './diagnosis/reading.ts';
import { groupOf, type KindName } from './kubernetes-schemas.ts';
import { podFaults } from './server-rules/pods.ts';
import type { ServerFault } from './server-rules/server-fault.ts';

export type { ServerFault } from './server-rules/server-fault.ts';

type Rule = (object: Fields) => readonly ServerFault[];

/** By `group/Kind`. */
const RULES: Readonly<Record<string, Rule>> = {};

/**
 * What the API server's own validation refuses in Kubernetes' own kinds and no schema says (k8s.io/kubernetes,
 * pkg/apis/*\/validation): only what all versions from 1.32 on refuse, or those that are asked about, and what no
 * default, no admission and no other object can mend.
 */
export function serverFaults(object: Fields, name: KindName, minor: string): ServerFault[] {
  const id = `${groupOf(name.apiVersion)}/${name.kind}`;
  const rule = Object.hasOwn(RULES, id) ? RULES[id] : undefined;
  return [...(rule?.(object) ?? []), ...podFaults(object, id, minor)];
}
