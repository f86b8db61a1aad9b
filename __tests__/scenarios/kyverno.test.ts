import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Finding } from '../../src/domain/finding.ts';
import { action, command, pinned, toolPath, type Workspace, workspace } from '../support/scenario.ts';

/** Users' own policies for Kyverno, through the bundle, by the real command, which is built when it isn't there yet. */
let space: Workspace;
let kyverno: string;
beforeAll(async () => {
  // @ts-expect-error a script of the repository, plain JavaScript
  const { getTool } = await import('../../scripts/tools.mjs');
  kyverno = (await getTool('kyverno')) as string;
  space = workspace();
}, 1_800_000);
afterAll(() => space.remove());

/** A PATH with programs beside helm and oras, and what no policy may see. */
function withPrograms(...programs: string[]): Record<string, string> {
  const folder = join(space.root, `.tools-${programs.map((program) => program.split('/').at(-1)).join('-')}`);
  mkdirSync(folder, { recursive: true });
  for (const program of programs) {
    const name = program.split('/').at(-1) === 'conftest' ? 'conftest' : 'kyverno';
    try {
      symlinkSync(program, join(folder, name));
    } catch {}
  }
  return { PATH: `${folder}:${toolPath(space.root)}`, HTTPS_PROXY: 'http://user:proxy-canary@127.0.0.1:9' };
}

function lines(findings: readonly Finding[] = []): string[] {
  return findings
    .filter(({ rule }) => rule.startsWith('policy/'))
    .map(({ severity, rule, file, line, resource }) => `${severity} ${rule} ${file}:${line} ${resource}`)
    .sort();
}

const POLICIES = `# Who runs what.
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: ownership
spec:
  validationFailureAction: Enforce
  rules:
    - name: team
      match: { any: [{ resources: { kinds: [Pod] } }] }
      validate:
        message: "::error::who runs this?\\n# **nobody** <b>knows</b>"
        pattern: { metadata: { labels: { team: "?*" } } }
    - name: add-team
      match: { any: [{ resources: { kinds: [Pod] } }] }
      mutate: { patchStrategicMerge: { metadata: { labels: { team: somebody } } } }
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: registry
spec:
  validationFailureAction: Audit
  rules:
    - name: ours
      match: { any: [{ resources: { kinds: [Pod] } }] }
      validate:
        message: images come from our registry
        pattern: { spec: { containers: [{ image: "registry.example/*" }] } }
---
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata:
  name: clear
spec:
  matchConstraints:
    resourceRules:
      - { apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets] }
  validations:
    - messageExpression: "'data ' + string(object.data.key) + ' in ' + object.metadata.namespace"
      expression: "false"
---
apiVersion: policies.kyverno.io/v1
kind: GeneratingPolicy
metadata: { name: quotas }
`;

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}
spec:
  containers:
    - name: web
      image: {{ .Values.image }}
      resources: { requests: { cpu: 1, memory: 1Gi } }
