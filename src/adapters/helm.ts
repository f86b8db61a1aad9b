import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { cp, mkdtemp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Limits } from '../domain/limits.ts';
import { isLoopback } from '../domain/reference.ts';
import type { Helm, HelmAnswer, HelmChartCall, HelmFault, HelmPullCall, HelmTemplateCall } from '../ports.ts';
import { faultsOf, lintFaults } from './helm-faults.ts';
import type { Call, Ran, Run } from './process.ts';

/** A user name and password for a host, or the file in which registry clients find them. */
export interface HelmCredentials {
  /** The file for `--registry-config`, if the host is known in one. */
  registryConfig(host: string): Promise<string | undefined>;
  /** For repositories over HTTP. */
  basic(host: string): { readonly username: string; readonly password: string } | undefined;
}

export interface HelmOptions {
  /** The program, found or installed when it is first asked for. */
  readonly tool: () => Promise<{ readonly path: string; readonly version: string }>;
  readonly run: Run;
  /** A private folder of this run. */
  readonly temporary: string;
  readonly limits: Limits;
  readonly credentials: HelmCredentials;
  readonly plainHttp: boolean;
  readonly caFile: string | undefined;
  /** Told of every request before it is made. */
  readonly note: (text: string) => void;
}

/** The port `Helm` on the real program. */
export function createHelm(options: HelmOptions): Helm {
  const { limits, temporary } = options;
  const environment = privateEnvironment(temporary);
  const call = async (args: readonly string[], rest: Partial<Call> = {}): Promise<Ran> =>
    options.run({
      file: (await options.tool()).path,
      args,
      env: environment,
      milliseconds: limits.helmMilliseconds,
      ...rest,
    });

  const copies = new Map<string, Promise<string>>();
  /** Helm 3's lint checks values against the schema, and follows its references, whatever it is told: it gets a copy without. */
  const lintable = async (chart: string): Promise<string> => {
    if (!(await options.tool()).version.startsWith('3.')) return chart;
    const copy = copies.get(chart) ?? copyWithoutSchema(chart, temporary);
    copies.set(chart, copy);
    return copy;
  };

  const template = async (request: HelmTemplateCall): Promise<HelmAnswer<string>> => {
    const args = ['template', request.release, request.chart, ...chartArguments(request)];
    for (const version of request.apiVersions) args.push('--api-versions', oneEntry(version));
    if (request.upgrade) args.push('--is-upgrade');
    const ran = await call(args, input(request));
    return succeeded(ran)
      ? { ok: true, value: decode(ran.stdout) }
      : { ok: false, faults: failed(ran, limits, basename(request.chart)) };
  };

  return {
    version: async () => (await options.tool()).version,
    lint: async (request) => {
      // Values are checked against the schema once, by `template`.
      const args = chartArguments({ ...request, skipSchema: true });
      const ran = await call(['lint', await lintable(request.chart), ...args], input(request));
      if (ran.ended !== 'exit') return failed(ran, limits, basename(request.chart));
      const stdout = decode(ran.stdout);
      const found = lintFaults(stdout, basename(request.chart));
      // What was left out on purpose was an error, too: then stderr says no more than that there was one.
      const told = found.length > 0 || /^\[ERROR\] /m.test(stdout);
      return ran.code === 0 || told ? found : faultsOf(ran.stderr, basename(request.chart));
    },
    template,
    package: async (chart, destination) => {
      const ran = await call(['package', chart, '--destination', destination]);
      return succeeded(ran) ? archiveIn(destination) : { ok: false, faults: failed(ran, limits, basename(chart)) };
    },
    pull: async (request) => {
      const ran = await pull(request, options, call);
      return succeeded(ran)
        ? archiveIn(request.destination)
        : { ok: false, faults: failed(ran, limits, request.name, limits.registryMilliseconds) };
    },
  };
}

/** The chart without its own values.schema.json, in a folder of the same name; the chart itself when it has none. */
async function copyWithoutSchema(chart: string, temporary: string): Promise<string> {
  const schema = join(chart, 'values.schema.json');
  if (!readdirSync(chart).includes('values.schema.json')) return chart;
  const copy = join(await mkdtemp(join(temporary, 'lint-')), basename(chart));
  await cp(chart, copy, { recursive: true, filter: (path) => path !== schema });
  return copy;
}

