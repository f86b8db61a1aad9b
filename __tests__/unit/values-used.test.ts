import { describe, expect, test } from '@jest/globals';
import type { ChartFile } from '../../src/domain/chart.ts';
import type { StagedChart, StagedDependency } from '../../src/domain/staged.ts';
import { chartTree } from '../../src/domain/values-use/chart-tree.ts';
import { schemaPlace } from '../../src/domain/values-use/schema-names.ts';
import { unnamedKeys, unusedKeys } from '../../src/domain/values-use/unused-keys.ts';
import { valuesUsed } from '../../src/domain/values-use/values-used.ts';

const encoder = new TextEncoder();
const filesOf = (texts: Readonly<Record<string, string>>): ChartFile[] =>
  Object.entries(texts).map(([path, text]) => ({ path, content: encoder.encode(text) }));

function staged(
  files: Readonly<Record<string, string>>,
  dependencies: readonly (StagedDependency & { readonly importValues?: readonly unknown[] })[] = [],
): StagedChart {
  return {
    directory: '/chart',
    source: 'chart',
    metadata: {
      name: 'demo',
      version: '1.0.0',
      apiVersion: 'v2',
      type: 'application',
      dependencies: dependencies.map((each) => ({ repository: '', ...each })),
    },
    files: filesOf(files),
    dependencies,
    readsCapabilities: false,
    readsOperation: false,
  };
}

/** The keys that are told; `everything` where what the templates do could not be followed. */
function unused(
  values: unknown,
  files: string | Readonly<Record<string, string>>,
  dependencies: Parameters<typeof staged>[1] = [],
): string[] | 'everything' {
  const texts: string[] = [];
  const collect = (data: unknown): void => {
    if (typeof data === 'string' && data.includes('{{')) texts.push(data);
    else if (typeof data === 'object' && data !== null) Object.values(data).forEach(collect);
  };
  collect(values);
  const all = typeof files === 'string' ? { 'templates/a.yaml': files } : files;
  const tree = chartTree(staged(all, dependencies), () => false);
  const schema = schemaPlace(tree);
  const words = new Set(unnamedKeys(values, schema).flat().map(String));
  const used = valuesUsed(tree, { texts, words, isAnswered: () => false });
  if (used === undefined) return 'everything';
  return unusedKeys(values, { values: used, schema, defaults: values }).map(({ path }) => path.join('.'));
}

const VALUES = { a: { b: 1, c: { d: 2, e: 3 } }, list: [{ x: 1, y: 2 }], name: 'b', other: 5 };

