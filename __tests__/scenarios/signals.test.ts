import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { descendants, isAlive } from '../support/process-tree.ts';
import { type ReleaseServer, startReleaseServer } from '../support/release-server.ts';
import { command, type Ended, type RunOptions, toolPath, type Workspace, workspace } from '../support/scenario.ts';
import { until } from '../support/waiting.ts';

/**
 * Runs that are interrupted at every place where one can wait for long. GitHub's runner sends SIGINT, 7.5 s later
 * SIGTERM, 2.5 s later it kills.
 */

/** One endless loop that keeps no list: `range` over one would end by memory, not by time. */
const FOREVER =
  '{{- define "spin" }}{{ range until 3000 }}{{ range until 3000 }}{{ range until 3000 }}{{ end }}{{ end }}{{ end }}{{ end }}{{ range until 3000 }}{{ include "spin" $ }}{{ end }}\n';

let space: Workspace;
let temporary: string;
beforeEach(() => {
  space = workspace();
  temporary = mkdtempSync(join(tmpdir(), 'chartship-signals-'));
});
afterEach(() => {
  space.remove();
  rmSync(temporary, { recursive: true, force: true });
});

const left = (): string[] => readdirSync(temporary);
const named = (pid: number, name: string): number[] =>
  descendants(pid).filter((child) => readFileSync(`/proc/${child}/comm`, 'utf8').trim() === name);
const isRunning = (pid: number, name: string): boolean => {
  try {
    return named(pid, name).length > 0;
  } catch {
    return false; // it ended between two looks
  }
};
/** Helms that have rendered for half a second: none of a good chart takes so long. */
function hanging(pid: number): number[] {
  return descendants(pid).filter((child) => {
    try {
      const age = performance.timeOrigin + performance.now() - statSync(`/proc/${child}`).ctimeMs;
      return age > 500 && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('\0template\0');
    } catch {
      return false;
    }
  });
}
const hangs = (pid: number): boolean => hanging(pid).length > 0;

interface Interrupted extends Ended {
  /** Seconds from the signal to the end. */
  readonly took: number;
  /** Of the children that ran when the signal came, those that were alive when the run had ended. */
  readonly survivors: readonly number[];
}

/** Starts a run, waits until it is where it is to be, sends a signal. */
async function interrupt(
  signal: NodeJS.Signals,
  args: readonly string[],
  where: (pid: number) => boolean,
  options: RunOptions = {},
): Promise<Interrupted> {
  let pid = 0;
  const running = command(space, args, {
    ...options,
    environment: { TMPDIR: temporary, CHARTSHIP_HELM_SECONDS: '600', ...options.environment },
    started: (started) => {
      pid = started;
    },
  });
  let over = false;
  void running.then(() => {
    over = true;
  });
  await until('the run is where it can be interrupted', () => over || where(pid), 60);
  if (over) throw new Error(`the run ended before it could be interrupted: ${JSON.stringify(await running)}`);
  const children = descendants(pid);
  const sent = performance.now();
  process.kill(pid, signal);
  const ended = await running;
  return { ...ended, took: (performance.now() - sent) / 1000, survivors: children.filter(isAlive) };
}

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function expectCancelled(ended: Interrupted, signal: keyof typeof CODES): void {
  expect(ended.code).toBe(CODES[signal]);
  expect(ended.report?.status).toBe('cancelled');
  expect(ended.report?.findings).toEqual([]);
  expect(ended.report?.published).toEqual([]);
  expect(ended.survivors).toEqual([]);
  expect(ended.took).toBeLessThan(7);
  expect(left()).toEqual([]);
  expect(ended.stdout).toMatch(/cancelled/);
  expect(ended.stdout + ended.stderr).not.toMatch(/^ {4}at /m);
}

