import type { CauseCode } from '../deployment.ts';
import type { ObjectName } from '../kube-object.ts';
import { containersOf } from './container.ts';
import { crashLoop, EXITS, historyOf } from './crash-loop.ts';
import { failedPulls, imagePull } from './image-pull.ts';
import { failedJobs, unendedHooks } from './jobs.ts';
import { missingConfig } from './missing-config.ts';
import { notReady, unreadyWorkloads } from './not-ready.ts';
import { at } from './reading.ts';
import { refusedPods } from './refused.ts';
import { hookOf, type ReleasePod, releasePods } from './release-pods.ts';
import { Look, type Memory, type Seen } from './seen.ts';
import type { Trouble } from './trouble.ts';
import { unschedulable } from './unschedulable.ts';
import { unboundClaims } from './volume.ts';
import { dependencies, readiness, workloads } from './workload.ts';

export interface Diagnosis {
  /** What keeps the release from becoming healthy, the most telling first; empty when nothing does. */
  readonly troubles: readonly Trouble[];
  /** To be handed to the next look. */
  readonly memory: Memory;
  /** Objects to get before the next look, each time anew: they are put into `lookedUp`. */
  readonly lookUp: readonly ObjectName[];
}

/** What is wrong in a namespace, as seen at a moment and remembered from the moments before. */
export function diagnose(seen: Seen, memory: Memory): Diagnosis {
  const look = new Look(seen, memory);
  const pods = releasePods(look);
  const jobs = failedJobs(look);
  const claims = unboundClaims(pods, look);
  const refused = refusedPods(look);
  // A Job that failed is told as that, and so is a claim: their pods say the same again.
  const judged = new Set([...jobs, ...claims].map(({ of }) => of));
  const ofPods = pods.flatMap((where) =>
    troublesOf(where, look).filter(({ cause }) => cause.code !== 'not-ready' || !judged.has(where.of)),
  );
  const known = [...jobs, ...claims, ...refused, ...ofPods.filter(({ of }) => !jobs.some((job) => job.of === of))];
  const told = new Set(known.map(({ of }) => of));
  const rest = [...unendedHooks(told, look), ...unreadyWorkloads(pods, told, look)];
  const troubles = once([...known, ...rest]).map((trouble) => ofChart(trouble, look));
  return { troubles: inOrder(excused(troubles, look)), memory: look.memory, lookUp: look.asked };
}

/** The chart that made the object at fault is a dependency now and then, with values of its own. */
function ofChart(trouble: Trouble, look: Look): Trouble {
  const [kind = '', name = ''] = trouble.of.split('/');
  const label = look.inManifest(kind, name)?.metadata.labels?.['helm.sh/chart'];
  const chart = typeof label === 'string' ? /^(.+?)-v?\d+\.\d+\.\d+/.exec(label)?.[1] : undefined;
  if (trouble.blame === undefined || chart === undefined) return trouble;
  return { ...trouble, blame: { ...trouble.blame, chart } };
}

function troublesOf(where: ReleasePod, look: Look): Trouble[] {
  // Pods of an older revision are on their way out, and hooks of an earlier one have had their say.
  if (where.revision === 'old' || (where.revision === 'kept' && hookOf(where.owner) !== '')) return [];
  const containers = containersOf(where.pod);
  const troubles: Trouble[] = [];
  if (at(where.pod, 'status', 'phase') !== 'Failed') {
    troubles.push(...missingConfig(where, containers, look));
    for (const container of containers) {
      const trouble = imagePull(where, container, look) ?? crashLoop(where, container, look);
      if (trouble !== undefined) troubles.push(trouble);
    }
    const unplaced = unschedulable(where, look);
    if (unplaced !== undefined) troubles.push(unplaced);
  }
  for (const container of containers) {
    const before = look.history(where.pod, container.name);
    const history = historyOf(container, before, look, where);
    look.keep(where.pod, container.name, {
      ...history,
      failedPulls: failedPulls(container, before),
      waiting: container.waiting?.reason ?? '',
    });
  }
  if (troubles.length > 0) return troubles;
  const other = notReady(where, containers, look);
  return other === undefined ? [] : [other];
}

