import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
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

test('the job that uses the Action on the real chart runs, with its outputs asserted', async () => {
  const { code, output } = await runByAct(['push', '--job', 'ship']);
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
}, 300_000);
