import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { isMapping, isWithin } from '../../src/domain/merged-values.ts';
import { readSource } from '../../src/domain/source.ts';
import { chartTree } from '../../src/domain/values-use/chart-tree.ts';
import { schemaPlace } from '../../src/domain/values-use/schema-names.ts';
import { type UnusedKey, unnamedKeys, unusedKeys } from '../../src/domain/values-use/unused-keys.ts';
import { valuesUsed } from '../../src/domain/values-use/values-used.ts';
import { helm } from '../chart/rendering.ts';
import { TOGGLES } from '../chart/toggles.ts';
import { seeded } from '../support/mutants.ts';
import { repository } from '../support/scenario.ts';
import { stagedChart } from '../support/staged-chart.ts';

type Path = readonly (string | number)[];
type Data = Record<string, unknown>;

const fixtures = join(repository, '__tests__/fixtures');
const stores = { postgresql: join(fixtures, 'charts/postgresql'), redis: join(fixtures, 'charts/redis') };

const CHARTS: Record<
  string,
  { readonly folder: string; readonly values: readonly string[]; readonly cases: readonly object[] }
> = {
  'task-api': {
    folder: join(repository, 'chart'),
    values: ['values.yaml', 'values-dev.yaml', 'values-staging.yaml', 'values-prod.yaml'],
    cases: [{}, ...Object.values(TOGGLES)],
  },
  seed: {
    folder: join(fixtures, 'seed'),
    values: ['values.yaml', 'values-dev.yaml', 'values-staging.yaml', 'values-prod.yaml'],
    cases: [{}, { serviceAccount: { create: true } }, { postgresql: { architecture: 'replication' } }],
  },
  ways: { folder: join(fixtures, 'ways'), values: ['values.yaml', 'values-live.yaml'], cases: [{}] },
};

