import { expect, test } from '@jest/globals';
import { customKinds } from '../../src/domain/custom-kinds.ts';
import { askServer } from '../support/apiextensions.ts';
import { customFixtures, schemaMutants } from '../support/custom-mutants.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';
import { seeded } from '../support/mutants.ts';
import { refusals } from '../support/rendered-mutants.ts';
import { agreements, agreementTable, someOfEach, sum, type Verdicts } from '../support/verdicts.ts';

// The API server's own code, of versions that the cluster of the tests isn't of. What a real one says of them, with
// names, keys and rules in CEL: __tests__/e2e/validation-oracle.test.ts.

test.each(['1.33', '1.37'])('mutants of custom resources are judged as %s does', async (minor) => {
  const schemas = kubernetesSchemas();
  const version = schemas.version(minor);
  if (version === undefined) throw new Error(`There are no schemas of ${minor}`);
  const { definitions, objects } = customFixtures();
  const kinds = customKinds(definitions.map((data) => ({ data, within: '' })));
  const mutants = objects.flatMap((object) => {
    const schema = kinds.kind(object as never)?.schema ?? {};
    return schemaMutants(object, schema, version).map((mutant) => ({ ...mutant, object, changed: mutant.object }));
  });
  // Of an object's own metadata the tool says nothing, and of numbers it says for each version what its own says.
  const isAsked = ({ what, path }: (typeof mutants)[number]): boolean =>
    !path.startsWith('metadata') && (what !== 'out of range' || minor === '1.37');
  const chosen = someOfEach(mutants.filter(isAsked), 60, seeded(37));
  const answers = await askServer(
    chosen.map(({ object, changed }) => ({ schema: schemaOf(object, definitions), value: changed, minor })),
  );
  const verdicts = chosen.map(({ what, path, object, text }, index): Verdicts => {
    const { definition, errors = [] } = answers[index] ?? {};
    if (definition !== undefined) throw new Error(`${object.kind}: ${definition}`);
    const ours = refusals(text, schemas, minor, kinds);
    return {
      what,
      shown: `${object.kind} ${path}`,
      ours,
      server: { refused: errors.length > 0, words: errors.join() },
    };
  });
  const rows = agreements(verdicts);
  expect(sum(rows, ({ mutants }) => mutants)).toBeGreaterThan(400);
  expect(rows.flatMap(({ oursAlone, serverAlone }) => [...oursAlone, ...serverAlone])).toEqual([]);
  console.info(agreementTable(rows));
});

function schemaOf({ apiVersion }: Record<string, unknown>, definitions: readonly Record<string, unknown>[]) {
  // biome-ignore lint/suspicious/noExplicitAny: definitions, as they are
  for (const { spec } of definitions as readonly any[]) {
    for (const { name, schema } of spec.versions) {
      if (`${spec.group}/${name}` === apiVersion) return schema.openAPIV3Schema;
    }
  }
  throw new Error(`${apiVersion} is not defined`);
}
