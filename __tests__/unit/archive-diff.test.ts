import { expect, test } from '@jest/globals';
import { diffFiles, isSame } from '../../src/domain/package-diff.ts';

const files = (content: Record<string, string>) =>
  Object.entries(content).map(([path, text]) => ({ path, content: new TextEncoder().encode(text) }));

test('added, removed and changed, each sorted', () => {
  const diff = diffFiles(
    files({ c: '1', a: '1', same: 'x', z: '' }),
    files({ same: 'x', z: '2', new: '', b: '', a: '2' }),
  );
  expect(diff).toEqual({ added: ['b', 'new'], removed: ['c'], changed: ['a', 'z'] });
  expect(isSame(diff)).toBe(false);
});

test('the order of the files does not matter, and empty is the same as empty', () => {
  expect(isSame(diffFiles(files({ a: '', b: '2' }), files({ b: '2', a: '' })))).toBe(true);
  expect(isSame(diffFiles([], []))).toBe(true);
});
