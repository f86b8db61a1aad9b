import { describe, expect, test } from '@jest/globals';
import { saidOfPods } from '../support/said-of-pods.ts';

type Data = Record<string, unknown>;

const containers = [{ name: 'a', image: 'i' }];

function said(more: Data, id = 'apps/v1 Deployment', minor = '1.35'): string[] {
  return saidOfPods({ containers, ...more }, id, minor);
}

describe('how long pods live', () => {
  const ENDLESS = [
    'v1 ReplicationController',
    ...['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'].map((kind) => `apps/v1 ${kind}`),
  ];

  test.each(ENDLESS)('%s', (id) => {
    expect(said({ restartPolicy: 'Never' }, id)).toEqual(['enum restartPolicy']);
    expect(said({ activeDeadlineSeconds: 5 }, id)).toEqual(['value activeDeadlineSeconds']);
    expect(said({ activeDeadlineSeconds: 0 }, id)).toEqual(['value activeDeadlineSeconds']);
    expect(said({ restartPolicy: 'OnFailure' }, id, '1.32')).toEqual(['enum restartPolicy']);
    const good = ['Always', '', null].map((restartPolicy) => said({ restartPolicy, activeDeadlineSeconds: null }, id));
    expect(good.flat()).toEqual([]);
  });

  test('Job', () => {
    const job = 'batch/v1 Job';
    expect(saidOfPods({ containers }, job)).toEqual(['required spec.template.spec']);
    expect(said({ restartPolicy: '' }, job)).toEqual(['required restartPolicy']);
    expect(said({ restartPolicy: 'Always' }, job)).toEqual(['enum restartPolicy']);
    expect(said({ restartPolicy: 'Never', activeDeadlineSeconds: 0 }, job)).toEqual(['range activeDeadlineSeconds']);
    expect(said({ restartPolicy: 'OnFailure', activeDeadlineSeconds: 1 }, job)).toEqual([]);
  });

  test('CronJob', () => {
    const within = 'spec.jobTemplate.spec.template.spec';
    expect(said({}, 'batch/v1 CronJob')).toEqual([`required ${within}`]);
    expect(said({ restartPolicy: 'Always' }, 'batch/v1 CronJob')).toEqual([`enum ${within}.restartPolicy`]);
    expect(said({ restartPolicy: 'Never' }, 'batch/v1 CronJob')).toEqual([]);
  });

  test('Pod', () => {
    const good = ['Always', 'OnFailure', 'Never', undefined].map((restartPolicy) => said({ restartPolicy }, 'v1 Pod'));
    expect(good.flat()).toEqual([]);
    expect(said({ activeDeadlineSeconds: -1 }, 'v1 Pod')).toEqual(['range spec.activeDeadlineSeconds']);
  });
});

test('a spec that is missing', () => {
  expect(saidOfPods(undefined)).toEqual(['required spec.template']);
  expect(saidOfPods(null, 'batch/v1 Job')).toEqual(['required spec.template']);
  expect(saidOfPods(null, 'v1 Pod')).toEqual(['required ']);
  expect(saidOfPods(null, 'apps/v1 StatefulSet', '1.33')).toEqual([]);
});

test('containers', () => {
  expect(said({ containers: [] })).toEqual(['required containers']);
  expect(said({ ephemeralContainers: containers })).toEqual(['value ephemeralContainers']);
  expect(said({ ephemeralContainers: [], initContainers: null })).toEqual([]);
});

test.each([
  ['serviceAccountName', 'A_b'],
  ['serviceAccount', 'A_b'],
  ['nodeName', 'a_b'],
  ['priorityClassName', 'A b'],
  ['runtimeClassName', 'A'],
  ['hostname', 'a.b'],
  ['subdomain', 'a_b'],
])('%s', (field, name) => {
  expect(said({ [field]: name })).toEqual([`name ${field}`]);
  expect(said({ [field]: 'a' })).toEqual([]);
});

test('names that may be empty, and that may not', () => {
  const names = ['serviceAccountName', 'serviceAccount', 'nodeName', 'priorityClassName', 'hostname', 'subdomain'];
  expect(said(Object.fromEntries(names.map((name) => [name, ''])))).toEqual([]);
  expect(said({ runtimeClassName: '' })).toEqual(['required runtimeClassName']);
  expect(said({ preemptionPolicy: '' })).toEqual(['required preemptionPolicy']);
  expect(said({ serviceAccountName: 'a', serviceAccount: 'A_b' })).toEqual([]);
  expect(said({ imagePullSecrets: [{}, { name: 'A_' }], terminationGracePeriodSeconds: -1 })).toEqual([]);
});

