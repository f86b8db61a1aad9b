import { expect } from '@jest/globals';
import type { Finding } from '../../src/domain/finding.ts';
import type { RunOptions } from './scenario.ts';

/** The three environments of every case: what they share is one finding that lists them. */
export const ENVIRONMENTS = {
  'values-dev.yaml': 'greeting: dev\n',
  'values-prod.yaml': 'greeting: prod\n',
  'values-test.yaml': 'greeting: test\n',
};
const ALL = ['dev', 'prod', 'test'];

export type Expected = Partial<Record<keyof Finding, unknown>>;
export interface Case {
  readonly chart: Record<string, string | undefined>;
  readonly args?: readonly string[];
  readonly options?: RunOptions;
  readonly finds: Expected;
}

export const SCHEMA = JSON.stringify({
  type: 'object',
  additionalProperties: false,
  required: ['greeting'],
  properties: {
    greeting: { type: 'string', minLength: 2 },
    replicas: { type: 'integer', minimum: 1 },
    agent: { type: 'object', additionalProperties: false, properties: { port: { type: 'integer' } } },
    global: {},
    sub: {},
  },
});

/** A chart in charts/, as a folder: its files are files of the repository. */
export function vendored(files: Record<string, string>): Record<string, string> {
  const all = { 'Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n', ...files };
  return {
    'Chart.yaml':
      'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - name: sub\n    version: 1.0.0\n    repository: ""\n',
    'Chart.lock': undefined as unknown as string,
    ...Object.fromEntries(Object.entries(all).map(([path, text]) => [`charts/sub/${path}`, text])),
  };
}

