import { describe, expect, test } from '@jest/globals';
import { isExact, sameVersion, satisfies } from '../../src/domain/dependency-range.ts';

/** What github.com/Masterminds/semver v3.5.0, Helm's library, answers for these versions: + in the range, - not. */
const VERSIONS = ['0.0.3', '0.2.9', '1.0.0', '1.2.3-beta.1', '1.2.3', '1.2', '1.3.0', '2.0.0-alpha', '2.0.0', '2.1.0'];
const TABLE: [range: string, answers: string][] = [
  ['*', '+++-+++-++'],
  ['^*', '----------'],
  ['1', '--+-+++---'],
  ['=1.2', '----++----'],
  ['!=1.2', '+++---+-++'],
  ['!=1.2.3', '+++--++-++'],
  ['>1.2', '------+-++'],
  ['>=1.2.x', '----+++-++'],
  ['<=1.2', '+++-++----'],
  ['=<1.2.3', '+++-++----'],
  ['~>1.2', '----++----'],
  ['~0.0.0', '+++-+++-++'],
  ['^0', '++--------'],
  ['^0.2', '-+--------'],
  ['^0.0.3', '+---------'],
  ['>=1.0.0, <2.0.0', '--+-+++---'],
  ['>=1.0.0 <2.0.0', '--+-+++---'],
  ['1.0.0 - 2.0.0', '--+-+++-+-'],
  ['^1.2.3 || 2.x', '----+-+-++'],
  ['>=1.0.0-0', '--++++++++'],
  ['<2.0.0-0', '+++++++---'],
  ['1.2.3-beta.1', '---+------'],
  ['v1.2.3', '----+-----'],
];

describe('ranges as Helm reads them', () => {
  test.each(TABLE)('%s', (range, answers) => {
    expect(VERSIONS.map((version) => (satisfies(version, range) ? '+' : '-')).join('')).toBe(answers);
  });

  test.each(['', 'abc', 'latest', '1.2.3.4', '^^1', '>=1.0,', '|| 1', '1 ||', '1,', 'x'.repeat(513)])(
    '%j is none',
    (range) => {
      expect(satisfies('1.0.0', range)).toBeUndefined();
    },
  );
});

test('one version is told from a range', () => {
  expect(['1.2.3', 'v1.2.3', '=1.2.3', '1.2.3-rc.1+b'].map(isExact)).toEqual([true, true, true, true]);
  expect(['1.2', '1.x', '^1.2.3', '1.2.3 || 2', '1.0.0 - 2.0.0', ''].map(isExact)).toEqual(Array(6).fill(false));
});

test('versions are the same whatever their `v`, and differ by build metadata', () => {
  expect(sameVersion('v1.2.3', '1.2.3')).toBe(true);
  expect(sameVersion('1.2.3+a', '1.2.3+b')).toBe(false);
  expect(sameVersion('what', 'what')).toBe(true);
  expect(sameVersion('1.2.3', '1.2.4')).toBe(false);
});
