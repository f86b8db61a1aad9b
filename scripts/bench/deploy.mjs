// The part `deploy` of `npm run bench`: chart/ in its environment dev, on a cluster of its own with nothing else in it.
//   (a) a changed release: one value is another in each round. Chartship by the published digest, against bare
//       `helm upgrade --install --wait --wait-for-jobs` of the same digest followed by `helm test`.
//   (b) an unchanged release: Chartship again, against bare `helm test`.
// Two releases of the same package and values, each in a namespace of its own: one is Chartship's, one is helm's. They
// take turns, and who begins changes from pair to pair. Where Chartship's time goes is told apart, by the moments at
// which it says so.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startRegistry } from '../registry.mjs';
import { startCluster } from '../ship/deploy.mjs';
import { publishFixtures } from '../ship/fixtures.mjs';
import { nodeThatDeploys } from '../ship/node.mjs';
import { getTools, pathWith } from '../tools.mjs';
import { median } from './median.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const environment = 'dev';
const release = 'agent-dev';
/** They are short, and differ by up to the second that the kubelet takes to look. */
const UNCHANGED_A_ROUND = 4;
/** Ratios: of helm's upgrade and test together, and of its test. */
const TARGETS = { changed: 1.15, unchanged: 1 };

/** What was measured, what to print of it, and the targets. */
export async function benchDeploy(rounds = 7) {
  const tools = await getTools(['helm', 'oras', 'registry']);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'chartship-bench-'));
  const registry = await startRegistry({ storage: path.join(folder, 'registry') });
  let cluster;
  try {
    cluster = await startCluster(`bench-${process.pid}`);
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(HELM_|ORAS_|DOCKER_|KUBE|XDG_|INPUT_|GITHUB_)/.test(name),
    );
    const env = {
      ...Object.fromEntries(kept),
      CI: 'true',
      HOME: folder,
      KUBECONFIG: cluster.kubeconfig,
      PATH: pathWith([tools.helm, tools.oras]),
    };
    const bench = { tools, folder, env, node: await nodeThatDeploys(env) };
    await publishFixtures({ host: registry.host, folder, helm: tools.helm, env, run: timed });
    bench.reference = await publish(registry.host, bench);

    const changed = [];
    const unchanged = [];
    // The first of each is the install, and fills the caches.
    for (let round = 0; round <= rounds; round += 1) {
      const both = await inTurn(
        round,
        () => helmUpgrade(round, bench),
        () => chartship(round, bench),
      );
      expectOutcome(both.chartship, 'deployed');
      process.stderr.write(`bench: deploy, round ${round} of ${rounds}: ${told(both)}\n`);
      if (round > 0) changed.push(both);
      for (let turn = 0; turn < UNCHANGED_A_ROUND; turn += 1) {
        const again = await inTurn(
          round + turn,
          () => atAnyMoment(() => helmTest(bench)),
          () => atAnyMoment(() => chartship(round, bench)),
        );
        expectOutcome(again.chartship, 'unchanged');
        process.stderr.write(`bench: deploy, round ${round} of ${rounds}: unchanged: ${told(again)}\n`);
        if (round > 0) unchanged.push(again);
      }
    }
    return { measured: summed(rounds, changed, unchanged), ...verdict(rounds, changed, unchanged) };
  } finally {
    await cluster?.end();
    await registry.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The kubelet looks at its containers once a second, and a test's end is seen then. What begins when the one before has
 * ended would begin right after such a look, each time, and half a second more or less would not be seen.
 */
async function atAnyMoment(run) {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000));
  return await run();
}

async function inTurn(round, helm, chartship) {
  if (round % 2 === 0) return { helm: await helm(), chartship: await chartship() };
  const ours = await chartship();
  return { helm: await helm(), chartship: ours };
}

async function publish(host, { folder, env, node }) {
  const report = path.join(folder, 'published');
  const mirror = `https://charts.bitnami.com/bitnami=oci://${host}/bitnami`;
  const args = ['dist/cli.js', 'chart', '--mirrors', mirror, '--registry', `oci://${host}/charts`, '--report', report];
  await timed(node, args, env);
  return JSON.parse(fs.readFileSync(path.join(report, 'report.json'), 'utf8')).published[0].reference;
}

async function helmUpgrade(round, bench) {
  const { tools, reference, env } = bench;
  const upgraded = await timed(
    tools.helm,
    [
      ...['upgrade', release, reference, '--plain-http', '--install', '--create-namespace', '--namespace', 'bare'],
      ...['--values', `chart/values-${environment}.yaml`, '--set', `agent.env.ROUND=r${round}`],
      ...['--wait', '--wait-for-jobs', '--timeout', '5m'],
    ],
    env,
  );
  const { seconds } = await helmTest(bench);
  return { seconds: upgraded.seconds + seconds, upgrade: upgraded.seconds, test: seconds };
}

