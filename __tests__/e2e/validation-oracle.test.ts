import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { customKinds } from '../../src/domain/custom-kinds.ts';
import { type Case, ENVIRONMENTS, PASSWORDS, render } from '../chart/rendering.ts';
import { TOGGLES } from '../chart/toggles.ts';
import { type ApiResource, type ApiServer, startApiServer } from '../support/api-server.ts';
import { customFixtures, customMutants, UNDEFINED_VERSION } from '../support/custom-mutants.ts';
import { kubeconformTable } from '../support/kubeconform-verdicts.ts';
import { goodObjects, kubernetesSchemas } from '../support/kubernetes-schemas.ts';
import { seeded } from '../support/mutants.ts';
import { podMutants } from '../support/pod-mutants.ts';
import { type RenderedMutant, refusals, renderedMutants, told } from '../support/rendered-mutants.ts';
import { withEntryTwice } from '../support/repeated-entries.ts';
import { repository } from '../support/scenario.ts';
import { serverRuleCases } from '../support/server-rule-cases.ts';
import { agreements, agreementTable, foundShare, someOfEach, sum, type Verdicts } from '../support/verdicts.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
/** As for the clusters' tests: it takes Debian's etcd. */
const onServer = whyNot() === undefined ? describe : describe.skip;

const isAll = process.env.CHARTSHIP_E2E === 'all';
/** Objects of which mutants are made. */
const ORIGINALS = isAll ? 80 : 30;
/** Mutants of each class. */
const OF_EACH = isAll ? 130 : 25;
const NAMESPACE = 'validation-oracle';

type Data = Record<string, unknown>;
interface Tried {
  readonly object: Data;
  readonly mutant: RenderedMutant;
  readonly what: string;
}

let server: ApiServer;
let resources: ReadonlyMap<string, ApiResource>;
const schemas = kubernetesSchemas();

async function create(path: string, object: Data): Promise<void> {
  const { status, text } = await server.call('POST', path, JSON.stringify(object));
  if (status !== 201) throw new Error(`POST ${path}: ${status} ${text}`);
}

/** A strict dry run of a POST. What a server has no path for, it refuses. */
async function ask({ apiVersion, kind }: Data, text: string): Promise<Verdicts['server']> {
  const known = resources.get(`${apiVersion}/${kind}`);
  const plural = known?.plural ?? `${String(kind).toLowerCase()}s`;
  const base = String(apiVersion).includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within = known?.namespaced === false ? '' : `/namespaces/${NAMESPACE}`;
  const query = 'dryRun=All&fieldValidation=Strict';
  const { status, text: answer } = await server.call('POST', `${base}${within}/${plural}?${query}`, text);
  if (status !== 201 && (status < 400 || status === 429)) throw new Error(`${status} ${answer}`);
  if (status === 201) return { refused: false, words: '' };
  const { message } = JSON.parse(answer.startsWith('{') ? answer : '{}') as { message?: string };
  return { refused: true, words: String(message ?? answer) };
}

/** A strict dry run of a server-side apply, as Helm 4 does it. */
async function askToApply({ apiVersion, kind, metadata }: Data, text: string): Promise<Verdicts['server']> {
  const { plural, namespaced } = resources.get(`${apiVersion}/${kind}`) ?? { plural: '', namespaced: true };
  const base = String(apiVersion).includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = `${base}${namespaced ? `/namespaces/${NAMESPACE}` : ''}/${plural}/${(metadata as Data).name}`;
  const query = 'dryRun=All&fieldValidation=Strict&fieldManager=helm&force=true';
  const { status, text: answer } = await server.call(
    'PATCH',
    `${place}?${query}`,
    text,
    'application/apply-patch+yaml',
  );
  if (status === 429 || status === 415) throw new Error(`${status} ${answer}`);
  return { refused: status >= 300, words: status < 300 ? '' : String((JSON.parse(answer) as Data).message) };
}

/** As it would be rendered for a release in the namespace. */
function placed(object: Data): Data {
  const copy = structuredClone(object);
  const isNamespaced = resources.get(`${copy.apiVersion}/${copy.kind}`)?.namespaced === true;
  if (isNamespaced) copy.metadata = { ...(copy.metadata as Data), namespace: NAMESPACE };
  return copy;
}

