// `npm run ship`, right after `git clone`: this repository's chart from source to a published release,
// twice, in a real registry on loopback, then read back with Helm 4 and Helm 3, and deployed from there to
// dev, staging and prod in a throwaway Kubernetes (npm run cluster). Node only, nothing is installed; the
// pipeline is the committed bundle. Everything it writes is in the ignored folders .ship/PID and
// chartship-report, and in the cache of the tools. Where there can be no cluster it ends after
// publishing and says so; with CI=true that is a failure.
//
//   --keep          leaves the registry and the cluster running until Ctrl-C and prints commands to try
//   --serve FILE    only the registry with the fixture charts in it, until SIGTERM, an hour at most; its
//                   HOST:PORT is written to FILE when it is ready (for workflows, which use the Action)
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startRegistry } from './registry.mjs';
import { commandsToLook, deployPublished, startCluster, whyNoCluster } from './ship/deploy.mjs';
import { publishFixtures } from './ship/fixtures.mjs';
import { getTools, pathWith, ToolError } from './tools.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const environments = ['dev', 'staging', 'prod'];
const dependencyRepository = 'https://charts.bitnami.com/bitnami';

async function main({ keep, serve }) {
  const tools = await getTools(['helm', 'helm3', 'oras', 'registry']);
  const folder = newFolder();
  const env = privateEnvironment(folder, tools);
  const registry = await startRegistry({ storage: path.join(folder, 'registry') });
  let cluster;
  let deployments = [];
  try {
    step(`An OCI registry runs on ${registry.host}.`);
    const charts = await publishFixtures({ host: registry.host, folder, helm: tools.helm, env, run });
    step(`The dependencies are in it: ${charts.join(', ')}.`);
    if (serve !== undefined) {
      writeWhole(path.resolve(serve), registry.host);
      return await interrupted(3_600_000);
    }
    const published = await shipTwice(registry.host, folder, env);
    for (const [helm, version] of [
      [tools.helm, '4'],
      [tools.helm3, '3'],
    ]) {
      await readBack(helm, version, published, folder, env);
    }
    const why = whyNoCluster();
    if (why && process.env.CI === 'true') throw new ToolError(`There can be no cluster here: ${why}.`);
    if (!why) {
      cluster = await startCluster(`ship-${process.pid}`);
      const report = path.join(folder, 'report-3');
      deployments = await deployPublished({ reference: published.reference, environments, cluster, report, env, run });
    }
    const kept = keepReport(path.join(folder, why ? 'report-2' : 'report-3'));
    sayWhatHappened(published, deployments, why, kept);
    if (keep) {
      sayWhatToTry(published, tools, cluster, deployments);
      await interrupted();
    } else {
      const what = cluster ? 'The registry and the cluster end' : 'The registry ends';
      console.log(`\n${what} with this run; \`npm run ship -- --keep\` leaves ${cluster ? 'them' : 'it'} running.`);
    }
  } finally {
    await cluster?.end();
    await registry.stop();
  }
}

/** One folder a run, so that two runs in one checkout don't meet. Those of ended runs are removed. */
function newFolder() {
  const all = path.join(root, '.ship');
  fs.mkdirSync(all, { recursive: true });
  for (const entry of fs.readdirSync(all)) {
    const pid = Number(entry);
    if (Number.isInteger(pid) && (pid === process.pid || !isAlive(pid))) {
      fs.rmSync(path.join(all, entry), { recursive: true, force: true });
    }
  }
  const folder = path.join(all, String(process.pid));
  fs.mkdirSync(folder, { mode: 0o700 });
  return folder;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Nothing that this machine's user has configured for helm, oras or docker is read or written. */
function privateEnvironment(folder, tools) {
  const home = path.join(folder, 'home');
  fs.mkdirSync(home);
  const foreign = /^(HELM_|ORAS_|DOCKER_|KUBE|XDG_|INPUT_|GITHUB_|RUNNER_|ACTIONS_|CHARTSHIP_(?!CACHE$))/;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(kept),
    PATH: pathWith([tools.helm, tools.oras]),
    HOME: home,
    USERPROFILE: home,
    DOCKER_CONFIG: path.join(home, '.docker'),
    HELM_CACHE_HOME: path.join(home, 'helm', 'cache'),
    HELM_CONFIG_HOME: path.join(home, 'helm', 'config'),
    HELM_DATA_HOME: path.join(home, 'helm', 'data'),
  };
}

