import { describe, expect, test } from '@jest/globals';
import { saidOfContainer, saidOfPods } from '../support/said-of-pods.ts';

type Data = Record<string, unknown>;
type Row = [Data, string];

const exec = { exec: { command: ['a'] } };
const asRows = (rows: readonly Row[]): [string, Data, string][] =>
  rows.map(([more, expected]) => [JSON.stringify(more), more, expected]);

describe('resources', () => {
  const GPU = 'nvidia.com/gpu';
  test.each(
    asRows([
      [{ requests: { cpu: '2' }, limits: { cpu: '1' } }, 'range resources.requests.cpu'],
      [{ requests: { memory: '2Gi' }, limits: { memory: '1024Mi' } }, 'range resources.requests.memory'],
      [{ requests: { cpu: '1001m' }, limits: { cpu: 1 } }, 'range resources.requests.cpu'],
      [{ requests: { cpu: '1' }, limits: { cpu: null } }, 'range resources.requests.cpu'],
      [{ requests: { cpu: '-1' } }, 'range resources.requests.cpu'],
      [{ limits: { cpu: ' -1m' } }, 'range resources.limits.cpu'],
      [{ limits: { cpu: -1 } }, 'range resources.limits.cpu'],
      [{ requests: { cpus: '1' } }, 'name resources.requests.cpus'],
      [{ limits: { storage: '1Gi' } }, 'name resources.limits.storage'],
      [{ limits: { 'a b/c': '1' } }, 'name resources.limits.a b/c'],
      [{ limits: { 'requests.nvidia.com/gpu': '1' } }, 'name resources.limits.requests.nvidia.com/gpu'],
      [{ requests: { [GPU]: '1' } }, 'required resources'],
      [{ requests: { [GPU]: '1' }, limits: { cpu: '1' } }, 'required resources.limits'],
      [{ requests: { [GPU]: '1' }, limits: { [GPU]: '2' } }, `range resources.requests.${GPU}`],
      [{ limits: { [GPU]: '1500m' } }, `range resources.limits.${GPU}`],
      [{ limits: { 'hugepages-2Mi': '4Mi' } }, 'value resources'],
      [{ limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } }, 'range resources.limits.hugepages-2Mi'],
      [{ requests: { 'hugepages-2Mi': '4Mi', cpu: '1' } }, 'required resources'],
    ]),
  )('%s', (_, resources, expected) => {
    expect(saidOfContainer({ resources })).toEqual([expected]);
  });

  test.each<Data>([
    {},
    { limits: null, requests: {} },
    { requests: { cpu: 1 }, limits: { cpu: '1000m' } },
    { requests: { cpu: '5' }, limits: { memory: '1Gi' } },
    { requests: { cpu: null }, limits: { cpu: '1' } },
    { limits: { cpu: 0, 'ephemeral-storage': '1Gi', 'hugepages-2Mi': '4Mi' } },
    { requests: { [GPU]: 1 }, limits: { [GPU]: '1' } },
    { limits: { [GPU]: '2000m' } },
    { requests: { 'kubernetes.io/x': '1.5' } },
    { limits: { cpu: '-0', memory: '-no' } },
    { requests: { cpu: 'no quantity' }, limits: { cpu: '1' } },
  ])('%j is no fault', (resources) => {
    expect(saidOfContainer({ resources })).toEqual([]);
  });

  test('the limit of what a Pod asks for may come from a LimitRange', () => {
    const resources = { requests: { [GPU]: '1' } };
    expect(saidOfPods({ containers: [{ name: 'a', resources }] }, 'v1 Pod')).toEqual([
      'warning required spec.containers.0.resources',
    ]);
  });
});

