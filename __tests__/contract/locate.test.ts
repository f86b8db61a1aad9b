import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { type LineMutant, shuffled, templateMutants, valuesMutants } from '../support/line-mutants.ts';
import { seeded } from '../support/mutants.ts';
import { type Laboratory, type LocatedFault, laboratory, type Setup } from '../support/origins.ts';
import { repository } from '../support/scenario.ts';

const fixtures = join(repository, '__tests__/fixtures');

/** By how its values get into objects: the first step of a path, or the first two. */
const CHARTS: Record<string, Setup & { readonly ways: Readonly<Record<string, string>> }> = {
  ways: {
    folder: join(fixtures, 'ways'),
    values: ['values-live.yaml'],
    alias: { store: 'cache' },
    ways: {
      plain: 'value',
      whole: 'toYaml',
      named: 'include',
      looped: 'range',
      templated: 'tpl',
      fallback: 'default',
      computed: 'computed',
      cache: 'subchart value',
      global: 'subchart value',
    },
  },
  'task-api': {
    folder: join(repository, 'chart'),
    values: ['values-prod.yaml'],
    dependencies: { postgresql: join(fixtures, 'charts/postgresql'), redis: join(fixtures, 'charts/redis') },
    ways: {
      agent: 'value',
      'agent.resources': 'toYaml',
      'agent.env': 'range',
      'agent.replicaCount': 'include',
      'agent.image': 'include',
      migration: 'include',
      'migration.resources': 'toYaml',
      'connectionTest.resources': 'toYaml',
      podSecurityContext: 'toYaml',
      serviceAccount: 'value',
      networkPolicy: 'toYaml',
      postgresql: 'subchart value',
      redis: 'subchart value',
    },
  },
  postgresql: {
    folder: join(fixtures, 'charts/postgresql'),
    values: [],
    ways: {
      image: 'include',
      primary: 'value',
      'primary.livenessProbe': 'toYaml',
      'primary.readinessProbe': 'toYaml',
      containerPorts: 'value',
    },
  },
  redis: {
    folder: join(fixtures, 'charts/redis'),
    values: [],
    ways: {
      image: 'include',
      master: 'value',
      'master.livenessProbe': 'toYaml',
      'master.readinessProbe': 'toYaml',
      replica: 'value',
    },
  },
};

/** Of these a key that is wrong comes out as one; of the others it is a value that isn't there. */
const WHOLE = ['toYaml', 'tpl', 'subchart value'];

interface Row {
  right: number;
  wrong: number;
  unknown: number;
}

const table: Record<string, Row> = {};
const wrong: string[] = [];
const open: Laboratory[] = [];
afterAll(async () => void (await Promise.all(open.map((each) => each.close()))));

test.each([
  ['ways', 'helm', 9],
  ['ways', 'helm3', 3],
  ['task-api', 'helm', 3],
  ['task-api', 'helm3', 1],
  ['postgresql', 'helm', 2],
  ['redis', 'helm3', 2],
] as const)(
  'lines of %s that were changed are found, by %s',
  async (name, helm, quota) => {
    const chart = CHARTS[name];
    if (chart === undefined) throw new Error(name);
    const laboratories = await Promise.all([laboratory(chart, helm), laboratory(chart, helm)]);
    open.push(...laboratories);
    const [first] = laboratories;
    expect(await first.faults(10)).toEqual([]);
    const mutants = shuffled(mutantsOf(first, name), seeded(20_26));
    const asked = await Promise.all(
      laboratories.map((each, index) => {
        const own = mutants.filter((_, number) => number % laboratories.length === index);
        return ask(own, Math.ceil(quota / laboratories.length), each, (mutant, told) =>
          count(mutant, told, name, helm),
        );
      }),
    );
    expect(new Set(asked.flatMap((ways) => [...ways.keys()])).size).toBeGreaterThan(3);
  },
  300_000,
);

