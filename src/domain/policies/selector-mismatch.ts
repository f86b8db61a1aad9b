import { at, fields, text } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';
import { isEmpty, selects } from './selector.ts';

/** Workloads whose selector doesn't select their own pods: the API server refuses them. */
export const selectorMismatch: Policy = {
  name: 'selector-mismatch',
  of: 'pods',
  severity: 'error',
  check: ({ apiVersion, kind, data, pods }) => {
    if (pods === undefined || apiVersion !== 'apps/v1') return [];
    const selector = fields(at(data, 'spec', 'selector'));
    if (isEmpty(selector) || selects(selector, pods.labels)) return [];
    const labels = fields(selector.matchLabels);
    const wrong = Object.keys(labels).find((key) => pods.labels[key] !== labels[key]);
    const has = wrong === undefined ? undefined : pods.labels[wrong];
    const which =
      wrong === undefined
        ? ''
        : `: it asks for ${wrong}=${text(labels[wrong])}, and the pods have ${has === undefined ? 'no such label' : text(has)}`;
    return [
      {
        message: `the selector doesn't select the pods of this ${kind}, which the API server refuses${which}`,
        hint: 'Give spec.template.metadata.labels everything that spec.selector asks for.',
        path: wrong === undefined ? '/spec/selector' : `/spec/selector/matchLabels/${pointerStep(wrong)}`,
      },
    ];
  },
};

function pointerStep(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
