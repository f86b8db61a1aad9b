import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type Case, ENVIRONMENTS, PASSWORDS, render } from '../chart/rendering.ts';
import { TOGGLES } from '../chart/toggles.ts';
import { type Cluster, clusterCommand, startCluster } from '../support/cluster.ts';
import { goodObjects, kubernetesSchemas } from '../support/kubernetes-schemas.ts';
import { seeded } from '../support/mutants.ts';
import { type RenderedMutant, refusals, renderedMutants } from '../support/rendered-mutants.ts';
import { repository } from '../support/scenario.ts';

/** Objects of which mutants are made. */
const ORIGINALS = 80;
/** Mutants of each class. */
const OF_EACH = 130;
const NAMESPACE = 'validation-oracle';

type Data = Record<string, unknown>;
interface Verdict {
  readonly refused: boolean;
  readonly words: string;
}

let cluster: Cluster;
let agent: Agent;
let server: string;
/** `apps/v1/Deployment` → its path's last part, and whether it is in a namespace. */
const resources = new Map<string, { readonly plural: string; readonly namespaced: boolean }>();

beforeAll(async () => {
  await clusterCommand('prepare');
  cluster = await startCluster('e2e-validation', 1);
  const { clusters, users } = parse(readFileSync(cluster.kubeconfig, 'utf8'));
  server = clusters[0].cluster.server;
  agent = new Agent({
    keepAlive: true,
    ca: Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64'),
    cert: Buffer.from(users[0].user['client-certificate-data'], 'base64'),
    key: Buffer.from(users[0].user['client-key-data'], 'base64'),
  });
  await cluster.kubectl('create', 'namespace', NAMESPACE);
  const { groups } = JSON.parse((await call('GET', '/apis')).text);
  const versions = groups.flatMap((group: { versions: { groupVersion: string }[] }) =>
    group.versions.map((each) => each.groupVersion),
  );
  for (const version of ['v1', ...versions]) {
    const { resources: listed } = JSON.parse(
      (await call('GET', version === 'v1' ? '/api/v1' : `/apis/${version}`)).text,
    );
    for (const { name, kind, namespaced } of listed) {
      if (!name.includes('/')) resources.set(`${version}/${kind}`, { plural: name, namespaced });
    }
  }
}, 900_000);
afterAll(async () => {
  agent?.destroy();
  await cluster?.down();
}, 60_000);

