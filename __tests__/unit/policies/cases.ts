/** Objects, and what one policy says of them: good ones too. */
export interface PolicyCase {
  readonly policy: string;
  readonly what: string;
  readonly objects: string;
  readonly told: readonly string[];
  readonly minors?: readonly string[];
}

const DEPLOYMENT = (spec: string, { labels = '{ app: web }', selector = '{ app: web }', more = '' } = {}): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { ${more} selector: { matchLabels: ${selector} }, template: { metadata: { labels: ${labels} }, spec: ${spec} } }
---
`;
const WEB = DEPLOYMENT('{ containers: [{ name: web, ports: [{ name: http, containerPort: 8080 }] }] }');
const SET = WEB.replace('Deployment', 'StatefulSet').replaceAll('web', 'db');
const SERVICE = (spec: string, metadata = 'name: web'): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { ${metadata} }\nspec: ${spec}\n---\n`;
const POD = (metadata: string, spec = '{ containers: [{ name: a }] }'): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: ${metadata}\nspec: ${spec}\n---\n`;
const JOB = (metadata: string, more = ''): string =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: ${metadata}\nspec: { ${more} template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: a }] } } }\n---\n`;
const SCALER = (target: string, more = 'maxReplicas: 3'): string =>
  `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: web }\nspec: { scaleTargetRef: ${target}, ${more} }\n---\n`;
const BUDGET = (spec: string): string =>
  `apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: web }\nspec: ${spec}\n---\n`;
const INGRESS = (backend: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web }\nspec: { rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: ${backend} }] } }] }\n---\n`;
const CONFIG = (data: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: ${data}\n---\n`;
const CONTAINER = (fields: string): string => POD('{ name: web }', `{ containers: [{ name: web, ${fields} }] }`);
const ROLLOUT = 'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: web }\n---\n';
const MONITOR = 'apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: { name: web }\n---\n';
const DEFINITION =
  'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: a.longhorn.io }\nspec: { group: longhorn.io }\n---\n';
const PATH = '/spec/rules/0/http/paths/0/backend/service';

const of =
  (policy: string) =>
  (what: string, objects: string, ...told: string[]): PolicyCase => ({ policy, what, objects, told });

const selectorMismatch = of('selector-mismatch');
const selectsNothing = of('service-selects-nothing');
const catches = of('selector-catches-hook');
const port = of('port-mismatch');
const backend = of('backend-mismatch');
const target = of('autoscaler-target');
const replicas = of('replicas-and-autoscaler');
const budget = of('disruption-budget-blocks');
const hook = of('hook-collides');
const job = of('job-immutable');
const tag = of('image-tag');
const requests = of('missing-requests');
const readiness = of('missing-readiness-probe');
const liveness = of('missing-liveness-probe');
const inConfigMap = of('secret-in-config-map');
const inEnv = of('secret-in-env');

const TEMPLATE = '/spec/template/spec';
const HOOK = (events: string, policy?: string): string =>
  `annotations: { helm.sh/hook: "${events}"${policy === undefined ? '' : `, helm.sh/hook-delete-policy: "${policy}"`} }`;
const DELETES = '/metadata/annotations/helm.sh~1hook-delete-policy';

