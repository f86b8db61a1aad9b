/** Files of a small chart of one Deployment, whose pods are there and ready within a second or two. */
export function webChart(): Record<string, string> {
  return {
    'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: "1.0"\n',
    'values.yaml': WEB_VALUES,
    'values-prod.yaml': '{}\n',
    'templates/deployment.yaml': DEPLOYMENT,
  };
}

export const WEB_VALUES = `image: chartship.test/redis:7
replicas: 1
note: none
command: [sh, -c, exec sleep infinity]
# Asked every second.
readiness:
  exec: { command: ["true"] }
# More for the container and for the pod.
container: {}
pod: {}
`;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: { app: {{ .Release.Name }} }
  template:
    metadata:
      labels: { app: {{ .Release.Name }} }
      annotations: { note: {{ .Values.note | quote }} }
    spec:
      terminationGracePeriodSeconds: 0
      {{- with .Values.pod }}{{ toYaml . | nindent 6 }}{{ end }}
      containers:
        - name: web
          image: {{ .Values.image }}
          command: {{ toJson .Values.command }}
          {{- with .Values.readiness }}
          readinessProbe:
            periodSeconds: 1
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .Values.container }}{{ toYaml . | nindent 10 }}{{ end }}
`;

/** A Job that is a hook, with a shell script. */
export function hookJob(name: string, events: string, script: string): string {
  return `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-${name}
  annotations:
    helm.sh/hook: ${events}
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers:
        - name: ${name}
          image: chartship.test/redis:7
          command: ${JSON.stringify(['sh', '-c', script])}
`;
}

/** A pod that `helm test` runs, with a shell script. */
export function testPod(script: string): string {
  return `apiVersion: v1
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
      image: chartship.test/redis:7
      command: ${JSON.stringify(['sh', '-c', script])}
`;
}
