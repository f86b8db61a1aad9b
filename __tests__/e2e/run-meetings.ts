import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { type Cluster, eventually, type Ran } from '../support/cluster.ts';
import type { ClusterReader } from '../support/cluster-reader.ts';
import { type Ended, pinned } from '../support/scenario.ts';
import { type Slowness, slowValues } from '../support/slow-chart.ts';
import { type Sight, sightOf } from './release-sight.ts';
import { type SlowRelease, slowRelease } from './slow-release.ts';

/** Two runs that were started together. */
export interface Meeting {
  readonly runs: readonly (Ended & { readonly pid: number })[];
  readonly after: Sight;
}

export async function twoRuns(cluster: Cluster, helm: 'helm' | 'helm3', reader: ClusterReader): Promise<Meeting> {
  // Each from a checkout of its own.
  const releases = [slowRelease(cluster, `two-${helm}`, helm), slowRelease(cluster, `two-${helm}`, helm)];
  try {
    const running = await Promise.all(
      releases.map((release, index) => release.start({ version: String(index + 1), hookSeconds: 3 })),
    );
    const runs = await Promise.all(running.map(async ({ pid, ended }) => ({ ...(await ended), pid })));
    return { runs, after: await sightOf(releases[0] as SlowRelease, '', reader) };
  } finally {
    for (const release of releases) await release.remove();
  }
}

/** What became of a helm that was started by hand, and of a run that came while it was at work. */
export interface Visit {
  readonly helm: Ran;
  /** The records right after helm ended. */
  readonly between: Sight;
  readonly run: Ended;
  /** When it said that it repaired something: milliseconds since 1970, or NaN. */
  readonly repairedAt: number;
  readonly after: Sight;
}

/** A run comes while plain helm is at work; `isKilled`: helm is killed then, and leaves its revision pending. */
export async function besidePlainHelm(
  cluster: Cluster,
  helm: 'helm' | 'helm3',
  reader: ClusterReader,
  options: { readonly isFirst: boolean; readonly isKilled?: boolean; readonly seconds?: number },
): Promise<Visit> {
  const namespace = `plain-${helm}${options.isKilled ? '-killed' : ''}`;
  const release = slowRelease(cluster, namespace, helm);
  try {
    if (!options.isFirst) await (await release.start({ version: '1' })).ended;
    const byHand = plainHelm(cluster, release, { version: '2', hookSeconds: options.isKilled ? 60 : 8 });
    const sight = (): Promise<Sight> => sightOf(release, '', reader);
    const deadline = performance.now() + 30_000;
    while ((await sight()).hook !== 'Running' || !(await sight()).newest?.status.startsWith('pending-')) {
      if (performance.now() > deadline) throw new Error('helm did not come to its hook');
      await wait(50);
    }
    if (options.isKilled) byHand.kill();
    const running = await release.start({ version: '3' }, options.seconds === undefined ? {} : options);
    const ended = await byHand.ended;
    const between = await sight();
    const run = await running.ended;
    return { helm: ended, between, run, repairedAt: running.printedAt(/: repaired/), after: await sight() };
  } finally {
    await release.remove();
  }
}

function plainHelm(
  cluster: Cluster,
  { helm, release, namespace, space }: SlowRelease,
  slowness: Slowness,
): { readonly ended: Promise<Ran>; kill(): void } {
  const values = slowValues(slowness).flatMap((value) => ['--set', value]);
  const where = ['--namespace', namespace, '--create-namespace', '--wait', '--timeout', '90s'];
  const args = ['upgrade', '--install', release, `${space.root}/chart`, ...where, ...values];
  let child: ReturnType<typeof execFile> | undefined;
  const ended = new Promise<Ran>((resolve) => {
    child = execFile(pinned(helm), args, { env: cluster.env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : -1, stdout, stderr });
    });
  });
  return { ended, kill: () => child?.kill('SIGKILL') };
}

/** A run that was killed on what is made out to be another machine: whether its process lives can't be known here. */
export async function fromAnotherMachine(
  cluster: Cluster,
  reader: ClusterReader,
): Promise<{ readonly next: Ended; readonly after: Sight }> {
  const release = slowRelease(cluster, 'elsewhere', 'helm');
  try {
    const running = await release.start({ version: '1', bootSeconds: 8 });
    await eventually(async () => {
      const { pods } = await sightOf(release, '', reader);
      if (pods.length === 0) throw new Error('no pod yet');
    });
    process.kill(running.pid, 'SIGKILL');
    await running.ended;
    const lease = ['lease', `chartship-${release.release}`, '--namespace', release.namespace];
    const { metadata } = await cluster.get(...lease);
    const holder = JSON.parse(metadata.annotations['chartship.dev/holder']);
    const elsewhere = JSON.stringify({ ...holder, boot: 'another start of another machine', host: 'elsewhere' });
    await cluster.kubectl('annotate', '--overwrite', ...lease, `chartship.dev/holder=${elsewhere}`);
    const next = await (await release.start({ version: '2' })).ended;
    return { next, after: await sightOf(release, '', reader) };
  } finally {
    await release.remove();
  }
}
