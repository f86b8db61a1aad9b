import type { ObjectFault } from './object-faults.ts';
import { allowanceFaults, isAllowed } from './policies/allowances.ts';
import { autoscalerTarget } from './policies/autoscaler-target.ts';
import { backendMismatch } from './policies/backend-mismatch.ts';
import { disruptionBudgetBlocks } from './policies/disruption-budget-blocks.ts';
import { hookCollides } from './policies/hook-collides.ts';
import { imageTag } from './policies/image-tag.ts';
import { jobImmutable } from './policies/job-immutable.ts';
import { missingLivenessProbe } from './policies/missing-liveness-probe.ts';
import { missingReadinessProbe } from './policies/missing-readiness-probe.ts';
import { missingRequests } from './policies/missing-requests.ts';
import { podSecurityBaseline, podSecurityRestricted } from './policies/pod-security-level.ts';
import { podSecurityNamespace } from './policies/pod-security-namespace.ts';
import type { Policy, PolicyFault, PolicySeverity } from './policies/policy.ts';
import { portMismatch } from './policies/port-mismatch.ts';
import type { Release } from './policies/release.ts';
import type { ReleaseObject } from './policies/release-object.ts';
import { replicasAndAutoscaler } from './policies/replicas-and-autoscaler.ts';
import { secretInConfigMap } from './policies/secret-in-config-map.ts';
import { secretInEnv } from './policies/secret-in-env.ts';
import { selectorCatchesHook } from './policies/selector-catches-hook.ts';
import { selectorMismatch } from './policies/selector-mismatch.ts';
import { serviceSelectsNothing } from './policies/service-selects-nothing.ts';

export { createReleases } from './policies/release.ts';
export { releaseObject } from './policies/release-object.ts';
export { secretsInValues } from './policies/secret-in-values.ts';
export { maySecret } from './policies/secret-texts.ts';

/** Every policy on rendered objects, in the order in which it is told. */
export const POLICIES: readonly Policy[] = [
  selectorMismatch,
  serviceSelectsNothing,
  portMismatch,
  backendMismatch,
  selectorCatchesHook,
  autoscalerTarget,
  replicasAndAutoscaler,
  disruptionBudgetBlocks,
  hookCollides,
  jobImmutable,
  imageTag,
  missingRequests,
  missingReadinessProbe,
  missingLivenessProbe,
  podSecurityBaseline,
  podSecurityRestricted,
  podSecurityNamespace,
  secretInConfigMap,
  secretInEnv,
];

/** Those that are about something else: values files, the annotations that silence, and users' own. */
const OTHERS = { 'secret-in-values': 'warning', allowance: 'warning', conftest: 'error', kyverno: 'error' } as const;

/** The severities that hold unless they are configured, by policy. */
export const DEFAULT_SEVERITIES: ReadonlyMap<string, PolicySeverity> = new Map<string, PolicySeverity>([
  ...POLICIES.map(({ name, severity }) => [name, severity] as const),
  ...Object.entries(OTHERS),
]);

/** Severities that were asked for, by policy. */
export type PolicySeverities = ReadonlyMap<string, PolicySeverity>;

/** What is found under a policy is told as this; `undefined`: it isn't told. A fault may be milder unless that is configured. */
export function severityOf(
  policy: string,
  asked: PolicySeverities,
  milder?: 'warning',
): Exclude<PolicySeverity, 'off'> | undefined {
  const severity = asked.get(policy) ?? milder ?? DEFAULT_SEVERITIES.get(policy) ?? 'off';
  return severity === 'off' ? undefined : severity;
}

/** What is to be told of an object. `minors`: for which versions, where not for all. */
export interface PolicyFinding {
  readonly object: ReleaseObject;
  readonly fault: ObjectFault;
  readonly minor?: string;
}

/** The policies that are to be told, as a function of objects and of their release, for each of some Kubernetes versions. */
export type Policies = (objects: readonly ReleaseObject[], releases: readonly Release[]) => PolicyFinding[];

export function choosePolicies(asked: PolicySeverities): Policies {
  const known = [...DEFAULT_SEVERITIES.keys()];
  const active = POLICIES.filter(({ name }) => (asked.get(name) ?? DEFAULT_SEVERITIES.get(name)) !== 'off');
  const byKind = new Map<string, { readonly own: readonly Policy[]; readonly across: readonly Policy[] }>();
  const policiesOn = ({ kind, pods, hook }: ReleaseObject) => {
    const key = `${pods === undefined ? '' : 'pods of '}${hook.length > 0 ? 'hook ' : ''}${kind}`;
    let policies = byKind.get(key);
    if (policies === undefined) {
      const looksAt = ({ of }: Policy): boolean =>
        of === 'pods' ? pods !== undefined : of === 'hooks' ? hook.length > 0 : of.includes(kind);
      const all = active.filter(looksAt);
      policies = {
        own: all.filter(({ across }) => across !== true),
        across: all.filter(({ across }) => across === true),
      };
      byKind.set(key, policies);
    }
    return policies;
  };
  const findings = (
    object: ReleaseObject,
    policies: readonly Policy[],
    releases: readonly Release[],
  ): PolicyFinding[] => {
    const found: PolicyFinding[] = [];
    for (const { name, byVersion, check } of policies) {
      for (const release of releases) {
        const faults = check(object, release);
        if (faults.length > 0 && !isAllowed(object, name)) {
          for (const each of faults)
            found.push(...told(object, name, each, byVersion === true ? release.minor : undefined));
        }
        if (byVersion !== true) break;
      }
    }
    return found;
  };
  const told = (object: ReleaseObject, policy: string, fault: PolicyFault, minor?: string): PolicyFinding[] => {
    const severity = severityOf(policy, asked, fault.severity);
    if (severity === undefined) return [];
    return [{ object, fault: { ...fault, rule: `policy/${policy}`, severity }, ...(minor !== undefined && { minor }) }];
  };
  /** What is said of an object for its own sake, by the versions that were asked about. */
  const ownFindings = new WeakMap<ReleaseObject, { readonly of: string; readonly found: readonly PolicyFinding[] }>();

  return (objects, releases) => {
    const versions = releases.map(({ minor }) => minor).join();
    return objects.flatMap((object) => {
      const { own, across } = policiesOn(object);
      let before = ownFindings.get(object);
      if (before?.of !== versions) {
        const found = findings(object, own, releases);
        for (const fault of allowanceFaults(object, known)) found.push(...told(object, 'allowance', fault));
        before = { of: versions, found };
        ownFindings.set(object, before);
      }
      return across.length === 0 ? before.found : [...before.found, ...findings(object, across, releases)];
    });
  };
}
