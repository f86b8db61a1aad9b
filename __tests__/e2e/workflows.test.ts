import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runByAct } from '../support/act.ts';
import { pinned, repository } from '../support/scenario.ts';

const workflows = join(repository, '.github/workflows');

test('actionlint finds nothing in the workflows', () => {
  const files = readdirSync(workflows).map((name) => join(workflows, name));
  const { status, stdout } = spawnSync(pinned('actionlint'), files, { cwd: repository, encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test.each(['refs/heads/main', 'refs/tags/v9.9.9'])(
  'the job that uses the Action on the real chart runs on %s, with its outputs asserted',
  async (ref) => {
    const folder = mkdtempSync(join(tmpdir(), 'chartship-ci-'));
    const payload = join(folder, 'event.json');
    writeFileSync(payload, JSON.stringify({ ref }));
    const { code, output } = await runByAct(['push', '--job', 'ship', '--eventpath', payload]);
    rmSync(folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(output);
    for (const line of [
      'status: passed',
      'outcome: pushed',
      'chart by digest: task-api',
      'outcome of the second run: already-published',
    ]) {
      expect(output).toContain(line);
    }
    expect(output).toMatch(/Job succeeded/);
  },
  300_000,
);
