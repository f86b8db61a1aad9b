import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

async function told(helm: 'helm' | 'helm3' = 'helm') {
  const { report, stderr } = await command(space, ['demo', '--until', 'validate'], { helm });
  if (report === undefined) throw new Error(stderr);
  const upgrade = report.findings.filter(({ stage }) => stage === 'render');
  return upgrade.map(({ rule, severity, file, line }) => `${severity} ${rule} ${file}:${line}`);
}

/** A password that is kept: made by the install, looked up by an upgrade, which refuses to make another. */
const KEPT = `{{- define "demo.password" -}}
{{- $there := lookup "v1" "Secret" .Release.Namespace "demo" -}}
{{- if $there -}}{{ $there.data.password }}
{{- else if .Release.IsUpgrade -}}{{ fail "give the current password" }}
{{- else -}}{{ randAlphaNum 10 | b64enc }}{{- end -}}
{{- end -}}
{{- define "demo.refused" -}}
{{- if .Release.IsUpgrade }}{{ fail "give the current password" }}{{ end -}}
{{- end -}}
`;
const SECRET =
  'apiVersion: v1\nkind: Secret\nmetadata:\n  name: demo\ndata:\n  password: {{ include "demo.password" . }}\n';

test.each(['helm', 'helm3'] as const)('a template that asks the cluster by an include, with %s', async (helm) => {
  space.chart('demo', { 'templates/_p.tpl': KEPT, 'templates/secret.yaml': SECRET });
  expect(await told(helm)).toEqual(['warning render/lookup demo/templates/secret.yaml:6']);
});

test('a template that includes the Secret by its path', async () => {
  const sum = '{{ include (print $.Template.BasePath "/secret.yaml") . | sha256sum }}';
  space.chart('demo', {
    'templates/_p.tpl': KEPT,
    'templates/secret.yaml': `{{ if .Values.never }}\n${SECRET}{{ else }}\n# {{ include "demo.password" . }}\n{{ end }}\n`,
    // Later templates are rendered first.
    'templates/zone.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: sum\ndata:\n  sum: ${sum}\n`,
  });
  expect(await told()).toEqual([
    expect.stringMatching(/^warning render\/lookup demo\/templates\/(?:zone|secret)\.yaml:/),
  ]);
});

test('a template that asks itself, and fails further on', async () => {
  const template = `{{ $there := lookup "v1" "Secret" .Release.Namespace "demo" }}\n{{ if .Release.IsUpgrade }}\n# {{ $there.data.password }}\n{{ end }}\n`;
  space.chart('demo', { 'templates/secret.yaml': template });
  expect(await told()).toEqual(['warning render/lookup demo/templates/secret.yaml:3']);
});

test('a dependency that asks', async () => {
  space.chart('demo', {
    'Chart.yaml':
      'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies: [{ name: store, version: 1.0.0, alias: db }]\n',
    'charts/store/Chart.yaml': 'apiVersion: v2\nname: store\nversion: 1.0.0\n',
    'charts/store/templates/_p.tpl': KEPT,
    'charts/store/templates/secret.yaml': SECRET,
  });
  expect(await told()).toEqual(['warning render/lookup demo/charts/store/templates/secret.yaml:6']);
});

test('what fails as an upgrade and asks for nothing, beside a template that asks, is an error', async () => {
  space.chart('demo', {
    'templates/_p.tpl': KEPT.replace('.Release.IsUpgrade -}}', '.Values.never -}}'),
    'templates/secret.yaml': SECRET,
    'templates/notes.yaml': '{{ include "demo.refused" . }}\n',
  });
  expect(await told()).toEqual(['error render/template demo/templates/notes.yaml:1']);
});

test('what fails as an install, too, is an error, lookup or not', async () => {
  space.chart('demo', {
    'templates/secret.yaml': '{{ if not (lookup "v1" "Secret" "a" "b") }}{{ fail "none" }}{{ end }}\n',
  });
  expect(await told()).toEqual(['error render/template demo/templates/secret.yaml:1']);
});

test('required: what lint trips over further on in the same template is not told beside it', async () => {
  const template = '{{ $_ := required "a password" .Values.password }}\n# {{ .Values.password | b64enc }}\n';
  space.chart('demo', { 'values.yaml': 'password:\n', 'templates/secret.yaml': template });
  const { report } = await command(space, ['demo', '--until', 'validate']);
  expect(report?.findings.map(({ message, line }) => [line, message])).toEqual([[1, 'a password']]);
});