describe('env', () => {
  const from = (valueFrom: Data, more: Data = {}): Data => ({ name: 'A', valueFrom, ...more });
  const field = (fieldPath: string): Data => from({ fieldRef: { fieldPath } });
  const secret = (ref: Data): Data => from({ secretKeyRef: ref });
  test.each(
    asRows([
      [{ name: '' }, 'required env.0.name'],
      [{ name: 'a=b' }, 'name env.0.name'],
      [{ name: 'ä' }, 'name env.0.name'],
      [from({}), 'required env.0.valueFrom'],
      [from({ fieldRef: { fieldPath: 'metadata.name' } }, { value: 'x' }), 'value env.0.valueFrom'],
      [
        from({ secretKeyRef: { name: 'a', key: 'k' }, configMapKeyRef: { name: 'a', key: 'k' } }),
        'value env.0.valueFrom.secretKeyRef',
      ],
      [field('metadata.nam'), 'enum env.0.valueFrom.fieldRef.fieldPath'],
      [field(''), 'enum env.0.valueFrom.fieldRef.fieldPath'],
      [field('metadata.labels'), 'enum env.0.valueFrom.fieldRef.fieldPath'],
      [field("metadata.labels['']"), 'enum env.0.valueFrom.fieldRef.fieldPath'],
      [field("metadata.labels['"), 'enum env.0.valueFrom.fieldRef.fieldPath'],
      [field('status.phase'), 'enum env.0.valueFrom.fieldRef.fieldPath'],
      [field("metadata.labels['a b']"), 'enum env.0.valueFrom.fieldRef.fieldPath'],
      [field("metadata.name['a']"), 'enum env.0.valueFrom.fieldRef.fieldPath'],
      [
        from({ fieldRef: { apiVersion: 'v2', fieldPath: 'metadata.name' } }),
        'enum env.0.valueFrom.fieldRef.apiVersion',
      ],
      [from({ resourceFieldRef: { resource: 'limits.cpus' } }), 'enum env.0.valueFrom.resourceFieldRef.resource'],
      [
        from({ resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } }),
        'value env.0.valueFrom.resourceFieldRef.divisor',
      ],
      [secret({ key: 'k' }), 'required env.0.valueFrom.secretKeyRef'],
      [secret({ name: '', key: 'k' }), 'required env.0.valueFrom.secretKeyRef.name'],
      [secret({ name: 'A_b', key: 'k' }), 'name env.0.valueFrom.secretKeyRef.name'],
      [secret({ name: 'a', key: '' }), 'required env.0.valueFrom.secretKeyRef.key'],
      ...['a b', '.', '..a', 'k'.repeat(254)].map(
        (key): Row => [secret({ name: 'a', key }), 'name env.0.valueFrom.secretKeyRef.key'],
      ),
      [from({ configMapKeyRef: { name: null, key: 'k' } }), 'required env.0.valueFrom.configMapKeyRef'],
    ]),
  )('%s', (_, variable, expected) => {
    expect(saidOfContainer({ env: [variable] })).toEqual([expected]);
  });

  test.each<Data>([
    { name: 'A' },
    { name: '1 a-b.c', value: 'x' },
    { name: 'A', value: 'x', valueFrom: null },
    field('status.hostIPs'),
    field('spec.host'),
    field("metadata.labels['a.b/c']"),
    field("metadata.annotations['A/B']"),
    from({ fieldRef: { apiVersion: '', fieldPath: 'metadata.name' } }, { value: '' }),
    from({ fieldRef: { fieldPath: 'metadata.uid' }, secretKeyRef: null }),
    from({ resourceFieldRef: { resource: 'limits.cpu', divisor: '1000m' } }),
    from({ resourceFieldRef: { resource: 'limits.cpu', divisor: 0 } }),
    from({ resourceFieldRef: { resource: 'requests.hugepages-2Mi', divisor: '2' } }),
    secret({ name: 'a.b', key: '.a..b_C', optional: true }),
    secret({ name: 'a', key: 'k'.repeat(253) }),
    from({ fileKeyRef: { volumeName: 'data', path: 'p', key: 'k' } }),
    // The schema tells what it doesn't know.
    from({ secretRef: { name: 'a' } }),
  ])('%j is no fault', (variable) => {
    expect(saidOfContainer({ env: [variable] })).toEqual([]);
  });

  test.each(
    asRows([
      [{}, 'required envFrom.0'],
      [{ secretRef: {} }, 'required envFrom.0.secretRef'],
      [{ configMapRef: { name: '' } }, 'required envFrom.0.configMapRef.name'],
      [{ configMapRef: { name: 'a_b-' } }, 'name envFrom.0.configMapRef.name'],
      [{ configMapRef: { name: '-' } }, 'name envFrom.0.configMapRef.name'],
      [{ configMapRef: { name: 'a' }, secretRef: { name: 'a' } }, 'value envFrom.0.secretRef'],
      [{ configMapRef: { name: 'a' }, prefix: 'a=' }, 'name envFrom.0.prefix'],
    ]),
  )('envFrom %s', (_, source, expected) => {
    expect(saidOfContainer({ envFrom: [source] })).toEqual([expected]);
  });

  test('envFrom of one source is no fault', () => {
    const sources = [
      { secretRef: { name: 'a-' }, configMapRef: null },
      { configMapRef: { name: 'a.b' }, prefix: '' },
    ];
    expect(saidOfContainer({ envFrom: sources })).toEqual([]);
  });
});