describe('what a template reads is used, and nothing beside it', () => {
  test.each<[string, string[]]>([
    ['{{ .Values.a.b }}', ['a.c', 'list', 'name', 'other']],
    ['{{ $.Values.a.c.d }}', ['a.b', 'a.c.e', 'list', 'name', 'other']],
    ['{{ (.Values.a).b }}', ['a.c', 'list', 'name', 'other']],
    ['{{ .Values.a }}', ['list', 'name', 'other']],
    ['{{ toYaml .Values.a.c | nindent 2 }}', ['a.b', 'list', 'name', 'other']],
    ['{{ $c := .Values.a.c }}{{ $c.d }}', ['a.b', 'a.c.e', 'list', 'name', 'other']],
    ['{{ with .Values.a }}{{ .b }}{{ end }}', ['a.c', 'list', 'name', 'other']],
    ['{{ with .Values.a }}{{ toJson . }}{{ end }}', ['list', 'name', 'other']],
    ['{{ if .Values.a.c }}{{ .Values.a.c.d }}{{ end }}', ['a.b', 'a.c.e', 'list', 'name', 'other']],
    // Alone in what is asked about it keeps that from being empty.
    ['{{ if .Values.a.c }}x{{ end }}', ['a.b', 'list', 'name', 'other']],
    ['{{ with .Values.nothing }}{{ else with .Values.a }}{{ .b }}{{ end }}', ['a.c', 'list', 'name', 'other']],
    ['{{ if false }}{{ else if .Values.other }}{{ end }}', ['a', 'list', 'name']],
    ['{{ range .Values.list }}{{ .x }}{{ end }}', ['a', 'list.0.y', 'name', 'other']],
    ['{{ range $i, $e := .Values.list }}{{ $e.x }}{{ end }}', ['a', 'list.0.y', 'name', 'other']],
    ['{{ range $k, $v := .Values.a }}{{ $k }}{{ end }}', ['a.c.d', 'a.c.e', 'list', 'name', 'other']],
    ['{{ range .Values.a }}{{ else }}{{ .Values.name }}{{ end }}', ['a.c.d', 'a.c.e', 'list', 'other']],
    ['{{ (index .Values.list 0).x }}', ['a', 'list.0.y', 'name', 'other']],
    ['{{ (first .Values.list).x }}', ['a', 'list.0.y', 'name', 'other']],
    ['{{ index .Values "a" "b" }}', ['a.c', 'list', 'name', 'other']],
    ['{{ get .Values.a "b" }}', ['a.c', 'list', 'name', 'other']],
    ['{{ dig "c" "d" 0 .Values.a }}', ['a.b', 'a.c.e', 'list', 'name', 'other']],
    ['{{ dig "c" "d" 0 (.Values.a | mustToJson | fromJson) }}', ['a.b', 'a.c.e', 'list', 'name', 'other']],
    ['{{ hasKey .Values "other" }}', ['a', 'list', 'name']],
    ['{{ (pick .Values.a "b") | toYaml }}', ['a.c', 'list', 'name', 'other']],
    ['{{ (pluck "b" .Values.a dict) | first }}', ['a.c', 'list', 'name', 'other']],
    ['{{ keys .Values.a | join "," }}', ['a.c.d', 'a.c.e', 'list', 'name', 'other']],
    ['{{ len .Values.a }}', ['a.c.d', 'a.c.e', 'list', 'name', 'other']],
    ['{{ index .Values (printf "%s" .Release.Name) "b" }}', ['a.c']],
    ['{{ .Values.nothing | default .Values.a.b }}', ['a.c', 'list', 'name', 'other']],
    ['{{ ternary .Values.a.b .Values.name .Values.other }}', ['a.c', 'list']],
    ['{{ coalesce .Values.name (required "x" .Values.a.b) }}', ['a.c', 'list', 'other']],
    ['{{ $d := dict "v" .Values.a "n" .Values }}{{ $d.v.b }}', ['a.c', 'list', 'name', 'other']],
    ['{{ $d := dict "v" .Values.a }}{{ toYaml $d }}', ['list', 'name', 'other']],
    ['{{ $l := list .Values.a .Values.name }}{{ last $l }}', ['a.b', 'a.c', 'list', 'other']],
    ['{{ $l := append (list .Values.a) .Values.name }}{{ toYaml $l }}', ['list', 'other']],
    ['{{ $d := dict }}{{ $_ := set $d "k" .Values.a }}{{ $d.k.b }}', ['a.c', 'list', 'name', 'other']],
    ['{{ $d := merge dict (dict "k" .Values.a) }}{{ $d.k.b }}', ['a.c', 'list', 'name', 'other']],
    ['{{ $d := deepCopy .Values.a }}{{ $d.b }}', ['a.c', 'list', 'name', 'other']],
    ['{{ $x := 1 }}{{ if true }}{{ $x = .Values.a }}{{ end }}{{ $x.b }}', ['a.c', 'list', 'name', 'other']],
    [
      '{{ $x := .Values.a }}{{ range list "c" "d" }}{{ $x = index $x . }}{{ end }}{{ $x }}',
      ['a.b', 'a.c.e', 'list', 'name', 'other'],
    ],
    ['{{ define "n" }}{{ .v.b }}{{ end }}{{ include "n" (dict "v" .Values.a) }}', ['a.c', 'list', 'name', 'other']],
    ['{{ define "n" }}{{ $.b }}{{ end }}{{ template "n" .Values.a }}', ['a.c', 'list', 'name', 'other']],
    ['{{ block "n" .Values.a }}{{ .b }}{{ end }}', ['a.c', 'list', 'name', 'other']],
    [
      '{{ define "one" }}{{ .b }}{{ end }}{{ include (printf "%s" "one") .Values.a }}',
      ['a.c', 'list', 'name', 'other'],
    ],
    ['{{ define "k" }}b{{ end }}{{ get .Values.a (include "k" .) }}', ['a.c', 'list', 'name', 'other']],
    ['{{/* .Values.a */}}{{ "{{ .Values.a }}" }}{{ `.Values.list` }}', ['a', 'list', 'name', 'other']],
    ['# {{ .Values.a.b }}\n{{- /* } }} */ -}}\n{{ .Values.other -}}', ['a.c', 'list', 'name']],
    ['{{ tpl "{{ .Values.a.b }}" . }}', ['a.c', 'list', 'name', 'other']],
  ])('%s', (template, told) => expect(unused(VALUES, template)).toEqual(told));
});