describe.each(SIGNALS)('%s', (signal) => {
  test('while helm hangs in a template that never ends', async () => {
    space.chart('chart', { 'templates/endless.yaml': FOREVER, 'values-a.yaml': '', 'values-b.yaml': '' });
    const ended = await interrupt(signal, [], hangs);
    expectCancelled(ended, signal);
    expect(ended.report?.stages.some(({ status }) => status === 'cancelled')).toBe(true);
  });

  test('while a registry never answers', async () => {
    const proxy = await startFaultProxy('127.0.0.1:9', () => ({ kind: 'silence' }));
    try {
      space.chart('chart');
      const args = ['--registry', `oci://${proxy.host}/charts`];
      const ended = await interrupt(signal, args, (pid) => proxy.seen.length > 0 && isRunning(pid, 'oras'));
      expectCancelled(ended, signal);
    } finally {
      await proxy.stop();
    }
  });

  test('while a repository of dependencies never answers', async () => {
    const proxy = await startFaultProxy('127.0.0.1:9', () => ({ kind: 'silence' }));
    try {
      const dependency = `dependencies:\n  - name: lib\n    version: 1.0.0\n    repository: oci://${proxy.host}/charts\n`;
      space.chart('chart', { 'Chart.yaml': `apiVersion: v2\nname: demo\nversion: 1.0.0\n${dependency}` });
      const ended = await interrupt(signal, [], () => proxy.seen.length > 0);
      expectCancelled(ended, signal);
    } finally {
      await proxy.stop();
    }
  });

  test('while a layout is held by another run', async () => {
    space.chart('chart');
    const lock = join(space.root, 'oci/demo/.chartship.lock');
    mkdirSync(lock, { recursive: true });
    const later = Date.now() / 1000 + 3600;
    utimesSync(lock, later, later);
    const waits = (): boolean => existsSync(join(space.root, 'oci/demo/blobs/sha256'));
    const ended = await interrupt(signal, ['--registry', 'oci-layout:oci'], waits);
    expectCancelled(ended, signal);
  });
});

describe('while a tool is downloaded', () => {
  let server: ReleaseServer;
  beforeAll(async () => {
    server = await startReleaseServer();
  });
  afterAll(() => server.stop());

  test.each(SIGNALS)('%s', async (signal) => {
    space.chart('chart');
    let asked = 0;
    for (const name of ['helm-v4.3.0-linux-amd64.tar.gz', 'helm-v4.3.0-linux-arm64.tar.gz']) {
      server.serve(`/${name}`, (_request, response) => {
        asked += 1;
        response.writeHead(200, { 'content-length': '20000000' });
        response.write('the beginning');
      });
    }
    const ended = await interrupt(signal, ['--tools-mirror', server.url], () => asked > 0, {
      environment: { PATH: '/usr/bin:/bin', CHARTSHIP_CACHE: join(temporary, '..', 'cache-of-no-use') },
    });
    rmSync(join(temporary, '..', 'cache-of-no-use'), { recursive: true, force: true });
    expectCancelled(ended, signal);
  });
});

test('at any moment of a good run: either it is cancelled or it is done, and nothing is left', async () => {
  space.chart('chart', { 'values-a.yaml': '', 'values-b.yaml': '' });
  const codes: (number | null)[] = [];
  for (const [index, delay] of [0, 30, 60, 90, 120, 160, 200, 250, 300, 400, 500, 700].entries()) {
    const signal = SIGNALS[index % 2] ?? 'SIGINT';
    const started = performance.now();
    const ended = await interrupt(
      signal,
      ['--registry', `oci-layout:oci-${index}`],
      () => performance.now() - started >= delay,
    ).catch((error: Error) => {
      if (error.message.startsWith('the run ended before')) return undefined;
      throw error;
    });
    if (ended === undefined) break;
    codes.push(ended.code);
    // Before anything is begun there is nothing to clear away, and the signal does what it does by itself.
    expect([CODES[signal], 0, null]).toContain(ended.code);
    expect(ended.survivors).toEqual([]);
    expect(left()).toEqual([]);
    expect(ended.stderr).toBe('');
    if (ended.code !== null) expect(ended.report?.status).toBe(ended.code === 0 ? 'passed' : 'cancelled');
  }
  expect(codes).toContain(130);
  expect(codes).toContain(143);
});

describe('while a chart of many files is copied', () => {
  function bigChart(files: number): void {
    const many = Array.from({ length: files }, (_, index) => [`files/${index}.txt`, `${index}\n`]);
    space.chart('big', { 'Chart.yaml': 'apiVersion: v2\nname: big\nversion: 1.0.0\n', ...Object.fromEntries(many) });
  }
  const copied = (): number => {
    try {
      const names = readdirSync(temporary, { recursive: true, encoding: 'utf8' });
      return names.filter((name) => /\/files\/\d+\.txt$/.test(name)).length;
    } catch {
      return 0; // a file was renamed while it was listed
    }
  };

  test('the copy is not made anew behind the clearing away, when another chart’s helm ends first', async () => {
    space.chart('slow', { 'templates/endless.yaml': FOREVER });
    bigChart(6000);
    const args = ['slow', 'big'];
    expectCancelled(await interrupt('SIGINT', args, (pid) => isRunning(pid, 'helm') && copied() > 50), 'SIGINT');
  });

  test('it stops at once', async () => {
    bigChart(15_000);
    const ended = await interrupt('SIGTERM', ['big'], () => copied() > 50);
    expectCancelled(ended, 'SIGTERM');
    // Copying the rest would take some seconds.
    expect(ended.took).toBeLessThan(1.5);
  });
});