describe('probes and hooks', () => {
  const web = (more: Data): Data => ({ httpGet: { port: 80, ...more } });
  test.each(
    asRows([
      [{ periodSeconds: 5 }, 'required livenessProbe'],
      [{ ...web({}), tcpSocket: { port: 80 } }, 'value livenessProbe.tcpSocket'],
      [{ exec: {} }, 'required livenessProbe.exec'],
      [{ exec: { command: [] } }, 'required livenessProbe.exec.command'],
      [web({ httpHeaders: [{ name: 'a b' }] }), 'name livenessProbe.httpGet.httpHeaders.0.name'],
      [{ ...exec, successThreshold: 2 }, 'range livenessProbe.successThreshold'],
      ...['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'].map(
        (name): Row => [{ ...exec, [name]: -1 }, `range livenessProbe.${name}`],
      ),
      [{ ...exec, terminationGracePeriodSeconds: 0 }, 'range livenessProbe.terminationGracePeriodSeconds'],
    ]),
  )('%s', (_, livenessProbe, expected) => {
    expect(saidOfContainer({ livenessProbe })).toEqual([expected]);
  });

  test('what probes may have', () => {
    const probe = { ...exec, httpGet: null, timeoutSeconds: 0, successThreshold: 0 };
    const livenessProbe = { ...probe, successThreshold: 1, terminationGracePeriodSeconds: 1 };
    const readinessProbe = { ...web({ httpHeaders: [{ name: 'X-A' }] }), successThreshold: 2 };
    expect(saidOfContainer({ livenessProbe, readinessProbe, startupProbe: null })).toEqual([]);
    // A way that the schema doesn't know is told by it.
    expect(saidOfContainer({ startupProbe: { http: { port: 80 } } })).toEqual([]);
  });

  test('a readinessProbe has no time to end in, a startupProbe succeeds once', () => {
    const readinessProbe = { ...exec, terminationGracePeriodSeconds: 5 };
    const startupProbe = { ...exec, successThreshold: 2 };
    expect(saidOfContainer({ readinessProbe, startupProbe })).toEqual([
      'value readinessProbe.terminationGracePeriodSeconds',
      'range startupProbe.successThreshold',
    ]);
  });

  test.each(
    asRows([
      [{}, 'required lifecycle.preStop'],
      [{ exec: {} }, 'required lifecycle.preStop.exec'],
      [{ httpGet: { port: '8080' } }, 'name lifecycle.preStop.httpGet.port'],
      [{ ...exec, sleep: { seconds: 1 } }, 'value lifecycle.preStop.sleep'],
      [{ sleep: { seconds: 31 } }, 'range lifecycle.preStop.sleep.seconds'],
      [{ sleep: { seconds: -1 } }, 'range lifecycle.preStop.sleep.seconds'],
    ]),
  )('lifecycle %s', (_, preStop, expected) => {
    expect(saidOfContainer({ lifecycle: { preStop, postStart: exec } })).toEqual([expected]);
  });

  test('a hook sleeps no longer than its pod has to end', () => {
    const sleeping = (seconds: number, terminationGracePeriodSeconds: unknown): string[] =>
      saidOfPods({
        terminationGracePeriodSeconds,
        containers: [{ name: 'a', lifecycle: { preStop: { sleep: { seconds } }, postStart: null } }],
      });
    expect(sleeping(61, 60)).toEqual(['range containers.0.lifecycle.preStop.sleep.seconds']);
    expect(sleeping(1, 0)).toEqual(['range containers.0.lifecycle.preStop.sleep.seconds']);
    expect([sleeping(60, 60), sleeping(30, null), sleeping(5, -1), sleeping(0, 0)].flat()).toEqual([]);
  });

  test('an init container that ends has neither', () => {
    const init = { livenessProbe: exec, readinessProbe: null, lifecycle: { preStop: exec } };
    const said = ['value lifecycle', 'value livenessProbe'];
    expect(saidOfContainer(init, '1.35', 'initContainers')).toEqual(said);
    expect(saidOfContainer({ ...init, restartPolicy: 'Never' }, '1.35', 'initContainers')).toEqual(said);
    expect(saidOfContainer({ ...init, restartPolicy: 'Always' }, '1.35', 'initContainers')).toEqual([]);
  });
});