describe('what is not known to be read counts as used', () => {
  test.each([
    '{{ toYaml .Values }}',
    '{{ .Values | toJson | sha256sum }}',
    '{{ toYaml . }}',
    '{{ range $k, $v := .Values }}{{ toYaml $v }}{{ end }}',
    '{{ .Values.name | get .Values }}',
    '{{ index .Values .Release.Name }}',
    '{{ index .Values (printf "%s" .Release.Name) | toYaml }}',
    '{{ someFunctionOfTomorrow . }}',
    '{{ define "n" }}{{ toYaml .Values }}{{ end }}{{ include .Values.name . }}',
    '{{ define "n-x" }}{{ toYaml .Values }}{{ end }}{{ include (printf "n-%s" .Release.Name) . }}',
    '{{ tpl (printf "{{ .Values.%s }}" .Release.Name) . }}',
    '{{ tpl (print "{{ toYaml ." "Values }}") . }}',
    '{{ $v := .Values }}{{ $_ := set $v "copy" .Values.a }}{{ toYaml $v }}',
    '{{ $_ := set . "kept" .Values }}{{ toYaml .kept }}',
    '{{ define "keep" }}{{ $_ := set .d "kept" .v }}{{ end }}{{ $d := dict }}{{ include "keep" (dict "d" $d "v" .Values) }}{{ toYaml $d.kept }}',
    '{{ $x := .Values }}{{ range list 1 2 3 }}{{ $x = merge dict $x }}{{ end }}{{ toYaml $x }}',
    '{{ $x := dict }}{{ range list 1 2 }}{{ if $x.v }}{{ toYaml $x.v }}{{ end }}{{ $_ := set $x "v" $.Values }}{{ end }}',
    '{{ $x := list }}{{ range list 1 2 }}{{ toYaml $x }}{{ $x = list $.Values }}{{ end }}',
    '{{ $x := 0 }}{{ range until 3 }}{{ if . }}{{ break }}{{ end }}{{ $x = $.Values }}{{ if . }}{{ continue }}{{ end }}{{ $x = 1 }}{{ end }}{{ toYaml $x }}',
    '{{ with $x := . }}{{ toYaml $x.Values }}{{ end }}',
    '{{ (dict "Values" .Values) | toYaml }}',
    '{{ fromYaml (toYaml .Values) | toYaml }}',
    '{{ (list . | first).Values | toYaml }}',
    '{{ (concat (list 1) (list .) | last).Values | toYaml }}',
    '{{ (index (chunk 2 (list 1 .)) 0 | last).Values | toYaml }}',
    '{{ (rest (list 1 .) | first).Values | toYaml }}',
    '{{ (without (list 1 .) 1 | first).Values | toYaml }}',
    '{{ (values (dict "k" .) | first).Values | toYaml }}',
    '{{ (ternary . dict true).Values | toYaml }}',
    '{{ (mergeOverwrite (dict "a" 1) .).Values | toYaml }}',
    '{{ (omit . "Chart").Values | toYaml }}',
  ])('%s', (template) => {
    const told = unused(VALUES, template);
    expect(told === 'everything' ? [] : told).toEqual([]);
  });

  test('texts in values that are templates', () => {
    const values = {
      text: 'x {{ .Values.read }}',
      read: 1,
      unread: 2,
      more: { text: ['{{ include "n" . }}'] },
      deep: { a: 1, b: 2 },
    };
    const named = '{{ define "n" }}{{ .Values.deep.a }}{{ end }}';
    expect(unused(values, `${named}{{ tpl .Values.text . }}{{ .Values.more }}`)).toEqual(['unread', 'deep.b']);
    expect(unused(values, `${named}{{ .Values.text }}{{ .Values.more }}`)).toEqual(['read', 'unread', 'deep']);
    expect(unused(values, `${named}{{ tpl (toYaml .Values.more) $ }}`)).toEqual(['text', 'unread', 'deep.b']);
  });

  test('a text that is put together around what stands in values, and whose dot is another', () => {
    const values = { text: '{{ .x }}{{ $.Values.y }}', scope: { x: 1, z: 2 }, y: 1, w: 2 };
    const template =
      '{{ tpl (cat "{{- with $.scope -}}" .Values.text "{{- end }}") (merge (dict "scope" .Values.scope) .) }}';
    expect(unused(values, template)).toEqual(['scope.z', 'w']);
  });

  test('files that are templates', () => {
    const files = { 'templates/a.yaml': '{{ tpl (.Files.Get "conf/x.conf") . }}', 'conf/x.conf': 'a={{ .Values.a }}' };
    expect(unused({ a: 1, b: 2 }, files)).toEqual(['b']);
    expect(unused({ a: 1, b: 2 }, { ...files, 'conf/x.conf': '{{ .Values' })).toEqual([]);
  });

  test('a template that calls itself', () => {
    const walk =
      '{{ define "walk" }}{{ range $k, $v := . }}{{ if kindIs "map" $v }}{{ include "walk" $v }}{{ else }}{{ $k }}={{ $v }}{{ end }}{{ end }}{{ end }}';
    expect(unused({ a: { b: { c: { d: 1 } } }, e: 1 }, `${walk}{{ include "walk" .Values.a }}`)).toEqual(['e']);
    expect(
      unused({ a: 1, b: 1 }, '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}{{ .Values.a }}'),
    ).toEqual(['b']);
    const grows = '{{ define "x" }}{{ include "x" (dict "in" .) }}{{ end }}{{ include "x" . }}';
    expect(unused({ a: 1 }, grows)).toEqual([]);
  });

  test.each(['{{ if }}', '{{ end }}', '{{ if .Values.a }}', '{{ .Values.a', '{{ "x }}', '{{ ( }}', '{{ a ! b }}'])(
    'what is no template: %s',
    (text) => expect(unused({ a: 1 }, text)).toBe('everything'),
  );
});

