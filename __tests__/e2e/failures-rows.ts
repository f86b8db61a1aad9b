import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { CauseCode } from '../../src/domain/deployment.ts';
import { type Cluster, eventually } from '../support/cluster.ts';
import { hookJob, testPod } from '../support/web-chart.ts';

/** Where a row happens: a namespace of its own. */
export interface Place {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** For private files of the row. */
  readonly folder: string;
}

/** What a row changes for the run that is looked at. */
export interface Row {
  readonly name: string;
  /** Into an empty namespace; else an upgrade of a healthy release. */
  readonly isFirst?: true;
  /** Files of the chart beside or in place of its own. */
  readonly chart?: Record<string, string> | ((place: Place) => Record<string, string>);
  /** The same for the good revision before it and the good run after it. */
  readonly always?: Record<string, string>;
  readonly arguments?: readonly string[];
  /** Before the run, after the good revision. */
  readonly arrange?: (place: Place) => Promise<unknown>;
  /** Once helm is at work. */
  readonly meanwhile?: (place: Place) => Promise<unknown>;
  /** What must be put right in the cluster before the next good run. */
  readonly mend?: (place: Place) => Promise<unknown>;
  /** The kubeconfig of the run, where it isn't the administrator's. */
  readonly kubeconfig?: (place: Place) => Promise<string>;
  /** Helm's time limit in seconds. */
  readonly limit: number;
  readonly expected: Passing | Failing;
  /** Takes the API server of the whole cluster away: nothing else happens meanwhile. */
  readonly isAlone?: true;
  /** Takes longer than half a minute: CI takes some of these only. */
  readonly isLong?: true;
}

interface Passing {
  readonly outcome: 'deployed';
  /** What the run has seen on its way there. */
  readonly says: RegExp;
}

interface Failing {
  readonly outcome: 'rolled-back' | 'removed' | 'failed' | 'skipped';
  readonly code: CauseCode;
  readonly resource?: RegExp;
  readonly says: RegExp;
  /** Of the log that stands by the cause. */
  readonly log?: RegExp;
  /** The line of chart/values-prod.yaml that is to blame. */
  readonly line?: number;
  /** Seconds to the verdict at most, since helm was started (the run, where it never was). */
  readonly within: number;
}

const sh = (script: string): string => JSON.stringify(['sh', '-c', script]);
const values = (...lines: string[]): Record<string, string> => ({ 'values-prod.yaml': `${lines.join('\n')}\n` });
const inNamespace = (place: Place, ...args: string[]): Promise<string> =>
  place.cluster.kubectl('--namespace', place.namespace, ...args);

/** Says no nine times. */
const TENTH = 'n=$(cat /tmp/n 2>/dev/null || echo 0); echo $((n + 1)) > /tmp/n; [ $n -ge 9 ]';

