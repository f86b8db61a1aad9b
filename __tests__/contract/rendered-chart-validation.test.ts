import { expect, test } from '@jest/globals';
import { type Case, ENVIRONMENTS, PASSWORDS, render } from '../chart/rendering.ts';
import { TOGGLES } from '../chart/toggles.ts';
import { kubeconform } from '../support/kubeconform.ts';
import { kubernetesSchemas } from '../support/kubernetes-schemas.ts';
import { seeded } from '../support/mutants.ts';
import { refusals, renderedMutants } from '../support/rendered-mutants.ts';

const schemas = kubernetesSchemas();
const MINORS = schemas.minors.slice(-3);
/** Objects of which mutants are made, for each version others, and mutants of them. */
const ORIGINALS = 30;
const MUTANTS = 400;

/** The task-api chart in all its environments and toggles; each text of an object once. */
async function objectsOfTheChart(): Promise<Record<string, unknown>[]> {
  const environments: Case[] = ENVIRONMENTS.map((environment) => ({ environment, values: PASSWORDS }));
  const toggles: Case[] = Object.values(TOGGLES).map((values) => ({ values: { ...PASSWORDS, ...values } }));
  const rendered = await Promise.all([...environments, ...toggles].map((wanted) => render(wanted).catch(() => [])));
  const texts = new Set(rendered.flat().map((object) => JSON.stringify(object)));
  return [...texts].map((text) => JSON.parse(text) as Record<string, unknown>);
}

test('on the chart in all its toggles, and on mutants of it, the verdict is that of kubeconform', async () => {
  const objects = await objectsOfTheChart();
  expect(objects.length).toBeGreaterThan(150);
  const random = seeded(6);
  for (const minor of MINORS) {
    const known = objects.filter((object) => schemas.version(minor)?.kind(object as never) !== undefined);
    // What isn't the schema's: kubeconform doesn't look at it.
    const all = known
      .filter(() => random() < ORIGINALS / known.length)
      .flatMap((object) => renderedMutants(object, schemas, minor))
      .filter(({ what }) => !/^(?:bad (?:name|label|annotation)|wrong apiVersion|duplicate key)$/.test(what));
    const mutants = all.filter(() => random() < MUTANTS / all.length);
    const cases = [...known.map((object) => ({ what: 'good', path: '', text: JSON.stringify(object) })), ...mutants];
    const { resources } = await kubeconform(cases.map(({ text }) => text).join('\n---\n'), minor);
    expect(resources).toHaveLength(cases.length);
    const disagreeing = cases.flatMap(({ what, path, text }, index) => {
      const ours = refusals(text, schemas, minor);
      const theirs = resources[index];
      return (ours.length === 0) === (theirs?.status === 'statusValid')
        ? []
        : [`${minor} ${what} ${path}: ${theirs?.status} ${theirs?.msg}, ours ${JSON.stringify(ours)}`];
    });
    expect(mutants.length).toBeGreaterThan(MUTANTS * 0.8);
    expect(disagreeing).toEqual([]);
    expect(cases.filter(({ what, text }) => what === 'good' && refusals(text, schemas, minor).length > 0)).toEqual([]);
  }
}, 300_000);
