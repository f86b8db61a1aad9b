import { expect, test } from '@jest/globals';
import { Cancelled } from '../../src/domain/errors.ts';
import type { Watching } from '../../src/ports.ts';
import type { Session } from '../../src/stages/deploy/session.ts';
import { watchRelease } from '../../src/stages/deploy/watching.ts';

test('a watch that is interrupted while it connects is closed: an open one keeps the process from ending', async () => {
  const cancel = new AbortController();
  let isOpen = true;
  const connecting: Watching = {
    current: () => [],
    connected: false,
    fault: undefined,
    blind: [],
    close: () => {
      isOpen = false;
    },
  };
  const session = {
    cluster: { watch: () => connecting },
    host: { redact: (text: string) => text },
    namespace: 'demo',
    clock: { now: () => performance.now() / 1000 },
    tell: () => undefined,
    stop: cancel.signal,
  } as unknown as Session;
  const watch = watchRelease([], session);
  cancel.abort(new Cancelled('SIGINT'));
  await expect(watch).rejects.toBeInstanceOf(Cancelled);
  expect(isOpen).toBe(false);
});

test('changes that came while the work ended are waited for by nobody: a timer keeps the process from ending, too', async () => {
  let change = (): void => undefined;
  const session = {
    cluster: {
      watch: (_kinds: unknown, _namespace: unknown, changed: () => void): Watching => {
        change = changed;
        return { current: () => [], connected: true, fault: undefined, blind: [], close: () => undefined };
      },
      get: async () => ({ ok: true, value: undefined }),
    },
    host: { redact: (text: string) => text },
    namespace: 'demo',
    clock: { now: () => performance.now() / 1000 },
    serverTime: () => 0,
    layers: [],
    tell: () => undefined,
    stop: new AbortController().signal,
  } as unknown as Session;
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const watch = await watchRelease([], session);
  const before = timers();
  await watch.during(async () => change());
  change();
  expect(timers()).toBe(before);
});
