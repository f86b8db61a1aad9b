import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import pLimit from 'p-limit';
import { type Cluster, clusterCommand, startCluster } from '../support/cluster.ts';
import { type ClusterReader, createClusterReader } from '../support/cluster-reader.ts';
import { interruptions, someOf } from './interruption-plan.ts';
import { type RowResult, runRow } from './interruption-row.ts';
import { faultsOf, storyOf } from './interruption-verdict.ts';

/**
 * Runs that are ended in the middle of a deployment, and what comes after them. The rows run side by side, each in a
 * namespace of its own; `CHARTSHIP_E2E=all` runs all of them, `CHARTSHIP_SEED` the same moments again.
 */

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { isPossible: kindIsPossible } = await import('../../scripts/cluster/kind.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG && !kindIsPossible();

const seed = Number(process.env.CHARTSHIP_SEED ?? Date.now() % 2 ** 31);
const only = process.env.CHARTSHIP_ROWS?.split(',').map(Number);
const all = interruptions(seed);
const rows = only
  ? all.filter(({ number }) => only.includes(number))
  : process.env.CHARTSHIP_E2E === 'all'
    ? all
    : someOf(all, seed);

(isOurs ? describe : describe.skip)(`interruptions (CHARTSHIP_SEED=${seed})`, () => {
  let cluster: Cluster;
  let reader: ClusterReader;
  const results = new Map<number, Promise<RowResult>>();

  beforeAll(async () => {
    await clusterCommand('prepare');
    cluster = await startCluster('e2e-cut', 1);
    reader = createClusterReader(cluster.kubeconfig);
    const limit = pLimit(Math.max(2, availableParallelism() + 1));
    for (const row of rows) {
      const result = limit(() => runRow(row, cluster, reader));
      result.catch(() => undefined);
      results.set(row.number, result);
    }
  }, 900_000);
  afterAll(async () => {
    reader?.close();
    await cluster?.down();
  }, 60_000);

  const told: string[] = [];
  afterAll(() => {
    process.stdout.write(`${told.join('\n')}\n`);
  });

  test.each(rows.map((row) => ({ ...row, name: nameOf(row) })))(
    '$name',
    async (row) => {
      const result = await (results.get(row.number) as Promise<RowResult>);
      told.push(lineOf(row, result));
      const faults = faultsOf(row, result);
      if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${storyOf(result)}`);
    },
    600_000,
  );
});

function lineOf(row: (typeof rows)[number], { interrupted, next, answers }: RowResult): string {
  const served = answers === undefined ? '' : `, ${answers.answered} requests answered, ${answers.failed.length} not`;
  const killed = interrupted.wasKilled ? ' (killed)' : '';
  return `${nameOf(row)}: ended after ${interrupted.took.toFixed(1)} s${killed}, next run ${next.seconds.toFixed(1)} s${served}`;
}

function nameOf({ number, phase, way, helm, isFirst, moment, point, after }: (typeof rows)[number]): string {
  const where =
    phase === 'before the record' ? `${phase}, ${point}` : phase === 'takeover' ? `${phase} after ${after}` : phase;
  const what = isFirst ? 'first install' : 'upgrade';
  return `${number}: ${where} +${moment.toFixed(2)}, ${way}, ${what}, ${helm === 'helm' ? 'Helm 4' : 'Helm 3'}`;
}