async function shipTwice(host, folder, env) {
  const first = await chartship(host, path.join(folder, 'report-1'), 'pushed', env);
  const second = await chartship(host, path.join(folder, 'report-2'), 'already-published', env);
  if (first.digest !== second.digest) {
    throw new ToolError(`The two runs published different digests: ${first.digest} and ${second.digest}.`);
  }
  const tag = `${host}/charts/${first.chart}:${first.version.replace('+', '_')}`;
  const inRegistry = (await run('oras', ['resolve', '--plain-http', tag], env)).trim();
  if (inRegistry !== first.digest) {
    throw new ToolError(`The report says ${first.digest}, but ${tag} in the registry is ${inRegistry}.`);
  }
  return first;
}

/** Runs the whole pipeline on chart/ and returns what its report says was published. */
async function chartship(host, report, outcome, env) {
  const bundle = path.join('dist', 'cli.js');
  if (!fs.existsSync(path.join(root, bundle))) {
    throw new ToolError('dist/cli.js is missing. Build it: npm ci && npm run build');
  }
  const args = [
    ...[bundle, 'chart', '--environments', environments.join(',')],
    ...['--mirrors', `${dependencyRepository}=oci://${host}/bitnami`],
    ...['--registry', `oci://${host}/charts`, '--until', 'publish', '--report', path.relative(root, report)],
  ];
  step(`$ node ${args.join(' ')}`);
  await run(process.execPath, args, env, { show: true });

  const { status, published, packages } = JSON.parse(fs.readFileSync(path.join(report, 'report.json'), 'utf8'));
  const [release] = published;
  const wrong = [
    status !== 'passed' && `status is "${status}", not "passed"`,
    published.length !== 1 && `${published.length} charts were published, not 1`,
    release?.outcome !== outcome && `the outcome is "${release?.outcome}", not "${outcome}"`,
    !release?.reference.endsWith(`@${release.digest}`) && `the reference ${release?.reference} is not by digest`,
  ].filter(Boolean);
  if (wrong.length > 0) throw new ToolError(`${report}/report.json is not as it should be: ${wrong.join('; ')}.`);
  return { ...release, sha256: packages.find(({ chart }) => chart === release.chart)?.sha256 };
}

/** What was published can be used by digest, with either Helm, and is the package that was checked. */
async function readBack(helm, version, { chart, reference, sha256 }, folder, env) {
  const destination = path.join(folder, `pulled-by-helm-${version}`);
  fs.mkdirSync(destination);
  await run(helm, ['pull', reference, '--plain-http', '--destination', destination], env);
  const [archive] = fs.readdirSync(destination);
  const pulled = createHash('sha256')
    .update(fs.readFileSync(path.join(destination, archive)))
    .digest('hex');
  if (pulled !== sha256) {
    throw new ToolError(`Helm ${version} pulled ${pulled} from ${reference}, but the package is ${sha256}.`);
  }

  const shown = await run(helm, ['show', 'chart', reference, '--plain-http'], env);
  if (!shown.split('\n').includes(`name: ${chart}`)) {
    throw new ToolError(`Helm ${version} shows another chart than ${chart} at ${reference}:\n${shown}`);
  }
  const objects = await Promise.all(
    environments.map(async (environment) => {
      const rendered = await run(helm, [...templateArguments(environment, reference)], env);
      const kinds = rendered.match(/^kind: /gm)?.length ?? 0;
      if (kinds === 0) throw new ToolError(`Helm ${version} renders nothing for ${environment} from ${reference}.`);
      return `${kinds} objects for ${environment}`;
    }),
  );
  step(`Helm ${version} pulls, shows and templates it by digest: ${objects.join(', ')}.`);
}

