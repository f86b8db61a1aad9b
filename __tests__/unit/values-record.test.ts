import { describe, expect, test } from '@jest/globals';
import {
  annotationsOfRecord,
  differences,
  filesOutside,
  type RecordedFile,
  recordOfAnnotations,
  type ValuesRecord,
} from '../../src/domain/values-record.ts';

const sum = (digit: string): string => digit.repeat(64);
const file = (path: string, digit: string): RecordedFile => ({ named: path, path, sha256: sum(digit) });
const record = (environments: Record<string, RecordedFile[]>): ValuesRecord => new Map(Object.entries(environments));

test('a record comes back out of its annotations, in order', () => {
  const written = record({ 'prod.eu': [file('z.yaml', 'a'), file('7', 'b')], dev: [] });
  expect(recordOfAnnotations(annotationsOfRecord(written, new Date()))).toEqual(written);
});

test.each([
  ['no JSON', '[{'],
  ['no list', '{}'],
  ['no sum', '[{"named":"a","path":"a","sha256":"abc"}]'],
  ['no path', `[{"named":"a","sha256":"${'a'.repeat(64)}"}]`],
  ['nothing', '[null]'],
])('an annotation that is %s says nothing', (_, text) => {
  expect(recordOfAnnotations({ 'dev.chartship.values.dev': text, other: '[]' })).toEqual(new Map());
});

test('what travels in the package is not recorded', () => {
  const inside = { named: 'a', path: '/r/chart/a', shown: 'chart/a', inChart: 'a', sha256: sum('a') };
  const outside = { named: '../b', path: '/r/b', shown: 'b', sha256: sum('b') };
  expect(filesOutside([inside, outside])).toEqual([{ named: '../b', path: 'b', sha256: sum('b') }]);
});

describe('what is deployed with', () => {
  const said = (files: RecordedFile[], ...records: ValuesRecord[]): string[] =>
    differences('prod', files, records).map(({ message }) => message);

  test('what it was checked with is no difference', () => {
    expect(said([file('a', '1'), file('b', '2')], record({ prod: [file('a', '1'), file('b', '2')] }))).toEqual([]);
    expect(said([], record({ prod: [] }))).toEqual([]);
    expect(said([], record({ dev: [] }))).toEqual([]);
  });

  test('another content is told with both sums', () => {
    expect(said([file('a', '1')], record({ prod: [file('a', '2')] }))).toEqual([
      `a was another file: now its sha256 is ${sum('1')}, then it was ${sum('2')}`,
    ]);
  });

  test('a file more, a file less, another order', () => {
    expect(said([file('a', '1'), file('b', '2')], record({ prod: [file('a', '1')] }))).toEqual([
      `b (sha256 ${sum('2')}) was not among its values files`,
    ]);
    expect(said([], record({ prod: [file('a', '1')] }))).toEqual([
      `a (sha256 ${sum('1')}) was among its values files, and is not now`,
    ]);
    expect(said([file('b', '2'), file('a', '1')], record({ prod: [file('a', '1'), file('b', '2')] }))).toEqual([
      'its values files were merged in another order: a, b',
    ]);
  });

  test('an environment that was not checked was checked with nothing', () => {
    expect(said([file('a', '1')], record({ dev: [file('a', '1')] }))).toHaveLength(1);
  });

  test('of several records one is enough, and else the nearest is told', () => {
    const older = record({ prod: [file('a', '1'), file('b', '2')] });
    const newer = record({ prod: [file('a', '3'), file('b', '4')] });
    expect(said([file('a', '1'), file('b', '2')], newer, older)).toEqual([]);
    expect(said([file('a', '3'), file('b', '2')], older, newer)).toHaveLength(1);
    expect(said([file('a', '3'), file('b', '4'), file('c', '5')], older, newer)).toEqual([
      `c (sha256 ${sum('5')}) was not among its values files`,
    ]);
  });
});
