import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Finding } from '../../src/domain/finding.ts';
import { packageOf } from '../support/archives.ts';
import { runnerCommands } from '../support/runner-commands.ts';
import { action, command, type Workspace, workspace } from '../support/scenario.ts';

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  minReadySecond: 5
  selector:
    matchLabels: &labels
      app: demo
  template:
    metadata:
      labels: *labels
    spec:
      containers:
        {{- include "container" . | nindent 8 }}
`;

const CONTAINER = `{{- define "container" -}}
- name: demo
  image: demo
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  ports:
    - containerPort: {{ mul .Values.port 1000 }}
{{- end -}}
`;

const STORE = {
  'values.yaml': 'size: 1 GB\n',
  'templates/config.yaml': '',
  'templates/claim.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: store
spec:
  accessModes: [ReadWriteOnce]
  volumeMod: Filesystem
  resources:
    requests:
      storage: {{ .Values.size }}
`,
};

let space: Workspace;
beforeAll(async () => {
  space = workspace();
  space.chart('demo', {
    'Chart.yaml':
      'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - name: store\n    version: 1.0.0\n    alias: disk\n',
    'values.yaml': 'replicas: 1\nport: 9999999\nresources:\n  limits:\n    memory: 1Gi\n',
    'values-dev.yaml': 'replicas: few\n',
    'values-prod.yaml': '# Many.\nreplicas: "many"\nresources:\n  requsts:\n    memory: 1Gi\n',
    'templates/configmap.yaml': undefined,
    'templates/deployment.yaml': DEPLOYMENT,
    'templates/_container.tpl': CONTAINER,
  });
  space.write('demo/charts/store-1.0.0.tgz', (await packageOf('store', '1.0.0', STORE)).archive);
});
afterAll(() => space.remove());

const ARGS = ['demo', '--kube-versions', '1.36,1.35', '--until', 'validate'];

function told(findings: readonly Finding[] = []): string[] {
  return findings
    .filter(({ rule }) => rule.startsWith('schema/'))
    .map(
      ({ file, line, column, message, environments }) =>
        `${[file, line, column].filter((part) => part !== undefined).join(':')} ${message} (${environments?.join(',')})`,
    )
    .sort();
}

test.each(['helm', 'helm3'] as const)('each fault is told where it is made, and once, by %s', async (helm) => {
  const { report, stdout } = await command(space, ARGS, { helm });
  expect(told(report?.findings)).toEqual(
    [
      'demo/Chart.yaml in the dependency store 1.0.0, templates/claim.yaml:7: spec.volumeMod: unknown field "volumeMod" (dev,prod)',
      'demo/Chart.yaml in the dependency store 1.0.0, values.yaml:1:7: spec.resources.requests.storage: "1 GB" is no quantity such as 500m, 1.5 or 64Mi (written out by charts/disk/templates/claim.yaml:10) (dev,prod)',
      'demo/templates/deployment.yaml spec.template.spec.containers[0].ports[0].containerPort: 9999999000 is out of range (written out by demo/templates/_container.tpl:7; the cause may lie elsewhere) (dev,prod)',
      'demo/templates/deployment.yaml:7 spec.minReadySecond: unknown field "minReadySecond" (dev,prod)',
      'demo/values-dev.yaml:1:11 spec.replicas: is a string, must be an integer (written out by demo/templates/deployment.yaml:6) (dev)',
      'demo/values-prod.yaml:2:11 spec.replicas: is a string, must be an integer (written out by demo/templates/deployment.yaml:6) (prod)',
      'demo/values-prod.yaml:4:3 spec.template.spec.containers[0].resources.requsts: unknown field "requsts" (written out by demo/templates/_container.tpl:5) (prod)',
    ].sort(),
  );
  expect(stdout).toContain('demo/values-prod.yaml:4:3\nerror: spec.template.spec.containers[0].resources.requsts');
});

test('annotations and SARIF point there', async () => {
  const { stdout } = await action(space, {
    chart: 'demo',
    until: 'validate',
    'kube-versions': '1.35',
    report: 'chartship-report',
  });
  const annotations = runnerCommands(stdout).filter(({ name }) => name === 'error');
  expect(annotations.map(({ properties: { file, line, col } }) => `${file}:${line}:${col}`)).toEqual(
    expect.arrayContaining(['demo/values-dev.yaml:1:11', 'demo/values-prod.yaml:4:3']),
  );
  const sarif = JSON.parse(readFileSync(join(space.root, 'chartship-report/report.sarif'), 'utf8'));
  const places = sarif.runs[0].results.map(
    ({
      locations: [{ physicalLocation: place }],
    }: {
      locations: [{ physicalLocation: { artifactLocation: { uri: string }; region?: object } }];
    }) => [place.artifactLocation.uri, place.region],
  );
  expect(places).toContainEqual([
    'demo/values-prod.yaml',
    { startLine: 4, startColumn: 3, snippet: { text: 'requsts:' } },
  ]);
  expect(places).toContainEqual([
    'demo/templates/deployment.yaml',
    { startLine: 7, snippet: { text: '  minReadySecond: 5' } },
  ]);
});

test('of a chart that asks what the cluster has, and of an upgrade alone, too', async () => {
  space.chart('asking', {
    'Chart.yaml': 'apiVersion: v2\nname: asking\nversion: 1.0.0\n',
    'values.yaml': 'port: none\n',
    'templates/configmap.yaml': undefined,
    'templates/service.yaml': `{{- if and .Release.IsUpgrade (.Capabilities.APIVersions.Has "v1/Service") }}
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  ports:
    - port: {{ .Values.port }}
{{- end }}
`,
  });
  const { report } = await command(space, ['asking', '--kube-versions', '1.36,1.35', '--until', 'validate']);
  expect(told(report?.findings)).toEqual([
    'asking/values.yaml:1:7 spec.ports[0].port: is a string, must be an integer (written out by asking/templates/service.yaml:8) (default)',
  ]);
});