describe('mounts', () => {
  const mount = { name: 'data', mountPath: '/a' };
  test.each(
    asRows([
      [{ mountPath: '' }, 'required volumeMounts.0.mountPath'],
      [{ subPath: '/a' }, 'value volumeMounts.0.subPath'],
      [{ subPath: 'a/../b' }, 'value volumeMounts.0.subPath'],
      [{ subPathExpr: '/$(A)' }, 'value volumeMounts.0.subPathExpr'],
      [{ subPath: 'a', subPathExpr: 'b' }, 'value volumeMounts.0.subPathExpr'],
      [{ mountPropagation: 'Bidirectional' }, 'value volumeMounts.0.mountPropagation'],
      [{ mountPropagation: '' }, 'required volumeMounts.0.mountPropagation'],
      [{ recursiveReadOnly: 'Enabled' }, 'value volumeMounts.0.recursiveReadOnly'],
      [{ recursiveReadOnly: '' }, 'required volumeMounts.0.recursiveReadOnly'],
      [{ recursiveReadOnly: 'x' }, 'enum volumeMounts.0.recursiveReadOnly'],
      [
        { recursiveReadOnly: 'IfPossible', readOnly: true, mountPropagation: 'HostToContainer' },
        'value volumeMounts.0.recursiveReadOnly',
      ],
    ]),
  )('%s', (_, more, expected) => {
    expect(saidOfContainer({ volumeMounts: [{ ...mount, ...more }] })).toEqual([expected]);
  });

  test.each<Data>([
    { mountPath: 'a/../b' },
    { subPath: '', subPathExpr: '$(A)/..b' },
    { subPath: './a', subPathExpr: null },
    { mountPropagation: 'None', recursiveReadOnly: 'Enabled', readOnly: true },
    { mountPropagation: 'HostToContainer', recursiveReadOnly: 'Disabled' },
  ])('%j is no fault', (more) => {
    expect(saidOfContainer({ volumeMounts: [{ ...mount, ...more }] })).toEqual([]);
  });

  test('a privileged container may give its mounts to the host', () => {
    const volumeMounts = [{ ...mount, mountPropagation: 'Bidirectional' }];
    expect(saidOfContainer({ volumeMounts, securityContext: { privileged: true } })).toEqual([]);
  });

  test('devices', () => {
    const device = (name: string, devicePath: string): string[] =>
      saidOfContainer({ volumeDevices: [{ name, devicePath }] });
    expect(device('claim', '/a')).toEqual([]);
    expect(device('claim', '')).toEqual(['required volumeDevices.0.devicePath']);
    expect(device('claim', '/a/../b')).toEqual(['value volumeDevices.0.devicePath']);
    expect(device('data', '/a')).toEqual(['value volumeDevices.0.name']);
  });
});

