import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { archiveOf } from '../support/archives.ts';
import { command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeAll(() => {
  space = workspace();
});
afterAll(() => space.remove());

const definition = (name: string, pattern: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ${name}s.example.com
spec:
  group: example.com
  scope: Namespaced
  names: { kind: ${name.toUpperCase()}, plural: ${name}s }
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
              properties:
                size:
                  type: string
                  pattern: ${pattern}
`;

test("a pattern that is none of Go's is told at its line of the definition, in crds/ and in a template", async () => {
  space.chart('operator', {
    'templates/configmap.yaml': undefined,
    'crds/all.yaml': `# Two of them.\n${definition('good', '(?i)^small$')}---\n${definition('look', '^(?!large)')}`,
    'templates/crd.yaml': definition('rendered', "'{{ .Values.pattern }}'"),
    'values.yaml': '# A template sets it.\npattern: "^(a)\\\\1$"\n',
  });
  const { report } = await command(space, ['operator', '--until', 'validate']);
  const found = report?.findings.filter(({ rule }) => rule.startsWith('schema/'));
  const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/pattern';
  expect(found?.sort((a, b) => String(a.file).localeCompare(String(b.file)))).toMatchObject([
    { rule: 'schema/format', severity: 'error', file: 'operator/crds/all.yaml', line: 46, path },
    { rule: 'schema/format', severity: 'error', file: 'operator/values.yaml', line: 2, path },
  ]);
  expect(found?.[0]?.message).toContain('"^(?!large)" is no regular expression of Go\'s');
  expect(found?.[1]?.message).toContain('(written out by operator/templates/crd.yaml:22)');
});

test('what is wrong with a definition of a dependency is told at its file, once, and where the dependency is in use', async () => {
  const faulty = definition('dep', '^(?!large)')
    .replace('served: true', 'servd: true')
    .replace('Namespaced', 'Namespacd');
  const dependency = (name: string, more = ''): string => `{ name: ${name}, version: 1.0.0${more} }`;
  const sealed = definition('sealed', '^(?!x)');
  space.chart('parent', {
    'Chart.yaml': `apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies: [${[
      dependency('vendored'),
      dependency('vendored', ', alias: again'),
      dependency('sealed'),
      dependency('idle', ', condition: idle.enabled'),
    ].join(', ')}]\n`,
    'values.yaml': 'idle: { enabled: false }\n',
    'templates/configmap.yaml': undefined,
    'templates/dep.yaml': 'apiVersion: example.com/v1\nkind: DEP\nmetadata: { name: d }\nspec: { size: small }\n',
    'charts/idle/Chart.yaml': 'apiVersion: v2\nname: idle\nversion: 1.0.0\n',
    'charts/idle/crds/idle.yaml': definition('idle', '^(?!idle)'),
    'charts/vendored/Chart.yaml': 'apiVersion: v2\nname: vendored\nversion: 1.0.0\n',
    'charts/vendored/crds/dep.yaml': `# One.\n${faulty}`,
  });
  const metadata = 'apiVersion: v2\nname: sealed\nversion: 1.0.0\n';
  space.write(
    'parent/charts/sealed-1.0.0.tgz',
    await archiveOf({ name: 'sealed/Chart.yaml', content: metadata }, { name: 'sealed/crds/s.yaml', content: sealed }),
  );
  const { report } = await command(space, ['parent', '--until', 'validate']);
  const found = report?.findings.filter(({ rule }) => rule.startsWith('schema/')) ?? [];
  const file = 'parent/charts/vendored/crds/dep.yaml';
  expect(found.map(({ rule, file, line }) => `${rule} ${file}:${line}`).sort()).toEqual(
    [
      'schema/format parent/Chart.yaml:undefined',
      `schema/enum ${file}:8`,
      `schema/format ${file}:23`,
      `schema/unknown-field ${file}:12`,
      'schema/unknown-kind parent/templates/dep.yaml:2',
    ].sort(),
  );
  const messages = found.map(({ message }) => message);
  expect(messages).toContainEqual(
    expect.stringMatching(/^in the dependency sealed 1\.0\.0, crds\/s\.yaml:22: .*\(\?!x\)/),
  );
  expect(messages).toContainEqual(
    "deps.example.com defines example.com/v1 DEP, and doesn't serve it, so that it is not checked",
  );
});