async function originals(): Promise<Data[]> {
  const cases: Case[] = [
    ...ENVIRONMENTS.map((environment) => ({ environment, values: PASSWORDS })),
    ...Object.values(TOGGLES).map((values) => ({ values: { ...PASSWORDS, ...values } })),
  ];
  const rendered = await Promise.all(cases.map((wanted) => render(wanted).catch(() => [])));
  const all = [...rendered.flat(), ...goodObjects()].map((object) => JSON.stringify(placed(object as Data)));
  return [...new Set(all)].map((text) => JSON.parse(text) as Data);
}

/** Those that the server takes; none of them may be refused here. */
async function taken(objects: readonly Data[], kinds = customKinds([])): Promise<Data[]> {
  const good: Data[] = [];
  const wrongly: string[] = [];
  for (const object of objects) {
    if (!resources.has(`${object.apiVersion}/${object.kind}`)) continue;
    const text = JSON.stringify(object);
    if ((await ask(object, text)).refused) continue;
    good.push(object);
    const found = refusals(text, schemas, server.minor, kinds);
    if (found.length > 0) wrongly.push(`${object.kind}: ${JSON.stringify(found)}`);
  }
  expect(wrongly).toEqual([]);
  return good;
}

async function judged(tried: readonly Tried[], kinds = customKinds([])): Promise<Verdicts[]> {
  const verdicts: Verdicts[] = [];
  for (const { object, mutant, what } of tried) {
    const ours = refusals(mutant.text, schemas, server.minor, kinds);
    const theirs = await ask(/[vV]ersion/.test(what) ? mutant.object : object, mutant.text);
    verdicts.push({ what, shown: `${object.kind} ${mutant.path}`, ours, server: theirs });
  }
  return verdicts;
}

const tried = (object: Data, mutants: readonly RenderedMutant[]): Tried[] =>
  mutants.map((mutant) => ({ object, mutant, what: mutant.what }));

/** What is written down, once every part of it is there. */
const evidence = new Map<string, string>();
const PARTS = ['objects', 'rules', 'lists', 'custom'];
function record(part: string, text: string): void {
  console.log(text);
  evidence.set(part, text);
  if (!isAll || !PARTS.every((each) => evidence.has(each))) return;
  mkdirSync(join(repository, 'docs/evidence'), { recursive: true });
  const head = `# What is found in rendered objects without a cluster, and what a cluster says

Made by \`CHARTSHIP_E2E=all npm test -- __tests__/e2e/validation-oracle.test.ts\`: a real API server of Kubernetes ${server.minor} with its etcd (no nodes and no controllers, whom it doesn't ask), asked by strict dry runs. The mutants are chosen by a seed.

What only the cluster at hand can know isn't looked for here, but by a deployment's preflight: webhooks and ValidatingAdmissionPolicies, quotas and limit ranges, Pod Security of the namespace (the policies of that name say what it would refuse), ServiceAccounts and classes that aren't there, what is live already and can't be changed, ports of nodes that are taken. Rules in CEL of definitions are told as not evaluated.
`;
  const body = PARTS.map((each) => evidence.get(each)).join('\n');
  writeFileSync(join(repository, 'docs/evidence/validation.md'), `${head}\n${body}`);
}

/** What breaks only a rule in CEL, by the name of the object. */
const AGAINST_RULES: Readonly<Record<string, Data>> = {
  main: { minSyncReplicas: 3 },
  again: { maxSyncReplicas: 1 },
  small: { secretName: 'own', renewBefore: '1h' },
  edge: {
    listeners: [
      { name: 'a', port: 80, protocol: 'HTTP' },
      { name: 'b', port: 80, protocol: 'HTTP' },
    ],
  },
};

/** A moment after a definition is made its kind has a path. */
async function served(objects: readonly Data[]): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    resources = await server.resources();
    const isServed = objects.map(async (object) => {
      const known = resources.get(`${object.apiVersion}/${object.kind}`);
      return (
        known !== undefined && (await server.call('GET', `/apis/${object.apiVersion}/${known.plural}`)).status === 200
      );
    });
    if ((await Promise.all(isServed)).every(Boolean)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Not all definitions were served within ten seconds');
}