/** One trouble that several pods of a workload have is told once, of the first that has it worst. */
function once(troubles: readonly Trouble[]): Trouble[] {
  const told = new Map<string, Trouble>();
  for (const trouble of troubles) {
    const key = `${trouble.of} ${trouble.cause.code} ${sameForAll(trouble)}`;
    const before = told.get(key);
    if (before === undefined || (trouble.terminal && !before.terminal)) told.set(key, trouble);
  }
  return [...told.values()];
}

function sameForAll({ cause, logs }: Trouble): string {
  const pod = cause.resource?.split('/')[1] ?? '';
  return logs[0]?.container ?? (pod === '' ? cause.message : cause.message.replaceAll(pod, ''));
}

/**
 * What ends while what it waits for isn't Ready may go on when that is there: such exits don't count. What it waits
 * for is no excuse when that is crashing as well and waits for nothing else: nobody will be the first.
 */
function excused(troubles: readonly Trouble[], look: Look): Trouble[] {
  if (troubles.length === 0) return [];
  const needs = dependencies(look);
  const unready = new Set(
    workloads(look)
      .filter((each) => !readiness(each, look).ready)
      .map((each) => `${each.kind}/${each.metadata.name}`),
  );
  const crashing = new Set(
    troubles
      .filter(isCrashLoop)
      .filter(({ terminal }) => terminal)
      .map(({ of }) => of),
  );
  const waitsFor = (of: string): string[] => (needs.get(of) ?? []).filter((other) => unready.has(other));
  const waiting = new Map([...unready].map((of) => [of, waitsFor(of)]));
  const mayWait = withExcuse(waiting, crashing);
  return troubles.map((trouble) => {
    const others = waiting.get(trouble.of) ?? [];
    if (!isCrashLoop(trouble)) return { ...trouble, waitsFor: others };
    const what = `${trouble.cause.resource} ${trouble.logs[0]?.container}`;
    const mayPass = mayWait.has(trouble.of);
    const forgiven = look.forgiven(what, mayPass ? trouble.exits : undefined);
    // Crashing together: none of the exits had an excuse.
    const counted = others.length > 0 && !mayPass ? trouble.exits : trouble.exits - forgiven;
    const excuse = mayPass ? `; it may be waiting for ${some(others)}` : '';
    return {
      ...trouble,
      terminal: trouble.terminal && counted >= EXITS,
      waitsFor: others,
      cause: { ...trouble.cause, message: `${trouble.cause.message}${excuse}` },
    };
  });
}

/**
 * Those that wait for something on its way: not ready and not crashing, or crashing with an excuse itself. Grown until
 * nothing is added, and not by following every path: there are more paths than can be followed.
 */
function withExcuse(waiting: ReadonlyMap<string, readonly string[]>, crashing: ReadonlySet<string>): Set<string> {
  const excused = new Set<string>();
  for (let before = -1; before < excused.size; ) {
    before = excused.size;
    for (const [of, others] of waiting)
      if (others.some((other) => !crashing.has(other) || excused.has(other))) excused.add(of);
  }
  return excused;
}

/** The first few by name. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${shown}${more}, which ${names.length === 1 ? 'is' : 'are'} not ready`;
}

function isCrashLoop(trouble: Trouble): trouble is Trouble & { exits: number } {
  return trouble.exits !== undefined;
}

const TELLING: readonly CauseCode[] = [
  'refused',
  'missing-config',
  'image-pull',
  'volume',
  'unschedulable',
  'hook-failed',
  'job-failed',
  'crash-loop',
  'test-failed',
];

/** The terminal ones first; then what others wait for; then by how exactly the code names a cause. */
function inOrder(troubles: readonly Trouble[]): Trouble[] {
  const waitedFor = (of: string): number => troubles.filter((each) => each.waitsFor.includes(of)).length;
  const rank = ({ cause }: Trouble): number => {
    const index = TELLING.indexOf(cause.code);
    return index === -1 ? TELLING.length : index;
  };
  return [...troubles].sort(
    (a, b) =>
      Number(b.terminal) - Number(a.terminal) ||
      waitedFor(b.of) - waitedFor(a.of) ||
      rank(a) - rank(b) ||
      a.waitsFor.length - b.waitsFor.length,
  );
}
