import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import { type Cluster, clusterCommand, startCluster } from '../support/cluster.ts';
import { type ClusterReader, createClusterReader } from '../support/cluster-reader.ts';
import type { Ended } from '../support/scenario.ts';
import { type InterruptedAction, interruptAction } from './interrupted-action.ts';
import { lineOf, nameOf, writeEvidence } from './interruption-evidence.ts';
import { type Interruption, interruptions, someOf } from './interruption-plan.ts';
import { type RowResult, runRow } from './interruption-row.ts';
import { faultsOf, storyOf } from './interruption-verdict.ts';
import type { Sight } from './release-sight.ts';
import { besidePlainHelm, fromAnotherMachine, type Meeting, twoRuns, type Visit } from './run-meetings.ts';

/**
 * Runs that are ended in the middle of a deployment, and what comes after them. The rows run side by side, each in a
 * namespace of its own; `CHARTSHIP_E2E=all` runs all of them, `CHARTSHIP_SEED` the same moments again, `CHARTSHIP_ROWS`
 * some of them by their numbers. All of them are written to docs/evidence/interruptions.md, if nothing was wrong.
 */

// @ts-expect-error a script of the repository, plain JavaScript
const { whyNot } = await import('../../scripts/cluster/docker-free.mjs');
// @ts-expect-error a script of the repository, plain JavaScript
const { isPossible: kindIsPossible } = await import('../../scripts/cluster/kind.mjs');
const isOurs = whyNot() === undefined && !process.env.CHARTSHIP_E2E_KUBECONFIG && !kindIsPossible();

const seed = Number(process.env.CHARTSHIP_SEED ?? Date.now() % 2 ** 31);
const only = process.env.CHARTSHIP_ROWS?.split(',').map(Number);
/** Milliseconds for one that waits for those before it. */
const PATIENCE = 1_800_000;
const HELMS = ['helm', 'helm3'] as const;
/** Seconds that a run may take which comes upon what a killed helm left. */
const KILLED_TIMEOUT = 30;
/** Tests of runs that meet and of the Action's steps. */
const MEETINGS = 8;
const all = interruptions(seed);
const isAll = only === undefined && process.env.CHARTSHIP_E2E === 'all';
const rows = only ? all.filter(({ number }) => only.includes(number)) : isAll ? all : someOf(all, seed);

