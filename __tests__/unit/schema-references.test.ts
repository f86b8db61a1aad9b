import { describe, expect, test } from '@jest/globals';
import { externalReferences } from '../../src/domain/schema-references.ts';

const URL = 'http://other.example/a';
const named = (schema: string) =>
  externalReferences(new TextEncoder().encode(schema)).map(({ reference }) => reference);

// Each was seen to make helm 4.3 and 3.22 fetch the URL.
test.each([
  ['a $ref', `{"$ref":"${URL}"}`],
  ['a key that is escaped', `{"\\u0024ref":"${URL}"}`],
  ['beside a key that is there twice', `{"title":"a","title":"b","$ref":"${URL}"}`],
  ['a $schema', `{"$schema":"${URL}"}`],
  ['the $schema of a definition with an $id', `{"$defs":{"x":{"$id":"http://x.example/y","$schema":"${URL}"}}}`],
  ['an $id in what is no schema', `{"const":{"$id":"${URL}"},"$ref":"${URL}"}`],
  [
    'an $id that means nothing to its draft',
    `{"$schema":"http://json-schema.org/draft-04/schema#","$id":"${URL}","$ref":"${URL}"}`,
  ],
])('outside: %s', (_, schema) => {
  expect(named(schema)).toEqual([URL]);
});

test('outside: a relative reference where the base is another one', () => {
  expect(named('{"$defs":{"a":{"$id":"http://other.example/","$ref":"x"},"b":{"$id":"x"}}}')).toEqual(['x']);
});

test.each([
  ['#', '{"$ref":"#/$defs/a","$defs":{"a":{}}}'],
  ['an $id of a definition', `{"$ref":"${URL}#/x","$defs":{"a":{"$id":"${URL}"}}}`],
  ['a relative $id', '{"$ref":"a.json","$defs":{"a":{"$id":"a.json"}}}'],
  [
    'id in draft 4',
    `{"$schema":"http://json-schema.org/draft-04/schema#","$ref":"${URL}","definitions":{"a":{"id":"${URL}"}}}`,
  ],
  ['a property of that name', '{"properties":{"$ref":{"type":"string"},"$schema":{"type":"string"}}}'],
  ['a known draft', '{"$schema":"https://json-schema.org/draft/2020-12/schema"}'],
  ['no JSON, which helm refuses', '{"$ref":"a.json",}'],
])('within: %s', (_, schema) => {
  expect(named(schema)).toEqual([]);
});

describe('where', () => {
  test('the line and column of the reference', () => {
    const [only] = externalReferences(
      new TextEncoder().encode(`{\n  "properties": {\n    "a": { "$ref": "${URL}" }\n  }\n}\n`),
    );
    expect(only).toEqual({ reference: URL, line: 3, column: 20 });
  });
});