function call(method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(new URL(path, server), { method, agent, headers, timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A strict dry run of a POST. What a server has no path for, it refuses. */
async function ask({ apiVersion, kind }: Data, text: string): Promise<Verdict> {
  const known = resources.get(`${apiVersion}/${kind}`);
  const plural = known?.plural ?? `${String(kind).toLowerCase()}s`;
  const base = String(apiVersion).includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within = known?.namespaced === false ? '' : `/namespaces/${NAMESPACE}`;
  const { status, text: answer } = await call(
    'POST',
    `${base}${within}/${plural}?dryRun=All&fieldValidation=Strict`,
    text,
  );
  if (status !== 201 && status < 400) throw new Error(`${status} ${answer}`);
  return {
    refused: status !== 201,
    words:
      status === 201
        ? ''
        : String((JSON.parse(answer.startsWith('{') ? answer : '{}') as { message?: string }).message ?? answer),
  };
}

async function originals(): Promise<Data[]> {
  const cases: Case[] = [
    ...ENVIRONMENTS.map((environment) => ({ environment, values: PASSWORDS })),
    ...Object.values(TOGGLES).map((values) => ({ values: { ...PASSWORDS, ...values } })),
  ];
  const rendered = await Promise.all(cases.map((wanted) => render(wanted).catch(() => [])));
  const all = [...rendered.flat(), ...goodObjects()].map((object) => {
    const copy = structuredClone(object) as Data & { metadata: Data };
    const isNamespaced = resources.get(`${copy.apiVersion}/${copy.kind}`)?.namespaced === true;
    if (isNamespaced) copy.metadata = { ...copy.metadata, namespace: NAMESPACE };
    return JSON.stringify(copy);
  });
  return [...new Set(all)].map((text) => JSON.parse(text) as Data);
}

interface Row {
  mutants: number;
  both: number;
  neither: number;
  oursAlone: string[];
  serverAlone: string[];
}

test('the verdict on mutants is that of a real API server', async () => {
  const schemas = kubernetesSchemas();
  const { major, minor: number } = JSON.parse((await call('GET', '/version')).text);
  const minor = `${major}.${String(number).replace(/\D.*$/, '')}`;
  const good: Data[] = [];
  const wrongly: string[] = [];
  for (const object of await originals()) {
    if (!resources.has(`${object.apiVersion}/${object.kind}`)) continue;
    const text = JSON.stringify(object);
    if ((await ask(object, text)).refused) continue;
    good.push(object);
    const found = refusals(text, schemas, minor);
    if (found.length > 0) wrongly.push(`${object.kind}: ${JSON.stringify(found)}`);
  }
  expect(wrongly).toEqual([]);
  expect(good.length).toBeGreaterThan(100);

  const random = seeded(35);
  const classes = new Map<string, { object: Data; mutant: RenderedMutant }[]>();
  for (const object of good.filter(() => random() < ORIGINALS / good.length)) {
    for (const mutant of renderedMutants(object, schemas, minor)) {
      classes.set(mutant.what, [...(classes.get(mutant.what) ?? []), { object, mutant }]);
    }
  }
  const table = new Map<string, Row>();
  for (const [what, all] of classes) {
    const row: Row = { mutants: 0, both: 0, neither: 0, oursAlone: [], serverAlone: [] };
    table.set(what, row);
    for (const { object, mutant } of all.filter(() => random() < OF_EACH / all.length)) {
      const ours = refusals(mutant.text, schemas, minor);
      const theirs = await ask(what === 'wrong apiVersion' ? mutant.object : object, mutant.text);
      row.mutants++;
      if (ours.length > 0 && theirs.refused) row.both++;
      else if (ours.length === 0 && !theirs.refused) row.neither++;
      else if (ours.length > 0)
        row.oursAlone.push(`${object.kind} ${mutant.path}: ${ours[0]?.rule} ${ours[0]?.message}`);
      else row.serverAlone.push(`${object.kind} ${mutant.path}: ${theirs.words.slice(0, 300)}`);
    }
  }
  const rows = [...table];
  const sum = (of: (row: Row) => number): number => rows.reduce((total, [, row]) => total + of(row), 0);
  const written = evidence(minor, good.length, rows);
  console.log(written);
  if (process.env.CHARTSHIP_E2E === 'all') {
    mkdirSync(join(repository, 'docs/evidence'), { recursive: true });
    writeFileSync(join(repository, 'docs/evidence/validation.md'), written);
  }
  expect(sum(({ mutants }) => mutants)).toBeGreaterThan(400);
  // What the server takes is never refused; of what it refuses, nearly all is found.
  expect(rows.flatMap(([, { oursAlone }]) => oursAlone)).toEqual([]);
  expect(sum(({ both }) => both) / sum(({ both, serverAlone }) => both + serverAlone.length)).toBeGreaterThan(0.97);
}, 900_000);

function evidence(minor: string, good: number, rows: readonly [string, Row][]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
  const told = (of: (row: Row) => string[]): string =>
    rows.flatMap(([what, row]) => of(row).map((each) => `- ${what}: ${cell(each)}\n`)).join('');
  const oursAlone = told((row) => row.oursAlone);
  const serverAlone = told((row) => row.serverAlone);
  return `# What is found in rendered objects without a cluster, and what a cluster says

Made by \`CHARTSHIP_E2E=all npm test -- __tests__/e2e/validation-oracle.test.ts\`: a real API server of Kubernetes ${minor}, asked by strict dry runs (POST). The originals are ${good} objects that it takes: of the task-api chart in all environments and toggles, and of \`__tests__/fixtures/kubernetes\`; none of them is refused here. The mutants are chosen by a seed.

| mutants | how many | refused by both | taken by both | refused here alone | by the server alone |
| --- | --- | --- | --- | --- | --- |
${rows.map(([what, row]) => `| ${what} | ${row.mutants} | ${row.both} | ${row.neither} | ${row.oursAlone.length} | ${row.serverAlone.length} |\n`).join('')}
Refused here alone:

${oursAlone || '- none\n'}
Refused by the server alone, with its words:

${serverAlone || '- none\n'}`;
}
