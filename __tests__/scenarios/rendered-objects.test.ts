import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../src/domain/finding.ts';
import { command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeAll(() => {
  space = workspace();
});
afterAll(() => space.remove());

const chart = (name: string, files: Record<string, string | undefined>): void =>
  space.chart(name, {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
    'templates/configmap.yaml': undefined,
    ...files,
  });

/** Findings of the objects, each in a line; those of all versions without them. */
function lines(findings: readonly Finding[] = []): string[] {
  return findings
    .filter(({ rule }) => rule.startsWith('schema/'))
    .map(({ severity, rule, resource = '', path = '', kubeVersions = [], environments = [] }) => {
      const versions = kubeVersions.length === 3 ? '' : ` in ${kubeVersions.join(',')}`;
      return `${severity} ${rule} ${resource} ${path}${versions} (${environments.join(',')})`;
    });
}

const OBJECTS = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: { "not good": "nor this" }
spec:
  replicass: {{ .Values.replicas }}
  selector: { matchLabels: { app: demo } }
  template:
    metadata: { labels: { app: demo } }
    spec:
      containers:
        - name: demo
          image: demo
          imagePullPolicy: always
          resources: { limits: { memory: 64MB } }
---
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: { name: old }
---
apiVersion: networking.k8s.io/v1beta1
kind: IPAddress
metadata: { name: 10.0.0.1 }
spec: { parentRef: { resource: services, name: a } }
---
apiVersion: v1
kind: Service
metadata: { name: 1-service }
spec: { ports: [{ port: 80 }] }
---
apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: ConfigMap, metadata: { name: twice } }
  - { apiVersion: v1, kind: ConfigMap, metadata: { name: twice }, data: { a: 1 } }
---
apiVersion: v1
kind: ConfigMap
metadata: { generateName: sound- }
---
apiVersion: v1
kind: Secret
metadata: { labels: {} }
---
kind: ConfigMap
metadata: { name: nothing }
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: monitor }
`;

const HOOK = `apiVersion: batch/v1
kind: Job
metadata:
  name: hook
  annotations: { helm.sh/hook: pre-upgrade }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: a, imag: b }] } } }
`;

const WIDGETS = (name: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${name}s.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { kind: ${name[0]?.toUpperCase()}${name.slice(1)}, plural: ${name}s }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size]
              properties: { size: { type: integer, maximum: 10 } }
              x-kubernetes-validations: [{ rule: self.size > 0 }]
`;

const VERSIONS = ['--kube-versions', '1.37,1.36,1.35'];

