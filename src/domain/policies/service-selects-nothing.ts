import { at, fields, text } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';
import { matchesLabels } from './selector.ts';

/** Services whose selector matches no pod of the release. */
export const serviceSelectsNothing: Policy = {
  name: 'service-selects-nothing',
  of: ['Service'],
  across: true,
  severity: 'error',
  check: (object, release) => {
    const { apiVersion, kind, data } = object;
    if (apiVersion !== 'v1' || kind !== 'Service' || at(data, 'spec', 'type') === 'ExternalName') return [];
    const selector = fields(at(data, 'spec', 'selector'));
    const keys = Object.keys(selector);
    // Without a selector somebody else writes the endpoints. In another namespace, and where an operator makes pods, they may be anybody's.
    if (keys.length === 0 || release.mayMakePods || !release.isHome(object)) return [];
    if (release.podsWith(selector, object).length > 0) return [];
    // The nearest miss says most: pods that lack one label only.
    const near = keys.find((key) => {
      const { [key]: _, ...others } = selector;
      return (
        Object.keys(others).length > 0 &&
        release.podsWith(others, object).some((pod) => matchesLabels(others, pod.labels))
      );
    });
    const asked = keys.map((key) => `${key}=${text(selector[key])}`).join(',');
    return [
      {
        message: `no pod of this release has the labels ${asked}: the Service has no endpoints`,
        hint:
          near === undefined
            ? "Make the selector the labels of the pods' template."
            : `There are pods with all of it but ${near}=${text(selector[near])}.`,
        path: '/spec/selector',
      },
    ];
  },
};