const root = mkdtempSync(join(tmpdir(), 'chartship-unused-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function laboratory(name: string) {
  const chart = CHARTS[name];
  if (chart === undefined) throw new Error(name);
  const folder = join(root, name);
  cpSync(chart.folder, folder, { recursive: true });
  // Its schema would name all keys, or refuse them.
  rmSync(join(folder, 'values.schema.json'), { force: true });
  const isIn = (path: string): boolean => name !== 'ways' && path !== '';
  for (const [store, from] of Object.entries(stores))
    if (isIn(store)) cpSync(from, join(folder, 'charts', store), { recursive: true });
  const files = chart.values.map((file) => {
    const read = readSource(readFileSync(join(folder, file)));
    if (!read.ok) throw new Error(read.fault.message);
    return { file, data: read.source.data as Data };
  });
  const tree = chartTree(stagedChart(folder), () => false);
  const texts = new Set<string>();
  const collect = (data: unknown): void => {
    if (typeof data === 'string' && data.includes('{{')) texts.add(data);
    else if (typeof data === 'object' && data !== null) Object.values(data).forEach(collect);
  };
  for (const { data } of files) collect(data);
  const schema = schemaPlace(tree);
  const words = new Set(files.flatMap(({ data }) => unnamedKeys(data, schema).flat().map(String)));
  const values = valuesUsed(tree, { texts: [...texts], words, isAnswered: () => false });
  if (values === undefined) throw new Error('the templates could not be followed');
  const defaults = files[0]?.data;
  let renders = 0;
  return {
    ...chart,
    files,
    unused: (data: Data): UnusedKey[] => unusedKeys(data, { values, schema, defaults }),
    /** What helm renders with these values merged last; `undefined` if it doesn't. */
    render: async (file: string, values: unknown, last: unknown): Promise<string | undefined> => {
      renders += 1;
      const [own, over] = [join(root, `${name}-${renders}.json`), join(root, `${name}-${renders}-last.json`)];
      writeFileSync(own, JSON.stringify(values));
      writeFileSync(over, JSON.stringify(last));
      const base = file === 'values.yaml' ? [] : ['--values', join(folder, file)];
      const args = ['template', 'rel', folder, ...base, '--values', own, '--values', over];
      const { code, stdout } = await helm('helm', args);
      return code === 0 ? stdout : undefined;
    },
  };
}

/** The paths of all mappings, those in lists, too. */
function mappings(data: unknown, path: Path = []): Path[] {
  if (Array.isArray(data)) return data.flatMap((each, index) => mappings(each, [...path, index]));
  if (!isMapping(data)) return [];
  return [path, ...Object.entries(data).flatMap(([key, each]) => mappings(each, [...path, key]))];
}

function changed(data: Data, path: Path, change: (mapping: Data) => void): Data {
  const copy = structuredClone(data);
  change(path.reduce<unknown>((node, step) => (node as Data)[step], copy) as Data);
  return copy;
}

const shown = (path: Path): string => path.join('.') || '(root)';

describe.each(Object.keys(CHARTS))('%s', (name) => {
  const lab = laboratory(name);

  test('nothing of its own is told but what nothing uses', () => {
    const told = lab.files.flatMap(({ file, data }) => lab.unused(data).map(({ path }) => `${file} ${shown(path)}`));
    expect(told).toEqual(
      name === 'seed' ? ['values.yaml migration.enabled', 'values-prod.yaml postgresql.replica'] : [],
    );
  });

  test('a further key in each mapping is told, unless what is rendered has it', async () => {
    const rows = { told: 0, used: 0, unknown: new Set<string>(), wrong: [] as string[] };
    for (const { file, data } of lab.files) {
      const marks = mappings(data).map((path, index) => ({ path, key: `zzmark${index}q` }));
      const told = new Set(
        marks
          .filter(({ path, key }) =>
            lab
              .unused(changed(data, path, (mapping) => Object.assign(mapping, { [key]: key })))
              .some((each) => isWithin([...path, key], each.path)),
          )
          .map(({ key }) => key),
      );
      const seen = new Set<string>();
      const look = async (some: typeof marks): Promise<void> => {
        const marked = some.reduce(
          (all, { path, key }) => changed(all, path, (one) => Object.assign(one, { [key]: key })),
          data,
        );
        for (const last of lab.cases) {
          const text = await lab.render(file, marked, last);
          if (text === undefined && some.length > 1) {
            await look(some.slice(0, some.length >> 1));
            await look(some.slice(some.length >> 1));
            return;
          }
          // One that is refused makes a difference, too.
          for (const { key } of some) if (text === undefined || text.includes(key)) seen.add(key);
        }
      };
      await look(marks);
      for (const { path, key } of marks) {
        const isTold = told.has(key);
        if (isTold && seen.has(key)) rows.wrong.push(`${file} ${shown(path)}`);
        else if (isTold) rows.told += 1;
        else if (seen.has(key)) rows.used += 1;
        else rows.unknown.add(shown(path));
      }
    }
    console.log(
      `${name}: ${rows.told} told, ${rows.used} used as they come, ${rows.wrong.length} wrong, unknown: ${[...rows.unknown].join(', ') || 'none'}`,
    );
    expect(rows.wrong).toEqual([]);
    // Whether they are used would not be known: there is none in these charts.
    expect([...rows.unknown]).toEqual([]);
  }, 300_000);

  test('mistyped keys are told with what was meant, and nothing else is', () => {
    const random = seeded(2026);
    const rows = { told: 0, other: [] as string[], whole: 0 };
    for (const { data } of lab.files) {
      for (const path of mappings(data)) {
        const probe = changed(data, path, (mapping) => Object.assign(mapping, { zzprobe: 1 }));
        const isKnown = lab.unused(probe).some((each) => each.path.at(-1) === 'zzprobe');
        const mapping = path.reduce<unknown>((node, step) => (node as Data)[step], data) as Data;
        for (const key of Object.keys(mapping)) {
          const before = lab.unused(data).map((each) => shown(each.path));
          if (before.some((each) => shown([...path, key]).startsWith(each))) continue;
          const wrong = mistyped(key, random);
          if (wrong === undefined || wrong in mapping) continue;
          const told = lab
            .unused(
              changed(data, path, (one) => {
                one[wrong] = one[key];
                delete one[key];
              }),
            )
            .filter((each) => !before.includes(shown(each.path)));
          if (!isKnown) {
            expect(told).toEqual([]);
            rows.whole += 1;
            continue;
          }
          expect(told.map((each) => shown(each.path))).toEqual([shown([...path, wrong])]);
          if (told[0]?.near?.key === key) rows.told += 1;
          else rows.other.push(`${shown([...path, wrong])} → ${told[0]?.near?.key}`);
        }
      }
    }
    console.log(
      `${name}: ${rows.told} told with what was meant, ${rows.whole} in mappings that are used as a whole; others: ${rows.other.join(', ') || 'none'}`,
    );
    expect(rows.told).toBeGreaterThan(20);
    expect(rows.other.length).toBeLessThanOrEqual(rows.told / 20);
  });
});

/** One letter more, less, another one, two that changed places, or one in the other case. */
function mistyped(key: string, random: () => number): string | undefined {
  if (key.length < 4) return undefined;
  const at = 1 + Math.floor(random() * (key.length - 2));
  const [before, letter, after] = [key.slice(0, at), key.slice(at, at + 1), key.slice(at + 1)];
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  const kinds = [
    before + after,
    `${before}${letter}${letter}${after}`,
    `${before}x${after}`,
    `${before}${after.slice(0, 1)}${letter}${after.slice(1)}`,
    before + other + after,
  ];
  const wrong = kinds[Math.floor(random() * kinds.length)];
  return wrong === key ? undefined : wrong;
}
