import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../src/domain/finding.ts';
import { command, pinned, toolPath, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeAll(() => {
  space = workspace();
});
afterAll(() => space.remove());

const chart = (name: string, files: Record<string, string | undefined>): void =>
  space.chart(name, {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
    'values.yaml': undefined,
    'templates/configmap.yaml': undefined,
    ...files,
  });

function lines(findings: readonly Finding[] = []): string[] {
  return findings.map(
    ({ severity, rule, file, line, column }) =>
      `${severity} ${rule} ${file}:${line}${column === undefined ? '' : `:${column}`}`,
  );
}

const POD = (metadata = '', image = '{{ .Values.image }}'): string => `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}
${metadata}spec:
  containers:
    - name: web
      image: "${image}"
      resources: { requests: { cpu: 1, memory: 1Gi } }
`;

describe('a policy', () => {
  test('is told once for all environments and versions, at the line that is the cause', async () => {
    chart('pod', {
      'values.yaml': 'image: nginx:1.29\n',
      'values-dev.yaml': '# comment\nimage: nginx:latest\n',
      'values-prod.yaml': '{}\n',
      'templates/pod.yaml': POD(),
    });
    const { code, report, stdout } = await command(space, ['pod', '--until', 'validate']);
    expect(code).toBe(0);
    expect(lines(report?.findings)).toEqual(['warning policy/image-tag pod/values-dev.yaml:2:8']);
    expect(report?.findings[0]).toMatchObject({
      environments: ['dev'],
      kubeVersions: ['1.37', '1.36', '1.35'],
      resource: 'v1/Pod/pod-dev',
      path: '/spec/containers/0/image',
    });
    expect(stdout).toContain('pod/values-dev.yaml:2:8\nwarning: ');
  });

  test('has the severity that is asked for, by input or by key', async () => {
    const asError = await command(space, ['pod', '--until', 'validate', '--policies', 'policy/image-tag=error']);
    expect([asError.code, lines(asError.report?.findings)]).toEqual([
      1,
      ['error policy/image-tag pod/values-dev.yaml:2:8'],
    ]);
    space.write('chartship.yaml', 'policies:\n  - image-tag=off\n');
    const off = await command(space, ['pod', '--until', 'validate']);
    expect([off.code, lines(off.report?.findings)]).toEqual([0, []]);
    const overridden = await command(space, ['pod', '--until', 'validate', '--policies', 'image-tag=warning']);
    expect(lines(overridden.report?.findings)).toEqual(['warning policy/image-tag pod/values-dev.yaml:2:8']);
    space.empty('chartship.yaml');
  });

  test('so has any other rule with a page', async () => {
    chart('rules', {
      'values.yaml': 'image: nginx:1\nnobody: reads this\n',
      'values-dev.yaml': 'image: nginx:1\n',
      'templates/pod.yaml': `${POD('', '{{ .Values.image }}')}notAField: 1\n`,
    });
    const run = async (...policies: string[]) => {
      space.write('chartship.yaml', `environments:\n  dev: {}\npolicies: [${policies.join(', ')}]\n`);
      const { code, report } = await command(space, ['rules', '--until', 'validate']);
      space.empty('chartship.yaml');
      return [code, report?.stages.find(({ name }) => name === 'validate')?.status, lines(report?.findings).sort()];
    };
    expect(await run()).toEqual([
      1,
      'failed',
      [
        'error schema/unknown-field rules/templates/pod.yaml:10',
        'note validate/same-as-default rules/values-dev.yaml:1:1',
        'warning validate/unused-value rules/values.yaml:2:1',
      ],
    ]);
    expect(
      await run('validate/unused-value=error', 'schema/unknown-field=note', 'validate/same-as-default=warning'),
    ).toEqual([
      1,
      'failed',
      [
        'error validate/unused-value rules/values.yaml:2:1',
        'note schema/unknown-field rules/templates/pod.yaml:10',
        'warning validate/same-as-default rules/values-dev.yaml:1:1',
      ],
    ]);
    const off = ['validate/unused-value=off', 'schema/unknown-field=off', 'validate/same-as-default=off'];
    expect(await run(...off)).toEqual([0, 'passed', []]);
  });

  test('is silenced for one object with a reason, and not without one', async () => {
    const allowed = (annotations: string): string => POD(`  annotations: ${annotations}\n`, 'nginx');
    chart('allowed', { 'templates/pod.yaml': allowed('{ chartship.dev/allow.image-tag: our mirror pins it }') });
    expect((await command(space, ['allowed', '--until', 'validate'])).report?.findings).toEqual([]);
    chart('allowed', {
      'templates/pod.yaml': allowed(
        '{ chartship.dev/allow.image-tag: "", chartship.dev/allow.image-tga: a good reason }',
      ),
    });
    const { report } = await command(space, ['allowed', '--until', 'validate']);
    expect(lines(report?.findings).sort()).toEqual([
      'warning policy/allowance allowed/templates/pod.yaml:5',
      'warning policy/allowance allowed/templates/pod.yaml:5',
      'warning policy/image-tag allowed/templates/pod.yaml:9',
    ]);
    expect(report?.findings.map(({ hint }) => hint)).toContain('Did you mean chartship.dev/allow.image-tag?');
  });

  test.each([
    ['image-tga=off', 'policies: there is no rule "image-tga"', 'Did you mean image-tag?'],
    ['image-tag=of', 'policies: image-tag must be error, warning, note or off, not "of"', 'Did you mean off?'],
    ['image-tag', 'policies: "image-tag" has no severity', expect.stringContaining('Write image-tag=error,')],
    ['schema/type', 'policies: "schema/type" has no severity', expect.stringContaining('Write schema/type=error,')],
    ['unused-value=off', 'policies: there is no rule "unused-value"', 'Did you mean validate/unused-value?'],
    ['schema/typ=off', 'policies: there is no rule "schema/typ"', 'Did you mean schema/type?'],
    [
      'validate/encrypted=warning',
      'policies: validate/encrypted is always an error, not "warning"',
      'chartship --explain validate/encrypted says how to mend it.',
    ],
    ['missing', 'policies "missing" is neither RULE=SEVERITY nor a folder that is there', expect.anything()],
    ['/etc', 'policies "/etc" lies outside the repository', expect.anything()],
    ['pod', 'policies "pod" has no policy, in Rego or for Kyverno', expect.stringContaining('kyverno.io')],
  ])('policies %s is refused', async (given, message, hint) => {
    space.write('chartship.yaml', `report: out\npolicies:\n  - missing-requests=off\n  - ${given}\n`);
    const { code, report, stderr, stdout } = await command(space, [
      'pod',
      '--until',
      'validate',
      '--report',
      'chartship-report',
    ]);
    space.empty('chartship.yaml');
    expect([code, stderr + stdout]).toEqual([2, expect.stringContaining(message)]);
    expect(report?.findings).toEqual([
      expect.objectContaining({ rule: 'request/policies', message, hint, file: 'chartship.yaml', line: 4, column: 5 }),
    ]);
  });
});

const SERVICE = (selector: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: ${selector}, ports: [{ port: 80 }] }\n`;
const WORKLOAD =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: "web:1" }] } } }\n';
const DEFINITION = (group: string): string =>
  `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: as.${group} }\nspec: { group: ${group}, scope: Namespaced, names: { kind: A, plural: as }, versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }] }\n`;

test.each<[string, Record<string, string>, string[]]>([
  ['a workload of its chart', { 'templates/w.yaml': WORKLOAD }, ['error']],
  ['a workload of a dependency', { 'charts/store/templates/w.yaml': WORKLOAD }, ['error']],
  ['no workload', {}, ['warning']],
  [
    'a definition of whose objects pods are made',
    { 'templates/w.yaml': WORKLOAD, 'templates/d.yaml': DEFINITION('acme.io') },
    [],
  ],
  [
    'a definition of whose objects none are',
    { 'templates/w.yaml': WORKLOAD, 'templates/d.yaml': DEFINITION('cert-manager.io') },
    ['error'],
  ],
])('a Service that selects nothing, beside %s', async (what, files, severities) => {
  const store = { 'charts/store/Chart.yaml': 'apiVersion: v2\nname: store\nversion: 1.0.0\n' };
  const dependencies = 'dependencies: [{ name: store, version: 1.0.0 }]\n';
  const isOfDependency = what.endsWith('dependency');
  space.empty('selects');
  space.chart('selects', {
    'Chart.yaml': `apiVersion: v2\nname: selects\nversion: 1.0.0\n${isOfDependency ? dependencies : ''}`,
    'templates/s.yaml': SERVICE('{ app: wbe }'),
    ...(isOfDependency && store),
    ...files,
  });
  const { report } = await command(space, ['selects', '--until', 'validate']);
  const told = report?.findings.filter(({ rule }) => rule === 'policy/service-selects-nothing');
  expect(told?.map(({ severity }) => severity)).toEqual(severities);
});

const TOKEN = `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`;

test('secrets in clear are found by name and by form, at their line, and never shown', async () => {
  chart('secrets', {
    'values.yaml': `auth:\n  password: hunter2hunter2\n  # chartship.dev/allow.secret-in-values: the throwaway database in CI\n  adminPassword: hunter3hunter3\n  existingSecret: web-credentials\n  secretKeys: { password: user-password }\n  license: { secretName: "", secretKey: license }\n  s3: { tlsSecretName: tls, secretKey: hunter2hunter2 }\n  minio: { existingSecretName: "", secretKey: Hunter2hunter2 }\n  upstream: ${TOKEN}\n`,
    'templates/a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  upstream: {{ .Values.auth.upstream }}\n  level: debug\n`,
    'templates/b.yaml': POD('', 'nginx:1').replace(
      '      resources',
      '      env: [{ name: DB_PASSWORD, value: hunter4hunter4 }]\n      resources',
    ),
  });
  const { code, report, stdout, stderr } = await command(space, ['secrets', '--until', 'validate']);
  expect(code).toBe(0);
  const policies = lines(report?.findings).filter((line) => line.includes(' policy/'));
  expect(policies.sort()).toEqual([
    'warning policy/secret-in-config-map secrets/values.yaml:10:13',
    'warning policy/secret-in-env secrets/templates/b.yaml:9',
    'warning policy/secret-in-values secrets/values.yaml:10:13',
    'warning policy/secret-in-values secrets/values.yaml:2:13',
    'warning policy/secret-in-values secrets/values.yaml:8:40',
    'warning policy/secret-in-values secrets/values.yaml:9:47',
  ]);
  const told = stdout + stderr + JSON.stringify(report);
  expect(told).not.toMatch(/hunter|ghp_/);
  expect(told).toContain('(GITHUB TOKEN)');
});

