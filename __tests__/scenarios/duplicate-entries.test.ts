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
