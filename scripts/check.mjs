// What isn't a test and must hold: types, lint, generated files, a fresh dist/, no untracked files.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const steps = [
  ['types', 'node_modules/typescript/bin/tsc', '--noEmit'],
  ['lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '.'],
  ['generated files', 'scripts/generate.mjs', '--check'],
  ['dist', 'scripts/build.mjs', '--check'],
];
let failed = false;
for (const [name, script, ...args] of steps) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;