describe('each fault', () => {
  beforeAll(() => {
    chart('faulty', {
      'values.yaml': 'replicas: 1\n',
      'values-dev.yaml': '{}\n',
      'values-prod.yaml': '{}\n',
      'templates/objects.yaml': OBJECTS,
      'templates/hook.yaml': HOOK,
    });
  });

  test('once, with all its environments and versions', async () => {
    const { code, report, stdout } = await command(space, ['faulty', ...VERSIONS, '--until', 'validate']);
    expect(code).toBe(1);
    expect(lines(report?.findings).sort()).toEqual(
      [
        'error schema/duplicate-resource v1/ConfigMap/twice  (dev,prod)',
        'error schema/enum apps/v1/Deployment/faulty-dev /spec/template/spec/containers/0/imagePullPolicy (dev,prod)',
        'error schema/format apps/v1/Deployment/faulty-dev /spec/template/spec/containers/0/resources/limits/memory (dev,prod)',
        'error schema/name apps/v1/Deployment/faulty-dev /metadata/labels/not good (dev,prod)',
        'error schema/name apps/v1/Deployment/faulty-dev /metadata/labels/not good (dev,prod)',
        'error schema/name v1/Service/1-service /metadata/name in 1.35 (dev,prod)',
        'error schema/no-kind ConfigMap/nothing  (dev,prod)',
        'error schema/no-name v1/Secret /metadata (dev,prod)',
        'error schema/removed-api networking.k8s.io/v1beta1/IPAddress /apiVersion in 1.37 (dev,prod)',
        'error schema/removed-api policy/v1beta1/PodDisruptionBudget /apiVersion (dev,prod)',
        'error schema/required batch/v1/Job/hook /spec/template/spec/containers/0 (dev,prod)',
        'error schema/type v1/ConfigMap/twice /data/a (dev,prod)',
        'error schema/unknown-field apps/v1/Deployment/faulty-dev /spec/replicass (dev,prod)',
        'error schema/unknown-field batch/v1/Job/hook /spec/template/spec/containers/0/imag (dev,prod)',
        'warning schema/deprecated-api networking.k8s.io/v1beta1/IPAddress /apiVersion in 1.36,1.35 (dev,prod)',
        'warning schema/unknown-kind monitoring.coreos.com/v1/ServiceMonitor  (dev,prod)',
      ].sort(),
    );
    const field = report?.findings.find(({ rule }) => rule === 'schema/unknown-field');
    expect(field).toMatchObject({
      stage: 'validate',
      chart: 'faulty',
      file: 'faulty/templates/objects.yaml',
      message: 'spec.replicass: unknown field "replicass"',
      hint: 'Did you mean replicas?',
    });
    expect(field).not.toHaveProperty('sameAs');
    expect(stdout).toContain('spec.replicass: unknown field "replicass"');
  });

  test('one told by lint, too, is told once: an API that is deprecated, and a name that is none', async () => {
    const { report } = await command(space, ['faulty', ...VERSIONS, '--until', 'validate']);
    expect(report?.findings.filter(({ rule }) => rule === 'lint/helm')).toEqual([]);
  });

  test('and so it is where it comes from values or from a helper', async () => {
    chart('echoed', {
      'values.yaml': `name: UPPER\nlong: ${'X'.repeat(100)}\napi: policy/v1beta1\n`,
      'templates/_name.tpl': '{{- define "helped" -}}\nUnder_Score\n{{- end -}}\n',
      ...Object.fromEntries(
        ['.Values.name', '.Values.long', 'include "helped" .'].map((name, index) => [
          `templates/${index}.yaml`,
          `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ ${name} }}\n`,
        ]),
      ),
      'templates/budget.yaml': 'apiVersion: {{ .Values.api }}\nkind: PodDisruptionBudget\nmetadata: { name: b }\n',
    });
    const { report } = await command(space, ['echoed', '--until', 'validate']);
    expect(report?.findings.map(({ rule, file }) => `${rule} ${file}`).sort()).toEqual([
      'schema/name echoed/templates/_name.tpl',
      'schema/name echoed/values.yaml',
      'schema/name echoed/values.yaml',
      'schema/removed-api echoed/values.yaml',
    ]);
  });
});

test('the chart is rendered once where no template asks for the version, and checked for each', async () => {
  chart('plain', {
    'templates/service.yaml':
      'apiVersion: v1\nkind: Service\nmetadata: { name: 1-a }\nspec: { ports: [{ port: 80 }] }\n',
  });
  const { report } = await command(space, ['plain', '--kube-versions', '1.36,1.35,1.31', '--until', 'validate']);
  expect(report?.stages.filter(({ name }) => name === 'render')).toHaveLength(1);
  expect(lines(report?.findings)).toEqual([
    'error schema/name v1/Service/1-a /metadata/name in 1.35 (default)',
    'warning schema/no-schemas   in 1.31 (default)',
  ]);
  expect(report?.findings.find(({ rule }) => rule === 'schema/no-schemas')?.hint).toBe(
    'There are schemas of 1.32, 1.33, 1.34, 1.35, 1.36, 1.37.',
  );
});

test.each(['helm', 'helm3'] as const)(
  'with %s, a chart that chooses the API by the kinds of a cluster has no fault',
  async (helm) => {
    const choose = (kind: string, api: string, otherwise: string, name: string): string =>
      `apiVersion: {{ if .Capabilities.APIVersions.Has "${api}/${kind}" }}${api}{{ else }}${otherwise}{{ end }}\nkind: ${kind}\nmetadata: { name: ${name} }\n`;
    chart('choosing', {
      'values.yaml': '',
      'templates/service.yaml':
        'apiVersion: apiregistration.k8s.io/{{ if .Capabilities.APIVersions.Has "apiregistration.k8s.io/v1" }}v1{{ else }}v1beta1{{ end }}\nkind: APIService\nmetadata: { name: v1.a.io }\nspec: { group: a.io, version: v1, groupPriorityMinimum: 1, versionPriority: 1 }\n',
      'templates/budget.yaml': choose('PodDisruptionBudget', 'policy/v1', 'policy/v1beta1', 'a'),
      'templates/address.yaml': `${choose('IPAddress', 'networking.k8s.io/v1', 'networking.k8s.io/v1beta1', '10.0.0.1')}spec: { parentRef: { resource: services, name: a } }\n`,
    });
    const { report } = await command(space, ['choosing', '--kube-versions', '1.37,1.32', '--until', 'validate'], {
      helm,
    });
    // Helm's lint can't be told the kinds.
    expect(report?.findings.filter(({ stage }) => stage !== 'lint')).toEqual([]);
    expect(report?.stages.filter(({ name }) => name === 'render')).toHaveLength(2);
  },
);

