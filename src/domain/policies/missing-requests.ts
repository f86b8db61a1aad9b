import { at, fields } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';

/** Containers of what goes on running that ask for no CPU or no memory. */
export const missingRequests: Policy = {
  name: 'missing-requests',
  of: 'pods',
  severity: 'warning',
  check: ({ pods, hook }) => {
    // A test or a hook is gone soon.
    if (pods === undefined || hook.length > 0) return [];
    const ofPod = (resource: string): boolean => asks(pods.spec, resource);
    return pods.containers
      .filter(({ role }) => role !== 'init')
      .flatMap(({ data, path, name }) => {
        const missing = ['cpu', 'memory'].filter((resource) => !asks(data, resource) && !ofPod(resource));
        if (missing.length === 0) return [];
        const what = missing.map((resource) => (resource === 'cpu' ? 'CPU' : resource)).join(' and no ');
        return [
          {
            message: `the container ${name} requests no ${what}: the scheduler counts it as nothing, and it is the first to be evicted`,
            hint: 'Set resources.requests (a limit alone counts as a request, too).',
            path: at(data, 'resources') === undefined ? path : `${path}/resources`,
          },
        ];
      });
  },
};

/** The API server takes a limit for the request where there is none. */
function asks(holder: unknown, resource: string): boolean {
  const { requests, limits } = fields(at(holder, 'resources'));
  return isSet(fields(requests)[resource]) || isSet(fields(limits)[resource]);
}

function isSet(quantity: unknown): boolean {
  return quantity !== undefined && quantity !== null;
}
