import { nearest } from '../nearest.ts';
import type { PolicyFault } from './policy.ts';
import type { ReleaseObject } from './release-object.ts';

/** `chartship.dev/allow.RULE: why`, on the object: what a policy says of it is silenced, for that reason. */
const PREFIX = 'chartship.dev/allow.';

/** Whether an object is allowed what a policy says of it. Without a reason it isn't. */
export function isAllowed({ annotations }: ReleaseObject, policy: string): boolean {
  return hasReason(annotations[`${PREFIX}${policy}`]);
}

/** What is wrong with an object's annotations of this kind. */
export function allowanceFaults({ annotations }: ReleaseObject, known: readonly string[]): PolicyFault[] {
  const faults: PolicyFault[] = [];
  for (const key in annotations) {
    if (!key.startsWith(PREFIX)) continue;
    const policy = key.slice(PREFIX.length);
    const path = `/metadata/annotations/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!known.includes(policy)) {
      const near = nearest(policy, known);
      const hint = near === undefined ? `Known: ${known.join(', ')}.` : `Did you mean ${PREFIX}${near}?`;
      faults.push({ path, what: 'key', message: `there is no policy ${policy} to allow something`, hint });
    } else if (!hasReason(annotations[key])) {
      const hint = 'Write why, as its value.';
      faults.push({ path, message: `allows ${policy} without a reason, and so not at all`, hint });
    }
  }
  return faults;
}

/** A word alone explains nothing. */
function hasReason(value: unknown): boolean {
  return typeof value === 'string' && /\S\s+\S/.test(value.trim());
}
