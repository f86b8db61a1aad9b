import { describe, expect, test } from '@jest/globals';
import { costsOf, secondsIn } from '../../src/costs.ts';
import { shardsOf } from '../../src/domain/shards.ts';

const costOf = (cost: number): number => cost;
const shards = (items: readonly number[], most: number, worth?: number): number[][] =>
  shardsOf(items, costOf, most, worth).map((shard) => [...shard.items]);

describe('shards', () => {
  test.each<[string, number[], number, number[][]]>([
    ['nothing needs none', [], 4, []],
    ['one for all', [3, 1, 2], 1, [[3, 1, 2]]],
    ['no more than there are items', [3, 1], 8, [[3], [1]]],
    ['the dearest alone, the rest together: a third would end no earlier', [1, 9, 2, 3], 4, [[1, 2, 3], [9]]],
    [
      'items keep their order, shards that of their first',
      [5, 4, 3, 3, 3],
      2,
      [
        [5, 3],
        [4, 3, 3],
      ],
    ],
    ['what costs nothing is spread by number', [0, 0, 0, 0], 2, [[0, 0, 0, 0]]],
  ])('%s', (_what, items, most, expected) => {
    expect(shards(items, most)).toEqual(expected);
  });

  test('a shard that saves less than it is worth is none', () => {
    expect(shards([20, 20, 20], 3, 30)).toEqual([[20, 20], [20]]);
    expect(shards([20, 20, 20], 3, 40)).toEqual([[20, 20, 20]]);
    expect(shards([60, 60, 60], 3, 30)).toEqual([[60], [60], [60]]);
  });

  test('every item is in exactly one shard, and none is longer than the mean and the dearest allow, for 300 random plans', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    for (let round = 0; round < 300; round += 1) {
      const items = Array.from({ length: 1 + random(40) }, (_, id) => ({ id, cost: 1 + random(100) }));
      const most = 1 + random(10);
      const made = shardsOf(items, ({ cost }) => cost, most);
      const ids = made.flatMap((shard) => shard.items.map(({ id }) => id));
      expect(ids.sort((a, b) => a - b)).toEqual(items.map(({ id }) => id));
      expect(made.length).toBeLessThanOrEqual(most);
      const total = items.reduce((sum, { cost }) => sum + cost, 0);
      for (const { items: those, cost } of made) expect(those.reduce((sum, each) => sum + each.cost, 0)).toBe(cost);
      const dearest = Math.max(...items.map(({ cost }) => cost));
      // Graham's bound for any list, of which the dearest first is one.
      expect(Math.max(...made.map(({ cost }) => cost))).toBeLessThanOrEqual(
        total / most + (1 - 1 / most) * dearest + 1e-9,
      );
    }
  });
});

describe('costs', () => {
  const run = (chart: string, seconds: unknown, status = 'passed', name = 'render') => ({
    name,
    chart,
    seconds,
    status,
  });

  test('are the seconds of all stages but deployments; of a chart that failed or was cut off there are none', () => {
    const stages = [
      run('a', 1.5),
      run('a', 2, 'passed', 'publish'),
      run('a', 300, 'passed', 'deploy'),
      run('library', 1),
      run('library', 0, 'skipped'),
      run('b', 9),
      run('b', 1, 'failed'),
      run('c', 1, 'cancelled'),
    ];
    expect(Object.fromEntries(secondsIn({ stages }))).toEqual({ a: 3.5, library: 1 });
  });

  test.each([
    ['no object', 'text'],
    ['nothing', null],
    ['stages that are no list', { stages: 1 }],
    [
      'runs that are none',
      { stages: [null, 1, { name: 'render' }, run('a', '1'), run('a', -1), run('a', 1, 'passed', 'x')] },
    ],
  ])('a report that is %s has none', (_what, report) => {
    expect(secondsIn(report).size).toBe(0);
  });

  test('of a chart that was not measured, what its size lets expect; without a measure, sizes', () => {
    const sizes = new Map([
      ['a', 100],
      ['b', 300],
    ]);
    expect(costsOf(sizes, new Map([['a', 4]]))).toEqual({
      unit: 'seconds',
      of: new Map([
        ['a', 4],
        ['b', 12],
      ]),
    });
    expect(costsOf(sizes, new Map([['gone', 4]]))).toEqual({ unit: 'bytes', of: sizes });
  });
});
