import { availableParallelism, homedir, tmpdir } from 'node:os';
import type { Cancelled } from '../domain/errors.ts';
import { DEFAULT_LIMITS, type Limits } from '../domain/limits.ts';
import type { RulePages } from '../domain/rule-pages.ts';
import type { Clock, Files, Host, Kyverno, OpenForge, Ports } from '../ports.ts';
import { contextsOf, type Request, reaches } from '../request.ts';
import { connectCluster } from './cluster-connection.ts';
import { createConftest } from './conftest.ts';
import { createFiles } from './files.ts';
import { createGit } from './git.ts';
import { createHelm } from './helm.ts';
import { findContext, type KubeconfigSource } from './kubeconfig.ts';
import type { KyvernoOptions } from './kyverno.ts';
import { monotonic } from './monotonic.ts';
import { checkNodeDeploys } from './node-version.ts';
import { createRegistry } from './oras.ts';
import { createRunner } from './process.ts';
import { readOnce } from './read-once.ts';
import { createCredentials } from './registry-credentials.ts';
import { runIdentity } from './run-identity.ts';
import { createSignatures } from './signatures.ts';
import { createSops } from './sops.ts';
import { createTools } from './tools.ts';

export const clock: Clock = { now: () => monotonic() / 1000 };

/** Milliseconds that an interrupted run has left when it's done. */
const LINGERING = 500;

export interface Composition {
  readonly files: Files;
  /** Throws an `EnvironmentError` where what was asked for can't be done on this Node. */
  connect(
    request: Request,
  ): Pick<
    Ports,
    'helm' | 'registry' | 'connectCluster' | 'sops' | 'conftest' | 'kyverno' | 'signing' | 'verifying' | 'git' | 'self'
  >;
  /** Octokit is loaded here, and only where there is something to say on GitHub. */
  readonly openForge: OpenForge;
  readonly rulePages: () => Promise<RulePages>;
  /** Waits for children that are ending, and removes the private folder. */
  close(): Promise<void>;
}

