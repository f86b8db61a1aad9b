import { expect, test } from '@jest/globals';
import { serverFaults } from '../../src/domain/server-rules.ts';

type Data = Record<string, unknown>;

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };
const GOOD: Data = {
  volumes: [{ name: 'data', emptyDir: {} }],
  initContainers: [{ name: 'first', volumeMounts: [{ name: 'data', mountPath: '/a' }] }],
  containers: [
    {
      name: 'main',
      ports: [
        { name: 'http', containerPort: 8080 },
        { name: '', containerPort: 65535, hostPort: 0 },
      ],
      livenessProbe: { httpGet: { path: '/', port: 'http' } },
      readinessProbe: { tcpSocket: { port: 8080 } },
      volumeMounts: [{ name: 'data', mountPath: '/a' }],
    },
  ],
};

/** What is said of a Deployment with such pods. */
function said(spec: Data, name = DEPLOYMENT, more: Data = {}, minor = '1.35'): string[] {
  const object = { ...name, spec: { template: { spec }, ...more } };
  return serverFaults(object, name, minor).map(({ rule, severity, path }) => `${severity} ${rule} ${path.join('.')}`);
}

const container = (more: Data): Data => ({ ...GOOD, containers: [{ name: 'main', ...more }] });

test('sound pods are no fault', () => {
  expect(said(GOOD)).toEqual([]);
  expect(said({})).toEqual([]);
  expect(said({ containers: [null, 'a', { ports: 'x', volumeMounts: {} }], volumes: null })).toEqual([]);
});

test.each<[string, Data, string]>([
  ['a container', container({ name: 'Bad_Name' }), 'schema/name spec.template.spec.containers.0.name'],
  ['a container without', container({ name: '' }), 'schema/name spec.template.spec.containers.0.name'],
  [
    'a volume',
    { ...GOOD, volumes: [{ name: 'data' }, { name: 'A_b' }] },
    'schema/name spec.template.spec.volumes.1.name',
  ],
  [
    'an init container of the name of a container',
    { ...GOOD, initContainers: [{ name: 'main' }] },
    'schema/duplicate-entry spec.template.spec.initContainers.0.name',
  ],
  [
    'a mount of no volume',
    container({ volumeMounts: [{ name: 'nothere', mountPath: '/x' }] }),
    'schema/value spec.template.spec.containers.0.volumeMounts.0.name',
  ],
  [
    'a device of no volume',
    container({ volumeDevices: [{ name: 'nothere', devicePath: '/x' }] }),
    'schema/value spec.template.spec.containers.0.volumeDevices.0.name',
  ],
  ...['a-very-long-port-name', 'Http', 'a--b', '-a', '80', 'a_b'].map((name): [string, Data, string] => [
    `the port ${name}`,
    container({ ports: [{ name, containerPort: 1 }] }),
    'schema/name spec.template.spec.containers.0.ports.0.name',
  ]),
  ...[0, -1, 65536, 99999].map((containerPort): [string, Data, string] => [
    `the port ${containerPort}`,
    container({ ports: [{ containerPort }] }),
    'schema/range spec.template.spec.containers.0.ports.0.containerPort',
  ]),
  [
    'a port of the host',
    container({ ports: [{ containerPort: 1, hostPort: 65536 }] }),
    'schema/range spec.template.spec.containers.0.ports.0.hostPort',
  ],
  [
    'a port of the host twice',
    container({ ports: [1, 2].map((containerPort) => ({ containerPort, hostPort: 80 })) }),
    'schema/duplicate-entry spec.template.spec.containers.0.ports.1.hostPort',
  ],
  [
    'a port of the host that is another one, in the network of the host',
    { ...container({ ports: [{ containerPort: 1, hostPort: 2 }, { containerPort: 3 }] }), hostNetwork: true },
    'schema/value spec.template.spec.containers.0.ports.0.hostPort',
  ],
  [
    'a probe of a number in quotes',
    container({ livenessProbe: { httpGet: { path: '/', port: '8080' } } }),
    'schema/name spec.template.spec.containers.0.livenessProbe.httpGet.port',
  ],
  [
    'a probe of no port',
    container({ startupProbe: { grpc: { port: 70000 } } }),
    'schema/range spec.template.spec.containers.0.startupProbe.grpc.port',
  ],
])('%s', (_, spec, expected) => {
  expect(said(spec)).toEqual([`error ${expected}`]);
});

test('the pods of a StatefulSet have the volumes of its claims, and are looked at from 1.34 on', () => {
  const name = { apiVersion: 'apps/v1', kind: 'StatefulSet' };
  const claims = {
    volumeClaimTemplates: [
      {
        metadata: { name: 'claim' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
  };
  const mounting = (volume: string): Data => container({ volumeMounts: [{ name: volume, mountPath: '/x' }] });
  expect(said(mounting('claim'), name, claims)).toEqual([]);
  expect(said(mounting('other'), name, claims, '1.34')).toHaveLength(1);
  expect(said(mounting('other'), name, claims, '1.33')).toEqual([]);
});

test('of a Pod, which admission may have given a volume, a mount of none is a warning', () => {
  const name = { apiVersion: 'v1', kind: 'Pod' };
  const spec = container({ name: 'A', volumeMounts: [{ name: 'nothere', mountPath: '/x' }] });
  expect(serverFaults({ ...name, spec }, name, '1.35').map(({ severity }) => severity)).toEqual(['error', 'warning']);
});

test("of what is none of Kubernetes' own nothing is said", () => {
  expect(said(container({ name: 'A' }), { apiVersion: 'example.com/v1', kind: 'Deployment' })).toEqual([]);
});