/** What is wrong with a chart, and the one finding that it is. */
export const CASES: Record<string, Case> = {
  'a schema violation in values.yaml': {
    chart: { 'values.schema.json': SCHEMA, 'values.yaml': '# comment\nreplicas: 0\ngreeting: hello\n' },
    finds: {
      stage: 'validate',
      rule: 'validate/values-schema',
      file: 'chart/values.yaml',
      line: 2,
      column: 11,
      path: '/replicas',
      environments: ALL,
    },
  },
  'a schema violation in one environment': {
    chart: { 'values.schema.json': SCHEMA, 'values-prod.yaml': 'greeting: prod\nagent:\n  port: "80"\n' },
    finds: {
      rule: 'validate/values-schema',
      file: 'chart/values-prod.yaml',
      line: 3,
      column: 9,
      path: '/agent/port',
      environments: ['prod'],
    },
  },
  'a property that the schema does not know': {
    chart: { 'values.schema.json': SCHEMA, 'values-prod.yaml': 'greeting: prod\nagent:\n  prot: 80\n' },
    finds: {
      rule: 'validate/values-schema',
      message: expect.stringContaining('prot'),
      file: 'chart/values-prod.yaml',
      line: 3,
      column: 3,
      environments: ['prod'],
    },
  },
  'a property that is missing': {
    chart: { 'values.schema.json': SCHEMA, 'values.yaml': '{}\n', 'values-prod.yaml': 'replicas: 2\n' },
    finds: {
      rule: 'validate/values-schema',
      message: expect.stringContaining("missing property 'greeting'"),
      file: 'chart/values.yaml',
      environments: ['prod'],
    },
  },
  'a schema violation by set': {
    chart: { 'values.schema.json': SCHEMA },
    args: ['--set', 'replicas=many'],
    finds: {
      rule: 'validate/values-schema',
      message: expect.stringContaining('(set by set replicas)'),
      file: undefined,
      environments: ALL,
    },
  },
  'a schema violation by secret values': {
    chart: { 'values.schema.json': SCHEMA },
    args: ['--secret-values', '-'],
    options: { input: 'replicas: many-of-them\n' },
    finds: {
      rule: 'validate/values-schema',
      message: expect.stringContaining('(set by secret-values)'),
      file: undefined,
      environments: ALL,
    },
  },
  "a violation of a dependency's schema": {
    chart: {
      ...vendored({ 'values.schema.json': '{"properties":{"size":{"type":"integer"}}}', 'values.yaml': 'size: 1\n' }),
      'values-prod.yaml': 'greeting: prod\nsub:\n  size: large\n',
    },
    finds: {
      rule: 'validate/values-schema',
      message: expect.stringContaining('schema of sub'),
      file: 'chart/values-prod.yaml',
      line: 3,
      column: 9,
      path: '/sub/size',
      environments: ['prod'],
    },
  },
  'a schema that is no JSON': {
    chart: { 'values.schema.json': '{\n"type": ' },
    finds: {
      rule: 'validate/schema',
      message: 'values.schema.json is no JSON',
      file: 'chart/values.schema.json',
      line: 2,
    },
  },
  'a schema that is empty': {
    chart: { 'values.schema.json': '' },
    finds: { rule: 'validate/schema', message: 'values.schema.json is no JSON', file: 'chart/values.schema.json' },
  },
  'a schema with a byte order mark': {
    chart: { 'values.schema.json': '\uFEFF{}' },
    finds: { rule: 'validate/schema', message: 'values.schema.json is no JSON', file: 'chart/values.schema.json' },
  },
  'a schema that is nested without end': {
    chart: { 'values.schema.json': `{"enum":${'['.repeat(50_000)}${']'.repeat(50_000)}}` },
    finds: { rule: 'validate/schema', file: 'chart/values.schema.json' },
  },
  "a dependency's schema that is no JSON": {
    chart: vendored({ 'values.schema.json': '{"type": ' }),
    finds: {
      rule: 'validate/schema',
      message: 'values.schema.json of the dependency sub is no JSON',
      file: 'chart/Chart.yaml',
    },
  },
  "a dependency's schema that is no schema": {
    chart: vendored({ 'values.schema.json': '{"type": "strnig"}' }),
    finds: {
      rule: 'validate/schema',
      message: expect.stringMatching(/^values\.schema\.json of sub is no JSON schema: .*must be one of/),
      file: 'chart/Chart.yaml',
      environments: ALL,
    },
  },
  'a schema that is no schema': {
    chart: { 'values.schema.json': '{\n  "properties": {"greeting": {"type": "strnig"}}}' },
    finds: {
      rule: 'validate/schema',
      message: expect.stringMatching(/is no JSON schema: .*must be one of/),
      file: 'chart/values.schema.json',
      line: 2,
      environments: ALL,
    },
  },
  'a value that fits none of several schemas': {
    chart: {
      'values.schema.json': '{"properties":{"greeting":{"anyOf":[{"type":"number"},{"enum":["a","b"]}]}}}',
      'values-prod.yaml': 'greeting: c\n',
      'values-dev.yaml': 'greeting: a\n',
      'values-test.yaml': 'greeting: 1\n',
    },
    finds: {
      rule: 'validate/values-schema',
      message: expect.stringMatching(
        /^greeting: 'anyOf' failed \(got string, want number; value must be one of 'a', 'b'\)/,
      ),
      file: 'chart/values-prod.yaml',
      line: 1,
      column: 11,
      environments: ['prod'],
    },
  },
  'a value that does not fit all of several schemas': {
    chart: {
      'values.schema.json':
        '{"allOf":[{"properties":{"greeting":{"minLength":1}}},{"properties":{"greeting":{"type":"string"}}}]}',
      'values-prod.yaml': 'greeting: 1\n',
    },
    finds: {
      rule: 'validate/values-schema',
      message: 'greeting: got number, want string',
      file: 'chart/values-prod.yaml',
      line: 1,
      column: 11,
      environments: ['prod'],
    },
  },
  'a template that renders to no YAML': {
    chart: {
      'templates/broken.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  labels: {{ .Values.greeting }}: x: y\n',
    },
    finds: { stage: 'lint', rule: 'render/invalid-yaml', file: 'chart/templates/broken.yaml', environments: ALL },
  },
  'a template that renders to no YAML in one environment': {
    chart: {
      'templates/broken.yaml':
        'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: x{{ if eq .Values.greeting "prod" }}\n y: {{ end }}\n',
    },
    finds: { rule: 'render/invalid-yaml', file: 'chart/templates/broken.yaml', environments: ['prod'] },
  },
  'a nil pointer': {
    chart: {
      'templates/nil.yaml': 'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: {{ .Values.agent.image.tag }}\n',
    },
    finds: {
      rule: 'render/template',
      message: expect.stringContaining('nil pointer evaluating'),
      file: 'chart/templates/nil.yaml',
      line: 4,
      column: 19,
      environments: ALL,
      hint: expect.stringContaining('not set'),
    },
  },
  'a nil pointer in an included helper': {
    chart: {
      'templates/nil.yaml': 'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: {{ include "outer" . }}\n',
      'templates/_helpers.tpl':
        '{{/* a comment */}}\n{{ define "outer" -}}\n{{ include "inner" . }}\n{{- end }}\n{{ define "inner" -}}\n  {{ .Values.agent.image.tag }}\n{{- end }}\n',
    },
    finds: {
      rule: 'render/template',
      message: expect.stringMatching(/nil pointer evaluating.*included from/),
      file: 'chart/templates/_helpers.tpl',
      line: 6,
      environments: ALL,
    },
  },
  "a nil pointer in a dependency's helper": {
    chart: vendored({
      'templates/_h.tpl': '{{ define "sub.x" }}\n{{ .Values.a.b.c }}{{ end }}\n',
      'templates/cm.yaml': 'kind: ConfigMap\napiVersion: v1\nmetadata: { name: {{ include "sub.x" . }} }\n',
    }),
    finds: {
      rule: 'render/template',
      message: expect.stringContaining('nil pointer evaluating'),
      file: 'chart/charts/sub/templates/_h.tpl',
      line: 2,
      environments: ALL,
    },
  },
  required: {
    chart: {
      'templates/r.yaml':
        'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: {{ required "give: a tag\\nand a name" .Values.tag }}\n',
    },
    finds: {
      stage: 'render',
      rule: 'render/template',
      message: expect.stringMatching(/give: a tag\s+and a name/),
      file: 'chart/templates/r.yaml',
      line: 4,
      environments: ALL,
    },
  },
  'fail in a helper, in one environment': {
    chart: {
      'templates/f.yaml': '{{ include "check" . }}\n',
      'templates/_helpers.tpl':
        '{{ define "check" }}\n{{ if eq .Values.greeting "prod" }}{{ fail "templates/other.yaml:7:8: not in prod" }}{{ end }}{{ end }}\n',
    },
    finds: {
      stage: 'render',
      rule: 'render/template',
      message: expect.stringContaining('templates/other.yaml:7:8: not in prod'),
      file: 'chart/templates/f.yaml',
      line: 1,
      environments: ['prod'],
    },
  },
  'a function that is not defined': {
    chart: { 'templates/p.yaml': 'a: 1\nb: {{ toYamll . }}\n' },
    finds: {
      rule: 'render/template',
      message: 'function "toYamll" not defined',
      file: 'chart/templates/p.yaml',
      line: 2,
      environments: ALL,
    },
  },
  'a template that is not closed': {
    chart: { 'templates/p.yaml': 'a: 1\n{{ if .Values.x }}\nb: 1\n' },
    finds: {
      rule: 'render/template',
      message: expect.stringContaining('unexpected EOF'),
      file: 'chart/templates/p.yaml',
      line: 4,
      environments: ALL,
    },
  },
  'a template that nobody defines': {
    chart: { 'templates/p.yaml': 'a: {{ include "nosuch" . }}\n' },
    finds: {
      rule: 'render/template',
      message: expect.stringContaining('no template "nosuch"'),
      file: 'chart/templates/p.yaml',
      line: 1,
      environments: ALL,
    },
  },
  'a helper that includes itself': {
    chart: {
      'templates/p.yaml': 'a: {{ include "x" . }}\n',
      'templates/_h.tpl': '{{ define "x" }}\n{{ include "x" . }}{{ end }}\n',
    },
    finds: {
      rule: 'render/template',
      message: expect.stringContaining('rendering template has a nested reference name'),
      file: 'chart/templates/_h.tpl',
      line: 2,
      environments: ALL,
    },
  },
  'a value that is there in lint and not in the render': {
    chart: { 'templates/n.yaml': 'kind: X\napiVersion: v1\nmetadata: { name: x }\na: {{ .Values.greeting.x }}\n' },
    args: ['--set', 'greeting=null'],
    finds: { rule: 'render/template', file: 'chart/templates/n.yaml', line: 4, environments: ALL },
  },
  'a template that trips over a value which the schema refuses': {
    chart: {
      'values.schema.json': SCHEMA,
      'values-prod.yaml': 'greeting: prod\nagent: text\n',
      'templates/a.yaml':
        'kind: ConfigMap\napiVersion: v1\nmetadata: { name: x }\ndata: { a: "{{ with .Values.agent }}{{ $.Values.agent.port }}{{ end }}" }\n',
    },
    finds: {
      rule: 'validate/values-schema',
      file: 'chart/values-prod.yaml',
      line: 2,
      column: 8,
      environments: ['prod'],
    },
  },
  'a nil pointer in a file with blanks in its name': {
    chart: { 'templates/my file (1).yaml': 'a: 1\nb: {{ .Values.a.b.c }}\n' },
    finds: { rule: 'render/template', file: 'chart/templates/my file (1).yaml', line: 2, environments: ALL },
  },
  'no YAML in a file with blanks in its name': {
    chart: { 'templates/my file (1).yaml': 'a: b: c\n' },
    finds: { rule: 'render/invalid-yaml', file: 'chart/templates/my file (1).yaml', environments: ALL },
  },
  'a template that renders to a list': {
    chart: { 'templates/list.yaml': '- a\n- b\n' },
    finds: {
      rule: 'render/invalid-yaml',
      message: 'renders to a list where an object is needed',
      file: 'chart/templates/list.yaml',
      environments: ALL,
    },
  },
  'a dependency whose values are no YAML': {
    chart: vendored({ 'values.yaml': 'a: [\n' }),
    finds: {
      rule: 'render/invalid-yaml',
      message: expect.stringContaining('is no valid YAML'),
      file: 'chart/charts/sub/values.yaml',
      environments: ALL,
    },
  },
  'a dependency whose Chart.yaml helm can not read': {
    chart: vendored({ 'Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\nkeywords: x\n' }),
    finds: { rule: 'render/invalid-yaml', file: 'chart/charts/sub/Chart.yaml', environments: ALL },
  },
  'an alias that helm does not take': {
    chart: {
      ...vendored({}),
      'Chart.yaml':
        'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - { name: sub, version: 1.0.0, repository: "", alias: "a b" }\n',
    },
    finds: {
      message: expect.stringContaining('disallowed characters in the alias'),
      file: 'chart/Chart.yaml',
      environments: ALL,
    },
  },
  'a template of a dependency with an alias': {
    chart: {
      ...vendored({ 'templates/a.yaml': '\n{{ .Values.a.b.c }}\n' }),
      'Chart.yaml':
        'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - { name: sub, version: 1.0.0, repository: "", alias: other }\n',
    },
    finds: { rule: 'render/template', file: 'chart/charts/sub/templates/a.yaml', line: 2, environments: ALL },
  },
  'a dependency that is missing': {
    chart: {
      'Chart.yaml':
        'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - name: sub\n    version: 1.0.0\n    repository: ""\n',
    },
    finds: { stage: 'resolve', message: expect.stringContaining('sub'), file: 'chart/Chart.yaml', line: 5 },
  },
  'a key twice in a template, which lint passes': {
    chart: {
      'templates/twice.yaml':
        'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: x\ndata:\n  a: "1"\n  a: "{{ .Release.Namespace }}"\n',
    },
    finds: {
      stage: 'render',
      message: expect.stringContaining('the same key twice'),
      file: 'chart/templates/twice.yaml',
      line: 7,
      environments: ALL,
    },
  },
  'a render that fails only as an upgrade': {
    chart: { 'templates/u.yaml': '{{ if .Release.IsUpgrade }}\n{{ fail "no way back" }}{{ end }}\n' },
    finds: {
      stage: 'render',
      rule: 'render/template',
      message: 'no way back (only when rendered as an upgrade)',
      file: 'chart/templates/u.yaml',
      line: 2,
      environments: ALL,
    },
  },
  'a render that fails only with another Kubernetes version': {
    chart: {
      'templates/k.yaml':
        '{{ if semverCompare "<1.36-0" .Capabilities.KubeVersion.Version }}\n{{ fail "too old" }}{{ end }}\n',
    },
    args: ['--kube-versions', '1.37,1.36,1.35'],
    finds: {
      stage: 'render',
      rule: 'render/template',
      message: 'too old',
      file: 'chart/templates/k.yaml',
      line: 2,
      environments: ALL,
      kubeVersions: ['1.35'],
    },
  },
  'a Kubernetes version that the chart does not admit': {
    chart: { 'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\nkubeVersion: ">=1.35.0-0"\n' },
    args: ['--kube-versions', '1.35,1.34'],
    finds: { rule: 'render/kube-version', file: 'chart/Chart.yaml', kubeVersions: ['1.34'], environments: ALL },
  },
  'the only Kubernetes version is one that the chart does not admit': {
    chart: { 'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\nkubeVersion: ">=1.35.0-0"\n' },
    args: ['--kube-versions', '1.34'],
    finds: { rule: 'render/kube-version', file: 'chart/Chart.yaml', environments: ALL },
  },
  'a kubeVersion that is no range': {
    chart: { 'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\nkubeVersion: not a range\n' },
    finds: {
      rule: 'render/kube-version',
      message: 'kubeVersion is no range of versions: "not a range"',
      hint: expect.stringContaining('Write it as'),
      file: 'chart/Chart.yaml',
      environments: ALL,
    },
  },
  'a set that helm can not read': {
    chart: {},
    args: ['--set', 'a=1,b'],
    finds: { message: expect.stringContaining('key "b" has no value'), environments: ALL },
  },
  'a template that eats memory': {
    chart: {
      'templates/eats.yaml': '{{- range until 100000000 }}\n{{ . }}\n{{- end }}\n',
      'values-dev.yaml': undefined,
      'values-test.yaml': undefined,
    },
    options: { environment: { CHARTSHIP_HELM_MEMORY_MIB: '400' } },
    finds: {
      rule: 'render/memory',
      message: expect.stringContaining('helm took more than 400 MiB of memory'),
      environments: ['prod'],
    },
  },
  'a template that never ends': {
    chart: {
      'templates/ends.yaml': '{{- range until 30000 }}{{ range until 30000 }}{{ end }}{{ end }}\n',
      'values-dev.yaml': undefined,
      'values-test.yaml': undefined,
    },
    options: { environment: { CHARTSHIP_HELM_SECONDS: '3' } },
    finds: { rule: 'render/timeout', message: 'helm did not end within 3 s', environments: ['prod'] },
  },
};
