import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

test("action.yml, the README's tables and chartship.schema.json are what src/inputs.ts declares", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/generate.mjs'), '--check'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('the repository’s address is in package.json alone: everything that names the Action is written from it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chartship-address-'));
  try {
    const files = [
      'package.json',
      'README.md',
      'action.yml',
      '.github/workflows',
      'scripts',
      'src',
      'docs/rules',
      'chart',
    ];
    for (const file of files) cpSync(join(root, file), join(folder, file), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    const { repository, ...rest } = JSON.parse(read('package.json'));
    const before = repository.replace('github:', '');
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...rest, repository: 'github:someone/ship-it' }));
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'scripts/generate.mjs')], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const file of ['README.md', '.github/workflows/pipeline.yml']) {
      expect(read(file)).not.toContain(before);
      expect(read(file)).toContain('uses: someone/ship-it');
    }
    expect(read('README.md')).toContain(
      'Chartship is [someone/ship-it](https://github.com/someone/ship-it) at GitHub.',
    );
    expect(read('.github/workflows/pipeline.yml')).toContain(
      'workflow=someone/ship-it/.github/workflows/pipeline.yml@',
    );
    // Whoever signs by a workflow of his own is himself.
    expect(read('README.md')).toContain('workflow=acme/task-api/.github/workflows/chart.yml@');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
