// The part `repository` of `npm run bench`: a repository of 100 charts, five of which are dependencies of the others.
// One run of Chartship, which also renders, validates for three Kubernetes versions and packages, against
// `ct lint --all`, which does none of these; and against the CPU time of Chartship's own helm processes.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, getTools, startProgress, ToolError } from '../tools.mjs';
import { benchFolder, temporaryIn } from './folder.mjs';
import { median } from './median.mjs';
import { ownUsage, run, timed } from './timed.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const CHARTS = 100;
const SHARED = 5;
const versions = ['1.35', '1.34', '1.33'];
const TARGETS = { wallOfChartTesting: 1 / 3, wallOfHelm: 1.15 };

/** What was measured, what to print of it, and the targets. */
export async function benchRepository(rounds = 3) {
  const tools = await getTools(['helm', 'oras', 'ct']);
  const python = pythonTools();
  const folder = benchFolder();
  try {
    const options = { cwd: folder, env: environment(tools, python, folder) };
    generate(folder, options);
    const seen = [];
    // The first round warms the caches.
    for (let round = -1; round < rounds; round += 1) {
      const pair = { theirs: chartTesting(options), ours: chartship(options) };
      if (round >= 0) seen.push(pair);
    }
    const measured = figuresOf(seen, rounds);
    return { measured, ...verdict(measured) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function environment(tools, python, folder) {
  const folders = [...Object.values(tools).map(dirname), join(python, 'bin')];
  return {
    PATH: `${folders.join(':')}:/usr/bin:/bin`,
    HOME: folder,
    ...temporaryIn(folder),
    CI: 'true',
    LANG: 'C.UTF-8',
  };
}

/** yamllint and yamale, which ct starts, in a folder of their own; made once. */
function pythonTools() {
  const requirements = join(root, 'tools/ct/requirements.txt');
  const key = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(), 'tools', `ct-python-${key}`);
  if (existsSync(join(folder, 'ready'))) return folder;
  const progress = startProgress('yamllint, yamale');
  progress.say('installing');
  rmSync(folder, { recursive: true, force: true });
  try {
    for (const [file, ...args] of [
      ['python3', '-m', 'venv', folder],
      [join(folder, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--requirement', requirements],
    ]) {
      const ended = spawnSync(file, args, { encoding: 'utf8' });
      if (ended.status !== 0)
        throw new ToolError(`${[file, ...args].join(' ')} failed:\n${ended.error?.message ?? ended.stderr}`);
    }
    writeFileSync(join(folder, 'ready'), '');
    progress.end('ready');
  } catch (error) {
    progress.end('failed');
    throw error;
  }
  return folder;
}

/**
 * As `helm create` makes them, which is how many begin, with requests and a tag for the image of the test, so that there
 * is nothing to find. Each of the others depends on one to three of the first five.
 */
function generate(folder, options) {
  const charts = join(folder, 'charts');
  mkdirSync(charts);
  const names = Array.from({ length: CHARTS }, (_, index) =>
    index < SHARED ? `shared-${index}` : `service-${String(index).padStart(2, '0')}`,
  );
  for (const [index, name] of names.entries()) {
    run('helm', ['create', join(charts, name)], options);
    edit(join(charts, name, 'values.yaml'), 'resources: {}', 'resources: {requests: {cpu: 10m, memory: 16Mi}}');
    edit(join(charts, name, 'templates/tests/test-connection.yaml'), 'image: busybox', 'image: busybox:1.37');
    if (index < SHARED) continue;
    const dependencies = Array.from({ length: 1 + (index % 3) }, (_, which) => `shared-${(index + which) % SHARED}`);
    const lines = dependencies.map(
      (each) => `  - name: ${each}\n    version: 0.1.0\n    repository: file://../${each}\n`,
    );
    const metadata = join(charts, name, 'Chart.yaml');
    writeFileSync(metadata, `${readFileSync(metadata, 'utf8')}\ndependencies:\n${lines.join('')}`);
  }
  for (const name of names.slice(SHARED)) run('helm', ['dependency', 'update', join(charts, name)], options);
  forget(options);
  const module = run('go', ['list', '-m', '-f', '{{.Dir}}', 'github.com/helm/chart-testing/v3'], {
    cwd: join(root, 'tools/ct'),
    env: process.env,
  }).stdout.trim();
  for (const name of ['chart_schema.yaml', 'lintconf.yaml'])
    writeFileSync(join(folder, name), readFileSync(join(module, 'etc', name)));
  run('git', ['init', '--quiet', '.'], options);
}

function edit(file, from, to) {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no "${from}"`);
  writeFileSync(file, text.replace(from, to));
}

/** What either of them left behind. */
function forget({ cwd }) {
  rmSync(join(cwd, 'chartship-report'), { recursive: true, force: true });
  for (const name of readdirSync(join(cwd, 'charts')))
    rmSync(join(cwd, 'charts', name, 'charts'), { recursive: true, force: true });
}

function chartTesting(options) {
  forget(options);
  const config = '--chart-yaml-schema chart_schema.yaml --lint-conf lintconf.yaml';
  return timed(`ct lint --all --chart-dirs charts --validate-maintainers=false ${config} >&2`, options);
}

function chartship(options) {
  forget(options);
  const own = ownUsage(options.cwd);
  const command = `"${process.execPath}" ${own.arguments} "${root}/dist/cli.js" 'charts/*' --kube-versions ${versions}`;
  // Anything found costs a render to find its place: this is the price of charts that pass.
  return { ...timed(`${command} --fail-on warning >&2`, options), own: own.seconds() };
}

function figuresOf(seen, rounds) {
  const of = (key, side) => median(seen.map((pair) => pair[side][key]));
  const cores = cpus().length;
  const helm = ({ ours }) => ours.cpu - ours.own;
  return {
    rounds,
    cores,
    charts: CHARTS,
    versions,
    node: process.version,
    chartTesting: { wallSeconds: of('wall', 'theirs'), cpuSeconds: of('cpu', 'theirs') },
    chartship: {
      wallSeconds: of('wall', 'ours'),
      ownCpuSeconds: of('own', 'ours'),
      helmCpuSeconds: median(seen.map(helm)),
    },
    ratios: {
      wallOfChartTesting: median(seen.map(({ ours, theirs }) => ours.wall / theirs.wall)),
      wallOfHelm: median(seen.map((pair) => pair.ours.wall / (helm(pair) / cores))),
    },
  };
}

function verdict({ charts, cores, rounds, node, chartTesting, chartship, ratios }) {
  return {
    lines: [
      `repository: ${charts} charts, Node ${node}, ${cores} cores, medians of ${rounds} pairs`,
      `  ct lint --all ${chartTesting.wallSeconds} s (CPU ${chartTesting.cpuSeconds} s), Chartship ${chartship.wallSeconds} s (CPU of its own ${chartship.ownCpuSeconds} s, of its helm processes ${chartship.helmCpuSeconds} s)`,
    ],
    targets: [
      {
        what: "wall time of ct's",
        value: ratios.wallOfChartTesting,
        target: Math.round(TARGETS.wallOfChartTesting * 1000) / 1000,
      },
      {
        what: "wall time of its helm processes' CPU over the cores",
        value: ratios.wallOfHelm,
        target: TARGETS.wallOfHelm,
      },
    ],
  };
}
