import type { Slowness } from '../support/slow-chart.ts';
import type { Interruption, Phase } from './interruption-plan.ts';
import type { Sight } from './release-sight.ts';

/** How a run is brought into a phase, and how it is known to be there. */
export interface Staging {
  /** What is live before, where something is. */
  readonly before?: Partial<Slowness>;
  /** What the run deploys that is interrupted. */
  readonly run: Partial<Slowness>;
  /** Seconds after the arrival in which the run is sure to be there still. */
  readonly spread: number;
  /** The run is in the phase, seen from outside: by what is in the cluster and by what it printed. */
  holds(sight: Sight, before: Sight): boolean;
  /** The run is in the phase for the first time; `holds`, where that says it all. */
  arrived?(sight: Sight, before: Sight): boolean;
  /** What the run leaves shows that it was in the phase; where it can be told. */
  shows?(left: Sight, before: Sight): boolean;
}

/** The seconds are generous: they are for a machine that is busy. */
export function stagingOf(row: Interruption, phase: Phase = row.phase): Staging {
  switch (phase) {
    case 'before the record':
      return {
        run: {},
        spread: row.point === 'compared' ? 0.03 : 0.15,
        arrived: (sight, before) => reached(row, sight, before),
        holds: hasNoNewRecord,
        shows: hasNoNewRecord,
      };
    case 'hook':
      return {
        run: { hookSeconds: 8 },
        spread: 3,
        holds: (sight, before) =>
          isNext(sight, before) && sight.newest?.status.startsWith('pending-') === true && sight.hook === 'Running',
      };
    case 'apply':
      return {
        run: { bootSeconds: 8 },
        spread: 3,
        holds: (sight, before) =>
          isNext(sight, before) &&
          sight.newest?.status.startsWith('pending-') === true &&
          sight.pods.some(({ version, isReady }) => version === '2' && !isReady),
      };
    case 'test':
      return {
        run: { testSeconds: 8 },
        spread: 3,
        holds: (sight, before) =>
          isNext(sight, before) &&
          sight.newest?.status === 'deployed' &&
          sight.newest.verdict === 'pending' &&
          sight.test === 'Running',
      };
    case 'rollback':
      return row.isFirst
        ? {
            run: { testPasses: false },
            spread: 2,
            // What failed at first is removed: nothing is there to go back to. Its record may be gone between two looks.
            holds: ({ printed }) => /failed: /.test(printed) && !/is removed/.test(printed),
            shows: ({ printed }) => !/is removed/.test(printed),
          }
        : {
            before: { bootSeconds: 7 },
            run: { testPasses: false },
            spread: 3,
            holds: (sight, before) =>
              sight.newest?.status === 'pending-rollback' && sight.newest.revision === revision(before) + 2,
          };
    case 'takeover':
      return {
        run: {},
        // The pods of a first install that failed take some seconds to end.
        spread: row.isFirst && row.after === 'apply' ? 2 : 0.3,
        arrived: ({ printed }) => /taking over/.test(printed),
        holds: (sight, before) =>
          hasNoNewRecord(sight, before) && sight.holder !== '' && sight.holder !== before.holder,
        shows: hasNoNewRecord,
      };
  }
}

function reached({ point }: Interruption, { holder, helms, printed }: Sight, before: Sight): boolean {
  switch (point) {
    case 'started':
      return true;
    case 'leased':
      return holder !== '' && holder !== before.holder;
    case 'dry run':
      return helms.some((command) => command.includes('--dry-run=server'));
    case 'compared':
      return /what changes:/.test(printed);
  }
}

function hasNoNewRecord({ records }: Sight, before: Sight): boolean {
  return records.every(({ uid }) => before.records.some((known) => known.uid === uid));
}

function isNext({ newest }: Sight, before: Sight): boolean {
  return newest?.revision === revision(before) + 1;
}

function revision({ newest }: Sight): number {
  return newest?.revision ?? 0;
}