`;

const args = ['own', '--until', 'validate'];

test('are run by its command, without secrets, and told at the lines that are the cause', async () => {
  space.write('policies/kyverno/all.yaml', POLICIES);
  space.write(
    'policies/kyverno/vap.yaml',
    'apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: { name: of-kubernetes }\n',
  );
  space.write(
    'policies/kyverno/kustomization.yaml',
    'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n',
  );
  space.chart('own', {
    'Chart.yaml': 'apiVersion: v2\nname: own\nversion: 1.0.0\n',
    'values.yaml': 'image: nginx:1\n',
    'values-dev.yaml': 'image: registry.example/nginx:1\n',
    'values-prod.yaml': '# prod\nimage: docker.example/nginx:1\n',
    'templates/configmap.yaml': undefined,
    'templates/pod.yaml': POD,
    'templates/secret.yaml':
      'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\ndata: { key: Y2FuYXJ5LW9mLXNlY3JldA== }\n',
  });
  const ran = await command(space, [...args, '--policies', 'policies'], { environment: withPrograms(kyverno) });
  expect(lines(ran.report?.findings)).toEqual([
    'error policy/kyverno own/templates/pod.yaml:3 v1/Pod/own-dev',
    'error policy/kyverno own/templates/secret.yaml:2 v1/Secret/a',
    'error policy/kyverno own/templates/secret.yaml:2 v1/Secret/a',
    'note policy/kyverno undefined:undefined undefined',
    'warning policy/kyverno own/values-prod.yaml:2 v1/Pod/own-prod',
  ]);
  expect(ran.code).toBe(1);
  const find = (word: string): Finding | undefined =>
    ran.report?.findings.find(({ message }) => message.includes(word));
  expect(find('who runs this')).toMatchObject({
    environments: ['dev', 'prod'],
    kubeVersions: ['1.37', '1.36', '1.35'],
  });
  expect(find('who runs this')?.message).toMatch(/ \(ownership\/team\)/);
  expect(find('our registry')).toMatchObject({ path: '/spec/containers/0/image', environments: ['prod'] });
  expect(find('left out')?.message).toBe(
    "of the policies in policies those of Kyverno's kinds that validate are run; left out: mutate rule add-team of ownership, GeneratingPolicy quotas, ValidatingAdmissionPolicy of-kubernetes",
  );
  expect(ran.report?.findings.map(({ message }) => message).filter((text) => text.startsWith('data '))).toEqual([
    expect.stringMatching(/^data REDACTED in dev \(clear\)/),
    expect.stringMatching(/^data REDACTED in prod \(clear\)/),
  ]);
  // What a policy says is no command of the runner, and no Markdown.
  expect(ran.stdout).not.toMatch(/^\s*::error::who/m);
  expect(ran.stdout + ran.stderr + JSON.stringify(ran.report)).not.toMatch(/Y2FuYXJ5|proxy-canary/);
});

test('are excepted, and have another severity, as any other', async () => {
  const excepted = POD.replace(
    '{{ .Release.Name }}\n',
    '{{ .Release.Name }}-b\n  annotations: { chartship.dev/allow.kyverno: OPS-12 has it }\n',
  );
  space.write('own/templates/pod.yaml', excepted);
  space.write('own/templates/secret.yaml', '');
  const environment = withPrograms(kyverno);
  const milder = await command(space, [...args, '--policies', 'policies', '--policies', 'kyverno=warning'], {
    environment,
  });
  expect([milder.code, lines(milder.report?.findings)]).toEqual([
    0,
    ['note policy/kyverno undefined:undefined undefined'],
  ]);
  space.write('own/templates/pod.yaml', POD);
  const warned = await command(space, [...args, '--policies', 'policies', '--policies', 'kyverno=warning'], {
    environment,
  });
  expect([warned.code, lines(warned.report?.findings).filter((line) => line.startsWith('warning'))]).toEqual([
    0,
    [
      'warning policy/kyverno own/templates/pod.yaml:3 v1/Pod/own-dev',
      'warning policy/kyverno own/values-prod.yaml:2 v1/Pod/own-prod',
    ],
  ]);
  const off = await command(space, [...args, '--policies', 'policies', '--policies', 'kyverno=off']);
  expect([off.code, lines(off.report?.findings)]).toEqual([0, []]);
});

test('may lie beside policies in Rego, each run by its own program', async () => {
  space.write(
    'policies/rego/name.rego',
    'package main\nimport rego.v1\ndeny contains "rego says no" if input.kind == "Pod"\n',
  );
  const environment = withPrograms(kyverno, pinned('conftest'));
  const { report } = await command(space, [...args, '--policies', 'policies'], { environment });
  space.empty('policies/rego');
  expect(new Set(report?.findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule))).toEqual(
    new Set(['policy/kyverno', 'policy/conftest']),
  );
  expect(lines(report?.findings)).toContain('error policy/conftest own/templates/pod.yaml:2 v1/Pod/own-dev');
});

test('that are broken are told at their line, once for all environments', async () => {
  space.write(
    'broken/yaml.yaml',
    `${POLICIES}---\n# below\napiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: { name: x\n`,
  );
  space.write(
    'broken/field.yaml',
    '\n\napiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: { name: typo }\nspec: { rule: [] }\n',
  );
  const { code, report } = await command(space, [...args, '--policies', 'broken'], {
    environment: withPrograms(kyverno),
  });
  const broken = report?.findings.filter(({ file }) => file?.startsWith('broken/'));
  expect([code, broken]).toEqual([
    1,
    [
      expect.objectContaining({
        file: 'broken/yaml.yaml',
        line: 51,
        column: expect.anything(),
        message: expect.stringMatching(/^a policy is no YAML: /),
        environments: ['dev', 'prod'],
      }),
      expect.objectContaining({
        file: 'broken/field.yaml',
        line: 3,
        message: expect.stringMatching(/^kyverno doesn't take the ClusterPolicy typo: spec\.rule: .*unknown field/),
        environments: ['dev', 'prod'],
      }),
    ],
  ]);
  // What can be run is.
  expect(lines(report?.findings)).toContain('error policy/kyverno own/templates/pod.yaml:3 v1/Pod/own-dev');
});

