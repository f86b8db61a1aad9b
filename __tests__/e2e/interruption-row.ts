import { setTimeout as wait } from 'node:timers/promises';
import { type Cluster, ran } from '../support/cluster.ts';
import type { ClusterReader } from '../support/cluster-reader.ts';
import { descendants, isAlive } from '../support/process-tree.ts';
import { type Ended, pinned } from '../support/scenario.ts';
import { type Answers, probeService } from '../support/service-probe.ts';
import type { Slowness } from '../support/slow-chart.ts';
import { type Staging, stagingOf } from './interruption-phases.ts';
import type { Interruption, Way } from './interruption-plan.ts';
import { helmsIn, type Sight, sightOf } from './release-sight.ts';
import { type Running, type SlowRelease, slowRelease } from './slow-release.ts';

/** What came of a row, for the test to judge and the table to tell. */
export interface RowResult {
  /** Right before the signal, and what the run's end left. */
  readonly before: Sight;
  readonly at: Sight;
  readonly left: Sight;
  /** Whether the run was in its phase: by the look right before the signal and, where that can tell, by what it left. */
  readonly hit: boolean;
  readonly interrupted: Cut;
  /** Alive two seconds after the run's end, of all that it had started, or in the release's namespace. */
  readonly survivors: readonly string[];
  /** What `helm upgrade` says to a revision that was left pending; absent where none was. */
  readonly bareHelm?: string;
  readonly next: Ended;
  readonly after: Sight;
  /** Of the Service, from before the run that was interrupted to after the next one; absent where nothing served. */
  readonly answers?: Answers;
  /** What the next run left among temporary things. */
  readonly temporary: readonly string[];
}

/** A run that was ended. */
export interface Cut extends Ended {
  /** Seconds from the first signal to its end. */
  readonly took: number;
  /** It had to be killed. */
  readonly wasKilled: boolean;
}

/**
 * Runs a row until it hits its phase: on a machine that is starved a run may have come further by the time that the
 * signal arrives. What the run did that was ended too late is judged, too, but for that.
 */
export async function runRow(row: Interruption, cluster: Cluster, reader: ClusterReader): Promise<RowResult[]> {
  const results: RowResult[] = [];
  for (const share of [1, 0.5, 0]) {
    const name = `row-${row.number}-${results.length + 1}`;
    const result = await tryRow({ ...row, moment: row.moment * share }, name, cluster, reader);
    results.push(result);
    if (result.hit) break;
  }
  return results;
}

async function tryRow(
  row: Interruption,
  namespace: string,
  cluster: Cluster,
  reader: ClusterReader,
): Promise<RowResult> {
  const release = slowRelease(cluster, namespace, row.helm);
  const staging = stagingOf(row);
  const first = row.phase === 'takeover' ? stagingOf(row, row.after) : staging;
  try {
    if (!row.isFirst) await mustDeploy(release, { version: '1', ...first.before });
    const probe = row.isFirst ? undefined : await probeService(cluster, addressOf(release));
    // Taken over from: killed in its phase.
    if (row.phase === 'takeover') await cutOff(release, row, first, 'kill -9', reader);
    const { before, at, left, hit, interrupted, survivors } = await cutOff(release, row, staging, row.way, reader);
    const bareHelm = left.newest?.status.startsWith('pending-') ? await upgradeByHand(release, cluster) : undefined;
    const next = await (await release.start({ version: '3' })).ended;
    const after = await sightOf(release, next.stdout, reader);
    const answers = await probe?.stop();
    const temporary = release.left();
    return {
      before,
      at,
      left,
      hit,
      interrupted,
      survivors,
      next,
      after,
      temporary,
      ...(answers && { answers }),
      ...(bareHelm && { bareHelm }),
    };
  } finally {
    await release.remove();
  }
}

/** Starts a run, waits until it is in a phase, and a seeded moment more, and ends it. */
async function cutOff(
  release: SlowRelease,
  row: Interruption,
  staging: Staging,
  way: Way,
  reader: ClusterReader,
): Promise<Pick<RowResult, 'before' | 'at' | 'left' | 'hit' | 'interrupted' | 'survivors'>> {
  const look = (running?: Running): Promise<Sight> => sightOf(release, running?.printed() ?? '', reader);
  const before = await look();
  const running = await release.start({ version: '2', ...staging.run });
  const arrived = staging.arrived ?? staging.holds;
  let at = await look(running);
  while (!arrived(at, before)) {
    if (running.isOver()) {
      const { stdout, stderr } = await running.ended;
      throw new Error(`row ${row.number}: the run ended before it came to its phase:\n${stdout}${stderr}`);
    }
    await wait(20);
    at = await look(running);
  }
  await wait(row.moment * staging.spread * 1000);
  at = await look(running);
  const children = descendants(running.pid);
  const interrupted = await end(running, way);
  const left = await look(running);
  // A helm that is told to end may still write down that it began.
  const isKill = way === 'kill -9' || way === 'kill -9 of the group';
  const hit = staging.holds(at, before) && (!isKill || staging.shows?.(left, before) !== false);
  for (const deadline = performance.now() + 2000; performance.now() < deadline; await wait(50))
    if (!children.some(isAlive) && helmsIn(release.namespace).length === 0) break;
  const survivors = [...children.filter(isAlive).map(String), ...helmsIn(release.namespace)];
  return { before, at, left, hit, interrupted, survivors };
}

/** GitHub's runner waits 7.5 s after SIGINT and 2.5 s after SIGTERM. */
async function end(running: Running, way: Way): Promise<Cut> {
  const started = performance.now();
  const send = (signal: NodeJS.Signals): void => {
    if (!running.isOver()) process.kill(running.pid, signal);
  };
  const patience = async (seconds: number): Promise<void> => {
    await Promise.race([running.ended, wait(seconds * 1000, undefined, { ref: false })]);
  };
  switch (way) {
    case 'kill -9':
      break;
    case 'kill -9 of the group':
      process.kill(-running.pid, 'SIGKILL');
      break;
    case 'SIGINT, SIGTERM, kill':
      send('SIGINT');
      await patience(7.5);
      send('SIGTERM');
      await patience(2.5);
      break;
    case 'SIGTERM, kill':
      send('SIGTERM');
      await patience(2.5);
      break;
  }
  const wasKilled = !running.isOver();
  send('SIGKILL');
  const ended = await running.ended;
  return { ...ended, took: (performance.now() - started) / 1000, wasKilled };
}

async function mustDeploy(release: SlowRelease, slowness: Slowness): Promise<void> {
  const { code, stdout, stderr } = await (await release.start(slowness)).ended;
  if (code !== 0) throw new Error(`the version to start from was not deployed:\n${stdout}${stderr}`);
}

/** The last line of a plain `helm upgrade` over what is pending: it refuses before it changes anything. */
async function upgradeByHand({ helm, release, namespace, space }: SlowRelease, cluster: Cluster): Promise<string> {
  const args = ['upgrade', release, `${space.root}/chart`, '--install', '--namespace', namespace, '--set', 'version=4'];
  const { code, stderr } = await ran(pinned(helm), args, cluster.env);
  return code === 0 ? 'deployed' : (stderr.trim().split('\n').at(-1) ?? '');
}

function addressOf({ namespace, release }: SlowRelease): string {
  return `http://${release}.${namespace}.svc.cluster.local:8000/`;
}
