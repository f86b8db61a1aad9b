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

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };
const SECRET = { apiVersion: 'v1', kind: 'Secret' };

test('what a container has of its own before 1.35 is refused, but dropped by 1.34', () => {
  const containers = [{ name: 'a', image: 'b', restartPolicy: 'Never' }];
  const object = { ...DEPLOYMENT, spec: { template: { spec: { containers } } } };
  const refusing = ['1.32', '1.33', '1.34', '1.35'].filter(
    (minor) => serverFaults(object, DEPLOYMENT, minor).length > 0,
  );
  expect(refusing).toEqual(['1.32', '1.33']);
});

test('a hundred thousand faults of one object are found, too', () => {
  const env = Array.from({ length: 130_000 }, () => ({ name: '' }));
  const object = { ...DEPLOYMENT, spec: { template: { spec: { containers: [{ name: 'a', image: 'b', env }] } } } };
  expect(serverFaults(object, DEPLOYMENT, '1.35').length).toBeGreaterThan(100_000);
});

test('neither a message nor a path has what may be a secret', () => {
  const env = [
    { name: 'TOKEN=hunter2', value: 'hunter2' },
    { name: 'A', value: 'hunter2', valueFrom: {} },
  ];
  const workload = { ...DEPLOYMENT, spec: { template: { spec: { containers: [{ name: 'a', image: 'b', env }] } } } };
  const secrets = [
    { ...SECRET, stringData: { 'password:hunter2': null } },
    { ...SECRET, type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': 'hunter2' } },
  ];
  const said = [
    ...serverFaults(workload, DEPLOYMENT, '1.35'),
    ...secrets.flatMap((each) => serverFaults(each, SECRET, '1.35')),
  ];
  expect(said.length).toBeGreaterThan(3);
  expect(JSON.stringify(said)).not.toContain('hunter2');
});

test('each path leads to something that is there, and no message is long', () => {
  const cases = serverRuleCases();
  const long = '9'.repeat(100_000);
  const cron = { apiVersion: 'batch/v1', kind: 'CronJob', spec: { schedule: `${long} * * * *`, timeZone: long } };
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', spec: { minAvailable: `${long}%` } };
  for (const object of [...cases.map(({ object }) => object), cron, budget]) {
    const name = { apiVersion: String(object.apiVersion), kind: String(object.kind) };
    for (const { path, message } of serverFaults(object, name, '1.35')) {
      const there = path.reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], object);
      expect([there === undefined, message.length < 400]).toEqual([false, true]);
    }
  }
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
