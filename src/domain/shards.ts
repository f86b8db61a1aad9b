/** Pieces of work that one job does. */
export interface Shard<T> {
  readonly items: readonly T[];
  /** The sum of its items' costs. */
  readonly cost: number;
}

/**
 * Spreads work over at most `most` shards, the dearest first and each to the shard that has the least so far, which
 * ends no later than 4/3 of what the best plan would take (Graham, 1969). Of plans that end as early the one with the
 * fewest shards is taken: each shard is a job that has to be started. `worth` is the gain, in costs, that is worth one.
 * Items keep their order within a shard, shards that of their first items.
 */
export function shardsOf<T>(
  items: readonly T[],
  costOf: (item: T) => number,
  most: number,
  worth = 0,
): readonly Shard<T>[] {
  if (items.length === 0) return [];
  const plans = Array.from({ length: Math.min(most, items.length) }, (_, index) => spread(items, costOf, index + 1));
  const ends = plans.map((plan) => Math.max(...plan.map(({ cost }) => cost)));
  const earliest = Math.min(...ends);
  return plans[ends.findIndex((end) => end <= earliest + worth)] ?? [];
}

function spread<T>(items: readonly T[], costOf: (item: T) => number, count: number): Shard<T>[] {
  const shards = Array.from({ length: count }, () => ({ places: [] as number[], cost: 0 }));
  const costs = items.map(costOf);
  const dearestFirst = costs.map((_, place) => place).sort((a, b) => (costs[b] ?? 0) - (costs[a] ?? 0) || a - b);
  for (const place of dearestFirst) {
    const least = shards.reduce((best, shard) => (isLess(shard, best) ? shard : best));
    least.places.push(place);
    least.cost += costs[place] ?? 0;
  }
  return shards
    .map(({ places, cost }) => ({ places: places.sort((a, b) => a - b), cost }))
    .sort((a, b) => (a.places[0] ?? 0) - (b.places[0] ?? 0))
    .map(({ places, cost }) => ({ items: places.flatMap((place) => items[place] ?? []), cost }));
}

/** By cost; where nothing costs anything, by number. */
function isLess(a: { places: number[]; cost: number }, b: { places: number[]; cost: number }): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.places.length < b.places.length);
}
