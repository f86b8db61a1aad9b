import { at, fields, text } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';
import type { PodTemplate } from './release-object.ts';

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
    const podsBut = (key: string): readonly PodTemplate[] => {
      const { [key]: _, ...others } = selector;
      return Object.keys(others).length === 0 ? [] : release.podsWith(others, object);
    };
    // The nearest miss says most: pods that lack one label only.
    const near = keys.find((key) => podsBut(key).length > 0);
    const asked = keys.map((key) => `${key}=${text(selector[key])}`).join(',');
    const message = `no pod of this release has the labels ${asked}: the Service has no endpoints`;
    const path = '/spec/selector';
    if (near !== undefined) {
      const missing = `${near}=${text(selector[near])}`;
      const hint = `There are pods with all of it but ${missing}.`;
      // Who leads is marked while the pods run, by a label that their template doesn't have.
      const isMark = ROLE.test(missing) && !near.startsWith('app.kubernetes.io/');
      if (!isMark || podsBut(near).some(({ labels }) => near in labels)) return [{ message, hint, path }];
      return [{ message: `${message}, unless something labels them while they run`, hint, path, severity: 'warning' }];
    }
    if (release.hasWorkload(object.chart))
      return [{ message, hint: "Make the selector the labels of the pods' template.", path }];
    const hint = 'With these values its chart has no workload at all: look for what switches it on.';
    return [{ message, hint, path, severity: 'warning' }];
  },
};

/** Names of roles that pods of one template take in turn. */
const ROLE = /(?:^|[^a-z])(?:active|leader|primary|master|replica|secondary|standby|role)(?:$|[^a-z])/i;
