import { describe, expect, test } from '@jest/globals';
import { type CustomKind, NO_CUSTOM_KINDS } from '../../src/domain/custom-kinds.ts';
import { type Applied, objectFaults, targetVersion } from '../../src/domain/object-faults.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';

function faults(object: Record<string, unknown>, applied?: Applied, minor = '1.35') {
  return objectFaults(object, targetVersion(minor, kubernetesSchemas(), applied), NO_CUSTOM_KINDS);
}
const told = (...asked: Parameters<typeof faults>): string[] =>
  faults(...asked).map(({ rule, severity, path, message }) => `${severity} ${rule} ${path} ${message}`);

const pod = (spec: Record<string, unknown>, container: Record<string, unknown> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec: { ...spec, containers: [{ name: 'a', image: 'x:1', ...container }] },
});
const at = (list: string, message: string, severity = 'error'): string =>
  `${severity} schema/duplicate-entry /spec/${list} ${message}`;
const sameKey = (keys: string): string => `an entry with the same ${keys} is in this list before`;

describe('an entry that is in a list before', () => {
  test('is an error where no apply is let through', () => {
    const volumes = [
      { name: 'a', emptyDir: {} },
      { name: 'b', emptyDir: {} },
      { name: 'a', configMap: { name: 'a' } },
    ];
    for (const applied of ['on-server', 'on-client'] as const) {
      const found = faults(pod({ volumes }), applied);
      expect(told(pod({ volumes }), applied)).toEqual([at('volumes/2', sameKey('name'))]);
      expect(found[0]?.hint).toBeUndefined();
    }
  });

  test('is an error for Helm 4 and a warning for Helm 3 where the API server takes it from that', () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '1' },
      { name: 'A', value: '2' },
      { name: 'A', value: '3' },
    ];
    expect(told(pod({}, { env }))).toEqual([at('containers/0/env/2', sameKey('name'))]);
    expect(told(pod({}, { env }), 'on-client')).toEqual([at('containers/0/env/2', sameKey('name'), 'warning')]);
    const [hint3, hint4] = (['on-client', 'on-server'] as const).map(
      (applied) => faults(pod({}, { env }), applied)[0]?.hint,
    );
    expect(hint3).toContain('upgrade may change the wrong one, or fail');
    expect(hint4).toContain('server-side apply');
  });

  test.each([
    ['one number', [{ containerPort: 80 }, { containerPort: 80 }], ['1']],
    ['the protocol that is meant without one', [{ containerPort: 80, protocol: 'TCP' }, { containerPort: 80 }], ['1']],
    [
      'null for it',
      [
        { containerPort: 80, protocol: null },
        { containerPort: 80, protocol: '' },
      ],
      ['1'],
    ],
    ['another protocol', [{ containerPort: 53, protocol: 'UDP' }, { containerPort: 53 }], []],
    ['another number', [{ containerPort: 80 }, { containerPort: 81 }], []],
  ])('ports of a container: %s', (_what, ports, repeated) => {
    const expected = repeated.map((index) => at(`containers/0/ports/${index}`, sameKey('containerPort, protocol')));
    expect(told(pod({}, { ports }))).toEqual(expected);
  });

  test('ports of one name, which no apply is let through with', () => {
    const ports = [
      { containerPort: 80, name: 'http' },
      { containerPort: 81, name: 'http' },
      { containerPort: 82 },
      { containerPort: 83 },
    ];
    expect(told(pod({}, { ports }), 'on-client')).toEqual([at('containers/0/ports/1', sameKey('name'))]);
  });

  test('a set', () => {
    const object = { ...pod({}), metadata: { name: 'a', finalizers: ['a.example.com/a', 'a.example.com/a'] } };
    expect(told(object)).toEqual(['error schema/duplicate-entry /metadata/finalizers/1 is in this list twice']);
  });

  test('in the metadata of a custom resource, and of an object within one', () => {
    const metadata = { name: 'a', finalizers: ['a.example.com/a', 'a.example.com/a'] };
    const inner = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    const object = { apiVersion: 'example.com/v1', kind: 'Widget', metadata, inner };
    const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true } as const;
    const kind: CustomKind = {
      schema: { type: 'object', properties: { inner: embedded } },
      namespaced: true,
      dropsStatus: false,
    };
    const kinds = { kind: () => kind, otherVersions: () => [], unserved: () => undefined };
    for (const [applied, severity] of [
      ['on-server', 'error'],
      ['on-client', 'warning'],
    ] as const) {
      const target = targetVersion('1.35', kubernetesSchemas(), applied);
      expect(objectFaults(object, target, kinds).map((fault) => [fault.severity, fault.path])).toEqual([
        [severity, '/metadata/finalizers/1'],
        [severity, '/inner/metadata/finalizers/1'],
      ]);
    }
  });

  test('what lacks its key is told for that alone', () => {
    const env = [{ value: '1' }, { value: '2' }];
    expect(told(pod({}, { env }))).toEqual([
      'error schema/required /spec/containers/0/env/0 name is missing',
      'error schema/required /spec/containers/0/env/1 name is missing',
    ]);
  });

  test('lists that may have one twice, and statuses, are left alone', () => {
    const ingress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'a' },
      spec: { rules: [{}], tls: [{ hosts: ['a', 'a'] }, { hosts: ['a', 'a'] }] },
    };
    expect(told(ingress)).toEqual([]);
    const args = ['--a', '--a'];
    const status = { podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.1' }] };
    expect(told({ ...pod({}, { args }), status })).toEqual([]);
  });

  test.each(kubernetesSchemas().minors)('is known for %s', (minor) => {
    const volumes = [{ name: 'data', emptyDir: {} }];
    const double = pod({ volumes }, { env: [{ name: 'A' }, { name: 'A' }], volumeMounts: [mount, mount] });
    expect(told(double, 'on-client', minor)).toEqual([
      at('containers/0/env/1', sameKey('name'), 'warning'),
      at('containers/0/volumeMounts/1', sameKey('mountPath')),
    ]);
  });

  test('a hundred thousand entries are compared in a second', () => {
    const env = Array.from({ length: 100_000 }, (_, index) => ({ name: `A${index}`, value: 'x' }));
    const started = performance.now();
    expect(told(pod({}, { env: [...env, env[5]] }))).toEqual([at('containers/0/env/100000', sameKey('name'))]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

const mount = { name: 'data', mountPath: '/data' };