export const CASES: readonly PolicyCase[] = [
  selectorMismatch('the labels of its pods', WEB),
  selectorMismatch(
    'another value',
    DEPLOYMENT('{ containers: [] }', { selector: '{ app: other }' }),
    'Deployment/web /spec/selector/matchLabels/app',
  ),
  selectorMismatch(
    'a label with a slash that the pods lack',
    DEPLOYMENT('{ containers: [] }', { selector: '{ app: web, a.io/b: c }' }),
    'Deployment/web /spec/selector/matchLabels/a.io~1b',
  ),
  selectorMismatch(
    'an expression',
    WEB.replace('matchLabels: { app: web }', 'matchExpressions: [{ key: app, operator: NotIn, values: [web] }]'),
    'Deployment/web /spec/selector',
  ),
  selectorMismatch(
    'expressions that hold',
    WEB.replace('matchLabels: { app: web }', 'matchExpressions: [{ key: app, operator: In, values: [web] }]'),
  ),

  selectsNothing('some pods', WEB + SERVICE('{ selector: { app: web } }')),
  selectsNothing('none', WEB + SERVICE('{ selector: { app: web, tier: a } }'), 'Service/web /spec/selector'),
  selectsNothing(
    'a name elsewhere, with a selector',
    SERVICE('{ type: ExternalName, externalName: a.b, selector: { app: x } }'),
  ),
  selectsNothing('no selector at all', WEB + SERVICE('{ ports: [{ port: 80 }] }')),
  selectsNothing('a name elsewhere', WEB + SERVICE('{ type: ExternalName, externalName: a.b, selector: { app: x } }')),
  selectsNothing('pods that an operator makes', WEB + ROLLOUT + SERVICE('{ selector: { app: x } }')),
  selectsNothing(
    'no pods come of a ServiceMonitor',
    WEB + MONITOR + SERVICE('{ selector: { app: x } }'),
    'Service/web /spec/selector',
  ),
  selectsNothing(
    'another namespace',
    WEB + SERVICE('{ selector: { k8s-app: kube-dns } }', 'name: dns, namespace: kube-system'),
  ),
  selectsNothing(
    'pods of another namespace',
    WEB.replace('{ name: web }', '{ name: web, namespace: other }') + SERVICE('{ selector: { app: web } }'),
    'Service/web /spec/selector',
  ),

  selectsNothing(
    'pods that an operator makes of a Prometheus',
    WEB + MONITOR.replace('ServiceMonitor', 'Prometheus') + SERVICE('{ selector: { app: x } }'),
  ),
  selectsNothing(
    'the pods of a Deployment by their hash, and those of a DaemonSet by their revision',
    WEB +
      SERVICE('{ selector: { app: web, pod-template-hash: abc } }') +
      SET.replace('StatefulSet', 'DaemonSet') +
      SERVICE('{ selector: { app: db, controller-revision-hash: abc } }', 'name: db'),
  ),
  selectsNothing(
    "pods of a set by the set's own name",
    SET + SERVICE('{ selector: { app: db, statefulset.kubernetes.io/pod-name: db } }'),
    'Service/web /spec/selector',
  ),
  selectsNothing(
    'pods that an operator makes, who brings its definitions',
    WEB + DEFINITION + SERVICE('{ selector: { app: x } }'),
  ),
  selectsNothing(
    'no pods come of a ServiceMonitor, defined here',
    WEB + DEFINITION.replaceAll('longhorn.io', 'monitoring.coreos.com') + SERVICE('{ selector: { app: x } }'),
    'Service/web /spec/selector',
  ),
  selectsNothing(
    'one pod of a set, by the label that Kubernetes gives it',
    SET + SERVICE('{ selector: { app: db, statefulset.kubernetes.io/pod-name: db-0 } }'),
  ),
  selectsNothing('that label alone', SET + SERVICE('{ selector: { statefulset.kubernetes.io/pod-name: db-10 } }')),
  selectsNothing(
    'one pod of another set',
    SET + SERVICE('{ selector: { app: db, statefulset.kubernetes.io/pod-name: store-0 } }'),
    'Service/web /spec/selector',
  ),
  selectsNothing(
    'a label that no Deployment gets',
    WEB + SERVICE('{ selector: { app: web, apps.kubernetes.io/pod-index: "0" } }'),
    'Service/web /spec/selector',
  ),

  catches(
    'a Service without a selector',
    WEB + SERVICE('{ ports: [{ port: 80 }] }') + POD(`{ name: t, labels: { app: web }, ${HOOK('test')} }`),
  ),
  catches('its own pods', WEB + SERVICE('{ selector: { app: web }, ports: [{ port: 80 }] }')),
  catches(
    'a test pod, by number',
    WEB +
      SERVICE('{ selector: { app: web }, ports: [{ port: 80 }] }') +
      POD(`{ name: t, labels: { app: web }, ${HOOK('test')} }`),
    'Service/web /spec/selector',
  ),
  catches(
    'a test pod without the port of that name: no request arrives there',
    WEB +
      SERVICE('{ selector: { app: web }, ports: [{ port: 80, targetPort: http }] }') +
      POD(`{ name: t, labels: { app: web }, ${HOOK('test')} }`),
  ),
  catches(
    'a Job, in a budget',
    WEB + BUDGET('{ minAvailable: 1, selector: { matchLabels: { app: web } } }') + JOB('{ name: j }'),
    'PodDisruptionBudget/web /spec/selector',
  ),
  catches(
    'a Job of other labels',
    WEB + BUDGET('{ selector: { matchLabels: { app: web, tier: a } } }') + JOB('{ name: j }'),
  ),
  catches(
    'a hook, measured by an autoscaler',
    WEB + SCALER('{ kind: Deployment, name: web }') + JOB(`{ name: j, ${HOOK('pre-upgrade')} }`),
    'Deployment/web /spec/selector',
  ),
  catches('a hook, where none measures', WEB + JOB(`{ name: j, ${HOOK('pre-upgrade')} }`)),
  catches(
    'only Jobs: they are meant',
    SERVICE('{ selector: { app: web }, ports: [{ port: 80 }] }') + JOB('{ name: j }'),
  ),

  port(
    'a name that the container has',
    WEB + SERVICE('{ selector: { app: web }, ports: [{ port: 80, targetPort: http }] }'),
  ),
  port(
    'a name that it has not',
    WEB +
      SERVICE('{ selector: { app: web }, ports: [{ port: 80, targetPort: http }, { port: 81, targetPort: https }] }'),
    'Service/web /spec/ports/1/targetPort',
  ),
  port('its number', WEB + SERVICE('{ selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }')),
  port(
    'another number',
    WEB + SERVICE('{ selector: { app: web }, ports: [{ port: 80 }] }'),
    'Service/web /spec/ports/0/port',
  ),
  port('another number, headless', WEB + SERVICE('{ clusterIP: None, selector: { app: web }, ports: [{ port: 80 }] }')),
  port('a Service without a selector', WEB + SERVICE('{ ports: [{ port: 80, targetPort: pg }] }')),
  port('an empty selector', WEB + SERVICE('{ selector: {}, ports: [{ port: 80, targetPort: pg }] }')),
  port(
    'a name that is nearly one, headless',
    WEB + SERVICE('{ clusterIP: None, selector: { app: web }, ports: [{ port: 80, targetPort: htpp }] }'),
    'Service/web /spec/ports/0/targetPort',
  ),
  port(
    'another name, headless',
    WEB + SERVICE('{ clusterIP: None, selector: { app: web }, ports: [{ port: 80, targetPort: gossip }] }'),
  ),
  port(
    'a container that declares no port',
    DEPLOYMENT('{ containers: [{ name: web }] }') + SERVICE('{ selector: { app: web }, ports: [{ port: 80 }] }'),
  ),
  port(
    'the port of an init container that is gone',
    DEPLOYMENT(
      '{ containers: [{ name: a }], initContainers: [{ name: b, ports: [{ name: http, containerPort: 1 }] }] }',
    ) + SERVICE('{ selector: { app: web }, ports: [{ port: 80, targetPort: http }] }'),
    'Service/web /spec/ports/0/targetPort',
  ),

  backend(
    'a Service and its port',
    INGRESS('{ service: { name: web, port: { number: 80 } } }') + SERVICE('{ ports: [{ port: 80 }] }'),
  ),
  backend(
    'the port of the container',
    INGRESS('{ service: { name: web, port: { number: 8080 } } }') +
      SERVICE('{ ports: [{ port: 80, targetPort: 8080 }] }'),
    `Ingress/web ${PATH}/port/number`,
  ),
  backend(
    'a name that the port has not',
    INGRESS('{ service: { name: web, port: { name: http } } }') + SERVICE('{ ports: [{ port: 80, name: web }] }'),
    `Ingress/web ${PATH}/port/name`,
  ),
  backend(
    'no such Service',
    INGRESS('{ service: { name: webb, port: { number: 80 } } }') + SERVICE('{ ports: [{ port: 80 }] }'),
    `Ingress/web ${PATH}/name`,
  ),
  backend(
    'a route to a port that is not there',
    `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: web }\nspec: { rules: [{ backendRefs: [{ name: web, port: 81 }, { name: x, namespace: y, port: 1 }] }] }\n---\n${SERVICE('{ ports: [{ port: 80 }] }')}`,
    'HTTPRoute/web /spec/rules/0/backendRefs/0/port',
  ),
  backend(
    'a name elsewhere, whose ports nobody knows',
    INGRESS('{ service: { name: web, port: { number: 80 } } }') + SERVICE('{ type: ExternalName, externalName: a.b }'),
  ),
  backend('a bucket', INGRESS('{ resource: { apiGroup: a.io, kind: Bucket, name: a } }')),

  target('a workload of the release', WEB + SCALER('{ kind: Deployment, name: web }')),
  target(
    'a misspelt one',
    WEB + SCALER('{ kind: Deployment, name: wep }'),
    'HorizontalPodAutoscaler/web /spec/scaleTargetRef/name',
  ),
  target(
    'another kind',
    WEB + SCALER('{ kind: StatefulSet, name: web }'),
    'HorizontalPodAutoscaler/web /spec/scaleTargetRef/kind',
  ),
  target('a custom kind', WEB + SCALER('{ kind: Rollout, name: web }')),

  replicas('one of the two', DEPLOYMENT('{}', { more: 'replicas: 2,' })),
  replicas('the autoscaler alone', WEB + SCALER('{ kind: Deployment, name: web }')),
  replicas(
    'both',
    DEPLOYMENT('{}', { more: 'replicas: 2,' }) + SCALER('{ kind: Deployment, name: web }'),
    'Deployment/web /spec/replicas',
  ),

  budget(
    'one may go',
    DEPLOYMENT('{}', { more: 'replicas: 2,' }) + BUDGET('{ minAvailable: 1, selector: { matchLabels: { app: web } } }'),
  ),
  budget(
    'all must stay',
    DEPLOYMENT('{}', { more: 'replicas: 2,' }) + BUDGET('{ minAvailable: 2, selector: { matchLabels: { app: web } } }'),
    'PodDisruptionBudget/web /spec/minAvailable',
  ),
  budget(
    'half of one is one',
    WEB + BUDGET('{ minAvailable: 50%, selector: { matchLabels: { app: web } } }'),
    'PodDisruptionBudget/web /spec/minAvailable',
  ),
  budget(
    'the autoscaler gives more',
    WEB +
      SCALER('{ kind: Deployment, name: web }') +
      BUDGET('{ minAvailable: 1, selector: { matchLabels: { app: web } } }'),
  ),
  budget('none may go', BUDGET('{ maxUnavailable: 0 }'), 'PodDisruptionBudget/web /spec/maxUnavailable'),
  budget('0%', BUDGET('{ maxUnavailable: 0% }'), 'PodDisruptionBudget/web /spec/maxUnavailable'),
  budget('1% is one', WEB + BUDGET('{ maxUnavailable: 1%, selector: { matchLabels: { app: web } } }')),
  budget('100%', BUDGET('{ minAvailable: 100% }'), 'PodDisruptionBudget/web /spec/minAvailable'),
  budget('no pods at all', BUDGET('{ minAvailable: 1, selector: { matchLabels: { app: web } } }')),

  hook('helm deletes the former one by default', JOB(`{ name: j, ${HOOK('pre-upgrade')} }`)),
  hook('by its policy', JOB(`{ name: j, ${HOOK('pre-upgrade', 'hook-succeeded, before-hook-creation')} }`)),
  hook(
    'only where it failed',
    JOB(`{ name: j, ${HOOK('pre-install,pre-upgrade', 'hook-failed')} }`),
    `Job/j ${DELETES}`,
  ),
  hook('only where it succeeded', JOB(`{ name: j, ${HOOK('test', 'hook-succeeded')} }`), `Job/j ${DELETES}`),
  hook('always', JOB(`{ name: j, ${HOOK('test', 'hook-succeeded,hook-failed')} }`)),
  hook('it comes once', JOB(`{ name: j, ${HOOK('post-install', 'hook-failed')} }`)),
  hook('the revision is in its name', JOB(`{ name: j-1, ${HOOK('pre-upgrade', 'hook-failed')} }`)),
  hook('a name that the server makes', JOB(`{ generateName: j-, ${HOOK('pre-upgrade', 'hook-failed')} }`)),
  hook('it goes by itself', JOB(`{ name: j, ${HOOK('pre-upgrade', 'hook-failed')} }`, 'ttlSecondsAfterFinished: 60,')),

  job('one name for ever', JOB('{ name: migrate }'), 'Job/migrate /metadata/name'),
  job('a hook', JOB(`{ name: migrate, ${HOOK('pre-upgrade')} }`)),
  job('the version in its name', JOB('{ name: migrate-1-2-3 }')),
  job('gone after a while', JOB('{ name: migrate }', 'ttlSecondsAfterFinished: 60,')),

  tag('a version', CONTAINER('image: "nginx:1.29"')),
  tag('latest', CONTAINER('image: "nginx:latest"'), 'Pod/web /spec/containers/0/image'),
  tag('none', CONTAINER('image: "localhost:5000/nginx"'), 'Pod/web /spec/containers/0/image'),
  tag('a digest beside latest', CONTAINER(`image: "nginx:latest@sha256:${'0'.repeat(64)}"`)),
  tag('nothing', CONTAINER('image: ""')),
  tag('a digest', CONTAINER(`image: "nginx@sha256:${'0'.repeat(64)}"`)),
  tag(
    'of an init container',
    POD('{ name: web }', '{ containers: [{ name: a, image: "a:1" }], initContainers: [{ name: b, image: b }] }'),
    'Pod/web /spec/initContainers/0/image',
  ),

  requests('both', CONTAINER('resources: { requests: { cpu: 1, memory: 1Gi } }')),
  requests('limits count', CONTAINER('resources: { limits: { cpu: 1, memory: 1Gi } }')),
  requests('no memory', CONTAINER('resources: { requests: { cpu: 1 } }'), 'Pod/web /spec/containers/0/resources'),
  requests('nothing', CONTAINER('image: a'), 'Pod/web /spec/containers/0'),
  requests(
    'of the pod',
    POD('{ name: web }', '{ resources: { requests: { cpu: 1, memory: 1Gi } }, containers: [{ name: a }] }'),
  ),
  requests('a test', POD(`{ name: web, ${HOOK('test')} }`)),
  requests('an init container', POD('{ name: web }', '{ containers: [], initContainers: [{ name: a }] }')),
  requests(
    'a sidecar',
    POD('{ name: web }', '{ containers: [], initContainers: [{ name: a, restartPolicy: Always }] }'),
    'Pod/web /spec/initContainers/0',
  ),

  readiness('a Service without a selector', WEB + SERVICE('{ ports: [{ port: 80 }] }')),
  readiness('no Service sends to it', WEB),
  readiness(
    'one does',
    WEB + SERVICE('{ selector: { app: web }, ports: [{ port: 80, targetPort: http }] }'),
    `Deployment/web ${TEMPLATE}/containers/0`,
  ),
  readiness(
    'it has a probe',
    WEB.replace('name: web, ports', 'name: web, readinessProbe: {}, ports') +
      SERVICE('{ selector: { app: web }, ports: [{ port: 80, targetPort: http }] }'),
  ),
  readiness(
    'a Job, which is no server',
    JOB('{ name: j }').replace('{ name: a }', '{ name: a, ports: [{ containerPort: 80 }] }') +
      SERVICE('{ selector: { app: web }, ports: [{ port: 80 }] }'),
  ),
  readiness('to another port of the pod', WEB + SERVICE('{ selector: { app: web }, ports: [{ port: 80 }] }')),

  liveness('none', WEB, `Deployment/web ${TEMPLATE}/containers/0`),
  liveness('one', WEB.replace('name: web, ports', 'name: web, livenessProbe: {}, ports')),
  liveness('a Job', JOB('{ name: j }')),

  inConfigMap('a setting', CONFIG('{ LOG_LEVEL: debug, TOKEN_TTL: 3600s, passwordFile: /run/secrets/a }')),
  inConfigMap('a password', CONFIG('{ DB_PASSWORD: hunter2 }'), 'ConfigMap/web /data/DB_PASSWORD'),
  inConfigMap('a variable in its place', CONFIG('{ DB_PASSWORD: "$(DB_PASSWORD)", API_TOKEN: "$TOKEN" }')),
  inConfigMap(
    'in a file of settings',
    CONFIG('{ app.yaml: "db:\\n  host: a\\n  password: hunter2\\n" }'),
    'ConfigMap/web /data/app.yaml',
  ),
  inConfigMap(
    'in properties',
    CONFIG('{ app.properties: "db.password=hunter2\\n" }'),
    'ConfigMap/web /data/app.properties',
  ),
  inConfigMap('a script that reads one', CONFIG('{ run.sh: "PASSWORD=$(cat /run/password)\\n" }')),
  inConfigMap(
    'a file of settings that names another',
    CONFIG('{ app.yaml: "passwordFile: /a\\npassword: $PASSWORD\\n" }'),
  ),

  inEnv('a setting', CONTAINER('env: [{ name: LOG_LEVEL, value: debug }, { name: MAX_TOKENS, value: "4096" }]')),
  inEnv(
    'a password',
    CONTAINER('env: [{ name: A }, { name: DB_PASSWORD, value: hunter2 }]'),
    'Pod/web /spec/containers/0/env/1/value',
  ),
  inEnv(
    'words that are none',
    CONTAINER(
      'env: [{ name: A_TOKEN, value: "true" }, { name: B_TOKEN, value: "-" }, { name: C_TOKEN, value: "<fill in>" }, { name: D_TOKEN, value: /run/token }, { name: E_TOKEN, value: "***" }]',
    ),
  ),
  inEnv('from a Secret', CONTAINER('env: [{ name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: a, key: b } } }]')),
  inEnv(
    'the name of a key',
    CONTAINER('env: [{ name: PASSWORD_KEY, value: postgres-password }, { name: PASSWORD, value: postgres-password }]'),
  ),
  inEnv(
    'the name of a key, by what has it',
    CONTAINER(
      'env: [{ name: existingPasswordSecretKey, value: hunter2 }, { name: tokenSecretKey, value: token }, { name: serviceAccountSecretKey, value: credentials.json }]',
    ),
  ),
  inEnv(
    'a key that is secret',
    CONTAINER('env: [{ name: minioSecretKey, value: hunter2 }]'),
    'Pod/web /spec/containers/0/env/0/value',
  ),
  inEnv(
    'settings of etcd',
    CONTAINER('env: [{ name: ETCD_INITIAL_CLUSTER_TOKEN, value: etcd-k8s }, { name: ETCD_AUTH_TOKEN, value: simple }]'),
  ),
  inEnv('an address that gives tokens', CONTAINER('env: [{ name: OAUTH_TOKEN, value: "https://a.example/token" }]')),
  inEnv(
    'the secret of a client',
    CONTAINER('env: [{ name: clientSecret, value: abcdef123 }]'),
    'Pod/web /spec/containers/0/env/0/value',
  ),
  ...podSecurity(),
];

