import { describe, expect, test } from '@jest/globals';
import type { Revision, RevisionStatus, Verdict } from '../../src/domain/release-record.ts';
import { isUnchanged, isWhole, liveRevision, rollbackTarget, stateOf } from '../../src/domain/release-state.ts';

/** `deployed`: somebody else's; `deployed/healthy`: ours with a verdict; `/3` after it: undone by that. Oldest first. */
function history(...states: string[]): Revision[] {
  return states
    .map((state, index): Revision => {
      const [status, verdict, undoneBy] = state.split('/') as [RevisionStatus, Verdict | undefined, string | undefined];
      const ours = verdict && { verdict, run: 'run', content: `content-${index + 1}` };
      return {
        revision: index + 1,
        status,
        ...(ours && { ours: { ...ours, ...(undoneBy !== undefined && { undoneBy: Number(undoneBy) }) } }),
        created: '2026-01-01T00:00:00Z',
        secret: { apiVersion: 'v1', kind: 'Secret', metadata: { name: `v${index + 1}` } },
      };
    })
    .reverse();
}

describe('what is to be done with a release', () => {
  test.each<[string, string[], number, string]>([
    ['none', [], 0, 'absent'],
    ['uninstalled with its history kept', ['uninstalled'], 0, 'absent'],
    ['deployed by helm', ['deployed'], 0, 'ready'],
    ['deployed and healthy', ['deployed/healthy'], 0, 'ready'],
    ['our run ended between helm and the verdict', ['deployed/pending'], 0, 'ready'],
    ['failed over a healthy one', ['superseded/healthy', 'failed/unhealthy'], 0, 'ready'],
    ['failed over one that helm deployed', ['deployed', 'failed'], 0, 'ready'],
    ['a failed first install', ['failed/pending'], 0, 'never-healthy'],
    ['a failed first install of helm', ['failed'], 0, 'never-healthy'],
    ['several failed ones', ['failed', 'failed/unhealthy', 'failed/pending'], 0, 'never-healthy'],
    ['a first install whose tests failed', ['deployed/unhealthy'], 0, 'never-healthy'],
    ['a removal that was cut off', ['deployed/healthy', 'uninstalling'], 0, 'never-healthy'],
    ['our install was cut off just now', ['pending-install/pending'], 0, 'interrupted'],
    ['our upgrade was cut off just now', ['deployed/healthy', 'pending-upgrade/pending'], 0, 'interrupted'],
    [
      'a failed install after an uninstall',
      ['superseded/healthy', 'uninstalled', 'failed/unhealthy'],
      0,
      'never-healthy',
    ],
    ['our rollback was cut off', ['superseded/healthy', 'failed/unhealthy/3', 'pending-rollback'], 0, 'interrupted'],
    ['helm rolls back what we left', ['superseded/healthy', 'failed/unhealthy', 'pending-rollback'], 0, 'foreign'],
    [
      'helm upgrades what we were to undo',
      ['superseded/healthy', 'failed/unhealthy/3', 'pending-upgrade'],
      0,
      'foreign',
    ],
    ['helm rolls back, after ours', ['failed/unhealthy/2', 'superseded', 'pending-rollback'], 0, 'foreign'],
    ['helm upgrades', ['deployed/healthy', 'pending-upgrade'], 299, 'foreign'],
    ['helm installs', ['pending-install'], 0, 'foreign'],
    ['helm was to have ended', ['deployed/healthy', 'pending-upgrade'], 300, 'interrupted'],
    ['the clocks differ', ['pending-install'], -20, 'foreign'],
  ])('%s', (_, states, age, kind) => {
    expect(stateOf(history(...states), age, 300).kind).toBe(kind);
  });

  test('one whose first revisions are no longer known may have worked: it is not removed', () => {
    const known = history('superseded/healthy', 'failed/unhealthy', 'failed/unhealthy');
    expect(stateOf(known.slice(0, 2), 0, 300).kind).toBe('ready');
    expect(isWhole(known.slice(0, 2))).toBe(false);
    expect(isWhole(known)).toBe(true);
    expect(isWhole(history('superseded', 'uninstalled', 'failed').slice(0, 2))).toBe(true);
    // What is being removed is removed.
    expect(stateOf(history('failed', 'uninstalling').slice(0, 1), 0, 300).kind).toBe('never-healthy');
  });

  test('how long somebody else is waited for', () => {
    expect(stateOf(history('pending-install'), 100, 300)).toMatchObject({ kind: 'foreign', seconds: 200 });
  });
});

describe('where to go back to', () => {
  test.each<[string, string[], number | undefined]>([
    ['the last healthy one', ['superseded/healthy', 'superseded/healthy', 'failed/unhealthy'], 2],
    ['not what failed', ['superseded/healthy', 'failed/unhealthy', 'failed/unhealthy'], 1],
    [
      'not what failed its tests, though helm calls it deployed',
      ['superseded/healthy', 'superseded/unhealthy', 'deployed/unhealthy'],
      1,
    ],
    [
      'not what nobody judged, where one was judged',
      ['superseded/healthy', 'superseded/pending', 'failed/unhealthy'],
      1,
    ],
    ['what helm deployed, where Chartship knows nothing', ['superseded', 'deployed', 'failed/unhealthy'], 2],
    ['what helm deployed after our last healthy one', ['superseded/healthy', 'deployed', 'failed/unhealthy'], 2],
    ['what was replaced without a verdict, where there is nothing else', ['superseded/pending', 'failed/unhealthy'], 1],
    ['nowhere, after a failed first install', ['failed/unhealthy'], undefined],
    ['nowhere before an uninstall', ['superseded/healthy', 'uninstalled', 'failed/unhealthy'], undefined],
    ['nowhere, where all failed', ['failed/unhealthy', 'deployed/unhealthy', 'failed/unhealthy'], undefined],
  ])('%s', (_, states, revision) => {
    expect(rollbackTarget(history(...states), states.length)?.revision).toBe(revision);
  });
});

test('the live revision is the newest that is deployed', () => {
  expect(liveRevision(history('superseded', 'deployed', 'failed'))?.revision).toBe(2);
  expect(liveRevision(history('failed'))).toBeUndefined();
});

test.each<[string, string[], string, boolean]>([
  ['healthy and the same', ['deployed/healthy'], 'content-1', true],
  ['another package or values', ['deployed/healthy'], 'content-9', false],
  ['without a verdict', ['deployed/pending'], 'content-1', false],
  ['a later revision failed', ['deployed/healthy', 'failed/unhealthy'], 'content-1', false],
  ['somebody else deployed over it', ['superseded/healthy', 'deployed'], 'content-1', false],
  ['nothing there', [], 'content-1', false],
])('unchanged: %s', (_, states, content, expected) => {
  expect(isUnchanged(history(...states), content)).toBe(expected);
});
