import { describe, expect, test } from '@jest/globals';
import type { PolicySeverities } from '../../src/domain/policies.ts';
import { policyLines } from '../support/policy-findings.ts';
import { ENVIRONMENTS, PASSWORDS, render } from './rendering.ts';
import { TOGGLES } from './toggles.ts';

const MINORS = { minors: ['1.37', '1.34', '1.32'] };
/** As strict as can be: what is off by default, too. */
const STRICT: PolicySeverities = new Map([
  ['pod-security-restricted', 'error'],
  ['missing-liveness-probe', 'error'],
]);

/** Redis' exporter requests nothing by default, with Bitnami as with the stand-in: who turns it on sets that, too. */
const OF_DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  exporters: ['master', 'replicas'].map(
    (of) => `warning missing-requests StatefulSet/agent-dev-redis-${of} /spec/template/spec/containers/1/resources`,
  ),
};

describe('no policy has anything to say of the chart', () => {
  test.each(ENVIRONMENTS)('in %s, not even those that are off', async (environment) => {
    for (const upgrade of [false, true]) {
      const objects = await render({ environment, values: PASSWORDS, upgrade });
      expect(objects.length).toBeGreaterThan(15);
      expect(policyLines(objects, STRICT, MINORS)).toEqual([]);
    }
  });

  test.each(Object.entries(TOGGLES))('with %s', async (toggle, values) => {
    const objects = await render({ values: { ...PASSWORDS, ...values } }).catch(() => []);
    expect(policyLines(objects, new Map(), MINORS)).toEqual(OF_DEPENDENCIES[toggle] ?? []);
  });
});