onServer('a real API server', () => {
  beforeAll(async () => {
    server = await startApiServer();
    // What controllers would make.
    await create('/api/v1/namespaces', { metadata: { name: NAMESPACE } });
    await create(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name: 'default' } });
    resources = await server.resources();
  }, 600_000);
  afterAll(async () => {
    await server?.down();
  }, 60_000);

  test('the verdict on mutants is that of a real API server', async () => {
    const good = await taken(await originals());
    expect(good.length).toBeGreaterThan(100);
    const random = seeded(35);
    const chosen = good.filter(() => random() < ORIGINALS / good.length);
    // Few objects have pods: of each kind that does, one is among those that are changed there.
    const withPods = new Map(good.map((object) => [`${object.kind}`, object]));
    const all = [
      ...chosen.flatMap((object) => tried(object, renderedMutants(object, schemas, server.minor))),
      ...[...withPods.values()].flatMap((object) => tried(object, podMutants(object))),
    ];
    const some = someOfEach(all, OF_EACH, random);
    const verdicts = await judged(some);
    const rows = agreements(verdicts);
    const texts = some.map(({ mutant }) => mutant.text);
    record(
      'objects',
      `## Kubernetes' own kinds

The originals are ${good.length} objects that the server takes: of the task-api chart in all environments and toggles, and of \`__tests__/fixtures/kubernetes\`; none of them is refused here.

${agreementTable(rows)}
${await kubeconformTable(verdicts, texts, server.minor)}`,
    );
    expect(sum(rows, ({ mutants }) => mutants)).toBeGreaterThan(isAll ? 400 : 150);
    // What the server takes is never refused; of what it refuses, nearly all is found.
    expect(rows.flatMap(({ oursAlone }) => oursAlone)).toEqual([]);
    expect(foundShare(rows)).toBeGreaterThan(0.97);
  }, 900_000);

  test('and so is that on what no schema says', async () => {
    const verdicts: Verdicts[] = [];
    for (const { what, object } of serverRuleCases()) {
      const text = JSON.stringify(object);
      const ours = refusals(text, schemas, server.minor);
      verdicts.push({ what: String(object.kind), shown: what, ours, server: await ask(object, text) });
    }
    const rows = agreements(verdicts);
    record(
      'rules',
      `## What no schema says

The tables of \`__tests__/fixtures/server-rules\`: objects that are sound, with one thing changed, by what Kubernetes' own validation says of it (limits below requests, names of others, ports, schedules, ranges of addresses) and by what is near it and fine. The policies see to selectors that don't select the pods of their own template; PersistentVolumes, quotas, limit ranges and classes of storage are left to the server.

${agreementTable(rows)}`,
    );
    expect(rows.flatMap(({ oursAlone, serverAlone }) => [...oursAlone, ...serverAlone])).toEqual([]);
    expect(sum(rows, ({ mutants }) => mutants)).toBeGreaterThan(1_500);
  }, 900_000);

  test('and so is that on entries that are in a list twice, for Helm 3 and for Helm 4', async () => {
    const good = await taken(goodObjects().map((object) => placed(object as Data)));
    const twice = good.flatMap((object) => tried(object, withEntryTwice(object, schemas, server.minor)));
    const ways = [
      { what: 'as Helm 3 applies (POST)', applied: 'on-client', asked: ask },
      { what: 'as Helm 4 applies (server-side apply)', applied: 'on-server', asked: askToApply },
    ] as const;
    const verdicts: Verdicts[] = [];
    const warned = new Set<string>();
    for (const { what, applied, asked } of ways) {
      for (const { object, mutant } of twice) {
        const ours = refusals(mutant.text, schemas, server.minor, undefined, applied);
        const theirs = await asked(object, mutant.text);
        verdicts.push({ what, shown: `${object.kind} ${mutant.path}`, ours, server: theirs });
        if (theirs.refused) continue;
        // What the server takes, and is not what was meant, is told.
        expect(told(mutant.text, schemas, server.minor, undefined, applied)).toContainEqual(
          expect.objectContaining({ rule: 'schema/duplicate-entry', severity: 'warning' }),
        );
        warned.add(mutant.path.replace(/ \+ .*/, '').replace(/^.*\.(?=[a-zA-Z])/, ''));
      }
    }
    const rows = agreements(verdicts);
    record(
      'lists',
      `## Entries that are in a list twice

Each list of \`__tests__/fixtures/kubernetes\` that is a map or a set, with its first entry again: as it is, with another text beside its keys, and with its keys alone. What Helm 3 is let through with is a warning here: ${[...warned].sort().join(', ')}.

${agreementTable(rows)}`,
    );
    expect(twice.length).toBeGreaterThan(100);
    expect(rows.flatMap(({ oursAlone }) => oursAlone)).toEqual([]);
    expect(foundShare(rows)).toBeGreaterThan(0.97);
    expect(rows.find(({ what }) => what.startsWith('as Helm 4'))?.serverAlone).toEqual([]);
  }, 900_000);

  test('and so is that on custom resources, but for rules in CEL', async () => {
    const { definitions, objects } = customFixtures();
    for (const definition of definitions) {
      expect(refusals(JSON.stringify(definition), schemas, server.minor)).toEqual([]);
      await create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
    }
    const kinds = customKinds(definitions.map((data) => ({ data, within: '' })));
    await served(objects);
    const good = await taken(objects.map(placed), kinds);
    expect(good.map(({ kind, metadata }) => `${kind} ${(metadata as Data).name}`)).toEqual(
      objects.map(({ kind, metadata }) => `${kind} ${(metadata as Data).name}`),
    );
    const version = schemas.version(server.minor);
    if (version === undefined) throw new Error(`There are no schemas of ${server.minor}`);
    const all = good.flatMap((object) =>
      tried(object, customMutants(object, kinds.kind(object as never)?.schema ?? {}, version)),
    );
    const chosen = someOfEach(all, OF_EACH, seeded(36));
    const isWarning = ({ what }: Tried): boolean => what === UNDEFINED_VERSION;
    const rows = agreements(
      await judged(
        chosen.filter((each) => !isWarning(each)),
        kinds,
      ),
    );
    const ruled = good.flatMap((object) => {
      const against = AGAINST_RULES[String((object.metadata as Data).name)];
      if (against === undefined) return [];
      const broken = { ...object, spec: { ...(object.spec as Data), ...against } };
      const path = `spec ${JSON.stringify(against)}`;
      return tried(object, [{ what: 'a rule in CEL', path, object: broken, text: JSON.stringify(broken) }]);
    });
    const warned = chosen.filter(isWarning);
    const left = agreements(await judged([...ruled, ...warned], kinds));
    for (const { mutant } of warned) {
      expect(told(mutant.text, schemas, server.minor, kinds)).toEqual([
        expect.objectContaining({ rule: 'schema/unknown-kind', severity: 'warning' }),
      ]);
    }
    for (const { mutant } of ruled) {
      expect(told(mutant.text, schemas, server.minor, kinds)).toEqual([
        expect.objectContaining({ rule: 'schema/not-evaluated', severity: 'note' }),
      ]);
    }
    record(
      'custom',
      `## Custom resources

The originals are ${good.length} objects of the ${definitions.length} definitions in \`__tests__/fixtures/custom-resources\`, ${all.length} mutants in all. The last two rows are the server's alone: rules in CEL, of which Chartship says (a note) that it doesn't evaluate them, and versions that the definition at hand doesn't serve, of which it warns, since the one in the cluster may.

${agreementTable([...rows, ...left])}`,
    );
    expect(sum(rows, ({ mutants }) => mutants)).toBeGreaterThan(150);
    expect([...rows, ...left].flatMap(({ oursAlone }) => oursAlone)).toEqual([]);
    expect(foundShare(rows)).toBeGreaterThan(0.97);
    expect(sum(left, ({ serverAlone }) => serverAlone.length)).toBe(ruled.length + warned.length);
    expect(ruled.length).toBe(Object.keys(AGAINST_RULES).length);
  }, 900_000);
});
