import { STAGES, type StageName, type StageRun } from '../domain/stage.ts';
import type { Paint } from '../report/paint.ts';
import { oneLine } from '../report/plain-text.ts';

/** What the live view shows: per chart a line for each stage, with the environments it ran for. */
export interface Board {
  started(run: Omit<StageRun, 'status' | 'seconds'>): void;
  ended(run: StageRun): void;
  /** `spinner` stands where something runs. */
  text(spinner: string, paint: Paint): string;
}

/** One stage of one chart for one environment; Kubernetes versions and repeated renders fall together. */
interface Field {
  readonly chart: string;
  readonly stage: StageName;
  readonly environment: string;
  running: number;
  seconds: number;
  status: StageRun['status'] | undefined;
}

/** `clean` makes foreign text fit to be seen. */
export function createBoard(clean: (text: string) => string): Board {
  const fields = new Map<string, Field>();
  const fieldOf = (run: Omit<StageRun, 'status' | 'seconds'>): Field => {
    const key = JSON.stringify([run.chart, run.name, run.environment]);
    const known = fields.get(key);
    if (known !== undefined) return known;
    const field: Field = {
      chart: oneLine(clean(run.chart ?? '')),
      stage: run.name,
      environment: oneLine(clean(run.environment ?? '')),
      running: 0,
      seconds: 0,
      status: undefined,
    };
    fields.set(key, field);
    return field;
  };

  return {
    started(run) {
      fieldOf(run).running += 1;
    },
    ended(run) {
      const field = fieldOf(run);
      field.running = Math.max(0, field.running - 1);
      field.seconds += run.seconds;
      field.status = worse(field.status, run.status);
    },
    text(spinner, paint) {
      const all = [...fields.values()];
      const charts = [...new Set(all.map((field) => field.chart))];
      return charts
        .flatMap((chart) => [
          ...(chart === '' ? [] : [paint.strong(chart)]),
          ...STAGES.flatMap((stage) => {
            const own = all.filter((field) => field.chart === chart && field.stage === stage);
            return own.length === 0 ? [] : [stageText(stage, own, spinner, paint)];
          }),
        ])
        .join('\n');
    },
  };
}

const ORDER = ['skipped', 'passed', 'cancelled', 'failed'] as const;

function worse(a: StageRun['status'] | undefined, b: StageRun['status']): StageRun['status'] {
  return a !== undefined && ORDER.indexOf(a) > ORDER.indexOf(b) ? a : b;
}

function stageText(stage: StageName, fields: readonly Field[], spinner: string, paint: Paint): string {
  const cells = fields.map((field) => `${mark(field, spinner, paint)} ${field.environment}`.trimEnd());
  const seconds = fields.reduce((sum, field) => sum + field.seconds, 0);
  return `  ${stage.padEnd(9)} ${cells.join('  ')}${seconds === 0 ? '' : paint.faint(`  ${seconds.toFixed(2)} s`)}`;
}

function mark(field: Field, spinner: string, paint: Paint): string {
  // A failure is shown at once, though other versions of the same environment still run.
  if (field.status === 'failed') return paint.bad('✗');
  if (field.running > 0 || field.status === undefined) return paint.odd(spinner);
  return { passed: paint.good('✓'), skipped: paint.faint('-'), cancelled: paint.odd('!') }[field.status];
}