describe('files', () => {
  test('partials are read where they are called, by their own name, too', () => {
    const files = {
      'templates/_a.tpl': '{{ .Values.a }}{{ define "b" }}{{ .Values.b }}{{ end }}',
      'templates/sub/b.yaml': '{{ include "b" . }}{{ include (print $.Template.BasePath "/sub/_c.txt") . }}',
      'templates/sub/_c.txt': '{{ .Values.c }}',
      'templates/NOTES.txt': '{{ .Values.d }}',
      'other/e.yaml': '{{ .Values.e }}',
    };
    expect(unused({ a: 1, b: 1, c: 1, d: 1, e: 1 }, files)).toEqual(['a', 'e']);
  });

  test('what one template leaves in the context, another may read before', () => {
    const files = {
      'templates/a.yaml': '{{ toYaml .kept }}',
      'templates/b.yaml': '{{ $_ := set . "kept" .Values.a }}',
    };
    expect(unused({ a: { x: 1 }, b: 1 }, files)).toEqual(['b']);
  });

  test('a helper that fills what it is given fills the second one, too', () => {
    const keep = '{{ define "keep" }}{{ $_ := set .d "kept" .v }}{{ end }}';
    const calls =
      '{{ $d := dict }}{{ $e := dict }}{{ range list 1 }}{{ include "keep" (dict "d" $d "v" $.Values.a) }}{{ end }}{{ include "keep" (dict "d" $e "v" .Values.a) }}';
    expect(unused({ a: { x: 1 } }, `${keep}${calls}{{ toYaml $e.kept }}`)).toEqual([]);
  });

  test('a name that is defined twice is read in both', () => {
    const files = {
      'templates/_a.tpl': '{{ define "n" }}{{ .Values.a }}{{ end }}',
      'templates/_b.tpl': '{{ define "n" }}{{ .Values.b }}{{ end }}',
      'templates/x.yaml': '{{ include "n" . }}',
    };
    expect(unused({ a: 1, b: 1, c: 1 }, files)).toEqual(['c']);
  });
});

