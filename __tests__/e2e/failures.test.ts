import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import { answeringRegistry, pushPause } from '../support/answering-registry.ts';
import { type Cluster, clusterCommand, eventually, ran, startCluster } from '../support/cluster.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { pinned, repository } from '../support/scenario.ts';
import { type WebDeployment, type WebEnded, webDeployment } from '../support/web-deployment.ts';
import { EXTERNAL_SECRET, type Place, ROWS, type Row } from './failures-rows.ts';

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { isPossible: kindIsPossible } = await import('../../scripts/cluster/kind.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG && !kindIsPossible();

/** All rows, each beside bare helm, into docs/evidence/failures.md: CHARTSHIP_E2E=all. Else some, by a seed. */
const isAll = process.env.CHARTSHIP_E2E === 'all';
const seed = Number(process.env.CHARTSHIP_SEED ?? Date.now() % 100_000);
/** Bare helm's time limit, in seconds, where it is run beside; its default is 5 minutes. */
const HELM_LIMIT = 60;
/** Lines of a terminal's first screen. */
const SCREEN = 24;

interface Told {
  readonly row: Row;
  readonly ended: WebEnded;
  readonly helm?: { readonly seconds: number; readonly said: string };
  /** All of it was as it must be, the next good run too. */
  hasHeld: boolean;
}

(isOurs ? describe : describe.skip)('what goes wrong in a cluster', () => {
  const rows = chosen();
  const told: Told[] = [];
  const inTurn = pLimit(3);
  const alone = pLimit(1);
  const running = new Map<Row, Promise<void>>();
  let cluster: Cluster;
  let registry: TestRegistry;
  let answering: Awaited<ReturnType<typeof answeringRegistry>>;
  let folder: string;

  beforeAll(async () => {
    if (!isAll) console.log(`CHARTSHIP_SEED=${seed}: ${rows.length} of ${ROWS.length} rows`);
    await clusterCommand('prepare');
    cluster = await startCluster('e2e-failures', 1);
    registry = await startTestRegistry();
    folder = mkdtempSync(join(tmpdir(), 'chartship-e2e-failures-'));
    await pushPause(folder, registry.host);
    answering = await answeringRegistry(registry.host);
    await clusterCommand('registry', String(answering.port), '--name', cluster.name);
    await cluster.apply(EXTERNAL_SECRET);
    const together = rows.filter(({ isAlone }) => !isAlone).map((row) => [row, inTurn(() => happen(row))] as const);
    const others = Promise.allSettled(together.map(([, work]) => work));
    for (const [row, work] of together) running.set(row, work);
    for (const row of rows.filter(({ isAlone }) => isAlone))
      running.set(
        row,
        alone(async () => {
          await others;
          await happen(row);
        }),
      );
    for (const work of running.values()) work.catch(() => undefined);
  }, 900_000);
  afterAll(async () => {
    await Promise.allSettled(running.values());
    print(told);
    await cluster?.down();
    await answering?.stop();
    await registry?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 900_000);

  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_, row) => await running.get(row), 900_000);

  async function happen(row: Row): Promise<void> {
    const namespace = row.name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 40);
    const place: Place = { cluster, namespace, folder: mkdtempSync(join(folder, 'row-')) };
    const web = webDeployment(cluster, namespace);
    try {
      const beside = isAll && !row.isAlone ? bareHelm(row, cluster, folder) : undefined;
      if (!row.isFirst) await good(web, row, 'first');
      await row.arrange?.(place);
      const kubeconfig = await row.kubeconfig?.(place);
      web.is(row.always ?? {}, typeof row.chart === 'function' ? row.chart(place) : (row.chart ?? {}));
      let meanwhile: Promise<unknown> | undefined;
      const ended = await web.deploy([...(row.arguments ?? []), '--timeout', `${row.limit}s`], {
        ...(kubeconfig !== undefined && { kubeconfig }),
        heard: (stdout) => {
          if (meanwhile === undefined && /: starting$/m.test(stdout))
            meanwhile = row.meanwhile?.(place) ?? Promise.resolve();
        },
      });
      await meanwhile;
      const helm = await beside;
      const mine: Told = { row, ended, hasHeld: false, ...(helm !== undefined && { helm }) };
      told.push(mine);
      await row.mend?.(place);
      await eventually(() => cluster.kubectl('get', '--raw', '/readyz'));
      try {
        judge(row, ended);
        await left(row, place, ended);
        await good(web, row, 'mended');
        mine.hasHeld = true;
      } catch (error) {
        throw new Error(`${(error as Error).message}\n\n${ended.stdout}\n${ended.stderr}`, { cause: error });
      }
    } finally {
      web.space.remove();
    }
  }

  async function good(web: WebDeployment, row: Row, note: string): Promise<void> {
    web.is(row.always ?? {});
    const { code, deployment, stdout, stderr } = await web.deploy(['--set', `note=${note}`]);
    if (code !== 0 || deployment?.outcome !== 'deployed')
      throw new Error(`the ${note} run ended with ${code}:\n${stdout}\n${stderr}`);
  }
});

