import { expect, test } from '@jest/globals';
import { thousandths } from '../../src/domain/server-rules/quantities.ts';

test.each<[unknown, bigint | undefined]>([
  ['1', 1000n],
  ['1000m', 1000n],
  ['1e3', 1_000_000n],
  ['1E3', 1_000_000n],
  ['1e-3', 1n],
  ['1Ki', 1_024_000n],
  ['0.5', 500n],
  ['.5', 500n],
  ['5.', 5000n],
  ['0.5Gi', 2n ** 29n * 1000n],
  ['1.5k', 1_500_000n],
  ['2E', 2n * 10n ** 21n],
  ['1u', 1n],
  ['1n', 1n],
  ['0.1n', 1n],
  ['1001u', 2n],
  ['2.1m', 3n],
  ['-2.1m', -3n],
  ['-1', -1000n],
  ['+1', 1000n],
  ['-0', 0n],
  [' 1 ', 1000n],
  ['9007199254740993', 9007199254740993000n],
  // More than fits is the most that fits.
  ['8Ei', (2n ** 63n - 1n) * 1000n],
  ['10Ei', (2n ** 63n - 1n) * 1000n],
  ['10E', 10n ** 22n],
  [1, 1000n],
  [0.25, 250n],
  [1e21, 10n ** 24n],
  [1e-7, 1n],
])('%p is %p thousandths', (value, expected) => {
  expect(thousandths(value)).toBe(expected);
});

test.each([
  ['', '.', 'm', '1 k', '1K', '1ki', '1kk', '1e', 'one', '0x1', '1_000', '--1'],
  ['1e999', '1e-999', '1'.repeat(65)],
  [null, undefined, true, [], {}, Number.NaN, Number.POSITIVE_INFINITY],
])('%p, … are none that can be compared', (...values) => {
  expect(values.map(thousandths)).toEqual(values.map(() => undefined));
});
