import type { PlannedWork } from './domain/planned-work.ts';
import { type Shard, shardsOf } from './domain/shards.ts';
import type { Plan, PlannedChart } from './plan.ts';

/** What each chart costs, by name. */
export interface Costs {
  readonly unit: PlannedWork['costs'];
  readonly of: ReadonlyMap<string, number>;
}

/** Without another wish: more jobs than this wait for runners rather than run. */
const USUAL_SHARDS = 8;
/** Seconds that a job more must save, since it takes about as long to start. */
const WORTH_SECONDS = 30;
/** Charts that a job's name lists. */
const NAMED = 3;

/** Plan + costs → what is told of it. Pure. */
export function plannedWork(
  plan: Plan,
  costs: Costs,
  given: { readonly shards: number | undefined; readonly publish: readonly string[] },
): PlannedWork {
  const costOf = ({ chart }: PlannedChart): number => costs.of.get(chart.metadata.name) ?? 0;
  const worth = given.shards === undefined && costs.unit === 'seconds' ? WORTH_SECONDS : 0;
  const shards = shardsOf(plan.charts, costOf, given.shards ?? USUAL_SHARDS, worth);
  return {
    charts: plan.charts.map((planned) => ({
      chart: planned.chart.metadata.name,
      version: planned.chart.metadata.version,
      source: planned.chart.source,
      environments: planned.environments.map(({ name }) => name),
      kubeVersions: [...new Set(planned.environments.flatMap((each) => each.kubeVersions.map(({ label }) => label)))],
      shard: shards.findIndex(({ items }) => items.includes(planned)) + 1,
      cost: costOf(planned),
    })),
    publish: given.publish,
    matrix: { charts: { include: shards.map(entryOf) }, environments: plan.deploy },
    costs: costs.unit,
  };
}

function entryOf({ items }: Shard<PlannedChart>, index: number): PlannedWork['matrix']['charts']['include'][number] {
  const names = items.map(({ chart }) => chart.metadata.name);
  const more = names.length - NAMED;
  return {
    shard: index + 1,
    name: more > 0 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', '),
    chart: items.map(({ chart }) => chart.source).join('\n'),
  };
}
