import { expect, test } from '@jest/globals';
import { schemaData } from '../../src/domain/schema-file.ts';

test.each([
  ['JSON', '{"a":1}', { a: 1 }],
  ['a byte order mark, which helm passes over when it renders', '\ufeff{"a":1}', { a: 1 }],
  ['a key that is there twice, of which the last one counts', '{"a":1,"a":2}', { a: 2 }],
  ['null, which is JSON', 'null', null],
  ['no JSON', 'a: 1', undefined],
])('a schema with %s', (_, text, data) => {
  const file = new TextEncoder().encode(text);
  expect(schemaData(file)).toEqual(data);
  expect(schemaData(file)).toBe(schemaData(file));
});
