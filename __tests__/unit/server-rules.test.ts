import { expect, test } from '@jest/globals';
import { serverFaults } from '../../src/domain/server-rules.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';
import { refusals } from '../support/rendered-mutants.ts';
import { serverRuleCases } from '../support/server-rule-cases.ts';

const schemas = kubernetesSchemas();

test.each(serverRuleCases())('$what', ({ object, told }) => {
  const found = refusals(JSON.stringify(object), schemas, '1.35').map(({ rule, path }) => `${rule} ${path}`);
  expect(found).toEqual(told);
});

const CLAIM = { metadata: { name: 'data' }, spec: { resources: { requests: { storage: '1Gi' } } } };
const SCALED = { scaleTargetRef: { kind: 'Deployment', name: 'a' }, maxReplicas: 2 };
const BACKEND = { service: { name: '1a', port: { number: 80 } } };

test.each([
  [
    'a claim without access modes',
    'apps/v1',
    'StatefulSet',
    { volumeClaimTemplates: [CLAIM] },
    ['1.34', '1.35', '1.36', '1.37'],
  ],
  [
    'a serviceName that is no label',
    'apps/v1',
    'StatefulSet',
    { serviceName: 'A_b' },
    ['1.33', '1.34', '1.35', '1.36', '1.37'],
  ],
  ['a target of no group', 'autoscaling/v2', 'HorizontalPodAutoscaler', SCALED, ['1.34', '1.35', '1.36', '1.37']],
  [
    'a Service that begins with a digit',
    'networking.k8s.io/v1',
    'Ingress',
    { defaultBackend: BACKEND },
    ['1.32', '1.33', '1.34', '1.35'],
  ],
])('%s is a matter of the version', (_, apiVersion, kind, spec, minors) => {
  const all = ['1.32', '1.33', '1.34', '1.35', '1.36', '1.37'];
  const name = { apiVersion, kind };
  // One object, as a run asks about it; what doesn't depend on the version is kept.
  const object = { ...name, spec };
  expect(all.filter((minor) => serverFaults(object, name, minor).length > 0)).toEqual(minors);
});

/** Each place within an object, as a path. */
function placesIn(node: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof node !== 'object' || node === null) return [path];
  return [path, ...Object.entries(node).flatMap(([key, value]) => placesIn(value, [...path, key]))];
}

test('foreign data that is of no form is passed over, for the schema to tell', () => {
  const cases = serverRuleCases().filter(({ told }) => told.length === 0);
  let tried = 0;
  for (const { object } of cases) {
    const name = { apiVersion: String(object.apiVersion), kind: String(object.kind) };
    for (const path of placesIn(object).slice(1)) {
      for (const odd of [null, 'a', 1, true, [], [null], [['a']], {}, { '': null }]) {
        const copy = structuredClone(object);
        const around = path.slice(0, -1).reduce<Record<string, unknown>>((node, key) => node[key] as never, copy);
        around[path.at(-1) ?? ''] = odd;
        tried += 1;
        expect(() => serverFaults(copy, name, '1.35')).not.toThrow();
      }
    }
  }
  expect(tried).toBeGreaterThan(5_000);
});
