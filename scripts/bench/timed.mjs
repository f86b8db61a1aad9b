import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Runs a program to its end; one that fails ends the bench with what it said. */
export function run(file, args, options) {
  const ended = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, ...options });
  if (ended.status !== 0)
    throw new Error(`${file} ${args.join(' ')} ended with ${ended.status}:\n${ended.stdout}${ended.stderr}`);
  return ended;
}

/** Wall and CPU seconds (children included) of a shell text, by bash's `times`. What fails ends the bench. */
export function timed(text, options) {
  const started = performance.now();
  const { stdout } = run('bash', ['-c', `set -e\n${text}\ntimes`], options);
  const wall = (performance.now() - started) / 1000;
  const seconds = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].map((match) => Number(match[1]) * 60 + Number(match[2]));
  return { wall, cpu: seconds.slice(-4).reduce((sum, each) => sum + each, 0) };
}

/**
 * What has Node write down its own CPU time, without its children's: arguments for it, and how to read the seconds
 * once it has ended. By --require: --import makes Node start its loader of ES modules once more, 3 ms that a user's
 * run hasn't.
 */
export function ownUsage(folder) {
  const [hook, usage] = [join(folder, 'usage.cjs'), join(folder, 'usage')];
  writeFileSync(
    hook,
    `process.on('exit', () => { const { user, system } = process.cpuUsage(); require('node:fs').writeFileSync(${JSON.stringify(usage)}, String((user + system) / 1e6)); });\n`,
  );
  return { arguments: `--require "${hook}"`, seconds: () => Number(readFileSync(usage, 'utf8')) };
}
