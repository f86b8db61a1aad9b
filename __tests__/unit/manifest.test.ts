import { expect, test } from '@jest/globals';
import { documentsOf } from '../../src/domain/manifest.ts';
import { readDocument } from '../../src/domain/rendered-objects.ts';

test.each([
  ['a:\n  b: 1\n  b: 2\n', 'b'],
  ['a: {b: 1, b: 2}\n', 'b'],
  ['- a: 1\n  "a": 2\n', 'a'],
  ["a: {b: 1, 'b': 2}\n", 'b'],
])('the key that is there twice is named: %j', (text, key) => {
  expect(readDocument(text).repeatedKey?.name).toBe(key);
});

test('a template whose name has a blank in it is known', () => {
  const rendered = '---\n# Source: demo/templates/a b.yaml\na: 1\n';
  expect(documentsOf(rendered, 'demo').map(({ template }) => template)).toEqual(['templates/a b.yaml']);
});
