import { describe, expect, test } from '@jest/globals';
import { NO_CUSTOM_KINDS } from '../../src/domain/custom-kinds.ts';
import { goRegexp } from '../../src/domain/go-regexp.ts';
import { objectFaults, targetVersion } from '../../src/domain/object-faults.ts';
import { createPatterns } from '../../src/domain/patterns.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';

type Schema = Record<string, unknown>;

function told(...schemas: readonly Schema[]): string[] {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: schemas.map((schema, index) => ({
        name: `v${index + 1}`,
        served: index === 0,
        storage: index === 0,
        schema: { openAPIV3Schema: schema },
      })),
    },
  };
  const target = targetVersion('1.35', kubernetesSchemas());
  return objectFaults(definition, target, NO_CUSTOM_KINDS, createPatterns(goRegexp)).map(
    ({ rule, severity, path, message }) =>
      `${severity} ${rule} ${path.replace('/spec/versions/', '').replace('/schema/openAPIV3Schema', '')} ${message}`,
  );
}

const of = (pattern: string): Schema => ({ type: 'string', pattern });
const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });
const refused = (path: string, pattern: string, why: string): string =>
  `error schema/format ${path} ${JSON.stringify(pattern)} is no regular expression of Go's (${why}), and the API server refuses the definition`;

describe("a pattern in a definition that is none of Go's", () => {
  test('is told wherever it stands, of versions that are not served, too', () => {
    const anywhere = object({
      a: of('^(?=a)b$'),
      b: { type: 'array', items: of('a{2000}') },
      c: { type: 'object', additionalProperties: of('[') },
      d: { ...of('x'), anyOf: [{ pattern: '\\k' }], not: { pattern: '(?<!a)' } },
      'e/f': of('*'),
    });
    expect(told(anywhere, object({ z: of('(?!z)') }))).toEqual([
      refused('0/properties/a/pattern', '^(?=a)b$', 'invalid or unsupported Perl syntax: `(?=`'),
      refused('0/properties/b/items/pattern', 'a{2000}', 'invalid repeat count: `{2000}`'),
      refused('0/properties/c/additionalProperties/pattern', '[', 'missing closing ]: `[`'),
      refused('0/properties/d/not/pattern', '(?<!a)', 'invalid named capture: `(?<!a)`'),
      refused('0/properties/d/anyOf/0/pattern', '\\k', 'invalid escape sequence: `\\k`'),
      refused('0/properties/e~1f/pattern', '*', 'missing argument to repetition operator: `*`'),
      refused('1/properties/z/pattern', '(?!z)', 'invalid or unsupported Perl syntax: `(?!`'),
    ]);
  });

  test("what is Go's, though no browser takes it, is left alone; so is a field of that name", () => {
    expect(
      told(object({ a: of('(?i)^[a-z]+$'), b: of(''), pattern: of('\\Aa\\z'), c: object({ pattern: {} }) })),
    ).toEqual([]);
  });

  test('without end, and a hundred thousand levels deep, is bounded', () => {
    const many = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, index) => [`a${index}`, of(`^${index}[a-z]+$`)]),
    );
    let deep: Schema = of('(?=a)');
    for (let level = 0; level < 100_000; level++) deep = { type: 'array', items: deep };
    const started = performance.now();
    expect(told(object(many))).toEqual([]);
    expect(told(object({ deep })).filter((each) => each.includes('schema/format'))).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
