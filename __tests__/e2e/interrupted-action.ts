import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster } from '../support/cluster.ts';
import type { ClusterReader } from '../support/cluster-reader.ts';
import { bundles, type Ended, fileCommands, node24, toolPath } from '../support/scenario.ts';
import { slowValues } from '../support/slow-chart.ts';
import { type Sight, sightOf } from './release-sight.ts';
import { slowRelease, TIMEOUT } from './slow-release.ts';

/** The Action's two steps as GitHub's runner runs them when a job is cancelled, and the run after them. */
export interface InterruptedAction {
  readonly main: { readonly code: number | null; readonly stdout: string };
  readonly left: Sight;
  /** In the runner's folder for temporary files, after the main step and after the post step. */
  readonly afterMain: readonly string[];
  readonly afterPost: readonly string[];
  /** The release after the post step. */
  readonly settled: Sight;
  readonly post: { readonly code: number | null; readonly stdout: string };
  readonly next: Ended;
}

/** `kill`: the runner lost its patience or its machine; else it is heard. */
export async function interruptAction(
  way: 'SIGINT' | 'SIGKILL',
  cluster: Cluster,
  reader: ClusterReader,
): Promise<InterruptedAction> {
  const release = slowRelease(cluster, `action-${way.toLowerCase()}`, 'helm');
  const folder = mkdtempSync(join(tmpdir(), 'chartship-runner-'));
  const temporary = join(folder, 'temp');
  mkdirSync(temporary);
  const files = { GITHUB_OUTPUT: 'output', GITHUB_STATE: 'state', GITHUB_STEP_SUMMARY: 'summary' };
  for (const name of Object.values(files)) writeFileSync(join(folder, name), '');
  const { namespace, space } = release;
  const inputs = {
    chart: 'chart',
    'kube-versions': '1.35',
    kubeconfig: cluster.kubeconfig,
    deploy: 'demo',
    namespace,
    release: release.release,
    timeout: `${TIMEOUT}s`,
    set: slowValues({ version: '1', hookSeconds: 20 }).join('\n'),
  };
  const environment = {
    PATH: toolPath(space.root),
    HOME: folder,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: space.root,
    RUNNER_TEMP: temporary,
    ...Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(folder, file)])),
  };
  try {
    const given = Object.entries(inputs).map(([name, text]) => [`INPUT_${name.toUpperCase()}`, text]);
    const main = step('index.js', { ...environment, ...Object.fromEntries(given) }, space.root);
    const look = (): Promise<Sight> => sightOf(release, '', reader);
    while ((await look()).hook !== 'Running') {
      if (main.child.exitCode !== null) throw new Error(`it did not come to its hook:\n${(await main.ended).stdout}`);
      await wait(50);
    }
    main.child.kill(way);
    const mainEnded = await main.ended;
    const left = await look();
    const afterMain = readdirSync(temporary);
    const state = fileCommands(readFileSync(join(folder, files.GITHUB_STATE), 'utf8'));
    const saved = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]);
    const post = await step('post.js', { ...environment, ...Object.fromEntries(saved) }, space.root).ended;
    const afterPost = readdirSync(temporary);
    const settled = await look();
    const next = await (await release.start({ version: '2' })).ended;
    return { main: mainEnded, left, afterMain, afterPost, settled, post, next };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await release.remove();
  }
}

function step(
  bundle: string,
  env: Record<string, string>,
  cwd: string,
): {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string }>;
} {
  const child = spawn(node24, [join(bundles, bundle)], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout }));
  return { child, ended };
}