export const ROWS: readonly Row[] = [
  {
    name: 'image not found',
    chart: values('# the next version', 'image: registry.test/absent:1'),
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'image-pull',
      resource: /^Pod\/web-/,
      says: /registry\.test\/absent:1 of container web does not exist in its registry/,
      line: 2,
      within: 20,
    },
  },
  {
    name: 'image denied',
    chart: values('image: registry.test/denied:1'),
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'image-pull',
      resource: /^Pod\/web-/,
      says: /does not let the cluster pull the image registry\.test\/denied:1/,
      line: 1,
      within: 45,
    },
  },
  {
    name: 'image name invalid',
    chart: values('image: registry.test/Upper_Case:1'),
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'image-pull',
      resource: /^Pod\/web-/,
      says: /registry\.test\/Upper_Case:1, the image of container web, is no valid image name/,
      line: 1,
      within: 45,
    },
  },
  {
    name: 'registry answers 429 twice, then serves',
    chart: ({ namespace }) =>
      values(`image: registry.test/busy-${namespace}:1`, 'command: [/pause]', 'readiness: null'),
    limit: 120,
    isLong: true,
    expected: { outcome: 'deployed', says: /ErrImagePull/ },
  },
  {
    name: 'crash loop',
    chart: values(`command: ${sh('echo the ledger is torn; exit 3')}`),
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'crash-loop',
      resource: /^Pod\/web-/,
      says: /container web of the pod web-\S+ ended with exit code 3, 3 times so far/,
      log: /the ledger is torn/,
      within: 20,
    },
  },
  {
    name: 'crash loop at the first install',
    isFirst: true,
    chart: values(`command: ${sh('exit 3')}`, 'readiness: null'),
    limit: 120,
    expected: { outcome: 'removed', code: 'crash-loop', says: /ended with exit code 3/, within: 25 },
  },
  {
    name: 'crash until the database is up',
    isFirst: true,
    chart: {
      ...values(`command: ${sh('redis-cli -h web-database ping | grep PONG || exit 1; exec sleep infinity')}`),
      'templates/database.yaml': DATABASE(32),
    },
    limit: 180,
    isLong: true,
    expected: { outcome: 'deployed', says: /exited with 1[\s\S]*exited with 1[\s\S]*CrashLoopBackOff/ },
  },
  {
    name: 'readiness never comes',
    chart: values('readiness:', `  exec: { command: ${sh('echo no table tasks; exit 1')} }`),
    limit: 20,
    expected: {
      outcome: 'rolled-back',
      code: 'not-ready',
      resource: /^Pod\/web-/,
      says: /readiness probe.*no table tasks/,
      within: 45,
    },
  },
  {
    name: 'Secret missing',
    chart: values('container:', '  envFrom:', '    - secretRef: { name: web-credentials }'),
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'missing-config',
      resource: /^Pod\/web-/,
      says: /Secret web-credentials/,
      line: 3,
      within: 45,
    },
  },
  {
    name: 'Secret made late by a controller',
    chart: {
      ...values('container:', '  envFrom:', '    - secretRef: { name: web-credentials }'),
      'templates/external-secret.yaml': `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: web-credentials
spec: {}
`,
    },
    limit: 120,
    isLong: true,
    meanwhile: async (place) => {
      await new Promise((resolve) => setTimeout(resolve, 18_000));
      await inNamespace(place, 'create', 'secret', 'generic', 'web-credentials', '--from-literal=a=b');
    },
    expected: { outcome: 'deployed', says: /CreateContainerConfigError/ },
  },
  {
    name: 'ConfigMap key missing',
    chart: values(
      'container:',
      '  env:',
      '    - name: MODE',
      '      valueFrom: { configMapKeyRef: { name: settings, key: mode } }',
    ),
    arrange: (place) => inNamespace(place, 'create', 'configmap', 'settings', '--from-literal=other=1'),
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'missing-config',
      resource: /^Pod\/web-/,
      says: /ConfigMap settings has no key mode/,
      line: 4,
      within: 45,
    },
  },
  {
    name: 'unschedulable',
    chart: values('container:', '  resources:', '    requests: { cpu: "400" }'),
    limit: 180,
    isLong: true,
    expected: {
      outcome: 'rolled-back',
      code: 'unschedulable',
      resource: /^Pod\/web-/,
      says: /no node fits the pod .*Insufficient cpu/,
      line: 3,
      within: 80,
    },
  },
  {
    name: 'quota',
    chart: values('replicas: 3'),
    arrange: ({ cluster, namespace }) => cluster.quota(namespace, 'small', 'pods=1'),
    mend: (place) => inNamespace(place, 'delete', 'quota', 'small'),
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'refused',
      resource: /^Deployment\/web$/,
      says: /exceeded quota: small/,
      line: 1,
      within: 45,
    },
  },
  {
    name: 'refused by a ValidatingAdmissionPolicy',
    chart: values('replicas: 7'),
    arrange: async ({ cluster, namespace }) => {
      await cluster.apply(...SMALL_ONLY);
      // A policy is obeyed a moment after it is there.
      const large = ['create', 'deployment', 'large', '--image=x', '--replicas=6', '--dry-run=server'];
      await eventually(
        async () =>
          await expect(cluster.kubectl(...large, '--namespace', namespace)).rejects.toThrow(/replicas are enough/),
      );
    },
    limit: 120,
    expected: {
      outcome: 'failed',
      code: 'refused',
      resource: /^Deployment\/web$/,
      says: /five replicas are enough/,
      within: 30,
    },
  },
  {
    name: 'pods against the Pod Security Standard',
    chart: values('note: restricted'),
    arrange: ({ cluster, namespace }) =>
      cluster.kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted'),
    mend: ({ cluster, namespace }) =>
      cluster.kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce-'),
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'refused',
      resource: /^Deployment\/web$/,
      says: /violates PodSecurity "restricted/,
      within: 45,
    },
  },
  {
    name: 'immutable field',
    chart: {
      'templates/once.yaml': `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-once
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: once
          image: chartship.test/redis:7
          command: ["true", "again"]
`,
    },
    always: {
      'templates/once.yaml': `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-once
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: once
          image: chartship.test/redis:7
          command: ["true"]
`,
    },
    limit: 120,
    expected: {
      outcome: 'failed',
      code: 'refused',
      resource: /^Job\/web-once$/,
      says: /field is immutable/,
      within: 30,
    },
  },
  {
    name: 'unknown field, in a cluster alone',
    chart: {
      'templates/service.yaml': `apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  {{- if lookup "v1" "Namespace" "" "default" }}
  prots: []
  {{- end }}
  ports: [{ port: 80 }]
`,
    },
    limit: 120,
    expected: {
      outcome: 'failed',
      code: 'refused',
      resource: /^Service\/web$/,
      says: /prots/,
      within: 30,
    },
  },
  {
    name: 'hook fails',
    chart: {
      'templates/hook.yaml': hookJob('migrate', 'pre-upgrade', 'echo column priority exists already; exit 4'),
    },
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'hook-failed',
      resource: /^Job\/web-migrate$/,
      says: /pre-upgrade hook web-migrate failed.*exit code 4/,
      log: /column priority exists already/,
      within: 40,
    },
  },
  {
    name: 'hook hangs',
    chart: {
      'templates/hook.yaml': hookJob('migrate', 'pre-upgrade', 'echo waiting for the lock; exec sleep infinity'),
    },
    limit: 15,
    expected: {
      outcome: 'rolled-back',
      code: 'hook-failed',
      resource: /^Job\/web-migrate$/,
      says: /pre-upgrade hook web-migrate has not ended: it still runs/,
      log: /waiting for the lock/,
      within: 40,
    },
  },
  {
    name: 'Job fails',
    chart: {
      'templates/job.yaml': hookJob('load', 'none', 'echo no such file; exit 5').replace(
        / {2}annotations:\n.*\n.*\n/,
        '',
      ),
    },
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'job-failed',
      resource: /^Job\/web-load$/,
      says: /the Job web-load failed.*exit code 5/,
      log: /no such file/,
      within: 40,
    },
  },
  {
    name: 'test fails',
    chart: { 'templates/test.yaml': testPod('echo expected 200, got 500; exit 1') },
    limit: 120,
    expected: {
      outcome: 'rolled-back',
      code: 'test-failed',
      resource: /^Pod\/web-test$/,
      says: /test web-test failed/,
      log: /expected 200, got 500/,
      within: 40,
    },
  },
  {
    name: 'test hangs',
    chart: { 'templates/test.yaml': testPod('echo asking; exec sleep infinity') },
    limit: 30,
    expected: {
      outcome: 'rolled-back',
      code: 'test-failed',
      resource: /^Pod\/web-test$/,
      says: /test web-test failed: it did not end within 30 s/,
      log: /asking/,
      within: 60,
    },
  },
  {
    name: 'volume that does not bind',
    chart: {
      'templates/claim.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .Release.Name }}-data
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: {{ .Values.class }}
  resources: { requests: { storage: 1Gi } }
`,
      ...values(
        'class: gold',
        'pod:',
        '  volumes:',
        '    - name: data',
        '      persistentVolumeClaim: { claimName: web-data }',
      ),
    },
    limit: 180,
    isLong: true,
    expected: {
      outcome: 'rolled-back',
      code: 'volume',
      resource: /^PersistentVolumeClaim\/web-data$/,
      says: /web-data does not bind: there is no storage class gold/,
      line: 1,
      within: 90,
    },
  },
  {
    name: 'not rolled back where that is not wanted',
    chart: values('image: registry.test/absent:1'),
    arguments: ['--rollback', 'false'],
    limit: 120,
    expected: { outcome: 'failed', code: 'image-pull', says: /does not exist in its registry/, line: 1, within: 45 },
  },
  {
    name: 'not stopped early where that is not wanted',
    chart: values('image: registry.test/absent:1'),
    arguments: ['--fail-fast', 'false'],
    limit: 30,
    expected: {
      outcome: 'rolled-back',
      code: 'image-pull',
      says: /does not exist in its registry/,
      line: 1,
      within: 45,
    },
  },
  {
    name: 'a failing test that is not asked for',
    chart: { 'templates/test.yaml': testPod('exit 1') },
    arguments: ['--test', 'false'],
    limit: 120,
    expected: { outcome: 'deployed', says: /deployed: web/ },
  },
  {
    name: 'namespace missing, without the right to create it',
    isFirst: true,
    kubeconfig: async (place) => {
      const account = await accountKubeconfig(place, editorOf(place));
      const binding = ['create', 'clusterrolebinding', editorOf(place), '--clusterrole=edit'];
      await place.cluster.kubectl(...binding, `--serviceaccount=default:${editorOf(place)}`);
      return account;
    },
    limit: 120,
    expected: {
      outcome: 'failed',
      code: 'forbidden',
      resource: /^Namespace\/namespace-missing/,
      says: /the namespace namespace-missing\S* is not there and can't be made: .*cannot create resource "namespaces"/,
      within: 45,
    },
  },
  {
    name: 'an account without any right',
    kubeconfig: (place) => accountKubeconfig(place, 'nobody'),
    limit: 120,
    expected: { outcome: 'failed', code: 'forbidden', says: /is forbidden: User .*:nobody" cannot get/, within: 45 },
  },
  {
    name: 'token that expires in mid-deploy',
    chart: values('readiness:', `  exec: { command: ${sh('exit 1')} }`),
    kubeconfig: async (place) => {
      const account = await accountKubeconfig(place, 'deployer');
      await inNamespace(
        place,
        'create',
        'rolebinding',
        'deployer',
        '--clusterrole=admin',
        `--serviceaccount=${place.namespace}:deployer`,
      );
      return account;
    },
    // A token is as good as what it is bound to.
    meanwhile: (place) => inNamespace(place, 'delete', 'secret', 'deployer-bound'),
    limit: 120,
    expected: { outcome: 'failed', code: 'unauthorized', says: /credentials|401/, within: 40 },
  },
  {
    name: 'API server away for 20 s',
    chart: values(
      'container:',
      `  startupProbe: { exec: { command: ${sh(TENTH)} }, periodSeconds: 1, failureThreshold: 60 }`,
    ),
    isAlone: true,
    isLong: true,
    meanwhile: async ({ cluster }) => {
      await cluster.program('kill', 'kube-apiserver');
      await new Promise((resolve) => setTimeout(resolve, 20_000));
      await cluster.program('start', 'kube-apiserver');
    },
    limit: 120,
    expected: { outcome: 'deployed', says: /API server does not answer/ },
  },
  {
    name: 'API server gone for good',
    chart: values('readiness:', `  exec: { command: ${sh('exit 1')} }`),
    isAlone: true,
    isLong: true,
    meanwhile: ({ cluster }) => cluster.program('kill', 'kube-apiserver'),
    mend: ({ cluster }) => cluster.program('start', 'kube-apiserver'),
    limit: 30,
    expected: { outcome: 'failed', code: 'unreachable', says: /API server/, within: 100 },
  },
];

function DATABASE(seconds: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-database
spec:
  selector:
    matchLabels: { app: database }
  template:
    metadata:
      labels: { app: database }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: database
          image: chartship.test/redis:7
          command: ${sh(`sleep ${seconds}; exec redis-server --protected-mode no`)}
          readinessProbe:
            periodSeconds: 1
            exec: { command: [redis-cli, ping] }
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-database
spec:
  selector: { app: database }
  ports: [{ port: 6379 }]
`;
}

const SMALL_ONLY = [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'small-only' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
        ],
      },
      validations: [{ expression: 'object.spec.replicas <= 5', message: 'five replicas are enough' }],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'small-only' },
    spec: { policyName: 'small-only', validationActions: ['Deny'] },
  },
];