(isOurs ? describe : describe.skip)(`interruptions (CHARTSHIP_SEED=${seed})`, () => {
  let cluster: Cluster;
  let reader: ClusterReader;
  const limit = pLimit(availableParallelism() + 1);
  /** What was begun in `beforeAll`: the tests wait for it, one after the other. */
  const begun = new Map<string, Promise<unknown>>();
  const begin = (name: string, work: () => Promise<unknown>): void => {
    const result = limit(work);
    result.catch(() => undefined);
    begun.set(name, result);
  };
  const resultOf = <T>(name: string): Promise<T> => begun.get(name) as Promise<T>;

  beforeAll(async () => {
    await clusterCommand('prepare');
    cluster = await startCluster('e2e-cut', 1);
    reader = createClusterReader(cluster.kubeconfig);
    if (only === undefined) {
      // The longest first.
      begin('elsewhere', () => fromAnotherMachine(cluster, reader));
      begin('killed', () =>
        besidePlainHelm(cluster, 'helm', reader, { isFirst: true, isKilled: true, seconds: KILLED_TIMEOUT }),
      );
      for (const way of ['SIGINT', 'SIGKILL'] as const) begin(way, () => interruptAction(way, cluster, reader));
      for (const helm of HELMS) {
        begin(`two ${helm}`, () => twoRuns(cluster, helm, reader));
        begin(`plain ${helm}`, () => besidePlainHelm(cluster, helm, reader, { isFirst: helm === 'helm3' }));
      }
    }
    for (const row of rows) begin(nameOf(row), () => runRow(row, cluster, reader));
  }, 900_000);
  const told: string[] = [];
  const good = new Map<Interruption, RowResult>();
  const meetings: string[] = [];
  afterAll(async () => {
    process.stdout.write(`${[...told, ...meetings].join('\n')}\n`);
    if (isAll && good.size === rows.length && meetings.length === MEETINGS) writeEvidence(seed, good, meetings);
    reader?.close();
    await cluster?.down();
  }, 60_000);

  test.each(rows.map((row) => ({ ...row, name: nameOf(row) })))(
    '$name',
    async (row) => {
      const tries = await resultOf<RowResult[]>(row.name);
      for (const result of tries) told.push(`${lineOf(row, result)}${result.hit ? '' : ' (too late)'}`);
      const faults = faultsOf(row, tries);
      if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${tries.map(storyOf).join('\n')}`);
      good.set(row, tries.at(-1) as RowResult);
    },
    PATIENCE,
  );

  (only === undefined ? describe : describe.skip)('runs that meet', () => {
    test.each(HELMS)(
      'two that are started together end well, one after the other (%s)',
      async (helm) => {
        const { runs, after } = await resultOf<Meeting>(`two ${helm}`);
        const said = runs.map(({ code, stdout, stderr }) => ({ code, stdout, stderr }));
        expect({ said, codes: runs.map(({ code }) => code) }).toEqual({ said, codes: [0, 0] });
        const waited = runs.filter(({ stdout }) => / is held by another run: /.test(stdout));
        expect({ said, waited: waited.length }).toEqual({ said, waited: 1 });
        const [second] = waited;
        const first = runs.find((run) => run !== second);
        expect(second?.stdout).toMatch(
          new RegExp(
            `web is held by another run: \\S+ \\(process ${first?.pid}\\), since 20[-\\d]+T[:.\\d]+Z; waiting, \\d+ s`,
          ),
        );
        expect([first, second].map((run) => run?.report?.deployments[0])).toMatchObject([
          { outcome: 'deployed', revision: 1 },
          { outcome: 'deployed', revision: 2 },
        ]);
        expect(after.records.map(({ status, verdict }) => `${status} ${verdict}`)).toEqual([
          'deployed healthy',
          'superseded healthy',
        ]);
        expect(after.holder).toBe('');
        const took = runs.map(({ seconds }) => `${seconds.toFixed(1)} s`).join(' and ');
        meetings.push(`Two runs started together, ${helm}: both deployed, one after the other, in ${took}.`);
      },
      PATIENCE,
    );

    test.each(HELMS)(
      'plain helm that is at work is not broken into (%s)',
      async (name) => {
        const { helm, between, run, after } = await resultOf<Visit>(`plain ${name}`);
        const said = `${helm.stdout}${helm.stderr}\n${run.stdout}${run.stderr}`;
        expect({ said, code: helm.code }).toEqual({ said, code: 0 });
        const made = name === 'helm' ? 2 : 1;
        const pending = name === 'helm' ? 'pending-upgrade' : 'pending-install';
        expect(between.newest).toMatchObject({ revision: made, status: 'deployed' });
        expect(run.stdout).toMatch(
          new RegExp(
            `helm, not started by Chartship, is at work on web: revision ${made} is ${pending} since \\S+; waiting, \\d+ s at most`,
          ),
        );
        expect(run.stdout).not.toMatch(/repaired|taking over|is removed/);
        expect({ said, outcome: run.report?.deployments[0] }).toMatchObject({
          said,
          outcome: { outcome: 'deployed', revision: made + 1 },
        });
        expect(after.newest).toMatchObject({ revision: made + 1, status: 'deployed', verdict: 'healthy' });
        meetings.push(`Beside a plain ${name} at work: helm ended well, then the run, in ${run.seconds.toFixed(1)} s.`);
      },
      PATIENCE,
    );

    test(
      'what a killed plain helm left pending is waited for until it is older than the timeout, and then repaired',
      async () => {
        const { run, repairedAt, after } = await resultOf<Visit>('killed');
        const waits = /is at work on web: revision 1 is pending-install since (\S+); waiting, \d+ s at most/;
        const since = Date.parse(waits.exec(run.stdout)?.[1] ?? '');
        expect(run.stdout).toMatch(/revision 1 was left pending-install by a run that is no more: repaired/);
        // The record says when it was made to the second.
        expect((repairedAt - since) / 1000).toBeGreaterThan(KILLED_TIMEOUT - 1);
        expect({ said: run.stdout, code: run.code }).toEqual({ said: run.stdout, code: 0 });
        expect(after.newest).toMatchObject({ status: 'deployed', verdict: 'healthy' });
        meetings.push(
          `After a plain helm that was killed, with a timeout of ${KILLED_TIMEOUT} s: deployed in ${run.seconds.toFixed(1)} s.`,
        );
      },
      PATIENCE,
    );

    test(
      'a run that died on another machine is taken over from when it gave no sign of life for 60 s',
      async () => {
        const { next, after } = await resultOf<{ next: Ended; after: Sight }>('elsewhere');
        expect(next.stdout).toMatch(/web is held by another run: elsewhere \(process \d+\), since /);
        expect(next.stdout).toMatch(
          /web was held by elsewhere \(process \d+\), since \S+: it gave no sign of life for 60 s, taking over/,
        );
        expect({ said: next.stdout, code: next.code }).toEqual({ said: next.stdout, code: 0 });
        expect(next.seconds).toBeGreaterThan(60);
        expect(after.newest).toMatchObject({ status: 'deployed', verdict: 'healthy' });
        meetings.push(
          `After a run that died on another machine, silent for 60 s: deployed in ${next.seconds.toFixed(1)} s.`,
        );
      },
      PATIENCE,
    );
  });

  (only === undefined ? describe : describe.skip)('the Action’s two steps', () => {
    test(
      'SIGINT: the main step leaves nothing to clear away, and the post step says nothing',
      async () => {
        const { main, left, afterMain, afterPost, post, next } = await resultOf<InterruptedAction>('SIGINT');
        expect({ said: main.stdout, code: main.code }).toEqual({ said: main.stdout, code: 130 });
        expect(main.stdout).toMatch(
          /interrupted by SIGINT: the release is left so that the next run can deploy over it/,
        );
        expect(left).toMatchObject({ holder: '', newest: { status: 'failed' }, helms: [] });
        expect({ afterMain, afterPost, post }).toEqual({ afterMain: [], afterPost: [], post: { code: 0, stdout: '' } });
        expect({ said: next.stdout, code: next.code }).toEqual({ said: next.stdout, code: 0 });
        meetings.push('The Action, SIGINT in its hook: it cleared up by itself; the next run deployed.');
      },
      PATIENCE,
    );

    test(
      'kill -9: the post step settles the release and removes the private folder, with the credentials in it',
      async () => {
        const { left, afterMain, afterPost, settled, post, next } = await resultOf<InterruptedAction>('SIGKILL');
        expect(left.newest?.status).toBe('pending-install');
        expect(left.helms).toEqual([]);
        expect(afterMain).toHaveLength(1);
        expect(afterPost).toEqual([]);
        expect(post.code).toBe(0);
        expect(post.stdout).toMatch(/revision 1 was left pending-install and is marked as failed/);
        expect(settled).toMatchObject({ holder: '', newest: { status: 'failed' } });
        expect({ said: next.stdout, code: next.code }).toEqual({ said: next.stdout, code: 0 });
        // It finds nothing to wait for or to repair.
        expect(next.stdout).not.toMatch(/taking over|repaired/);
        meetings.push(
          'The Action, kill -9 in its hook: the post step settled the release and removed the private folder; the next run deployed.',
        );
      },
      PATIENCE,
    );
  });
});
