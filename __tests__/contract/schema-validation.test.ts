import { expect, test } from '@jest/globals';
import { schemaViolations } from '../../src/domain/schema-validation.ts';
import { kubeconform } from '../support/kubeconform.ts';
import { goodObjects, kubernetesSchemas } from '../support/kubernetes-schemas.ts';
import { isTakenInStatus, type MutantKind, mutantsOf, seeded } from '../support/mutants.ts';

const schemas = kubernetesSchemas();
const PER_MINOR = 400;

interface Row {
  agree: number;
  readonly disagree: string[];
}

test.each(schemas.minors)('the verdict on good objects and on mutants is that of kubeconform (%s)', async (minor) => {
  const version = schemas.version(minor);
  if (version === undefined) throw new Error(`No schemas of ${minor}`);
  const random = seeded(Number(minor.slice(2)));
  const all = goodObjects().flatMap((object) => {
    const kind = version.kind(object as never);
    if (kind === undefined) throw new Error(`${String(object.kind)} is not in ${minor}`);
    const mutants = mutantsOf(object, kind.schema, version).filter((mutant) => !isTakenInStatus(mutant));
    return [{ what: 'good' as MutantKind | 'good', path: [], object }, ...mutants].map((one) => ({ ...one, kind }));
  });
  // Every good object, and of the mutants another choice for each version.
  const chosen = all.filter(({ what }) => what === 'good' || random() < PER_MINOR / all.length);
  const { resources } = await kubeconform(chosen.map(({ object }) => JSON.stringify(object)).join('\n---\n'), minor);
  expect(resources).toHaveLength(chosen.length);

  const table: Record<string, Row> = {};
  for (const [index, { what, path, object, kind }] of chosen.entries()) {
    // That a list has no two entries of one key a JSON Schema can't say.
    const violations = schemaViolations(object, kind.schema, version.definition).filter(
      ({ rule }) => rule !== 'schema/duplicate-entry',
    );
    const theirs = resources[index]?.status;
    table[what] ??= { agree: 0, disagree: [] };
    if ((violations.length === 0) === (theirs === 'statusValid')) table[what].agree++;
    else
      table[what].disagree.push(
        `${String(object.kind)} ${path.join('.')}: ${theirs}, ours ${JSON.stringify(violations)}`,
      );
  }
  expect(chosen.length).toBeGreaterThan(PER_MINOR * 0.8);
  const { null: nulls, ...others } = table;
  expect(Object.entries(others).flatMap(([what, { disagree }]) => disagree.map((one) => `${what}: ${one}`))).toEqual(
    [],
  );
  // A null in a list is an empty object to us, as it is to Go; JSON Schema can't say so.
  expect(nulls?.disagree.filter((one) => !/^\S+ \S+\.\d+: statusValid/.test(one))).toEqual([]);
});
