import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { createRunner } from '../../src/adapters/process.ts';
import { Cancelled } from '../../src/domain/errors.ts';
import { DEFAULT_LIMITS } from '../../src/domain/limits.ts';
import { isAlive } from '../support/process-tree.ts';
import { repository } from '../support/scenario.ts';
import { until } from '../support/waiting.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartship-process-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const call = (script: string) => ({
  file: '/bin/sh',
  args: ['-c', script],
  env: { READY: join(folder, 'ready') },
  milliseconds: 60_000,
});

/** What a script says when it is as far as a test wants it, and the signal that is aborted then. */
const READY = 'echo > "$READY"';
function whenReady(): AbortSignal {
  const stop = new AbortController();
  void until('the script is ready', () => existsSync(join(folder, 'ready'))).then(() => stop.abort());
  return stop.signal;
}

describe('one call is stopped', () => {
  test('by SIGTERM, which it may answer in its own way', async () => {
    const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, process.env, 2);
    const other = run(call('sleep 1; echo whole'));
    const ran = await run({ ...call(`trap "echo marked; exit 3" TERM; ${READY}; sleep 30 & wait`), stop: whenReady() });
    expect(ran).toMatchObject({ ended: 'stopped', code: 3, stdout: Buffer.from('marked\n') });
    expect((await other).ended).toBe('exit');
    expect((await run(call('exit 0'))).code).toBe(0);
  });

  test('and by SIGKILL when it does not go', async () => {
    const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, process.env, 2);
    const ran = await run({ ...call(`trap "" TERM; ${READY}; exec sleep 30`), stop: whenReady() });
    expect(ran).toMatchObject({ ended: 'stopped', code: undefined });
    expect(ran.seconds).toBeGreaterThan(2);
    expect(ran.seconds).toBeLessThan(25);
  });

  test('whatever it started', async () => {
    const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, process.env, 2);
    const ended = await run({ ...call(`sleep 30 & ${READY}; wait`), stop: whenReady() });
    expect(ended.seconds).toBeLessThan(25);
    const left = await run(call('sleep 30 & echo done'));
    expect(left).toMatchObject({ ended: 'exit', code: 0, stdout: Buffer.from('done\n') });
    expect(left.seconds).toBeLessThan(25);
  });

  test('before it began', async () => {
    const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, process.env, 2);
    const ran = await run({ ...call('sleep 30'), stop: AbortSignal.abort() });
    expect(ran.ended).toBe('stopped');
    expect(ran.seconds).toBeLessThan(25);
  });

  test('while the run is interrupted, which counts more', async () => {
    const cancel = new AbortController();
    const { run } = createRunner(DEFAULT_LIMITS, cancel.signal, process.env, 2);
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
      cancel.abort(new Cancelled('SIGINT'));
    }, 200);
    await expect(run({ ...call('sleep 30'), stop: stop.signal })).rejects.toThrow(Cancelled);
  });
});

/** What ties a child to its parent is the kernel where there is setpriv, else a watchdog; both hold against kill -9. */
describe.each(['setpriv', 'a watchdog'])('a child whose parent is killed is ended by %s', (by) => {
  test.each(['the parent alone', 'its whole group'])(
    '%s',
    async (whom) => {
      const program = join(folder, 'program.mjs');
      await build({
        stdin: {
          contents: `
          import { createRunner } from './src/adapters/process.ts';
          import { DEFAULT_LIMITS } from './src/domain/limits.ts';
          const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, { PATH: process.env.CHILD_PATH }, 2);
          for (const name of ['a', 'b'])
            run({ file: '/bin/sh', args: ['-c', 'echo $$ > ${folder}/' + name + '; exec sleep 60'], milliseconds: 60000, guarded: true, aside: true });
          await run({ file: '/bin/sh', args: ['-c', 'exit 0'], milliseconds: 60000, guarded: true });
        `,
          resolveDir: repository,
          loader: 'ts',
        },
        outfile: program,
        bundle: true,
        platform: 'node',
        format: 'esm',
      });
      // A PATH in which there is no setpriv.
      const bare = join(folder, 'bin');
      mkdirSync(bare);
      for (const name of ['sleep', 'sh']) symlinkSync(`/bin/${name}`, join(bare, name));
      const path = by === 'setpriv' ? process.env.PATH : bare;
      const pidOf = (name: string): number => {
        try {
          return Number(readFileSync(join(folder, name), 'utf8'));
        } catch {
          return 0;
        }
      };
      // As soon as they run: they must have been tied before.
      for (let times = 0; times < 5; times++) {
        for (const name of ['a', 'b']) rmSync(join(folder, name), { force: true });
        const { pid = 0 } = spawn(process.execPath, [program], {
          env: { ...process.env, CHILD_PATH: path },
          stdio: 'inherit',
          detached: true,
        });
        await until('both children run', () => pidOf('a') > 0 && pidOf('b') > 0);
        const pids = [pidOf('a'), pidOf('b')];
        process.kill(whom === 'the parent alone' ? pid : -pid, 'SIGKILL');
        await until('no child runs', () => !pids.some(isAlive), 5);
      }
    },
    60_000,
  );
});

describe.each([
  ['with setpriv', process.env.PATH],
  ['without setpriv', '/nowhere'],
])('%s', (_, PATH) => {
  const { run } = createRunner(DEFAULT_LIMITS, new AbortController().signal, { PATH }, 2);
  const guarded = { milliseconds: 20_000, guarded: true };

  test('a guarded program gets its standard input and nothing else, and its exit code counts', async () => {
    const script = 'PATH=/bin:/usr/bin; read -r line; echo "$line $#"; [ -e /proc/self/fd/3 ] && echo more; exit 7';
    const ran = await run({ ...guarded, file: '/bin/sh', args: ['-c', script], input: 'said\n' });
    expect([ran.code, ran.stdout.toString()]).toEqual([7, 'said 0\n']);
    expect(ran.command).toMatch(/^\/bin\/sh -c /);
  });

  test('a guarded program that is not there is said to be so', async () => {
    const ran = await run({ ...guarded, file: '/nowhere/helm', args: [] });
    expect(ran).toMatchObject({ ended: 'not-started', code: undefined });
  });
});