/** What each check of Kubernetes' own admission forbids; its versions with it. */
function podSecurity(): PolicyCase[] {
  const cases: PolicyCase[] = [];
  const add = (
    level: string,
    what: string,
    spec: string,
    told: string[],
    minors = ['1.37'],
    metadata = '{ name: web }',
  ): void => {
    const lines = told.map((path) => (/ in /.test(path) ? `Pod/web ${path}` : `Pod/web ${path} in ${minors[0]}`));
    cases.push({ policy: `pod-security-${level}`, what, objects: POD(metadata, spec), told: lines, minors });
  };
  const C = '/spec/containers/0';
  const container = (context: string): string => `{ containers: [{ name: a, securityContext: ${context} }] }`;
  const inBoth: [string, string, string[]][] = [
    [
      'host namespaces',
      '{ hostNetwork: true, hostPID: true, hostIPC: true, containers: [] }',
      ['/spec/hostNetwork', '/spec/hostPID', '/spec/hostIPC'],
    ],
    [
      'a sysctl',
      '{ securityContext: { sysctls: [{ name: kernel.msgmax }, { name: net.ipv4.tcp_rmem }] }, containers: [] }',
      ['/spec/securityContext/sysctls/0/name'],
    ],
    [
      'a user of SELinux',
      '{ securityContext: { seLinuxOptions: { user: a, type: container_t } }, containers: [] }',
      ['/spec/securityContext/seLinuxOptions/user'],
    ],
    [
      'a path of the host',
      '{ containers: [], volumes: [{ name: v, hostPath: { path: / } }] }',
      ['/spec/volumes/0/hostPath'],
    ],
  ];
  for (const [what, spec, told] of inBoth) for (const level of ['baseline', 'restricted']) add(level, what, spec, told);
  add('baseline', 'an ordinary pod', '{ containers: [{ name: a }] }', []);
  add('baseline', 'privileged', container('{ privileged: true }'), [`${C}/securityContext/privileged`]);
  add('baseline', 'a capability', container('{ capabilities: { add: [CHOWN, SYS_ADMIN] } }'), [
    `${C}/securityContext/capabilities/add/1`,
  ]);
  add('baseline', 'a process of the host', container('{ windowsOptions: { hostProcess: true } }'), [
    `${C}/securityContext/windowsOptions/hostProcess`,
  ]);
  add('baseline', 'seccomp', container('{ seccompProfile: { type: Unconfined } }'), [
    `${C}/securityContext/seccompProfile/type`,
  ]);
  add('baseline', 'AppArmor', container('{ appArmorProfile: { type: Unconfined } }'), [
    `${C}/securityContext/appArmorProfile/type`,
  ]);
  add('baseline', '/proc', container('{ procMount: Unmasked }'), [`${C}/securityContext/procMount`]);
  add('baseline', 'a port of the host', '{ containers: [{ name: a, ports: [{ hostPort: 80 }] }] }', [
    `${C}/ports/0/hostPort`,
  ]);
  const apparmor = 'container.apparmor.security.beta.kubernetes.io/a';
  add(
    'baseline',
    'AppArmor by annotation',
    '{ containers: [] }',
    [`/metadata/annotations/${apparmor.replace('/', '~1')}`],
    ['1.37'],
    `{ name: web, annotations: { ${apparmor}: unconfined } }`,
  );
  const both = ['1.33', '1.34'];
  add(
    'baseline',
    'another host, since 1.34',
    '{ containers: [{ name: a, livenessProbe: { httpGet: { host: a.b } } }] }',
    [`${C}/livenessProbe/httpGet/host in 1.34`],
    both,
  );
  const users = ['1.34', '1.35'];
  add(
    'baseline',
    '/proc of a user namespace, until 1.34',
    `{ hostUsers: false, containers: [{ name: a, securityContext: { procMount: Unmasked } }] }`,
    [`${C}/securityContext/procMount in 1.34`],
    users,
  );
  add(
    'baseline',
    'a sysctl that is safe since 1.37',
    '{ securityContext: { sysctls: [{ name: net.ipv4.tcp_notsent_lowat }] }, containers: [] }',
    ['/spec/securityContext/sysctls/0/name in 1.36'],
    ['1.36', '1.37'],
  );

  const good =
    '{ runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: [ALL] }, seccompProfile: { type: RuntimeDefault } }';
  const without = (field: RegExp): string => container(good.replace(field, ''));
  add('restricted', 'all that it asks', container(good), []);
  add(
    'restricted',
    'the pod says it',
    `{ securityContext: { runAsNonRoot: true, seccompProfile: { type: Localhost } }, containers: [{ name: a, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL], add: [NET_BIND_SERVICE] } } }] }`,
    [],
  );
  add('restricted', 'no runAsNonRoot', without(/runAsNonRoot: true, /), [`${C}/securityContext`]);
  add('restricted', 'escalation', without(/allowPrivilegeEscalation: false, /), [`${C}/securityContext`]);
  add(
    'restricted',
    'escalation allowed',
    container(good.replace('allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true')),
    [`${C}/securityContext/allowPrivilegeEscalation`],
  );
  add('restricted', 'capabilities kept', container(good.replace('[ALL]', '[CHOWN]')), [
    `${C}/securityContext/capabilities`,
  ]);
  add('restricted', 'a capability that the baseline lets pass', container(good.replace('drop', 'add: [CHOWN], drop')), [
    `${C}/securityContext/capabilities/add/0`,
  ]);
  add('restricted', 'no seccomp', without(/, seccompProfile: \{[^}]*\}/), [`${C}/securityContext`]);
  add('restricted', 'user 0', container(good.replace('{ runAs', '{ runAsUser: 0, runAs')), [
    `${C}/securityContext/runAsUser`,
  ]);
  add(
    'restricted',
    'a volume of another kind',
    `{ containers: [{ name: a, securityContext: ${good} }], volumes: [{ name: v, nfs: {} }, { name: w, emptyDir: {} }] }`,
    ['/spec/volumes/0/nfs'],
  );
  add(
    'restricted',
    'Windows',
    '{ os: { name: windows }, securityContext: { runAsNonRoot: true }, containers: [{ name: a }] }',
    [],
  );
  add(
    'restricted',
    'root in a user namespace, since 1.35',
    `{ hostUsers: false, containers: [{ name: a, securityContext: ${good.replace('runAsNonRoot: true', 'runAsNonRoot: false')} }] }`,
    [`${C}/securityContext/runAsNonRoot in 1.34`],
    users,
  );

  const namespace = (labels: string): string =>
    `apiVersion: v1\nkind: Namespace\nmetadata: { name: home, labels: { ${labels} } }\n---\n`;
  const ENFORCE = 'pod-security.kubernetes.io/enforce';
  const enforced = (what: string, labels: string, spec: string, told: string[], minors = ['1.37']): void => {
    cases.push({
      policy: 'pod-security-namespace',
      what,
      objects: namespace(labels) + POD('{ name: web }', spec),
      told,
      minors,
    });
  };
  enforced('nothing is enforced', '', '{ hostNetwork: true, containers: [] }', []);
  enforced('the baseline', `${ENFORCE}: baseline`, '{ hostNetwork: true, containers: [] }', [
    'Pod/web /spec/hostNetwork in 1.37',
  ]);
  enforced('the restricted level', `${ENFORCE}: restricted`, container(good.replace('[ALL]', '[]')), [
    `Pod/web ${C}/securityContext/capabilities in 1.37`,
  ]);
  enforced(
    'the level of an older version',
    `${ENFORCE}: baseline, ${ENFORCE}-version: v1.33`,
    '{ containers: [{ name: a, livenessProbe: { httpGet: { host: a.b } } }] }',
    [],
  );
  return cases;
}