/** What an ExternalSecret is, as far as the API server asks. */
export const EXTERNAL_SECRET = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'externalsecrets.external-secrets.io' },
  spec: {
    group: 'external-secrets.io',
    scope: 'Namespaced',
    names: {
      kind: 'ExternalSecret',
      plural: 'externalsecrets',
      singular: 'externalsecret',
      listKind: 'ExternalSecretList',
    },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

/** Chartship's and bare helm's accounts are in one namespace, since theirs isn't there. */
const editorOf = ({ namespace }: Place): string => `editor-${namespace.split('-')[0]}`;

/** The kubeconfig of a ServiceAccount in the row's namespace, or in `default` where that isn't there. */
async function accountKubeconfig(place: Place, name: string): Promise<string> {
  const { cluster, folder } = place;
  const has = await cluster.kubectl('get', 'namespace', place.namespace, '--ignore-not-found', '--output=name');
  const namespace = has.trim() === '' ? 'default' : place.namespace;
  await cluster.kubectl('--namespace', namespace, 'create', 'serviceaccount', name);
  await cluster.kubectl('--namespace', namespace, 'create', 'secret', 'generic', `${name}-bound`);
  const bound = ['--bound-object-kind=Secret', `--bound-object-name=${name}-bound`];
  const token = (await cluster.kubectl('--namespace', namespace, 'create', 'token', name, ...bound)).trim();
  const shown = JSON.parse(await cluster.kubectl('config', 'view', '--raw', '--output=json'));
  const path = join(folder, `${name}.kubeconfig`);
  writeFileSync(
    path,
    JSON.stringify({
      ...shown,
      users: shown.users.map((user: { name: string }) => ({ name: user.name, user: { token } })),
    }),
    { mode: 0o600 },
  );
  return path;
}
