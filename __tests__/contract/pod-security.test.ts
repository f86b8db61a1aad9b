import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { forbidden, type Level } from '../../src/domain/policies/pod-security.ts';
import { releaseObject } from '../../src/domain/policies/release-object.ts';
import { seeded } from '../support/mutants.ts';
import { pinned } from '../support/scenario.ts';

// The API server's own admission is asked the same: k8s.io/pod-security-admission, built from tools/pod-security.

const LEVELS: readonly Level[] = ['baseline', 'restricted'];
/** Those in which a check changed, and the ones before. */
const MINORS = [26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37];
const PODS = 1_500;

type Json = Record<string, unknown>;

const PROFILES = ['RuntimeDefault', 'Localhost', 'Unconfined'];

/** What may be set in the security context of the pod or of a container, and in what ways. */
const CONTEXT: Readonly<Record<string, readonly unknown[]>> = {
  runAsNonRoot: [true, false],
  runAsUser: [0, 1000],
  seccompProfile: PROFILES.map((type) => ({ type })),
  appArmorProfile: PROFILES.map((type) => ({ type })),
  seLinuxOptions: [
    { type: 'container_t' },
    { type: 'container_engine_t' },
    { type: 'spc_t' },
    { user: 'a' },
    { role: 'a' },
    { level: 's0' },
  ],
  windowsOptions: [{ hostProcess: true }, { hostProcess: false }, {}],
};
const OF_POD: Readonly<Record<string, readonly unknown[]>> = {
  ...CONTEXT,
  sysctls: [
    'kernel.shm_rmid_forced',
    'kernel.msgmax',
    'net.ipv4.ip_local_reserved_ports',
    'net.ipv4.tcp_keepalive_time',
    'net.ipv4.tcp_rmem',
    'net.ipv4.tcp_slow_start_after_idle',
  ].map((name) => [{ name, value: '1' }]),
};
const OF_CONTAINER: Readonly<Record<string, readonly unknown[]>> = {
  ...CONTEXT,
  privileged: [true, false],
  allowPrivilegeEscalation: [true, false],
  procMount: ['Default', 'Unmasked'],
  capabilities: [
    { drop: ['ALL'] },
    { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    { drop: ['ALL'], add: ['CHOWN'] },
    { drop: ['NET_RAW'] },
    { drop: ['ALL'], add: ['SYS_ADMIN'] },
    {},
  ],
};
const FIELDS_OF_CONTAINER: Readonly<Record<string, readonly unknown[]>> = {
  ports: [[{ containerPort: 80 }], [{ containerPort: 80, hostPort: 0 }], [{ containerPort: 80, hostPort: 80 }]],
  livenessProbe: [{ httpGet: { port: 80 } }, { httpGet: { port: 80, host: 'a.b' } }],
  readinessProbe: [{ tcpSocket: { port: 80, host: 'a.b' } }, { exec: { command: ['a'] } }],
  startupProbe: [{ tcpSocket: { port: 80 } }, { tcpSocket: { port: 80, host: 'a.b' } }],
  lifecycle: [{ preStop: { httpGet: { port: 80, host: 'a.b' } } }, { postStart: { exec: { command: ['a'] } } }],
};
const FIELDS_OF_POD: Readonly<Record<string, readonly unknown[]>> = {
  hostNetwork: [true, false],
  hostPID: [true, false],
  hostIPC: [true, false],
  hostUsers: [true, false],
  os: [{ name: 'linux' }, { name: 'windows' }, { name: 'windows' }],
  volumes: [
    ...[
      'configMap',
      'csi',
      'downwardAPI',
      'emptyDir',
      'ephemeral',
      'image',
      'persistentVolumeClaim',
      'projected',
      'secret',
    ],
    ...['hostPath', 'nfs', 'gitRepo', 'iscsi', 'rbd', 'fc'],
  ].map((kind) => [{ name: 'v', [kind]: {} }]),
};
const ANNOTATIONS: readonly Json[] = [
  { 'container.apparmor.security.beta.kubernetes.io/a': 'runtime/default' },
  { 'container.apparmor.security.beta.kubernetes.io/a': 'localhost/mine' },
  { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' },
  { 'example.com/a': 'unconfined' },
];

/** Pods that are good by themselves, with a few things changed. */
function pods(seed: number): Json[] {
  const random = seeded(seed);
  const some = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const change = (target: Json, ways: Readonly<Record<string, readonly unknown[]>>): void => {
    const field = some(Object.keys(ways));
    if (random() < 0.2) delete target[field];
    else target[field] = some(ways[field] ?? []);
  };
  return Array.from({ length: PODS }, (): Json => {
    const container = (name: string): Json => ({
      name,
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    });
    const spec: Json = {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container('a'), container('b')].slice(0, some([1, 2])),
      ...(random() < 0.3 && { initContainers: [container('c')] }),
    };
    const metadata: Json = { name: 'web' };
    for (let changes = some([0, 1, 1, 1, 2, 3]); changes > 0; changes--) {
      const one = some([...((spec.initContainers as Json[] | undefined) ?? []), ...(spec.containers as Json[])]);
      const what = random();
      if (what < 0.25) change((spec.securityContext ?? {}) as Json, OF_POD);
      else if (what < 0.6) change((one.securityContext ?? {}) as Json, OF_CONTAINER);
      else if (what < 0.75) change(one, FIELDS_OF_CONTAINER);
      else if (what < 0.85) change(spec, FIELDS_OF_POD);
      else if (what < 0.93) spec.os = { name: 'windows' };
      else if (what < 0.96) metadata.annotations = some(ANNOTATIONS);
      else delete some([spec, one]).securityContext;
    }
    return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
  });
}

test('pods are refused by each level, in each version, as the API server refuses them', () => {
  const all = pods(19);
  const asked = all.flatMap((pod) => LEVELS.flatMap((level) => MINORS.map((minor) => ({ level, minor, pod }))));
  const input = asked.map((each) => `${JSON.stringify(each)}\n`).join('');
  const { stdout, stderr, status } = spawnSync(pinned('pod-security'), {
    input,
    encoding: 'utf8',
    env: {},
    maxBuffer: 2 ** 30,
  });
  expect([status, stderr]).toEqual([0, '']);
  const theirs = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as string[]);
  expect(theirs).toHaveLength(asked.length);
  // As in a run, where what is found for one version may be so for others.
  const templates = new Map(all.map((pod) => [pod, releaseObject(pod)?.pods]));
  const disagreeing = asked.flatMap(({ level, minor, pod }, index) => {
    const template = templates.get(pod);
    const ours = template === undefined ? [] : forbidden(template, level, `1.${minor}`);
    return ours.length > 0 === (theirs[index] ?? []).length > 0
      ? []
      : [`${level} 1.${minor}: ${theirs[index]}, ours ${JSON.stringify(ours)} ${JSON.stringify(pod.spec)}`];
  });
  expect(disagreeing.slice(0, 3)).toEqual([]);
  // Each of the reasons that it knows came up.
  expect(new Set(theirs.flat().map((reason) => reason.replace(/s$/, ''))).size).toBe(17);
});