/** The rows of this run: those that are quick, and some of the long ones. */
function chosen(): readonly Row[] {
  const only = process.env.CHARTSHIP_ROW;
  if (only !== undefined) return ROWS.filter(({ name }) => new RegExp(only).test(name));
  if (isAll) return ROWS;
  const random = randomFrom(seed);
  const shuffled = ROWS.map((row) => ({ row, at: random() })).sort((a, b) => a.at - b.at);
  const always = ['image not found', 'crash loop'];
  const long = shuffled.filter(({ row }) => row.isLong).slice(0, 2);
  const quick = shuffled.filter(({ row }) => !row.isLong && !always.includes(row.name)).slice(0, 12);
  const kept = new Set([...long, ...quick].map(({ row }) => row));
  return ROWS.filter((row) => kept.has(row) || always.includes(row.name));
}

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** Whether the run has said what it must. */
function judge({ expected }: Row, { code, deployment, stdout, verdict, report }: WebEnded): void {
  if (expected.outcome === 'deployed') {
    expect({ code, outcome: deployment?.outcome }).toEqual({ code: 0, outcome: 'deployed' });
    expect(stdout).toMatch(expected.says);
    return;
  }
  expect({ code, outcome: deployment?.outcome, cause: deployment?.cause?.code }).toEqual({
    code: 1,
    outcome: expected.outcome,
    cause: expected.code,
  });
  const cause = deployment?.cause;
  expect(cause?.message).toMatch(expected.says);
  if (expected.resource) expect(cause?.resource).toMatch(expected.resource);
  if (expected.log) expect(cause?.log).toMatch(expected.log);
  if (expected.line) expect(`${cause?.file}:${cause?.line}`).toBe(`chart/values-prod.yaml:${expected.line}`);
  const screen = stdout.trimEnd().split('\n').slice(-SCREEN).join('\n');
  expect(screen).toMatch(expected.says);
  if (expected.log) expect(screen).toMatch(expected.log);
  expect(
    report?.findings.some(({ rule, severity }) => rule === `deploy/${expected.code}` && severity === 'error'),
  ).toBe(true);
  // The cause comes before anything is undone.
  const undone = stdout.search(/: (going back to revision|web is removed)/);
  if (undone !== -1) expect(stdout.slice(0, undone)).toMatch(expected.says);
  expect(verdict).toBeLessThan(expected.within);
}

/** Whether the cluster is left as the contract says. */
async function left(
  { expected, isFirst }: Row,
  { cluster, namespace }: Place,
  { deployment }: WebEnded,
): Promise<void> {
  const history = await cluster.get('secrets', '--namespace', namespace, '--selector', 'owner=helm');
  const labels: Record<string, string>[] = history.items.map(
    (secret: { metadata: { labels: object } }) => secret.metadata.labels,
  );
  const statuses = labels.map(({ status }) => status);
  const isCutOff = expected.outcome === 'failed' && ['unreachable', 'unauthorized'].includes(expected.code);
  // Who can't reach the API server any more can't tidy up; the next run does.
  if (!isCutOff) {
    for (const status of statuses) expect(status).toMatch(/^(deployed|failed|superseded|uninstalled)$/);
    const lease = await cluster.get('leases', '--namespace', namespace);
    for (const { spec } of lease.items) expect(spec.holderIdentity ?? '').toBe('');
  }
  if (expected.outcome === 'removed') {
    expect(statuses).toEqual([]);
    const names = await cluster.kubectl(
      'get',
      'deployments,pods,jobs,services',
      '--namespace',
      namespace,
      '--output=name',
    );
    expect(names.trim()).toBe('');
  }
  if (isFirst && expected.outcome !== 'deployed') return;
  const newest = labels.sort((a, b) => Number(b.version) - Number(a.version))[0];
  if (expected.outcome === 'rolled-back') {
    expect(newest).toMatchObject({ status: 'deployed', version: String(deployment?.revision) });
    const { spec, status } = await cluster.get('deployment', 'web', '--namespace', namespace);
    expect(spec.template.metadata.annotations.note).toBe('first');
    expect(status).toMatchObject({ readyReplicas: 1, updatedReplicas: 1, replicas: 1 });
  }
}