test('nine in ten are found, eight in ten of each way, and fewer than one in fifty at a wrong line', () => {
  const rows = Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1));
  console.log(
    [
      'way: right, wrong, unknown',
      ...rows.map(([way, row]) => `${way}: ${row.right}, ${row.wrong}, ${row.unknown}`),
      ...wrong,
    ].join('\n'),
  );
  for (const way of ['literal', 'toYaml', 'include', 'range', 'tpl', 'default', 'subchart value', 'value']) {
    const row = table[way] ?? { right: 0, wrong: 0, unknown: 0 };
    const all = row.right + row.wrong + row.unknown;
    expect({ way, enough: all >= 10, found: row.right / all >= 0.8 }).toEqual({ way, enough: true, found: true });
  }
  const sum = (key: keyof Row): number => rows.reduce((total, [, row]) => total + row[key], 0);
  const all = sum('right') + sum('wrong') + sum('unknown');
  expect(sum('right') / all).toBeGreaterThanOrEqual(0.9);
  expect(sum('wrong') / all).toBeLessThanOrEqual(0.02);
  // What was changed on its way says that it isn't known.
  expect(table.computed?.wrong).toBe(0);
});

function mutantsOf(chart: Laboratory, name: string): LineMutant[] {
  const { values, ways } = CHARTS[name] as (typeof CHARTS)[string];
  const random = seeded(4711);
  const wayOf = (path: readonly string[], what: 'key' | 'value'): string | undefined => {
    const way = ways[path.slice(0, 2).join('.')] ?? ways[path[0] ?? ''];
    return what === 'key' && !(path.length > 2 && WHOLE.includes(way ?? '')) ? undefined : way;
  };
  // Twice, with another change each.
  const files = ['values.yaml', ...values].flatMap((file) => [file, file]);
  const mutants = files.flatMap((file) => valuesMutants(file, chart.read(file), wayOf, random));
  if (name === 'ways') {
    const file = 'charts/store/values.yaml';
    mutants.push(...valuesMutants(file, chart.read(file), () => 'subchart value', random));
  }
  return [...mutants, ...chart.templates.flatMap((file) => templateMutants(file, chart.read(file), random))];
}

/** Asks about mutants until there are enough of each way. Most of what is changed is as good as before: a key that nobody reads, say. */
async function ask(
  mutants: readonly LineMutant[],
  quota: number,
  chart: Laboratory,
  told: (mutant: LineMutant, fault: LocatedFault) => void,
): Promise<ReadonlyMap<string, number>> {
  const asked = new Map<string, number>();
  const tried = new Map<string, number>();
  for (const mutant of mutants) {
    const { way } = mutant;
    const times = (tried.get(way) ?? 0) + 1;
    if ((asked.get(way) ?? 0) >= quota || times > quota * 3) continue;
    tried.set(way, times);
    const answers = await answersTo(mutant, chart);
    asked.set(way, (asked.get(way) ?? 0) + answers.length);
    for (const answer of answers) told(mutant, answer);
  }
  return asked;
}

async function answersTo(mutant: LineMutant, chart: Laboratory): ReturnType<Laboratory['faults']> {
  const before = chart.read(mutant.file);
  chart.write(mutant.file, mutant.text);
  const answers = await chart.faults(3);
  chart.write(mutant.file, before);
  return answers;
}

function count(mutant: LineMutant, { told }: LocatedFault, chart: string, helm: string): void {
  const { file, line, message } = told;
  const isRight = file === `${chart}/${mutant.file}` && line === mutant.line;
  // It has a file all the same.
  const verdict = line === undefined && file !== undefined ? 'unknown' : isRight ? 'right' : 'wrong';
  table[mutant.way] ??= { right: 0, wrong: 0, unknown: 0 };
  (table[mutant.way] as Row)[verdict] += 1;
  if (verdict === 'wrong') wrong.push(`${helm} ${chart} ${mutant.what}: ${file}:${line}: ${message}`);
}
