import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeAll(() => {
  space = workspace();
});
afterAll(() => space.remove());

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web:1
          env:
            - name: LOG_LEVEL
              value: info
            {{- toYaml .Values.extraEnv | nindent 12 }}
          ports:
            - containerPort: 80
              name: http
            - containerPort: 81
              name: http
`;
const VALUES = `extraEnv:
  - name: OTHER
    value: x
  - name: LOG_LEVEL
    value: debug
`;

test.each([
  ['helm', 'error'],
  ['helm3', 'warning'],
] as const)('a variable that values give again is told at its line, with %s as %s', async (helm, severity) => {
  space.chart('again', {
    'templates/configmap.yaml': undefined,
    'templates/web.yaml': DEPLOYMENT,
    'values.yaml': VALUES,
  });
  const { report } = await command(space, ['again', '--until', 'validate'], { helm });
  const found = report?.findings.filter(({ rule }) => rule === 'schema/duplicate-entry');
  expect(found).toMatchObject([
    { severity, file: 'again/values.yaml', line: 4, path: '/spec/template/spec/containers/0/env/2' },
    { severity: 'error', file: 'again/templates/web.yaml', line: 19, path: '/spec/template/spec/containers/0/ports/1' },
  ]);
});

test('one that a loop writes is told at the line of the values that gives its name, or at that of the template', async () => {
  space.chart('looped', {
    'templates/configmap.yaml': undefined,
    'templates/web.yaml': `apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: web:1
      env:
        - name: LOG_LEVEL
          value: info
        {{- range .Values.extraEnv }}
        - name: {{ .name }}
          value: {{ .value | quote }}
        {{- end }}
        {{- range list "ZONE" "ZONE" }}
        - name: {{ . }}
          value: "1"
        {{- end }}
        - name: OTHER
          value: again
        - name: {{ .Values.once }}
          value: "1"
        - name: {{ .Values.once }}
          value: "2"
      ports:
        {{- range .Values.ports }}
        - containerPort: {{ .port }}
        {{- end }}
`,
    'values.yaml': 'extraEnv: []\nonce: ONCE\nports:\n  - { port: 8080 }\n  - { port: 8081 }\n  - { port: 8080 }\n',
    'values-prod.yaml': 'extraEnv:\n  - value: y\n    name: OTHER\n  - value: z\n    name: LOG_LEVEL\n',
  });
  const { report } = await command(space, ['looped', '--until', 'validate']);
  const found = report?.findings.filter(({ rule }) => rule === 'schema/duplicate-entry');
  expect(found?.map(({ file, line, path }) => `${file}:${line} ${path}`).sort()).toEqual([
    'looped/templates/web.yaml:16 /spec/containers/0/env/4',
    'looped/templates/web.yaml:19 /spec/containers/0/env/5',
    'looped/templates/web.yaml:23 /spec/containers/0/env/7',
    'looped/values-prod.yaml:5 /spec/containers/0/env/2',
    'looped/values.yaml:6 /spec/containers/0/ports/2',
  ]);
});
