import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n';

/** Chart files, and where the second of the two keys is written. */
const CASES: Record<string, { files: Record<string, string>; file: string; line: number }> = {
  'in a template itself': {
    files: { 'templates/a.yaml': `${HEAD}data:\n  a: "1"\n  b: "2"\n  a: "3"\n` },
    file: 'chart/templates/a.yaml',
    line: 8,
  },
  'between quotes': {
    files: { 'templates/a.yaml': `${HEAD}data:\n  a: "1"\n  "a": "3"\n` },
    file: 'chart/templates/a.yaml',
    line: 7,
  },
  'in the second document of a template': {
    files: { 'templates/a.yaml': `${HEAD}---\n# another\n${HEAD}data:\n  a: "1"\n  a: "3"\n` },
    file: 'chart/templates/a.yaml',
    line: 13,
  },
  'by toYaml, where the template has the key as well': {
    files: {
      'templates/a.yaml': `${HEAD}data:\n  a: "1"\n  {{- toYaml .Values.more | nindent 2 }}\n`,
      'values.yaml': 'more:\n  b: "2"\n  a: "3"\n',
    },
    file: 'chart/templates/a.yaml',
    line: 7,
  },
  'in a helper': {
    files: {
      'templates/_labels.tpl': '{{- define "labels" -}}\napp: demo\nteam: a\napp: other\n{{- end -}}\n',
      'templates/a.yaml': `${HEAD}  labels:\n    {{- include "labels" . | nindent 4 }}\n`,
    },
    file: 'chart/templates/_labels.tpl',
    line: 4,
  },
  'after a condition that writes nothing': {
    files: {
      'templates/a.yaml': `${HEAD}data:\n  {{- if .Values.never }}\n  a: "0"\n  {{- end }}\n  a: "1"\n  a: "2"\n`,
      'values.yaml': 'never: false\n',
    },
    file: 'chart/templates/a.yaml',
    line: 10,
  },
};

test.each(Object.entries(CASES))(
  'a key that is rendered twice %s is told at its line',
  async (_, { files, ...place }) => {
    space.chart('chart', { 'templates/configmap.yaml': undefined, ...files });
    const { code, report } = await command(space, ['chart', '--until', 'render']);
    expect(code).toBe(1);
    const findings = report?.findings.filter(({ rule }) => rule === 'render/invalid-yaml');
    expect(findings).toEqual([
      expect.objectContaining({ ...place, message: expect.stringContaining('the same key twice'), severity: 'error' }),
    ]);
  },
);

test('one in a dependency is told at Chart.yaml, with its line in the dependency', async () => {
  space.chart('lib', {
    'Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n',
    'templates/configmap.yaml': `${HEAD}data:\n  a: "1"\n  a: "2"\n`,
  });
  space.chart('chart', {
    'Chart.yaml':
      'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n  - name: lib\n    version: 1.0.0\n    repository: file://../lib\n',
  });
  const { report } = await command(space, ['chart', '--until', 'render']);
  expect(report?.findings.filter(({ rule }) => rule === 'render/invalid-yaml')).toEqual([
    expect.objectContaining({
      file: 'chart/Chart.yaml',
      message: expect.stringContaining('templates/configmap.yaml:7: renders the same key twice'),
    }),
  ]);
});
