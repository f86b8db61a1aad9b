import { expect, test } from '@jest/globals';
import type { StagedChart } from '../../src/domain/staged.ts';
import { asksCluster } from '../../src/domain/values-use/asks-cluster.ts';

const encoder = new TextEncoder();
const filesOf = (files: Readonly<Record<string, string>>) =>
  Object.entries(files).map(([path, text]) => ({ path, content: encoder.encode(text), mode: 0o644 }));

/** Whether what stands at a line of `templates/a.yaml` may have failed for want of a cluster. */
function asks(
  templates: Readonly<Record<string, string>>,
  line: number,
  ofDependency: Readonly<Record<string, string>> = {},
) {
  const chart = {
    directory: '/staged/demo',
    source: 'demo',
    metadata: {
      name: 'demo',
      version: '1.0.0',
      apiVersion: 'v2',
      type: 'application',
      dependencies:
        Object.keys(ofDependency).length === 0 ? [] : [{ name: 'store', version: '1.0.0', repository: '', tags: [] }],
    },
    files: filesOf({ 'Chart.yaml': '', ...templates }),
    dependencies: [
      {
        name: 'store',
        version: '1.0.0',
        from: 'vendored',
        files: filesOf({ 'Chart.yaml': 'name: store\n', ...ofDependency }),
      },
    ].filter(() => Object.keys(ofDependency).length > 0),
    readsCapabilities: false,
    readsOperation: true,
  } as unknown as StagedChart;
  return asksCluster(chart, [{ file: 'templates/a.yaml', line }]);
}

const ASKING = {
  'templates/_h.tpl': '{{ define "ask" }}{{ lookup "v1" "Secret" "a" "b" }}{{ end }}{{ define "none" }}x{{ end }}',
};
const a = (text: string) => ({ ...ASKING, 'templates/a.yaml': text });

test.each<[string, Readonly<Record<string, string>>, number]>([
  ['a call', a('x: 1\ny: {{ lookup "v1" "Secret" "a" "b" }}'), 2],
  ['an include', a('{{ include "ask" . }}'), 1],
  ['a template', a('{{ template "ask" . }}'), 1],
  [
    'an include within a condition of what is included',
    {
      ...a('{{ include "outer" . }}'),
      'templates/_o.tpl':
        '{{ define "outer" }}{{ if .a }}{{ else }}{{ range .b }}{{ include "ask" . }}{{ end }}{{ end }}{{ end }}',
    },
    1,
  ],
  [
    'a condition around it',
    a('{{ if not (include "ask" .) }}\n{{ if .x }}\n{{ fail "none" }}\n{{ end }}\n{{ end }}'),
    3,
  ],
  ['a second condition around it', a('{{ if .x }}\n{{ else if include "ask" . }}\n{{ fail "none" }}\n{{ end }}'), 3],
  ['that condition itself', a('{{ if .x }}\n{{ else if include "ask" . }}\n{{ end }}'), 2],
  ['what set its variable', a('{{ $there := include "ask" . }}\n{{ if not $there }}\n{{ fail "none" }}\n{{ end }}'), 3],
  [
    'what set it later',
    a('{{ $there := "" }}\n{{ if .x }}{{ $there = include "ask" . }}{{ end }}\n{{ required "none" $there }}'),
    3,
  ],
  [
    'what set a variable by another',
    a('{{ $a := lookup "v1" "Secret" "a" "b" }}\n{{ $b := $a.data }}\n{{ $b.password }}'),
    3,
  ],
  ['a variable of a loop', a('{{ range $k, $v := (lookup "v1" "Secret" "a" "").items }}\n{{ fail $k }}\n{{ end }}'), 2],
  ['an action of several lines', a('{{ required\n  "none"\n  (include "ask" .) }}'), 1],
  [
    'a file by its path',
    {
      ...a('{{ include (print $.Template.BasePath "/secret.yaml") . }}'),
      'templates/secret.yaml': '{{ include "ask" . }}',
    },
    1,
  ],
  [
    'a file by the pieces of its path',
    {
      ...a('{{ include (print $.Template.BasePath "/" "secret.yaml") . }}'),
      'templates/secret.yaml': '{{ include "ask" . }}',
    },
    1,
  ],
])('%s asks', (_, templates, line) => {
  expect(asks(templates, line)).toBe(true);
});

test.each<[string, Readonly<Record<string, string>>, number]>([
  ['another include', a('{{ include "none" . }}'), 1],
  ['another line', a('{{ include "ask" . }}\n{{ fail "none" }}'), 2],
  ['a block that is over', a('{{ if include "ask" . }}\n{{ end }}\n{{ fail "none" }}'), 3],
  ['a variable that is not read', a('{{ $there := include "ask" . }}\n{{ fail "none" }}'), 2],
  [
    'a variable of that name in another named template',
    a(
      '{{ define "x" }}{{ $p := include "ask" . }}{{ end }}\n{{ define "y" }}{{ $p := 1 }}\n{{ required "none" $p }}{{ end }}',
    ),
    3,
  ],
  [
    'another named template of the file',
    a('{{ define "x" }}{{ include "ask" . }}{{ end }}\n{{ define "y" }}\n{{ fail "none" }}\n{{ end }}'),
    3,
  ],
  ['the word in a text or a comment', a('# lookup\n{{/* lookup */}}{{ fail "lookup" }}'), 2],
  [
    'a template that includes itself',
    { ...a('{{ include "self" . }}'), 'templates/_s.tpl': '{{ define "self" }}{{ include "self" . }}{{ end }}' },
    1,
  ],
  ['what is no template', { ...ASKING, 'templates/a.yaml': '{{ fail "none"' }, 1],
  ['a file that is not there', ASKING, 1],
])('%s does not', (_, templates, line) => {
  expect(asks(templates, line)).toBe(false);
});

test("a dependency's file of the same path is another one", () => {
  const own = {
    'templates/a.yaml': '{{ include (print $.Template.BasePath "/secret.yaml") . }}',
    'templates/secret.yaml': 'x',
  };
  expect(asks(own, 1, { ...ASKING, 'templates/secret.yaml': '{{ include "ask" . }}' })).toBe(false);
});

test('ten thousand includes away, and in a template of as many actions', () => {
  const chain = Array.from(
    { length: 10_000 },
    (_, index) => `{{ define "d${index}" }}{{ include "d${index + 1}" . }}{{ end }}`,
  );
  const last = '{{ define "d10000" }}{{ lookup "v1" "Secret" "a" "b" }}{{ end }}';
  const many = '{{ .x }}\n'.repeat(10_000);
  expect(
    asks(
      { 'templates/_c.tpl': [...chain, last].join('\n'), 'templates/a.yaml': `${many}{{ include "d0" . }}` },
      10_001,
    ),
  ).toBe(true);
});
