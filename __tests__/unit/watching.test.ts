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
