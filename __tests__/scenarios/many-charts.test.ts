import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { commandOf, descendants, isAlive } from '../support/process-tree.ts';
import { command, type Workspace, workspace } from '../support/scenario.ts';

const CHARTS = 24;

let space: Workspace;
beforeEach(() => {
  space = workspace();
  for (let number = 0; number < CHARTS; number++)
    space.chart(`charts/demo-${number}`, {
      'Chart.yaml': `apiVersion: v2\nname: demo-${number}\nversion: 1.0.0\nappVersion: "1.0"\n`,
    });
});
afterEach(() => space.remove());

/** Looks every two milliseconds how many programs of a run are alive. */
function countPrograms(pid: number): { readonly most: () => number; stop(): void } {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, descendants(pid).filter(isAlive).length);
  }, 2);
  return { most: () => most, stop: () => clearInterval(timer) };
}

(process.platform === 'linux' ? describe : describe.skip)('a repository of many charts', () => {
  test('never starts more programs at once than there are cores, and one', async () => {
    let programs: ReturnType<typeof countPrograms> | undefined;
    const { code, report } = await command(space, ['charts/*'], {
      started: (pid) => {
        programs = countPrograms(pid);
      },
    });
    programs?.stop();
    expect(code).toBe(0);
    expect(report?.packages).toHaveLength(CHARTS);
    expect(programs?.most()).toBeGreaterThan(1);
    expect(programs?.most()).toBeLessThanOrEqual(availableParallelism() + 1);
  });

  test('begins no further chart when it is interrupted, and leaves nothing', async () => {
    let started = 0;
    const began = performance.now();
    const { code, stdout } = await command(space, ['charts/*'], {
      environment: { TMPDIR: join(space.root, '.home') },
      started: (pid) => {
        const timer = setInterval(() => {
          // At work on a chart, not asked for its version.
          if (!descendants(pid).some((each) => / (?:lint|template|package) /.test(commandOf(each)))) return;
          started = performance.now();
          clearInterval(timer);
          process.kill(pid, 'SIGINT');
        }, 2);
      },
    });
    expect(started).toBeGreaterThan(began);
    expect(code).toBe(130);
    // Its last line counts those that it had begun.
    expect(stdout).toMatch(/cancelled: \d+ charts/);
    expect(stdout).not.toContain(`${CHARTS} charts`);
    expect(readdirSync(join(space.root, '.home')).filter((name) => name.startsWith('chartship-'))).toEqual([]);
  });
});
