import { afterAll, beforeAll, expect, test } from '@jest/globals';
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