/** The adapters that both faces share. `cancel` is aborted with a `Cancelled` when the run is interrupted. */
export async function compose(options: {
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly host: Pick<Host, 'progress' | 'mask'>;
  readonly cancel: AbortSignal;
}): Promise<Composition> {
  const { environment, host, cancel } = options;
  const limits = limitsOf(environment);
  const files = await createFiles({ root: options.root, temporaryBase: environment.RUNNER_TEMP || tmpdir(), cancel });
  // One more than there are cores: while one has ended and our own work comes first, no core is without work.
  const atOnce = availableParallelism() + 1;
  const runner = createRunner(limits, cancel, environment, atOnce);
  const note = (text: string): void => host.progress({ kind: 'note', text });
  return {
    files,
    connect: (request) => {
      const kubeconfig = (context: string | undefined): KubeconfigSource => ({
        given: request.deployment.kubeconfig,
        context,
        cwd: process.cwd(),
        environment,
        home: homedir(),
        mask: (secret) => host.mask(secret),
      });
      const contexts = new Map<string | undefined, ReturnType<typeof findContext>>();
      const contextOf = (name: string | undefined): ReturnType<typeof findContext> => {
        const context = contexts.get(name) ?? findContext(kubeconfig(name));
        contexts.set(name, context);
        return context;
      };
      if (reaches(request, 'deploy')) {
        checkNodeDeploys();
        if (request.charts.published) {
          // A tenth of a second together, as long as the registry takes to answer. What is wrong is told when it is used.
          import('./kubernetes.ts').catch(() => undefined);
          for (const name of contextsOf(request)) contextOf(name).catch(() => undefined);
        }
      }
      const tools = createTools({
        wishes: {
          ...(request.helmVersion !== undefined && { helm: request.helmVersion }),
          ...(request.orasVersion !== undefined && { oras: request.orasVersion }),
        },
        ...(request.toolsMirror !== undefined && { mirror: request.toolsMirror }),
        run: runner.run,
        environment,
        platform: { os: process.platform, architecture: process.arch },
        note,
        limits,
        cancel,
      });
      // Asked for at once: finding out their versions goes on beside reading the chart. Who needs them hears of a fault.
      tools.helm().catch(() => undefined);
      if (reaches(request, 'publish')) tools.oras().catch(() => undefined);
      const credentials = createCredentials({
        given: request.credentials,
        registries: request.loginHosts,
        environment,
        home: homedir(),
        platform: process.platform,
        temporary: files.temporary,
        mask: (secret) => host.mask(secret),
      });
      const shared = { run: runner.run, temporary: files.temporary, limits, plainHttp: request.plainHttp, note };
      const registry = createRegistry({
        ...shared,
        cancel,
        oras: async () => (await tools.oras()).path,
        credentials,
        ...(request.caFile !== undefined && { caFile: request.caFile }),
      });
      return {
        helm: createHelm({
          ...shared,
          tool: tools.helm,
          caFile: request.caFile,
          credentials: {
            registryConfig: credentials.registryConfig,
            // A login without a host is for registries to publish to: no repository ever gets it.
            basic: (name) => request.credentials.find((credential) => credential.host === name),
          },
        }),
        connectCluster: (context) =>
          connectCluster(
            { ...kubeconfig(context), helm: tools.helm, run: runner.run, temporary: files.temporary, limits, cancel },
            contextOf(context),
          ),
        sops: createSops({
          run: runner.run,
          environment,
          os: process.platform,
          temporary: files.temporary,
          mask: (secret) => host.mask(secret),
        }),
        conftest: createConftest({ run: runner.run, environment, os: process.platform, files }),
        kyverno: lateKyverno({ run: runner.run, environment, os: process.platform, files }),
        ...createSignatures(request, {
          run: runner.run,
          environment,
          temporary: files.temporary,
          mask: (secret) => host.mask(secret),
          note,
          cancel,
        }),
        git: createGit({ run: runner.run, environment, os: process.platform, root: files.root }),
        self: { ...runIdentity(environment), cancel, atOnce },
        // On a pull request nothing is written, but to this machine's own registries.
        registry: request.isProposed && !reaches(request, 'publish') ? readOnce(registry) : registry,
      };
    },
    openForge: async (access) => {
      const { createForge } = await import('./forge.ts');
      return createForge({ ...access, environment, cancel, note });
    },
    rulePages: async () => (await import('./rule-pages.ts')).rulePages(),
    close: async () => {
      await runner.idle();
      await files.close();
      // All is done and told: what a library still waits for (it may be a service that says nothing) holds nobody up.
      if (cancel.aborted) setTimeout(() => process.exit(), LINGERING).unref();
    },
  };
}

/** Loaded where there are policies for it, which few runs have. */
function lateKyverno(options: KyvernoOptions): Kyverno {
  let made: Promise<Kyverno> | undefined;
  return {
    check: async (...given) => {
      made ??= import('./kyverno.ts').then(({ createKyverno }) => createKyverno(options));
      return (await made).check(...given);
    },
  };
}

/** The bounds, with those that docs/operations.md lets an operator change: whole seconds and mebibytes. */
function limitsOf(environment: NodeJS.ProcessEnv): Limits {
  const given = (name: string, unit: number, otherwise: number): number => {
    const text = environment[name];
    return text !== undefined && /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) * unit : otherwise;
  };
  return {
    ...DEFAULT_LIMITS,
    helmMilliseconds: given('CHARTSHIP_HELM_SECONDS', 1000, DEFAULT_LIMITS.helmMilliseconds),
    childBytes: given('CHARTSHIP_HELM_MEMORY_MIB', 1024 * 1024, DEFAULT_LIMITS.childBytes),
    registryMilliseconds: given('CHARTSHIP_REGISTRY_SECONDS', 1000, DEFAULT_LIMITS.registryMilliseconds),
    downloadMilliseconds: given('CHARTSHIP_DOWNLOAD_SECONDS', 1000, DEFAULT_LIMITS.downloadMilliseconds),
  };
}

/** SIGINT and SIGTERM end children and the run. */
export function cancelOnSignals(makeReason: (signal: 'SIGINT' | 'SIGTERM') => Cancelled): {
  readonly signal: AbortSignal;
  received(): 'SIGINT' | 'SIGTERM' | undefined;
} {
  const controller = new AbortController();
  let first: 'SIGINT' | 'SIGTERM' | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      // The runner sends SIGTERM 7.5 s after SIGINT: by then only the clean-up is left, and it goes on.
      first ??= name;
      controller.abort(makeReason(first));
    });
  }
  return { signal: controller.signal, received: () => first };
}
