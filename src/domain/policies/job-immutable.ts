import { at } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';

/** Jobs of the release that have one name for ever: the API server refuses to change their pods. */
export const jobImmutable: Policy = {
  name: 'job-immutable',
  of: ['Job'],
  severity: 'warning',
  check: ({ apiVersion, kind, data, name, hook, pods }) => {
    if (apiVersion !== 'batch/v1' || kind !== 'Job' || hook.length > 0 || pods === undefined) return [];
    // It is gone before the next upgrade, or each has another name: its own revision's, version's, or the API server's.
    if (typeof at(data, 'spec', 'ttlSecondsAfterFinished') === 'number') return [];
    if (/[0-9]/.test(name.slice(-12)) || at(data, 'metadata', 'name') === undefined) return [];
    return [
      {
        message: `an upgrade that changes the pods of this Job (its image, say) fails: Job/${name} exists, and is immutable`,
        hint: 'Make it a hook, put the revision into its name, or set spec.ttlSecondsAfterFinished.',
        path: '/metadata/name',
      },
    ];
  },
};
