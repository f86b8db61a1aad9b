import { join } from 'node:path';
import type { Limits } from '../domain/limits.ts';
import type { HelmEnd, HelmReleaseCall, HelmUpgradeCall, Releases } from '../ports.ts';
import { oneEntry, privateEnvironment } from './helm.ts';
import { releaseFault } from './helm-release-faults.ts';
import { isFields } from './kubeconfig-merge.ts';
import type { Call, Ran, Run } from './process.ts';

export interface ReleasesOptions {
  readonly tool: () => Promise<{ readonly path: string; readonly version: string }>;
  readonly run: Run;
  /** The private file with the one cluster; helm sees no other. */
  readonly kubeconfig: string;
  /** What a credential plugin that helm starts needs; empty where the kubeconfig names none. */
  readonly pluginEnvironment: Readonly<Record<string, string>>;
  /** A private folder of this run. */
  readonly temporary: string;
  readonly limits: Limits;
}

/** Seconds between helm's own time limit and the end of the call: enough to mark the revision as failed. */
const AFTER_TIMEOUT = 10;
/** Revisions that are kept; helm's own default. */
const HISTORY = 10;
/** Jobs, too: by `--wait` alone a release is ready whose migration has failed, or still runs. */
const WAIT = ['--wait', '--wait-for-jobs'];

/** The port `Releases` on the helm command, 4 or 3. */
export function createReleases(options: ReleasesOptions): Releases {
  const environment = {
    ...privateEnvironment(options.temporary),
    // Helm stays for minutes here and watches: it may well collect garbage.
    GOGC: '200',
    // What kubectl remembers of a cluster's kinds in the home folder is not ours to read or write.
    KUBECACHEDIR: join(options.temporary, 'helm', 'kube-cache'),
    ...options.pluginEnvironment,
  };

  const call = async (
    request: HelmReleaseCall,
    args: readonly string[],
    rest: Pick<Call, 'input'> = {},
  ): Promise<{ readonly ran: Ran; readonly end: HelmEnd }> => {
    const ran = await options.run({
      file: (await options.tool()).path,
      args: [...args, '--namespace', request.namespace, '--kubeconfig', options.kubeconfig],
      env: environment,
      milliseconds: (request.timeout + AFTER_TIMEOUT) * 1000,
      aside: true,
      guarded: true,
      ...(request.stop !== undefined && { stop: request.stop }),
      ...rest,
    });
    return { ran, end: ending(ran, request, options.limits) };
  };

  /**
   * Helm 4 applies on the server's side, and by force: a field that somebody else set (kubectl scale, kubectl set
   * env) and that the manifest sets too is taken over instead of ending the upgrade with a conflict, at which helm's
   * own way back would stop as well. What a manifest doesn't set is left alone; a field that a controller sets and
   * the manifest sets, too, is what the preflight is for. `--force-conflicts` alone is refused for releases that
   * Helm 3 made, so the way of applying is given with it; helm then moves Helm 3's fields over by itself.
   */
  const applying = async (): Promise<string[]> =>
    isHelm3((await options.tool()).version) ? [] : ['--server-side=true', '--force-conflicts'];

  const upgradeArguments = async (request: HelmUpgradeCall): Promise<string[]> => {
    const args = ['upgrade', request.release, request.chart, '--install', ...(await applying())];
    // Without any value given helm would take those of the revision before: not what was checked.
    args.push('--reset-values');
    args.push('--timeout', seconds(request), '--history-max', String(HISTORY), '--description', request.description);
    const labels = Object.entries(request.labels).map(([name, value]) => `${name}=${value}`);
    if (labels.length > 0) args.push('--labels', labels.join(','));
    for (const file of request.values) args.push('--values', oneEntry(file));
    if (request.secretValues !== undefined) args.push('--values', '-');
    for (const setting of request.set) args.push('--set', setting);
    return args;
  };

  return {
    version: async () => (await options.tool()).version,
    dryRun: async (request) => {
      const args = [...(await upgradeArguments(request)), '--dry-run=server', '--output', 'json'];
      const { ran, end } = await call(request, args, input(request));
      return end.ok ? rendered(ran.stdout) : end;
    },
    upgrade: async (request) =>
      (await call(request, [...(await upgradeArguments(request)), ...WAIT], input(request))).end,
    rollback: async (request) => {
      const to = ['rollback', request.release, String(request.revision), ...(await applying())];
      return (await call(request, [...to, ...WAIT, '--timeout', seconds(request), '--history-max', String(HISTORY)]))
        .end;
    },
    uninstall: async (request) =>
      (
        await call(request, [
          'uninstall',
          request.release,
          '--ignore-not-found',
          '--wait',
          '--timeout',
          seconds(request),
        ])
      ).end,
    test: async (request) => {
      const { end } = await call(request, ['test', request.release, '--timeout', seconds(request)]);
      const isVerdict = !end.ok && end.ended === 'failed' && (end.kind === 'not-ready' || end.kind === 'other');
      return isVerdict ? { ...end, kind: 'test-failed' } : end;
    },
  };
}

function isHelm3(version: string): boolean {
  return version.startsWith('3.');
}

/** Go's durations: `1.5s`. */
function seconds({ timeout }: HelmReleaseCall): string {
  return `${timeout}s`;
}

function input(request: HelmUpgradeCall): Pick<Call, 'input'> {
  return request.secretValues === undefined ? {} : { input: request.secretValues };
}

function ending(ran: Ran, { timeout }: HelmReleaseCall, limits: Limits): HelmEnd {
  const other = (message: string): HelmEnd => ({ ok: false, ended: 'failed', kind: 'other', message });
  switch (ran.ended) {
    case 'exit':
      if (ran.code === 0) return { ok: true, output: new TextDecoder().decode(ran.stdout) };
      return { ok: false, ended: 'failed', ...releaseFault(ran.stderr) };
    case 'stopped':
      return { ok: false, ended: 'stopped', ...releaseFault(ran.stderr) };
    case 'timeout':
      return { ok: false, ended: 'timeout', kind: 'not-ready', message: `helm was not done after ${timeout} s` };
    case 'memory':
      return other(`helm took more than ${Math.round(limits.childBytes / 1024 / 1024)} MiB of memory`);
    case 'output':
      return other(`helm printed more than ${Math.round(limits.outputBytes / 1024 / 1024)} MiB`);
    case 'not-started':
      return other(`helm could not be started${ran.stderr === '' ? '' : `: ${ran.stderr.trim()}`}`);
  }
}

/** The release as helm would record it: the manifest, and apart from it each hook. */
function rendered(stdout: Uint8Array): Awaited<ReturnType<Releases['dryRun']>> {
  const text = new TextDecoder().decode(stdout);
  let release: unknown;
  try {
    // Helm 3 prints what a chart's `lookup` warns of before it.
    release = JSON.parse(text.slice(Math.max(0, text.indexOf('{'))));
  } catch {
    release = undefined;
  }
  if (!isFields(release) || typeof release.manifest !== 'string') {
    return { ok: false, ended: 'failed', kind: 'other', message: 'helm said nothing of what it would apply' };
  }
  const hooks = (Array.isArray(release.hooks) ? release.hooks : [])
    .filter(isFields)
    .flatMap(({ path, manifest }) =>
      typeof manifest === 'string' ? [`---\n# Source: ${path}\n${manifest.trimEnd()}\n`] : [],
    );
  return { ok: true, manifest: release.manifest, hooks: hooks.join('') };
}
