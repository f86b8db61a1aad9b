import { at, fields } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';
import { MOST_SELECTED, type Release } from './release.ts';
import type { PodTemplate } from './release-object.ts';

/** Budgets that allow no eviction, ever: no node of their pods can be drained. */
export const disruptionBudgetBlocks: Policy = {
  name: 'disruption-budget-blocks',
  of: ['PodDisruptionBudget'],
  across: true,
  severity: 'warning',
  check: (object, release) => {
    if (object.kind !== 'PodDisruptionBudget' || object.apiVersion !== 'policy/v1') return [];
    const { minAvailable, maxUnavailable, selector } = fields(object.data.spec);
    const blocks = (message: string, path: string) => [
      {
        message: `${message}: no pod is ever evicted, so that no node of theirs can be drained`,
        hint: 'Let at least one pod go: maxUnavailable 1, or less minAvailable, or more replicas.',
        path,
      },
    ];
    if (maxUnavailable !== undefined && amount(maxUnavailable, 100) === 0) {
      return blocks(`allows ${maxUnavailable} pods to be unavailable`, '/spec/maxUnavailable');
    }
    if (minAvailable === undefined || minAvailable === null) return [];
    if (minAvailable === '100%') return blocks('asks for all pods', '/spec/minAvailable');
    const selected = release.podsSelected(fields(selector), object);
    if (selected.length === MOST_SELECTED) return [];
    const all = selected.filter(({ passing }) => !passing);
    const numbers = all.map((pods) => mostReplicas(pods, release));
    if (all.length === 0 || numbers.some((number) => number === undefined)) return [];
    const pods = numbers.reduce<number>((sum, number) => sum + (number ?? 0), 0);
    const least = amount(minAvailable, pods);
    if (pods === 0 || least === undefined || least < pods) return [];
    const which = all.map(({ owner }) => `${owner.kind}/${owner.name}`).join(', ');
    return blocks(`asks for ${minAvailable} available of the ${pods} of ${which}`, '/spec/minAvailable');
  },
};

/** As the disruption controller does: shares are rounded up, in both fields. */
function amount(value: unknown, of: number): number | undefined {
  if (typeof value === 'number') return value;
  const share = /^([0-9]+)%$/.exec(String(value))?.[1];
  return share === undefined ? undefined : Math.ceil((Number(share) * of) / 100);
}

/** How many there are at the most; `undefined` where that isn't known. */
function mostReplicas({ owner }: PodTemplate, release: Release): number | undefined {
  if (owner.kind === 'Pod') return 1;
  if (owner.kind === 'DaemonSet') return undefined;
  const scaler = release
    .ofKind('HorizontalPodAutoscaler')
    .find(
      ({ data }) =>
        at(data, 'spec', 'scaleTargetRef', 'kind') === owner.kind &&
        at(data, 'spec', 'scaleTargetRef', 'name') === owner.name,
    );
  const number =
    scaler === undefined ? (at(owner.data, 'spec', 'replicas') ?? 1) : at(scaler.data, 'spec', 'maxReplicas');
  return typeof number === 'number' ? number : undefined;
}
