import { at } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';
import { words } from './release-object.ts';

/** Events that come again in the life of a release. */
const AGAIN = ['pre-upgrade', 'post-upgrade', 'pre-rollback', 'post-rollback', 'test'];

/** Hooks that are still there when helm creates them again. */
export const hookCollides: Policy = {
  name: 'hook-collides',
  of: 'hooks',
  severity: 'error',
  check: ({ data, name, hook, annotations, kind }) => {
    const event = hook.find((each) => AGAIN.includes(each));
    const policy = annotations['helm.sh/hook-delete-policy'];
    const deletes = words(policy);
    // Without the annotation helm deletes the former one before it creates the next.
    if (event === undefined || deletes.length === 0 || deletes.includes('before-hook-creation')) return [];
    // A revision (which is 1 here), or a name that the API server makes up.
    if (/(?:^|[-.])(?:r|v|rev-?)?1$/.test(name) || at(data, 'metadata', 'name') === undefined) return [];
    if (typeof at(data, 'spec', 'ttlSecondsAfterFinished') === 'number') return [];
    const [succeeded, failed] = [deletes.includes('hook-succeeded'), deletes.includes('hook-failed')];
    if (succeeded && failed) return [];
    const told = {
      hint: 'Add before-hook-creation to helm.sh/hook-delete-policy.',
      path: '/metadata/annotations/helm.sh~1hook-delete-policy',
    };
    return succeeded
      ? [
          {
            ...told,
            message: `this ${event} hook stays after it failed: the next one is refused, since ${kind}/${name} exists`,
            severity: 'warning' as const,
          },
        ]
      : [
          {
            ...told,
            message: `this ${event} hook is never deleted: the second one is refused, since ${kind}/${name} exists`,
          },
        ];
  },
};