describe('kinds that are defined', () => {
  const resource = (kind: string, spec = '{ size: 11, colour: red }'): string =>
    `apiVersion: example.com/v1\nkind: ${kind}\nmetadata: { name: a }\nspec: ${spec}\n`;

  test('in crds/, in those of a dependency, in a template, and in crd-schemas', async () => {
    chart('defining', {
      'Chart.yaml': 'apiVersion: v2\nname: defining\nversion: 1.0.0\ndependencies: [{ name: sub, version: 1.0.0 }]\n',
      'Chart.lock': undefined,
      'charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
      'charts/sub/crds/gadget.yaml': WIDGETS('gadget'),
      'crds/widget.yaml': WIDGETS('widget'),
      'templates/crd.yaml': WIDGETS('thing'),
      'templates/widget.yaml': resource('Widget'),
      'templates/gadget.yaml': resource('Gadget'),
      'templates/thing.yaml': resource('Thing'),
      'templates/part.yaml': resource('Part'),
      'templates/sound.yaml': `${resource('Part', '{ size: 1 }').replace('name: a', 'name: b')}---\napiVersion: other.io/v1\nkind: Other\nmetadata: { name: a }\n`,
      'templates/z.yaml': 'apiVersion: other.io/v1\nkind: Other\nmetadata: { name: b }\n',
    });
    space.write('definitions/deep/part.yaml', `# A comment.\n---\n${WIDGETS('other')}---\n${WIDGETS('part')}`);
    const args = ['defining', ...VERSIONS, '--crd-schemas', 'definitions', '--until', 'validate'];
    const { report } = await command(space, args);
    const kinds = ['Gadget', 'Part', 'Thing', 'Widget'];
    expect(lines(report?.findings).sort()).toEqual([
      ...kinds.map((kind) => `error schema/range example.com/v1/${kind}/a /spec/size (default)`),
      ...kinds.map((kind) => `error schema/unknown-field example.com/v1/${kind}/a /spec/colour (default)`),
      ...kinds.map((kind) => `note schema/not-evaluated example.com/v1/${kind}  (default)`),
      'warning schema/unknown-kind other.io/v1/Other  (default)',
    ]);
  });

  test('a definition of crds/ is an object itself', async () => {
    chart('crd', {
      'crds/widget.yaml': WIDGETS('widget').replace('served: true', 'servd: true'),
      'crds/old.yaml': WIDGETS('gadget').replace('apiextensions.k8s.io/v1', 'apiextensions.k8s.io/v1beta1'),
      'templates/x.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
    });
    const { report } = await command(space, ['crd', ...VERSIONS, '--until', 'validate']);
    expect(lines(report?.findings)).toEqual([
      'error schema/removed-api apiextensions.k8s.io/v1beta1/CustomResourceDefinition /apiVersion (default)',
      'error schema/unknown-field apiextensions.k8s.io/v1/CustomResourceDefinition/widgets.example.com /spec/versions/0/servd (default)',
    ]);
    expect(report?.findings.find(({ rule }) => rule === 'schema/removed-api')?.file).toBe('crd/crds/old.yaml');
  });

  test('a definition that holds itself is not read, and that is said', async () => {
    chart('recursive', {
      'crds/widget.yaml': WIDGETS('widget').replace(
        /properties: \{ size.*/,
        'properties: &all { a: { type: object, properties: *all } }',
      ),
      'templates/widget.yaml': resource('Widget'),
    });
    const { report, seconds } = await command(space, ['recursive', ...VERSIONS, '--until', 'validate']);
    expect(lines(report?.findings).sort()).toEqual([
      'warning schema/unknown-kind example.com/v1/Widget  (default)',
      'warning schema/unread   (default)',
    ]);
    expect(report?.findings.find(({ rule }) => rule === 'schema/unread')).toMatchObject({
      file: 'recursive/crds/widget.yaml',
      message: "a document is not checked: it can't be read: its aliases stand for too much",
    });
    expect(seconds).toBeLessThan(20);
  });

  test.each([
    ['https://127.0.0.1:1/crd.yaml', 'is no reference to an OCI artifact'],
    ['oci://127.0.0.1:1/acme/crds', 'is no reference to an OCI artifact'],
    ['missing', 'is not there'],
    ['/etc', 'lies outside the repository'],
  ])('crd-schemas %s is refused', async (given, message) => {
    const { code, report } = await command(space, ['crd', '--crd-schemas', given, '--until', 'validate']);
    expect(code).toBe(2);
    expect(report?.findings[0]).toMatchObject({
      rule: 'request/crd-schemas',
      message: `crd-schemas "${given}" ${message}`,
    });
  });

  test('crdSchemas in chartship.yaml is told at its line', async () => {
    space.write('chartship.yaml', 'crdSchemas:\n  - definitions\n  - gone\n');
    const { code, report } = await command(space, ['crd', '--until', 'validate']);
    space.empty('chartship.yaml');
    expect(code).toBe(2);
    expect(report?.findings).toEqual([
      expect.objectContaining({ rule: 'request/crd-schemas', file: 'chartship.yaml', line: 3, column: 5 }),
    ]);
  });
});

test('names and ports within a pod that the server refuses are told where they are written', async () => {
  space.chart('pods', {
    'Chart.yaml': 'apiVersion: v2\nname: pods\nversion: 1.0.0\n',
    'values.yaml': 'port: 99999\nextra:\n  - { name: a-very-long-port-name, containerPort: 81 }\n',
    'templates/configmap.yaml': undefined,
    'templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: a }
spec:
  selector: { matchLabels: { app: a } }
  template:
    metadata: { labels: { app: a } }
    spec:
      volumes:
        - name: A_b
          emptyDir: {}
      initContainers:
        - name: c
          image: x:1
      containers:
        - name: c
          image: x:1
          ports:
            - containerPort: {{ .Values.port }}
            {{- toYaml .Values.extra | nindent 12 }}
          volumeMounts:
            - name: nothere
              mountPath: /x
`,
  });
  const { report } = await command(space, ['pods', '--until', 'validate']);
  const found = report?.findings.filter(({ rule }) => rule.startsWith('schema/')) ?? [];
  expect(found.map(({ rule, severity, file, line }) => `${severity} ${rule} ${file}:${line}`).sort()).toEqual([
    'error schema/duplicate-entry pods/templates/deployment.yaml:13',
    'error schema/name pods/templates/deployment.yaml:10',
    'error schema/name pods/values.yaml:3',
    'error schema/range pods/values.yaml:1',
    'error schema/value pods/templates/deployment.yaml:22',
  ]);
});

test('what is said of a whole object is told at a line of it, and so is the other of two that are one', async () => {
  space.chart('whole', {
    'Chart.yaml': 'apiVersion: v2\nname: whole\nversion: 1.0.0\n',
    'values.yaml': 'name: ""\n',
    'templates/configmap.yaml': undefined,
    'templates/custom.yaml': '# Theirs.\napiVersion: other.io/v1\nkind: Other\nmetadata: { name: a }\n',
    'templates/kindless.yaml': '# Nobody knows.\n\napiVersion: v1\nmetadata: { name: a }\n',
    'templates/nameless.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: { a: b }\n  name: {{ .Values.name }}\n---\napiVersion: v1\nkind: ConfigMap\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {}\n',
    'templates/one.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: same\n',
    'templates/two.yaml': '{{- if true }}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: same\n{{- end }}\n',
  });
  const { report } = await command(space, ['whole', '--until', 'validate']);
  const found = report?.findings.filter(({ stage }) => stage === 'validate') ?? [];
  expect(found.map(({ rule, file, line }) => `${rule} ${file}:${line}`).sort()).toEqual([
    'schema/duplicate-resource whole/templates/two.yaml:5',
    'schema/no-kind whole/templates/kindless.yaml:3',
    'schema/no-name whole/templates/nameless.yaml:12',
    'schema/no-name whole/templates/nameless.yaml:5',
    'schema/no-name whole/templates/nameless.yaml:8',
    'schema/unknown-kind whole/templates/custom.yaml:3',
  ]);
  expect(found.find(({ rule }) => rule === 'schema/duplicate-resource')?.message).toBe(
    'renders an object that is there already: one of them is lost, or the installation fails (the other: whole/templates/one.yaml:4)',
  );
});
