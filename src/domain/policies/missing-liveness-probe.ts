import type { Policy } from './policy.ts';

/** Containers that are never restarted while their process is there. Many rightly have no such probe. */
export const missingLivenessProbe: Policy = {
  name: 'missing-liveness-probe',
  of: 'pods',
  severity: 'off',
  check: ({ pods }) => {
    if (pods === undefined || pods.passing) return [];
    return pods.containers
      .filter(({ role, data }) => role !== 'init' && data.livenessProbe === undefined)
      .map(({ name, path }) => ({
        message: `the container ${name} has no liveness probe: one that hangs is never restarted`,
        hint: 'Add a livenessProbe that asks nothing but whether the process still answers.',
        path,
      }));
  },
};
