import { expect, test } from '@jest/globals';
import { definitionsIn } from '../../src/stages/deploy/definitions.ts';

test.each([
  ['crds/a.yaml', 1],
  ['crds/deep/a.yml', 1],
  ['charts/sub/crds/a.json', 1],
  ['charts/sub/charts/more/crds/a.yaml', 1],
  // A template, which helm upgrades like any other.
  ['templates/crds/a.yaml', 0],
  ['files/crds/a.yaml', 0],
  ['crds/README.md', 0],
])('%s: %i that helm installs and never upgrades', async (path, count) => {
  const content = JSON.stringify({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'X', metadata: { name: 'a' } });
  expect(await definitionsIn([{ path, content: Buffer.from(content) }])).toHaveLength(count);
});