test('of a pull request are run with none of the secrets of the job', async () => {
  const seen = join(space.root, 'seen');
  const recording = join(space.root, 'recording-kyverno');
  const record = `{ env; echo "$0 $@"; cat objects.yaml policies/*; } >> ${seen}`;
  writeFileSync(recording, `#!/bin/sh\n${record}\nexec ${kyverno} "$@"\n`);
  chmodSync(recording, 0o755);
  const event = join(space.root, 'event.json');
  writeFileSync(event, JSON.stringify({ number: 1, pull_request: { number: 1 } }));
  space.write(
    'own/templates/configmap.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { given: {{ .Values.given | quote }} }\n',
  );
  const inputs = {
    chart: 'own',
    until: 'validate',
    policies: 'policies',
    'secret-values': 'given: canary-of-secret-values',
    'registry-username': 'registry.example=robot',
    'registry-password': 'registry.example=canary-of-the-registry',
  };
  const environment = {
    ...withPrograms(recording),
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: event,
    GITHUB_TOKEN: 'canary-of-the-job',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'canary-of-the-identity',
    KUBECONFIG: '/canary-of-the-cluster',
  };
  const { report, stdout } = await action(space, inputs, { environment });
  rmSync(join(space.root, 'own/templates/configmap.yaml'));
  expect(lines(report?.findings)).toContain('error policy/kyverno own/templates/pod.yaml:3 v1/Pod/own-dev');
  const text = readFileSync(seen, 'utf8');
  expect(text).toContain('"kind":"ConfigMap"');
  expect(text).not.toContain('canary');
  // What a policy says is no command of the runner.
  expect(stdout).toContain('who runs this?');
  expect(stdout).not.toMatch(/^\s*::error::who/m);
});

test.each([
  ['crds/ of the chart', 'own/crds/zone.yaml', []],
  ['its templates', 'own/templates/zone-crd.yaml', []],
  ['crd-schemas', 'schemas/zone.yaml', ['--crd-schemas', 'schemas']],
])('a custom resource is one of the cluster, as a definition in %s says', async (_, file, more) => {
  const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: zones.acme.example }
spec:
  group: acme.example
  scope: Cluster
  names: { kind: Zone, plural: zones }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;
  const policy = (name: string, match: string): string =>
    `apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: { name: ${name} }\nspec:\n  validationFailureAction: Enforce\n  rules:\n    - name: zone\n      match: { any: [{ resources: { kinds: ["acme.example/v1/Zone"]${match} } }] }\n      validate: { message: stop, deny: {} }\n`;
  space.write('zones/a.yaml', `${policy('all', '')}---\n${policy('placed', ', namespaces: ["*"]')}`);
  space.write('own/templates/zone.yaml', 'apiVersion: acme.example/v1\nkind: Zone\nmetadata: { name: z }\n');
  space.write(file, definition);
  const { report } = await command(space, [...args, '--policies', 'zones', ...more], {
    environment: withPrograms(kyverno),
  });
  rmSync(join(space.root, file));
  rmSync(join(space.root, 'own/templates/zone.yaml'));
  expect(lines(report?.findings)).toEqual([
    'error policy/kyverno own/templates/zone.yaml:2 acme.example/v1/Zone/z',
    'note policy/kyverno own/templates/zone.yaml:2 acme.example/v1/Zone/z',
  ]);
});

test('links out of the folder are not followed', async () => {
  writeFileSync(join(space.root, 'outside.yaml'), 'apiVersion: kyverno.io/v1\nkind: ClusterPolicy\ncanary: [\n');
  mkdirSync(join(space.root, 'linked'));
  symlinkSync('../outside.yaml', join(space.root, 'linked/a.yaml'));
  const { code, stderr, stdout } = await command(space, [...args, '--policies', 'linked']);
  expect([code, stderr + stdout]).toEqual([2, expect.stringContaining('has no policy, in Rego or for Kyverno')]);
});

test('without the command the run ends by its name', async () => {
  const { code, report } = await command(space, [...args, '--policies', 'policies']);
  expect([code, report?.findings.find(({ rule }) => rule === 'tools/unavailable')?.message]).toEqual([
    3,
    'kyverno, which runs your own policies, is not installed: it is not in PATH',
  ]);
});
