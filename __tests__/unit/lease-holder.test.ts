import { describe, expect, test } from '@jest/globals';
import {
  freeLease,
  type Here,
  type Holder,
  heldLease,
  holderOf,
  isGone,
  shownHolder,
} from '../../src/domain/lease-holder.ts';
import { deadBecause } from '../../src/stages/deploy/lease.ts';

const holder: Holder = { id: 'one', host: 'ci-7', pid: 4711, boot: 'boot', born: '99', since: '2026-01-01T00:00:00Z' };
const here = (boot: string, born: string | undefined): Here => ({ boot, born: () => born });
const name = { name: 'chartship-a', namespace: 'n' };
const now = new Date('2026-02-03T04:05:06.789Z');

describe('whether a holder is gone', () => {
  test.each<[string, Holder, Here, boolean]>([
    ['no such process here', holder, here('boot', undefined), true],
    ['the process lives', holder, here('boot', '99'), false],
    ['another process has its id', holder, here('boot', '100'), true],
    ['who has its id is not known', holder, here('boot', ''), false],
    ['another machine, or another start of this one', holder, here('other', undefined), false],
    ['neither machine is known', { ...holder, boot: '' }, here('', undefined), false],
    ['not a holder of ours', { ...holder, pid: 0 }, here('boot', undefined), false],
  ])('%s', (_, one, where, gone) => {
    expect(isGone(one, where)).toBe(gone);
  });

  test.each<[number, Here, RegExp | undefined]>([
    [0, here('boot', undefined), /its process is gone/],
    [59.9, here('other', undefined), undefined],
    [60, here('other', undefined), /no sign of life for 60 s/],
    [60, here('boot', '99'), /no sign of life/],
  ])('after %d s without a change', (unchanged, where, expected) => {
    const why = deadBecause(holder, unchanged, where);
    if (expected === undefined) expect(why).toBeUndefined();
    else expect(why).toMatch(expected);
  });
});

describe('a Lease', () => {
  test('is held as it says, with six digits', () => {
    const lease = heldLease(name, holder, now, undefined);
    expect(lease.spec).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 60,
      acquireTime: '2026-02-03T04:05:06.789000Z',
      renewTime: '2026-02-03T04:05:06.789000Z',
      leaseTransitions: 0,
    });
    expect(lease.metadata.resourceVersion).toBeUndefined();
    expect(holderOf(lease)).toEqual(holder);
  });

  test('is renewed: taken when it was, as it was seen', () => {
    const first = heldLease(name, holder, now, undefined);
    const seen = { ...first, metadata: { ...first.metadata, resourceVersion: '7' } };
    const renewed = heldLease(name, holder, new Date('2026-02-03T04:06:00Z'), seen);
    expect(renewed.metadata.resourceVersion).toBe('7');
    expect(renewed.spec).toMatchObject({
      acquireTime: '2026-02-03T04:05:06.789000Z',
      renewTime: '2026-02-03T04:06:00.000000Z',
      leaseTransitions: 0,
    });
    const other = heldLease(name, { ...holder, id: 'two' }, new Date('2026-02-03T04:07:00Z'), renewed);
    expect(other.spec).toMatchObject({
      holderIdentity: 'two',
      acquireTime: '2026-02-03T04:07:00.000000Z',
      leaseTransitions: 1,
    });
  });

  test('is given back: nobody holds it, and the count goes on', () => {
    const held = heldLease(name, holder, now, heldLease(name, { ...holder, id: 'zero' }, now, undefined));
    const free = freeLease({ ...held, metadata: { ...held.metadata, resourceVersion: '8' } });
    expect(holderOf(free)).toBeUndefined();
    expect(free.metadata.resourceVersion).toBe('8');
    expect(heldLease(name, holder, now, free).spec).toMatchObject({ leaseTransitions: 2 });
  });

  test.each<[string, object]>([
    ['somebody else holds it', {}],
    ['our annotation is left over', { annotations: { 'chartship.dev/holder': JSON.stringify(holder) } }],
    ['the annotation is no JSON', { annotations: { 'chartship.dev/holder': '{' } }],
    ['the annotation is null', { annotations: { 'chartship.dev/holder': 'null' } }],
  ])('of others: %s', (_, metadata) => {
    const lease = { ...heldLease(name, holder, now, undefined), spec: { holderIdentity: 'kubectl' } };
    expect(holderOf({ ...lease, metadata: { ...lease.metadata, annotations: {}, ...metadata } })).toMatchObject({
      id: 'kubectl',
      host: 'kubectl',
      pid: 0,
    });
  });
});

test('who holds it, for a person', () => {
  expect(shownHolder(holder)).toBe('ci-7 (process 4711), since 2026-01-01T00:00:00Z');
  expect(shownHolder({ ...holder, url: 'https://x/1' })).toBe(
    'ci-7 (process 4711), since 2026-01-01T00:00:00Z, https://x/1',
  );
  expect(shownHolder({ id: 'x', host: 'x', pid: 0, boot: '', born: '', since: '' })).toBe('x');
});