async function helmTest({ tools, env }) {
  return await timed(tools.helm, ['test', release, '--namespace', 'bare', '--timeout', '5m'], env);
}

async function chartship(round, { folder, env, node, reference }) {
  const report = path.join(folder, `report-${round}`);
  const moments = {};
  const { seconds } = await timed(
    node,
    [
      ...['dist/cli.js', reference, '--deploy', environment, '--set', `agent.env.ROUND=r${round}`],
      ...['--kubeconfig', env.KUBECONFIG, '--report', report],
    ],
    env,
    (line, at) => {
      if (/: (upgrading to|installing) /.test(line)) moments.upgrading ??= at;
      if (/: testing: /.test(line)) moments.testing ??= at;
      if (/: test \S+ (passed|failed)/.test(line)) moments.tested = at;
      if (/: revision \d+ is healthy/.test(line)) moments.settled = at;
    },
  );
  const { deployments } = JSON.parse(fs.readFileSync(path.join(report, 'report.json'), 'utf8'));
  const { upgrading, testing, tested, settled } = moments;
  return {
    seconds,
    outcome: deployments[0]?.outcome,
    tests: deployments[0]?.tests,
    // Start, fetching, the Lease, preflight and diff; helm upgrade; helm test; what settling takes beyond it; the rest.
    ...(upgrading !== undefined && { before: upgrading, upgrade: testing - upgrading, settling: settled - tested }),
    ...(upgrading === undefined && { before: testing }),
    test: tested - testing,
    after: seconds - (settled ?? tested),
  };
}

function expectOutcome({ outcome, tests }, expected) {
  if (outcome !== expected || tests.length === 0 || tests.some((test) => test.outcome !== 'passed'))
    throw new Error(`Chartship's deployment is ${outcome} and not ${expected}, or its tests did not pass`);
}

/** Seconds from a program's start to its end, and `heard` of each line it prints meanwhile. It must end well. */
function timed(file, args, env, heard = () => undefined) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const since = () => (performance.now() - started) / 1000;
    const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines = [];
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        heard(line, since());
      });
    let seconds;
    child.on('exit', () => {
      seconds = since();
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0
        ? resolve({ seconds, output: lines.join('\n') })
        : reject(new Error(`${[file, ...args].join(' ')} ended with ${code}:\n${lines.join('\n')}`)),
    );
  });
}

function told({ helm, chartship }) {
  return `helm ${helm.seconds.toFixed(1)} s, Chartship ${chartship.seconds.toFixed(1)} s`;
}

function summed(rounds, changed, unchanged) {
  const of = (list, who, key) => median(list.map((pair) => pair[who][key]));
  return {
    rounds,
    cores: os.cpus().length,
    changed: {
      helm: {
        seconds: of(changed, 'helm', 'seconds'),
        upgrade: of(changed, 'helm', 'upgrade'),
        test: of(changed, 'helm', 'test'),
      },
      chartship: Object.fromEntries(
        ['seconds', 'before', 'upgrade', 'test', 'settling', 'after'].map((key) => [
          key,
          of(changed, 'chartship', key),
        ]),
      ),
      ratio: median(changed.map(({ helm, chartship }) => chartship.seconds / helm.seconds)),
    },
    unchanged: {
      helm: { seconds: of(unchanged, 'helm', 'seconds') },
      chartship: Object.fromEntries(
        ['seconds', 'before', 'test', 'after'].map((key) => [key, of(unchanged, 'chartship', key)]),
      ),
      ratio: median(unchanged.map(({ helm, chartship }) => chartship.seconds / helm.seconds)),
    },
  };
}

function verdict(rounds, ...pairs) {
  const { changed, unchanged, cores } = summed(rounds, ...pairs);
  const parts = ({ seconds, ...rest }) =>
    `${seconds} s (${Object.entries(rest)
      .map(([name, value]) => `${name} ${value} s`)
      .join(', ')})`;
  return {
    lines: [
      `deploy: ${cores} cores, medians of ${rounds} pairs`,
      `  changed: helm ${parts(changed.helm)}`,
      `  changed: Chartship ${parts(changed.chartship)}`,
      `  unchanged: helm test ${unchanged.helm.seconds} s, Chartship ${parts(unchanged.chartship)}`,
    ],
    targets: [
      { what: "a changed release, of helm's upgrade and test", value: changed.ratio, target: TARGETS.changed },
      { what: "an unchanged release, of helm's test", value: unchanged.ratio, target: TARGETS.unchanged },
    ],
  };
}
