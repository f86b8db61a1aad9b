import { forbidden, type Level } from './pod-security.ts';
import type { Policy, PolicyFault, PolicySeverity } from './policy.ts';
import type { PodTemplate } from './release-object.ts';

/** Pods that are beyond the baseline level of the Pod Security Standards. */
export const podSecurityBaseline = ofLevel('baseline', 'warning');
/** And those beyond the restricted level: few charts aim at it unless their namespace does. */
export const podSecurityRestricted = ofLevel('restricted', 'off');

function ofLevel(level: Level, severity: PolicySeverity): Policy {
  return {
    name: `pod-security-${level}`,
    of: 'pods',
    severity,
    byVersion: true,
    check: ({ pods }, { minor }) => (pods === undefined ? [] : faults(pods, level, minor)),
  };
}

export function faults(pods: PodTemplate, level: Level, minor: string, why = ''): PolicyFault[] {
  return forbidden(pods, level, minor).map(({ what, path }) => ({
    message: `${what}, which the ${level} level of the Pod Security Standards forbids${why}`,
    path,
  }));
}