describe('dependencies', () => {
  const store = (files: Readonly<Record<string, string>>, more: object = {}) => ({
    name: 'store',
    version: '1.0.0',
    from: 'vendored',
    files: filesOf({ 'Chart.yaml': 'apiVersion: v2\nname: store\nversion: 1.0.0\n', ...files }),
    ...more,
  });

  test('each reads its own part, and what is global', () => {
    const values = {
      store: { size: 1, sise: 1, global: { zone: 1, city: 1 } },
      global: { region: 1, zone: 1, other: 1 },
      size: 1,
    };
    const dependency = store({ 'templates/a.yaml': '{{ .Values.size }}{{ .Values.global.zone }}' });
    expect(unused(values, '{{ .Values.global.region }}', [dependency])).toEqual([
      'store.sise',
      'store.global.city',
      'global.other',
      'size',
    ]);
  });

  test('under an alias, twice', () => {
    const dependency = store({ 'templates/a.yaml': '{{ .Values.size }}' });
    const values = { one: { size: 1 }, two: { size: 1, extra: 1 }, store: { size: 1 } };
    expect(
      unused(values, '', [
        { ...dependency, alias: 'one' },
        { ...dependency, alias: 'two' },
      ]),
    ).toEqual(['two.extra', 'store']);
  });

  test('one that can be given none of the keys is read where it is included alone', () => {
    const endless = '{{ include (print .Values.x (include "store.name" .)) . }}{{ if }}';
    const dependency = store({
      'templates/a.yaml': endless,
      'templates/_n.tpl': '{{ define "store.name" }}{{ .Values.name }}{{ end }}',
    });
    const values = { name: 'a', nam: 'b' };
    expect(unused(values, '{{ include "store.name" . }}', [dependency])).toEqual(['nam']);
    expect(unused({ ...values, store: { name: 'c' } }, '{{ include "store.name" . }}', [dependency])).toBe(
      'everything',
    );
    expect(unused({ ...values, global: { a: 1 } }, '{{ include "store.name" . }}', [dependency])).toBe('everything');
  });

  test('what the chart reads of them, and their templates in its hands', () => {
    const dependency = store({ 'templates/_n.tpl': '{{ define "store.name" }}{{ .Values.name }}{{ end }}' });
    const values = { store: { port: 1, name: 2, other: 3 } };
    expect(unused(values, '{{ .Values.store.port }}{{ include "store.name" .Subcharts.store }}', [dependency])).toEqual(
      ['store.other'],
    );
  });

  test('dependencies of dependencies, by their alias', () => {
    const dependency = store({
      'Chart.yaml':
        'apiVersion: v2\nname: store\nversion: 1.0.0\ndependencies:\n  - {name: disk, version: 1.0.0, alias: hdd, condition: hdd.enabled, tags: [fast]}\n',
      'charts/disk-1.0.0/Chart.yaml': 'apiVersion: v2\nname: disk\nversion: 1.0.0\n',
      'charts/disk-1.0.0/templates/a.yaml': '{{ .Values.rpm }}{{ .Values.global.zone }}',
    });
    const values = {
      store: { hdd: { rpm: 1, enabled: true, x: 1 }, disk: { rpm: 1 } },
      global: { zone: 1 },
      tags: { fast: true, slow: true },
    };
    expect(unused(values, '', [dependency])).toEqual(['store.hdd.x', 'store.disk', 'tags.slow']);
  });

  test('values that they hand up', () => {
    const dependency = store({}, { importValues: ['data', { child: 'net.dns', parent: 'dns' }] });
    const values = { store: { exports: { data: { a: 1 }, more: { b: 1 } }, net: { dns: { c: 1 }, ntp: 1 } } };
    expect(unused(values, '', [dependency])).toEqual(['store.exports.more', 'store.net.ntp']);
  });

  test('schemas name keys: the own, by references and branches, and those of dependencies', () => {
    const schema = {
      definitions: { port: { properties: { port: {} } } },
      properties: {
        a: { $ref: '#/definitions/port' },
        free: { type: 'object' },
        typed: { additionalProperties: { properties: { x: {} } } },
        list: { items: { properties: { x: {} } } },
      },
      anyOf: [{ properties: { branch: {} } }],
      required: ['needed'],
    };
    const values = {
      a: { port: 1, prot: 1 },
      free: { anything: 1 },
      typed: { k: { x: 1, y: 1 } },
      list: [{ x: 1, y: 1 }],
      branch: 1,
      needed: 1,
      store: { named: 1, other: 1 },
      global: { zone: 1, city: 1 },
      rest: 1,
    };
    const dependency = store({
      'values.schema.json': '{"properties":{"named":{},"global":{"properties":{"zone":{}}}}}',
    });
    const files = {
      'templates/a.yaml': '{{ range .Values.list }}{{ .x }}{{ end }}',
      'values.schema.json': JSON.stringify(schema),
    };
    expect(unused(values, files, [dependency])).toEqual([
      'a.prot',
      'typed.k.y',
      'list.0.y',
      'store.other',
      'global.city',
      'rest',
    ]);
  });
});

