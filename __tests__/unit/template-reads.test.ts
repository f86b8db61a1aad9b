import { describe, expect, test } from '@jest/globals';
import { templateReads } from '../../src/domain/template-reads.ts';

const reads = (text: string, path = 'templates/a.yaml') =>
  templateReads([{ path, content: new TextEncoder().encode(text) }]);

describe('.Capabilities', () => {
  test.each([
    '{{ .Capabilities.KubeVersion.Version }}',
    '{{ if $.Capabilities.APIVersions.Has "x" }}',
    '{{ with $root.Capabilities }}',
    '{{ (index . "Capabilities").KubeVersion }}',
    '{{/* not this .Capabilities */}}{{ .Capabilities }}',
    '{{ include "x" (dict "c" .Capabilities) }}',
  ])('%s', (text) => expect(reads(text).capabilities).toBe(true));

  test.each(['{{ .Values.a }}', '{{/* .Capabilities */}}', '{{- /* several\nlines .Capabilities */ -}}', 'plain'])(
    'not %j',
    (text) => expect(reads(text).capabilities).toBe(false),
  );
});

describe('the operation', () => {
  test.each([
    '{{ if .Release.IsUpgrade }}',
    '{{ if not $.Release.IsInstall }}',
    '{{ with .Release }}{{ .IsUpgrade }}{{ end }}',
    '{{ index .Release "IsUpgrade" }}',
    '{{ index . "Release" "IsInstall" }}',
    '{{ $r := .Release }}',
    '{{ toYaml .Release }}',
    '{{ get . "Release" }}',
    '{{ get . `Release` }}',
    '{{ range $key, $value := .Release }}',
  ])('%s', (text) => expect(reads(text).operation).toBe(true));

  test.each([
    '{{ .Release.Name }}-{{ $.Release.Namespace }}/{{ .Release.Service }} {{ .Release.Revision }}',
    '{{ index . "Release" "Name" }}',
    '{{/* .Release.IsUpgrade */}}',
    '{{ .Values.Released }} {{ .Values.IsUpgraded }}',
  ])('not %j', (text) => expect(reads(text).operation).toBe(false));
});

test('every file that can be rendered is looked at, in nested charts too', () => {
  const text = '{{ .Capabilities }}';
  for (const path of [
    'templates/NOTES.txt',
    'charts/sub/templates/_helpers.tpl',
    'charts/sub/charts/deep/templates/tests/x.yaml',
    // `tpl` renders values and files.
    'values.yaml',
    'files/config.tpl',
  ]) {
    expect([path, reads(text, path).capabilities]).toEqual([path, true]);
  }
  for (const path of [
    'README.md',
    'crds/a.yaml',
    'Chart.yaml',
    'charts/sub/README.md',
    'charts/a-1.0.0.tgz',
    'ci/x-values.yaml',
  ]) {
    expect([path, reads(text, path).capabilities]).toEqual([path, false]);
  }
});

test('a file without templates that a template could only be about is none', () => {
  expect(reads('# Capabilities and .Release of this chart', 'values.yaml')).toEqual({
    capabilities: false,
    operation: false,
  });
});
