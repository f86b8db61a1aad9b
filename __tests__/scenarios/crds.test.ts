import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { command, type Workspace, workspace } from '../support/scenario.ts';

let space: Workspace;
beforeAll(() => {
  space = workspace();
  space.chart('broken', {
    'Chart.yaml': 'apiVersion: v2\nname: broken\nversion: 1.0.0\n',
    'crds/one.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n---\nmetadata: [\n',
  });
  space.chart('sound', {
    'Chart.yaml': 'apiVersion: v2\nname: sound\nversion: 1.0.0\n',
    'crds/deep/two.yaml':
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: a.b.c }\nspec: { group: b.c, scope: Cluster, names: { kind: A, plural: a }, versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }] }\n---\n# nothing\n',
  });
});
afterAll(() => space.remove());

test.each(['helm', 'helm3'] as const)(
  'with %s, a file of crds/ that is no YAML is one finding, at its line',
  async (helm) => {
    const { code, report } = await command(space, ['broken'], { helm });
    expect(code).toBe(1);
    expect(report?.findings).toEqual([
      expect.objectContaining({
        rule: 'resolve/crd-yaml',
        severity: 'error',
        file: 'broken/crds/one.yaml',
        line: expect.any(Number),
      }),
    ]);
  },
);

test.each(['helm', 'helm3'] as const)('with %s, sound ones are no finding', async (helm) => {
  const { code, report } = await command(space, ['sound'], { helm });
  expect(report?.findings).toEqual([]);
  expect(code).toBe(0);
});