test('a second signal does not stop the clearing away', async () => {
  space.chart('chart', { 'templates/endless.yaml': FOREVER });
  const again: NodeJS.Timeout[] = [];
  const ended = await interrupt('SIGINT', [], (pid) => {
    if (!hangs(pid)) return false;
    // As impatient people do. 100 ms later the run is waiting for helm to end.
    for (const milliseconds of [100, 200, 300])
      again.push(setTimeout(() => isAlive(pid) && process.kill(pid, 'SIGTERM'), milliseconds));
    return true;
  });
  for (const timer of again) clearTimeout(timer);
  expectCancelled(ended, 'SIGINT');
});

describe('kill -9', () => {
  test('leaves no child behind', async () => {
    space.chart('chart', { 'templates/endless.yaml': FOREVER, 'values-a.yaml': '', 'values-b.yaml': '' });
    let helms: number[] = [];
    const ended = await interrupt('SIGKILL', [], (pid) => {
      helms = hanging(pid);
      return helms.length > 0;
    });
    expect(ended.code).toBe(null);
    await until('helm is gone', () => !helms.some(isAlive), 2);
    expect(left()).toHaveLength(1);
  });

  test('the next run works, and clears away what the killed one left', async () => {
    space.chart('chart', { 'templates/endless.yaml': FOREVER });
    await interrupt('SIGKILL', [], hangs);
    const [folder = ''] = left();
    expect(statSync(join(temporary, folder)).mode & 0o777).toBe(0o700);
    space.write('chart/templates/endless.yaml', '');
    const next = await command(space, ['--registry', 'oci-layout:oci'], { environment: { TMPDIR: temporary } });
    expect([next.code, next.report?.status]).toEqual([0, 'passed']);
    expect(left()).toEqual([]);
  });

  test('in the middle of writing to a layout: the next run writes to it', async () => {
    space.chart('chart', { 'files/big.bin': 'x'.repeat(4_000_000) });
    const holds = (): boolean => existsSync(join(space.root, 'oci/demo/.chartship.lock'));
    const ended = await interrupt('SIGKILL', ['--registry', 'oci-layout:oci'], holds);
    expect(ended.code).toBe(null);
    const next = await command(space, ['--registry', 'oci-layout:oci'], { environment: { TMPDIR: temporary } });
    expect([next.code, next.report?.published.map(({ outcome }) => outcome)]).toEqual([0, ['pushed']]);
    // A lock of a dead run ages for ten seconds.
    expect(next.seconds).toBeLessThan(20);
    expect(readdirSync(join(space.root, 'oci/demo')).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    expect(left()).toEqual([]);
  });
});

test('an old setpriv that ties no child to its parent is done without', async () => {
  space.chart('chart', { 'values-a.yaml': '', 'values-b.yaml': '' });
  const old =
    '#!/bin/sh\necho "$0: unrecognized option \'$1\'" >&2\necho "Try \'setpriv --help\' for more information." >&2\nexit 1\n';
  space.write('old/setpriv', old);
  chmodSync(join(space.root, 'old/setpriv'), 0o755);
  const PATH = `${join(space.root, 'old')}:${toolPath(space.root)}`;
  const ended = await command(space, ['--registry', 'oci-layout:oci'], { environment: { PATH } });
  expect([ended.code, ended.report?.findings]).toEqual([0, []]);
});

test('a running neighbour keeps its temporary folder', async () => {
  space.chart('slow', { 'templates/endless.yaml': FOREVER });
  space.chart('chart');
  let others: string[] = [];
  const slow = interrupt('SIGTERM', ['slow', '--report', 'other'], () => others.length > 0);
  await until('the neighbour is there', () => left().length === 1);
  const [folder] = left();
  const quick = await command(space, [], { environment: { TMPDIR: temporary } });
  expect(quick.code).toBe(0);
  expect(left()).toEqual([folder]);
  others = left();
  expect((await slow).code).toBe(143);
  expect(left()).toEqual([]);
});