describe('own policies', () => {
  /** A PATH with conftest beside helm and oras. */
  const withConftest = (): Record<string, string> => {
    const folder = join(space.root, '.tools-conftest');
    mkdirSync(folder, { recursive: true });
    try {
      symlinkSync(pinned('conftest'), join(folder, 'conftest'));
    } catch {}
    return { PATH: `${folder}:${toolPath(space.root)}`, HTTPS_PROXY: 'http://user:proxy-canary@127.0.0.1:9' };
  };
  const REGO = `package main

import rego.v1

deny contains msg if {
  input.kind == "Pod"
  not input.metadata.labels.team
  msg := sprintf("%s has no team", [input.metadata.name])
}

warn contains msg if {
  input.kind == "Secret"
  msg := sprintf("data %v, environment %v", [input.data, opa.runtime().env])
}
`;

  beforeAll(() => {
    space.write('rego/team.rego', REGO);
    space.write('conftest.toml', 'policy = "nowhere"\nfail-on-warn = true\n');
    chart('own', {
      'values-dev.yaml': '{}\n',
      'values-prod.yaml': '{}\n',
      'templates/pod.yaml': POD('', 'nginx:1'),
      'templates/secret.yaml':
        'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\ndata: { key: Y2FuYXJ5LW9mLXNlY3JldA== }\n',
    });
  });

  test('are run by conftest, without secrets and logins', async () => {
    const args = ['own', '--until', 'validate', '--policies', 'rego'];
    const { code, report } = await command(space, args, { environment: withConftest() });
    expect(code).toBe(1);
    const own = report?.findings.filter(({ rule }) => rule === 'policy/conftest') ?? [];
    expect(
      own.map(({ severity, file, message, resource }) => [severity, file, resource, message.slice(0, 20)]).sort(),
    ).toEqual([
      ['error', 'own/templates/pod.yaml', 'v1/Pod/own-dev', 'own-dev has no team '],
      ['error', 'own/templates/pod.yaml', 'v1/Pod/own-prod', 'own-prod has no team'],
      ['warning', 'own/templates/secret.yaml', 'v1/Secret/a', 'data {"key": "REDACT'],
    ]);
    const seen = own.find(({ severity }) => severity === 'warning');
    expect(seen?.message).toMatch(/"HOME": ".*conftest/);
    expect(JSON.stringify(report)).not.toMatch(/Y2FuYXJ5|proxy-canary/);
  });

  test('are excepted, and have another severity, as any other', async () => {
    const excepted = '  annotations: { chartship.dev/allow.conftest: OPS-12 has it }\n';
    chart('own', {
      'templates/pod.yaml': `${POD('', 'nginx:1')}---\n${POD(excepted, 'nginx:1').replace('}}', '}}-b')}`,
    });
    const args = ['own', '--until', 'validate', '--policies', 'rego', '--policies', 'conftest=warning'];
    const milder = await command(space, args, { environment: withConftest() });
    expect([milder.code, milder.report?.findings.map(({ severity }) => severity)]).toEqual([
      0,
      ['warning', 'warning', 'warning'],
    ]);
  });

  test('that are no Rego are told', async () => {
    space.write('broken/a.rego', 'package main\ndeny contains x if {');
    const args = ['own', '--until', 'validate', '--policies', 'broken'];
    const first = await command(space, args, { environment: withConftest() });
    expect(first.code).toBe(1);
    const told = first.report?.findings.filter(({ rule }) => rule === 'policy/conftest');
    expect(told).toEqual([
      expect.objectContaining({
        file: 'broken/a.rego',
        line: 2,
        message: expect.stringMatching(/^the policies in broken can't be run by conftest: rego_parse_error: /),
        environments: ['dev', 'prod'],
      }),
    ]);
    // Several, below one another, one of a file with nothing in it; then those that only the compiler sees.
    space.write('broken/a.rego', 'package main\nimport rego.v1\ndeny contains "x" if input.a[_]_\n');
    space.write('broken/sub folder/b.rego', '');
    const several = await command(space, args, { environment: withConftest() });
    space.write('broken/a.rego', 'package main\nimport rego.v1\n\ndeny contains "x" if nosuch(input)\n');
    space.write('broken/sub folder/b.rego', 'package other\n');
    const compiled = await command(space, args, { environment: withConftest() });
    const places = [several, compiled].map(({ report }) =>
      report?.findings
        .filter(({ rule }) => rule === 'policy/conftest')
        .map(({ file, line, message }) => `${file}:${line} ${/rego_[a-z]+_error: .*/.exec(message)?.[0]}`)
        .sort(),
    );
    expect(places).toEqual([
      [expect.stringMatching(/^broken\/a\.rego:3 /), 'broken/sub folder/b.rego:1 rego_parse_error: empty module'],
      ['broken/a.rego:4 rego_type_error: undefined function nosuch'],
    ]);
    const said = JSON.stringify([first, several, compiled].map(({ report, stdout }) => [report?.findings, stdout]));
    expect(said).not.toContain(join(space.root, 'broken'));
  });

  test('without a conftest the run ends by its name', async () => {
    const { code, report } = await command(space, ['own', '--until', 'validate', '--policies', 'rego']);
    expect(code).toBe(3);
    expect(report?.findings.find(({ rule }) => rule === 'tools/unavailable')?.message).toBe(
      'conftest, which runs your own policies, is not installed: it is not in PATH',
    );
  });
});

describe('--explain', () => {
  test('says what report.sarif has as help of a rule', async () => {
    chart('helped', { 'templates/pod.yaml': POD('', 'nginx') });
    const { stdout } = await command(space, ['--explain', 'policy/image-tag']);
    await command(space, ['helped', '--until', 'validate']);
    const sarif = JSON.parse(readFileSync(join(space.root, 'chartship-report/report.sarif'), 'utf8'));
    const rule = sarif.runs[0].tool.driver.rules.find(({ id }: { id: string }) => id === 'policy/image-tag');
    expect(rule).toEqual({
      id: 'policy/image-tag',
      shortDescription: { text: expect.any(String) },
      fullDescription: { text: expect.stringContaining(rule.shortDescription.text) },
      // Without a link: package.json names no owner yet.
      help: { text: expect.stringContaining('How to mend it'), markdown: stdout.replace(/^# .*\n+/, '').trim() },
    });
  });

  test('prints a page', async () => {
    const { code, stdout } = await command(space, ['--explain', 'policy/image-tag']);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^# policy\/image-tag\n[\s\S]*## Why\n[\s\S]*## How to mend it\n[\s\S]*## How to silence it\n/,
      ),
    ]);
  });

  test('takes the name alone, and lists all', async () => {
    expect((await command(space, ['--explain=unknown-field'])).stdout).toMatch(/^# schema\/unknown-field\n/);
    const { stdout } = await command(space, ['--explain']);
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['policy/image-tag', 'schema/enum']));
  });

  test('names what is near of a rule that is none', async () => {
    const { code, stdout, stderr } = await command(space, ['--explain', 'policy/image-tga']);
    expect([code, stdout, stderr]).toEqual([
      2,
      '',
      'There is no page on the rule "policy/image-tga". Did you mean policy/image-tag?\n',
    ]);
  });
});