describe('hostile templates end soon', () => {
  test.each([
    ['nested blocks', '{{ if .Values.a }}'.repeat(5_000) + '{{ end }}'.repeat(5_000)],
    ['nested brackets', `{{ ${'('.repeat(20_000)}.Values.a${')'.repeat(20_000)} }}`],
    ['a long chain', `{{ .Values${'.a'.repeat(5_000)} }}`],
    ['many variables in loops', `${'{{ range .Values.l }}{{ $x := . }}'.repeat(30)}{{ end }}${'{{ end }}'.repeat(29)}`],
    [
      'templates that double',
      `${Array.from({ length: 40 }, (_, i) => `{{ define "t${i}" }}{{ include "t${i + 1}" (dict "a" .) }}{{ include "t${i + 1}" (dict "b" .) }}{{ end }}`).join('')}{{ include "t0" . }}`,
    ],
    [
      'texts that double',
      `{{ $x := "ab" }}${'{{ $x = print $x $x .Release.Name $x }}'.repeat(60)}{{ get .Values $x }}`,
    ],
    [
      'merging in circles',
      '{{ $a := dict }}{{ $b := dict "x" $a }}{{ range until 9 }}{{ $_ := merge $a $b }}{{ $_ := set $b "y" $a }}{{ $_ := merge $b $a }}{{ end }}{{ toYaml $a }}',
    ],
    ['a quote without an end', `{{ "${'\\"'.repeat(50_000)}`],
    ['blanks', `{{${' '.repeat(200_000)}.Values.a${' '.repeat(200_000)}-${' '.repeat(1000)}}}`],
  ])('%s', (_, template) => {
    const started = process.cpuUsage();
    unused({ a: { a: 1 }, l: [1] }, template);
    const { user } = process.cpuUsage(started);
    expect(user / 1_000_000).toBeLessThan(5);
  });
});