function chartArguments(request: HelmChartCall): string[] {
  const args = ['--namespace', request.namespace, '--kube-version', request.kubeVersion];
  for (const file of request.values) args.push('--values', oneEntry(file));
  if (request.secretValues !== undefined) args.push('--values', '-');
  for (const setting of request.set) args.push('--set', setting);
  if (request.skipSchema) args.push('--skip-schema-validation');
  return args;
}

/** Helm reads `--values` as a line of CSV: a path with a comma or a quote would be several, or none. */
export function oneEntry(path: string): string {
  return /[",\r\n]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path;
}

function input(request: HelmChartCall): Partial<Call> {
  return request.secretValues === undefined ? {} : { input: request.secretValues };
}

async function pull(
  request: HelmPullCall,
  options: HelmOptions,
  call: (args: readonly string[], rest?: Partial<Call>) => Promise<Ran>,
): Promise<Ran> {
  const host = new URL(request.repository.replace(/^oci:/, 'https:')).host;
  const bounded = { milliseconds: options.limits.registryMilliseconds, aside: true };
  const common = ['--version', request.version, '--destination', request.destination];
  if (options.caFile !== undefined) common.push('--ca-file', options.caFile);
  options.note(`helm pull ${request.name} ${request.version} from ${host}`);
  if (request.repository.startsWith('oci:')) {
    if (options.plainHttp || isLoopback(host)) common.push('--plain-http');
    const config = await options.credentials.registryConfig(host);
    if (config !== undefined) common.push('--registry-config', config);
    return call(['pull', `${request.repository}/${request.name}`, ...common], bounded);
  }
  const basic = options.credentials.basic(host);
  if (basic === undefined) return call(['pull', request.name, '--repo', request.repository, ...common], bounded);
  // `pull` takes a password as an argument only; `repo add` takes it by standard input and keeps it in a private
  // file. Each call has a name and a file of its own: side by side they would change each other's repository, and
  // wait for helm's lock, which takes a second.
  const alias = `repository-${randomBytes(8).toString('hex')}`;
  const own = ['--repository-config', join(options.temporary, 'helm', `${alias}.yaml`)];
  const caFile = options.caFile === undefined ? [] : ['--ca-file', options.caFile];
  const added = await call(
    ['repo', 'add', alias, request.repository, '--username', basic.username, '--password-stdin', ...caFile, ...own],
    {
      ...bounded,
      input: basic.password,
    },
  );
  return succeeded(added) ? call(['pull', `${alias}/${request.name}`, ...common, ...own], bounded) : added;
}

function archiveIn(folder: string): HelmAnswer<string> {
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (archive === undefined)
    return { ok: false, faults: [{ kind: 'other', severity: 'error', message: 'helm wrote no archive' }] };
  return { ok: true, value: join(folder, archive) };
}

function succeeded(ran: Ran): boolean {
  return ran.ended === 'exit' && ran.code === 0;
}

function failed(ran: Ran, limits: Limits, chart: string, milliseconds = limits.helmMilliseconds): HelmFault[] {
  const only = (kind: HelmFault['kind'], message: string): HelmFault[] => [{ kind, severity: 'error', message }];
  switch (ran.ended) {
    case 'timeout':
      return only('timeout', `helm did not end within ${Math.round(milliseconds / 1000)} s`);
    case 'memory':
      return only('memory', `helm took more than ${Math.round(limits.childBytes / 1024 / 1024)} MiB of memory`);
    case 'output':
      return only('output', `helm printed more than ${Math.round(limits.outputBytes / 1024 / 1024)} MiB`);
    case 'not-started':
      return only('other', `helm could not be started${ran.stderr === '' ? '' : `: ${ran.stderr.trim()}`}`);
    case 'stopped': // these calls aren't
    case 'exit':
      return faultsOf(ran.stderr, chart);
  }
}

/** Helm's own folders are private to the run: no plugin, repository or cache of the machine changes what a chart renders to. */
export function privateEnvironment(temporary: string): Record<string, string> {
  return {
    HELM_CACHE_HOME: join(temporary, 'helm', 'cache'),
    HELM_CONFIG_HOME: join(temporary, 'helm', 'config'),
    HELM_DATA_HOME: join(temporary, 'helm', 'data'),
    HELM_PLUGINS: join(temporary, 'helm', 'plugins'),
    HELM_NO_PLUGINS: '1',
    // Helm ends within a second: collecting garbage only when memory grows large saves a quarter of its CPU (docs/decisions/0002).
    GOGC: 'off',
    GOMEMLIMIT: '512MiB',
  };
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
