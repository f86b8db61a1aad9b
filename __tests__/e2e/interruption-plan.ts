import { seeded } from '../support/mutants.ts';

/** Where in a deployment a run is interrupted. */
export const PHASES = ['before the record', 'hook', 'apply', 'test', 'rollback', 'takeover'] as const;
export type Phase = (typeof PHASES)[number];

/** How. The last two are what GitHub's runner does when a job is cancelled, from its second and from its first signal on. */
export const WAYS = ['kill -9', 'kill -9 of the group', 'SIGTERM, kill', 'SIGINT, SIGTERM, kill'] as const;
export type Way = (typeof WAYS)[number];

/** What a run is seen to have come to before its release has a record. */
export const POINTS = ['started', 'leased', 'dry run', 'compared'] as const;
export type Point = (typeof POINTS)[number];

export interface Interruption {
  readonly number: number;
  readonly phase: Phase;
  readonly way: Way;
  readonly helm: 'helm' | 'helm3';
  /** Nothing was there before; else a version of the release serves. */
  readonly isFirst: boolean;
  /** From 0 up to below 1: where in the time that the phase is sure to last. */
  readonly moment: number;
  /** Of a phase before the record: from when on. */
  readonly point: Point;
  /** Of a takeover: in which phase the run was killed that is taken over from. */
  readonly after: Phase;
}

const SIX_WAYS: readonly Way[] = [WAYS[0], WAYS[1], WAYS[2], WAYS[3], WAYS[1], WAYS[0]];

/** Six moments in each phase, the same for the same seed: all ways, with an old version and without, a third with Helm 3. */
export function interruptions(seed: number): Interruption[] {
  const next = seeded(seed);
  const oneOf = <T>(choices: readonly [T, ...T[]]): T => choices[Math.floor(next() * choices.length)] ?? choices[0];
  return PHASES.flatMap((phase, place) => {
    const even = oneOf([0, 1]);
    return SIX_WAYS.map((way, index): Interruption => {
      // A rollback goes back to something more often than not.
      const isFirst = phase === 'rollback' ? index === 2 || index === 4 : index % 2 === even;
      return {
        number: place * SIX_WAYS.length + index + 1,
        phase,
        way,
        helm: (index + place) % 3 === 0 ? 'helm3' : 'helm',
        isFirst,
        moment: next(),
        point: POINTS[(index + Math.floor(next() * 2)) % POINTS.length] ?? 'started',
        after: isFirst ? oneOf(['hook', 'apply']) : oneOf(['hook', 'apply', 'rollback']),
      };
    });
  });
}

/** Two of each phase, one with an old version and one without (of a rollback it may be none), all ways among them. */
export function someOf(all: readonly Interruption[], seed: number): Interruption[] {
  return all.filter(({ phase, number }) => (number - 1) % 3 === (PHASES.indexOf(phase) + seed) % 3);
}