/** What bare helm makes of the same: an upgrade that waits, and its tests. */
async function bareHelm(row: Row, cluster: Cluster, folder: string): Promise<{ seconds: number; said: string }> {
  const namespace = `helm-${row.name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)}`;
  const place: Place = { cluster, namespace, folder: mkdtempSync(join(folder, 'helm-')) };
  const web = webDeployment(cluster, namespace);
  try {
    const run = async (...more: string[]): Promise<{ code: number; stderr: string }> =>
      await ran(
        pinned('helm'),
        [
          ...[
            'upgrade',
            '--install',
            'web',
            join(web.space.root, 'chart'),
            '--namespace',
            namespace,
            '--create-namespace',
          ],
          ...['--values', join(web.space.root, 'chart/values-prod.yaml'), '--wait', '--wait-for-jobs'],
          ...['--timeout', `${HELM_LIMIT}s`, ...more],
        ],
        cluster.env,
      );
    if (!row.isFirst) {
      web.is(row.always ?? {});
      await run('--set', 'note=first');
    } else if (!row.kubeconfig) await cluster.kubectl('create', 'namespace', namespace);
    await row.arrange?.(place);
    web.is(row.always ?? {}, typeof row.chart === 'function' ? row.chart(place) : (row.chart ?? {}));
    const kubeconfig = await row.kubeconfig?.(place);
    const started = performance.now();
    const running = run(...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]));
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const [ended] = await Promise.all([running, row.meanwhile?.(place)]);
    const tested =
      ended.code === 0 && row.name.includes('test')
        ? await ran(
            pinned('helm'),
            ['test', 'web', '--namespace', namespace, '--timeout', `${HELM_LIMIT}s`],
            cluster.env,
          )
        : ended;
    const said =
      tested.code === 0
        ? 'deployed'
        : (tested.stderr
            .trim()
            .split('\n')
            .findLast((line) => /\S/.test(line)) ?? '');
    return { seconds: (performance.now() - started) / 1000, said };
  } finally {
    await row.mend?.(place).catch(() => undefined);
    web.space.remove();
  }
}

function print(told: readonly Told[]): void {
  const ordered = [...told].sort((a, b) => ROWS.indexOf(a.row) - ROWS.indexOf(b.row));
  const lines = ordered.map(({ row, ended, helm, hasHeld }) => {
    const cause = ended.deployment?.cause;
    const beside =
      helm === undefined ? `gives up after ${row.limit} s` : `${helm.seconds.toFixed(1)} s: ${helm.said.slice(0, 160)}`;
    return [
      row.name,
      `${ended.verdict.toFixed(1)} s`,
      ended.deployment?.outcome ?? '',
      cause ? `${cause.code}: ${cause.message.slice(0, 200)}` : '',
      beside,
      hasHeld ? 'yes' : 'no',
    ];
  });
  console.log(lines.map((cells) => cells.join(' | ')).join('\n'));
  if (!isAll || process.env.CHARTSHIP_ROW !== undefined) return;
  const cell = (text: string): string => text.replace(/[\\|<>`*_]/g, (mark) => `\\${mark}`).replace(/\s+/g, ' ');
  mkdirSync(join(repository, 'docs/evidence'), { recursive: true });
  writeFileSync(
    join(repository, 'docs/evidence/failures.md'),
    `# What goes wrong in a cluster, and how soon it is said

Made by \`CHARTSHIP_E2E=all npm test -- __tests__/e2e/failures.test.ts\`, on a cluster of one node, on two cores, two or three rows side by side.
A row has held when all of its claims have, and the good run that follows has succeeded: ${ordered.filter(({ hasHeld }) => hasHeld).length} of ${ROWS.length} have. Beside it bare \`helm upgrade --wait\` (and \`helm test\`) with a time limit of ${HELM_LIMIT} s; its own default is 5 minutes.

| What | Verdict after | What is left | Chartship says | Bare helm | Held |
| --- | --- | --- | --- | --- | --- |
${lines.map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n')}
`,
  );
}
