import { describe, expect, test } from '@jest/globals';
import {
  fits,
  helm2Digest,
  lockDifferences,
  lockDigest,
  pairLock,
  type Requirement,
} from '../../src/domain/chart-lock.ts';
import { satisfies } from '../../src/domain/dependency-range.ts';

const requirement = (name: string, version: string, rest: Partial<Requirement> = {}): Requirement => ({
  name,
  version,
  repository: 'https://charts.bitnami.com/bitnami',
  condition: '',
  tags: [],
  enabled: false,
  importValues: [],
  alias: '',
  ...rest,
});

describe('the digest', () => {
  test('of locks that helm wrote', () => {
    const wanted = [
      requirement('postgresql', '12.x.x', { condition: 'postgresql.enabled' }),
      requirement('redis', '17.x.x', { condition: 'redis.enabled' }),
    ];
    const locked = [requirement('postgresql', '12.12.10'), requirement('redis', '17.17.1')];
    expect(lockDigest(wanted, locked)).toBe('sha256:c4e649966b0209fe3e8795577f6fd93dbc09dbc595bef44ac00292e1248fe829');
    expect(lockDigest([...wanted].reverse(), locked)).not.toBe(lockDigest(wanted, locked));
  });

  test('covers every field', () => {
    const plain = requirement('a', '1');
    const others: Partial<Requirement>[] = [
      { version: '2' },
      { repository: '' },
      { condition: 'x' },
      { tags: ['x'] },
      { enabled: true },
      { importValues: ['x'] },
      { alias: 'x' },
    ];
    const digests = [plain, ...others.map((other) => ({ ...plain, ...other }))].map((each) => lockDigest([each], []));
    expect(new Set(digests).size).toBe(digests.length);
    expect(
      new Set([plain, ...others.map((other) => ({ ...plain, ...other }))].map((each) => helm2Digest([each]))).size,
    ).toBe(8);
  });
});

describe('differences', () => {
  const differences = (wanted: Requirement[], locked: Requirement[]) => {
    const lock = { digest: '', dependencies: locked };
    return lockDifferences(wanted, pairLock(wanted, lock, satisfies), 'Chart.lock', satisfies);
  };

  test('are named', () => {
    expect(
      differences(
        [requirement('a', '^1'), requirement('b', '1'), requirement('c', '1')],
        [requirement('a', '2.0.0'), requirement('c', '1.0.0', { repository: '' }), requirement('d', '1.0.0')],
      ),
    ).toEqual([
      { index: 0, message: 'Chart.lock has a 2.0.0, which ^1 does not admit' },
      { index: 1, message: 'b 1 is not in Chart.lock' },
      { index: 2, message: 'Chart.lock has c from no repository, not from https://charts.bitnami.com/bitnami' },
      { index: undefined, message: 'Chart.lock still lists d 1.0.0, which is no dependency any more' },
    ]);
  });

  test('that can not be seen are said of the whole', () => {
    expect(differences([requirement('a', '^1', { alias: 'x' })], [requirement('a', '1.0.0')])).toEqual([
      { index: undefined, message: expect.stringContaining('made for other dependencies') },
    ]);
  });

  test('two versions of one name are paired by what each admits', () => {
    const wanted = [requirement('a', '1.x', { alias: 'old' }), requirement('a', '2.x')];
    const pairs = pairLock(
      wanted,
      { digest: '', dependencies: [requirement('a', '2.1.0'), requirement('a', '1.5.0')] },
      satisfies,
    );
    expect(pairs.locked.map((each) => each?.version)).toEqual(['1.5.0', '2.1.0']);
    expect(pairs.left).toEqual([]);
  });

  test('what helm locks of a chart without a repository is the range itself', () => {
    expect(
      fits(requirement('a', '>=1', { repository: '' }), requirement('a', '>=1', { repository: '' }), satisfies),
    ).toBe(true);
  });
});