test.each<[Data, string]>([
  [{ dnsPolicy: 'None' }, 'required dnsPolicy'],
  [{ dnsPolicy: 'None', dnsConfig: {} }, 'required dnsConfig'],
  [{ dnsPolicy: 'None', dnsConfig: { nameservers: [] } }, 'required dnsConfig.nameservers'],
  [{ dnsConfig: { nameservers: ['::1', '1.2.3.256'] } }, 'format dnsConfig.nameservers.1'],
  [{ dnsConfig: { nameservers: ['fe80::1%eth0'] } }, 'format dnsConfig.nameservers.0'],
  [{ dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } }, 'range dnsConfig.nameservers'],
  [{ dnsConfig: { searches: ['a', 'a b'] } }, 'name dnsConfig.searches.1'],
  [{ dnsConfig: { searches: Array.from({ length: 33 }, (_, index) => `a${index}`) } }, 'range dnsConfig.searches'],
  [{ dnsConfig: { options: [{ name: '' }] } }, 'required dnsConfig.options.0.name'],
  [{ dnsConfig: { options: [{ value: '5' }] } }, 'required dnsConfig.options.0'],
  [{ hostAliases: [{ ip: 'x' }] }, 'format hostAliases.0.ip'],
  [{ hostAliases: [{ ip: '' }] }, 'format hostAliases.0.ip'],
  [{ hostAliases: [{ ip: '::1', hostnames: ['a', 'a_b'] }] }, 'name hostAliases.0.hostnames.1'],
  [{ readinessGates: [{ conditionType: 'a b' }] }, 'name readinessGates.0.conditionType'],
  [{ schedulingGates: [{ name: '' }] }, 'name schedulingGates.0.name'],
  [{ hostPID: true, shareProcessNamespace: true }, 'value shareProcessNamespace'],
  [{ os: { name: '' } }, 'required os.name'],
  [{ os: { name: 'Linux' } }, 'enum os.name'],
  [{ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }, 'range resources.requests.cpu'],
  [{ resources: { limits: { 'ephemeral-storage': '1Gi' } } }, 'name resources.limits.ephemeral-storage'],
])('%j', (more, expected) => {
  expect(said(more)).toEqual([expected]);
});

test.each<Data>([
  { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.2.3.4'] } },
  { dnsConfig: { nameservers: ['::1', '::2', '::3'], searches: Array.from({ length: 32 }, () => 'a') } },
  { dnsPolicy: '', dnsConfig: { nameservers: [], searches: ['a.b.', '.', '_tcp.a'], options: [{ name: 'ndots' }] } },
  { hostAliases: [{ ip: '01.2.3.4', hostnames: ['a.b'] }, { ip: '::ffff:1.2.3.4' }] },
  { readinessGates: [{ conditionType: 'a.b/c' }], schedulingGates: [{ name: 'a' }] },
  { hostPID: true, shareProcessNamespace: false, os: { name: 'linux' } },
  { resources: { limits: { cpu: '1', memory: '1Gi', 'hugepages-2Mi': '2Mi' } } },
])('%j is no fault', (more) => {
  expect(said(more)).toEqual([]);
});

test('resources of a whole pod are looked at from 1.34 on', () => {
  expect(said({ resources: { limits: { cpus: '1' } } }, 'apps/v1 Deployment', '1.34')).toHaveLength(1);
  expect(said({ resources: { limits: { cpus: '1' } } }, 'apps/v1 Deployment', '1.33')).toEqual([]);
});

describe('securityContext', () => {
  const sysctl = (...names: readonly string[]): Data => ({ sysctls: names.map((name) => ({ name, value: '1' })) });

  test.each<[Data, string]>([
    [{ fsGroup: -5 }, 'range securityContext.fsGroup'],
    [{ runAsUser: 2 ** 31 }, 'range securityContext.runAsUser'],
    [{ supplementalGroups: [0, -1] }, 'range securityContext.supplementalGroups.1'],
    [{ fsGroupChangePolicy: '' }, 'required securityContext.fsGroupChangePolicy'],
    [{ seccompProfile: { type: 'Localhost' } }, 'required securityContext.seccompProfile'],
    [sysctl('A B'), 'name securityContext.sysctls.0.name'],
    [sysctl('net..a'), 'name securityContext.sysctls.0.name'],
    [sysctl(''), 'required securityContext.sysctls.0.name'],
    [sysctl('a.b', 'a.b'), 'duplicate-entry securityContext.sysctls.1'],
  ])('%j', (securityContext, expected) => {
    expect(said({ securityContext })).toEqual([expected]);
  });

  test('what is no fault', () => {
    expect(said({ securityContext: sysctl('a'.repeat(253)) })).toEqual([]);
    const securityContext = { fsGroup: 0, supplementalGroups: null, ...sysctl('net.core.somaxconn', 'net/ipv4/a.b') };
    expect(said({ securityContext })).toEqual([]);
    expect(said({ securityContext, hostIPC: true, hostPID: true })).toEqual([]);
    expect(said({ securityContext: sysctl('netx.a', 'kernel.sem'), hostNetwork: true })).toEqual([]);
    expect(said({ securityContext: sysctl('kernel.semx', 'kernel.shm.x', 'fs/mqueue.x'), hostIPC: true })).toEqual([]);
  });

  test('sysctls of the host', () => {
    const at = 'value securityContext.sysctls.0.name';
    for (const name of ['net.core.somaxconn', 'net/ipv4/a.b']) {
      expect(said({ securityContext: sysctl(name), hostNetwork: true })).toEqual([at]);
    }
    for (const name of ['kernel.shmmax', 'kernel.msgmax', 'kernel.sem', 'fs.mqueue.x', 'fs/mqueue/x']) {
      expect(said({ securityContext: sysctl(name), hostIPC: true })).toEqual([at]);
    }
  });
});