function templateArguments(environment, reference) {
  const values = path.join('chart', `values-${environment}.yaml`);
  return ['template', `agent-${environment}`, reference, '--plain-http', '--values', values];
}

/** chartship-report is the last run's, whole, also when two runs end at once: it is only ever renamed. */
function keepReport(from) {
  const target = path.join(root, 'chartship-report');
  const [copy, former] = ['report', 'former-report'].map((name) => path.join(path.dirname(from), name));
  fs.cpSync(from, copy, { recursive: true });
  for (let tries = 0; tries < 100; tries++) {
    renameUnless(['ENOENT'], target, former);
    fs.rmSync(former, { recursive: true, force: true });
    // Where another run was quicker, its report is the former one now.
    if (renameUnless(['ENOTEMPTY', 'EEXIST', 'EPERM'], copy, target)) return target;
  }
  throw new ToolError(`${target} can't be replaced. The report is in ${from}.`);
}

function renameUnless(codes, from, to) {
  try {
    fs.renameSync(from, to);
    return true;
  } catch (error) {
    if (!codes.includes(error.code)) throw error;
    return false;
  }
}

function sayWhatHappened({ chart, version, reference }, deployments, why, report) {
  const deployed = why
    ? `It was not deployed: there can be no cluster here (${why}).`
    : `Then it was deployed from there by its digest, each environment once the one before was healthy and
tested: ${deployments.map(({ environment, release, revision }) => `${environment} (${release}, revision ${revision})`).join(', ')}.`;
  console.log(`
${chart} ${version} was linted, rendered and validated for ${environments.join(', ')}, packaged and published;
the second run found the same files there and left them as they are. ${deployed}
Nothing outside .ship, chartship-report and the caches was changed.

  reference  ${reference}
  report     ${path.relative(root, report) || '.'}  (summary.md, report.json, what else there is of the last run)`);
}

function sayWhatToTry({ reference }, { helm }, cluster, deployments) {
  const pull = [helm, 'pull', reference, '--plain-http'];
  const show = [helm, 'show', 'values', reference, '--plain-http'];
  const template = [helm, ...templateArguments('prod', reference)];
  const commands = [
    ...[show, template, pull].map((command) => command.join(' ')),
    ...(cluster ? commandsToLook(cluster, deployments) : []),
  ];
  console.log(`
Registry and cluster run until Ctrl-C. In another terminal, in ${root}:

${commands.map((command) => `  ${command}`).join('\n')}
`);
}

function interrupted(atMost = 2 ** 31 - 1) {
  return new Promise((resolve) => {
    // The timer also keeps Node running: waiting for signals doesn't.
    const timer = setTimeout(resolve, atMost);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
  });
}

/** A reader never sees half of it. */
function writeWhole(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.new`, text);
  fs.renameSync(`${file}.new`, file);
}

function step(text) {
  console.log(`ship: ${text}`);
}

/** Runs a command in the repository's root; a failing one is shown as it could be typed, with what it said. */
function run(command, args, env, { show = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', ...(show ? ['inherit', 'inherit'] : ['pipe', 'pipe'])],
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      const said = `${stdout}${stderr}`.trim();
      reject(
        new ToolError(
          `This failed (${signal ?? `exit code ${code}`}):\n  ${[command, ...args].join(' ')}\n${said}`.trim(),
        ),
      );
    });
  });
}

function request() {
  try {
    return parseArgs({ options: { keep: { type: 'boolean', default: false }, serve: { type: 'string' } } }).values;
  } catch (error) {
    throw new ToolError(`${error.message}\nUsage: npm run ship [-- --keep]`);
  }
}

try {
  await main(request());
} catch (error) {
  console.error(error instanceof ToolError ? `ship: ${error.message}` : error);
  process.exitCode = 1;
}