describe('securityContext', () => {
  test.each(
    asRows([
      [{ runAsUser: -1 }, 'range securityContext.runAsUser'],
      [{ runAsGroup: 2 ** 31 }, 'range securityContext.runAsGroup'],
      [{ privileged: true, allowPrivilegeEscalation: false }, 'value securityContext.allowPrivilegeEscalation'],
      [
        { allowPrivilegeEscalation: false, capabilities: { add: ['CAP_SYS_ADMIN'] } },
        'value securityContext.allowPrivilegeEscalation',
      ],
      [{ seccompProfile: { type: 'Localhost' } }, 'required securityContext.seccompProfile'],
      [{ seccompProfile: { type: '' } }, 'required securityContext.seccompProfile.type'],
      ...['/a', '../a'].map(
        (localhostProfile): Row => [
          { seccompProfile: { type: 'Localhost', localhostProfile } },
          'value securityContext.seccompProfile.localhostProfile',
        ],
      ),
      [
        { seccompProfile: { type: 'RuntimeDefault', localhostProfile: '' } },
        'value securityContext.seccompProfile.localhostProfile',
      ],
      [
        { appArmorProfile: { type: 'Localhost', localhostProfile: '' } },
        'required securityContext.appArmorProfile.localhostProfile',
      ],
      [
        { appArmorProfile: { type: 'Localhost', localhostProfile: ' a' } },
        'value securityContext.appArmorProfile.localhostProfile',
      ],
    ]),
  )('%s', (_, securityContext, expected) => {
    expect(saidOfContainer({ securityContext })).toEqual([expected]);
  });

  test.each<Data>([
    { runAsUser: 0, runAsGroup: 2 ** 31 - 1 },
    { privileged: true, allowPrivilegeEscalation: null, capabilities: { add: ['CAP_SYS_ADMIN'] } },
    {
      privileged: false,
      allowPrivilegeEscalation: false,
      capabilities: { add: ['SYS_ADMIN'], drop: ['CAP_SYS_ADMIN'] },
    },
    { seccompProfile: { type: 'Localhost', localhostProfile: 'a/b' }, appArmorProfile: { type: 'RuntimeDefault' } },
    { seccompProfile: { type: 'Unconfined', localhostProfile: null }, appArmorProfile: null },
    { appArmorProfile: { type: 'Localhost', localhostProfile: '/a/../b' } },
  ])('%j is no fault', (securityContext) => {
    expect(saidOfContainer({ securityContext })).toEqual([]);
  });
});

test('an image that is empty; into a Pod admission may put one', () => {
  expect(saidOfContainer({ image: '' })).toEqual(['required image']);
  expect(saidOfContainer({ image: ' ' })).toEqual([]);
  expect(saidOfPods({ containers: [{ name: 'a', image: '' }] }, 'v1 Pod')).toEqual([
    'warning required spec.containers.0.image',
  ]);
});

test('whose restarts are its own matter', () => {
  const said = (restartPolicy: unknown, minor: string, kind = 'containers'): string[] =>
    saidOfContainer({ restartPolicy }, minor, kind);
  expect(said('Always', '1.33')).toEqual(['value restartPolicy']);
  expect(said('Never', '1.33', 'initContainers')).toEqual(['enum restartPolicy']);
  // It is dropped there.
  expect([said('Always', '1.34'), said('Never', '1.34', 'initContainers')].flat()).toEqual([]);
  expect(said('', '1.35')).toEqual(['required restartPolicy']);
  expect(said('x', '1.35', 'initContainers')).toEqual(['enum restartPolicy']);
  expect([said('Never', '1.35'), said(null, '1.32'), said('Always', '1.32', 'initContainers')].flat()).toEqual([]);
});
