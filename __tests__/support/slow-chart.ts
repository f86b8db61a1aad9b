import type { Workspace } from './scenario.ts';

/** What a deployment of the slow chart is to be like. */
export interface Slowness {
  /** What the Service answers. */
  readonly version: string;
  /** Seconds that the hook, the start of the pod and the test take. */
  readonly hookSeconds?: number;
  readonly bootSeconds?: number;
  readonly testSeconds?: number;
  readonly testPasses?: boolean;
}

/**
 * A chart whose hook, start and test take as long as its values say: a run stays in each phase for as long as a test
 * needs it there. Its pod serves its version while it can, also for some seconds after it was told to end.
 */
export function writeSlowChart(space: Workspace, folder = 'chart'): void {
  space.write(`${folder}/Chart.yaml`, 'apiVersion: v2\nname: slow\nversion: 1.0.0\n');
  space.write(`${folder}/values.yaml`, VALUES);
  // An environment of this name is found by its file.
  space.write(`${folder}/values-demo.yaml`, 'version: "1"\n');
  space.write(`${folder}/templates/deployment.yaml`, DEPLOYMENT);
  space.write(`${folder}/templates/service.yaml`, SERVICE);
  space.write(`${folder}/templates/hook.yaml`, HOOK);
  space.write(`${folder}/templates/test.yaml`, TEST);
}

/** As `--set` has them. */
export function slowValues(slowness: Slowness): string[] {
  return Object.entries(slowness).map(([name, value]) => `${name}=${value}`);
}

const VALUES = `version: "1"
hookSeconds: 0
bootSeconds: 0
testSeconds: 0
testPasses: true
`;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: 1
  strategy:
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels: { app: {{ .Release.Name }} }
  template:
    metadata:
      labels: { app: {{ .Release.Name }}, version: {{ .Values.version | quote }} }
    spec:
      terminationGracePeriodSeconds: 9
      containers:
        - name: web
          image: chartship.test/agent:1.0.0
          imagePullPolicy: IfNotPresent
          command: [/bin/sh, -c]
          args:
            - |
              mkdir /tmp/web && echo {{ .Values.version }} >/tmp/web/index.html
              sleep {{ .Values.bootSeconds }}
              exec python3 -m http.server --directory /tmp/web 8000
          # A busy machine lets a probe wait for seconds; a single pod must not be taken out of its Service for that.
          readinessProbe:
            httpGet: { path: /, port: 8000 }
            periodSeconds: 1
            timeoutSeconds: 10
            failureThreshold: 10
          # Nodes learn later than the pod itself that it is not to be asked any more; on a starved machine by seconds.
          lifecycle:
            preStop: { sleep: { seconds: 8 } }
`;

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: { app: {{ .Release.Name }} }
  ports: [{ port: 8000 }]
`;

const HOOK = `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-hook
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers:
        - name: hook
          image: chartship.test/agent:1.0.0
          imagePullPolicy: IfNotPresent
          command: [/bin/sh, -c, "sleep {{ .Values.hookSeconds }}"]
`;

const TEST = `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
    - name: test
      image: chartship.test/agent:1.0.0
      imagePullPolicy: IfNotPresent
      command: [/bin/sh, -c, "sleep {{ .Values.testSeconds }}; {{ .Values.testPasses }}"]
`;
