import { expect, test } from '@jest/globals';
import { createDocumentChecks, documentsOf } from '../../src/domain/manifest.ts';

test.each([
  ['a:\n  b: 1\n  b: 2\n', '"b"'],
  ['a: {b: 1, b: 2}\n', '"b"'],
  ['- a: 1\n  "a": 2\n', '"a"'],
  ["a: {b: 1, 'b': 2}\n", '"b"'],
])('the key that is there twice is named: %j', async (text, key) => {
  const [fault] = await createDocumentChecks().faults([{ template: 'templates/x.yaml', text }]);
  expect(fault).toMatchObject({
    message: `renders the same key twice in one mapping: ${key}`,
    file: 'templates/x.yaml',
  });
});

test('a template whose name has a blank in it is known', () => {
  const rendered = '---\n# Source: demo/templates/a b.yaml\na: 1\n';
  expect(documentsOf(rendered, 'demo').map(({ template }) => template)).toEqual(['templates/a b.yaml']);
});
