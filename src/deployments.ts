import { join } from 'node:path';
import type { Cause, DeploymentOutcome, PlannedDeployment } from './domain/deployment.ts';
import type { Environment, PlannedEnvironment } from './domain/environment.ts';
import { Cancelled } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import type { PublishOutcome } from './domain/outcome.ts';
import type { FetchedChart, PublishedChart } from './domain/published-chart.ts';
import { locationOf, referenceText, type Target } from './domain/reference.ts';
import type { ChartPackage } from './domain/staged.ts';
import { valuesPaths } from './domain/values.ts';
import { createAnnouncer } from './github/deployment-status.ts';
import { isInstallable, type Plan, type PlannedChart } from './plan.ts';
import type { Ports } from './ports.ts';
import type { Record } from './record.ts';
import type { Request } from './request.ts';
import { deploy } from './stages/deploy.ts';
import { fetchPublished } from './stages/fetch-published.ts';
import { publish } from './stages/publish.ts';
import { environmentOf, type LoadedValues } from './values-files.ts';

/** The connections to the environments' clusters, made before anything starts: a wrong kubeconfig is told at once. */
export type Connections = ReadonlyMap<PlannedEnvironment, Awaited<ReturnType<Ports['connectCluster']>>>;

export async function connectAll(plan: Plan, ports: Pick<Ports, 'connectCluster'>): Promise<Connections> {
  const connections = new Map<PlannedEnvironment, Awaited<ReturnType<Ports['connectCluster']>>>();
  for (const { environment } of deploymentsOf(plan))
    connections.set(environment, await ports.connectCluster(environment.kubeContext));
  return connections;
}

/** Environment by environment, each chart in each; a library can't be installed, only depended on. */
function deploymentsOf(plan: Plan): { chart: PlannedChart; environment: PlannedEnvironment }[] {
  return plan.deploy.flatMap((name) =>
    plan.charts
      .filter(isInstallable)
      .flatMap((chart) =>
        chart.environments.filter((each) => each.name === name).map((environment) => ({ chart, environment })),
      ),
  );
}

/**
 * Deploys what is published: the next environment only when the one before is healthy and tested. `sources` holds
 * where each chart is published; what is deployed is fetched from there by its digest, whoever put it there. `changed`
 * says of which environments the values files are not those that were checked: then none is deployed.
 */
export async function deployAll(
  request: Request,
  plan: Plan,
  values: LoadedValues,
  sources: ReadonlyMap<string, PublishedChart | FetchedChart>,
  connections: Connections,
  record: Record,
  ports: Ports,
  changed: ReadonlyMap<PlannedEnvironment, readonly Finding[]> = new Map(),
): Promise<void> {
  const packages = new Map<string, Unpacked>();
  const announcer = announcerFor(request, ports);
  const isHeld = [...changed.values()].flat().some(({ severity }) => severity === 'error');
  for (const { chart, environment } of deploymentsOf(plan)) {
    const { name } = chart.chart.metadata;
    const source = sources.get(name);
    const where = { chart: name, environment: environment.name };
    const planned = deploymentOf(environment);
    if (source === undefined && !record.failed) throw new Error(`nobody knows where ${name} is published`);
    const found = changed.get(environment) ?? [];
    const refusal = found.find(({ severity }) => severity === 'error');
    if (refusal !== undefined && source !== undefined) {
      await record.stage({ name: 'deploy', ...where }, async () => ({ findings: found }));
      if (request.deployment.test) record.skip({ name: 'test', ...where });
      const { message, file } = refusal;
      const cause = { code: 'values' as const, message, ...(file !== undefined && { file }) };
      record.deployments.push(failedWith(cause, name, planned, source));
      continue;
    }
    if (record.failed || isHeld || source === undefined) {
      record.skip({ name: 'deploy', ...where });
      if (request.deployment.test) record.skip({ name: 'test', ...where });
      record.deployments.push(skipped(name, planned, source));
      continue;
    }
    const connection = connections.get(environment);
    if (connection === undefined) throw new Error(`no connection was made for ${environment.name}`);
    const { version } = chart.chart.metadata;
    const announced = announcer?.begin(planned, { chart: name, version, reference: source.reference });
    const deploying = record.stage({ name: 'deploy', ...where }, async () => {
      const fetched = packages.get(name) ?? (await packageOf(source, ports));
      if ('rule' in fetched) return notFetched(fetched, name, planned, source);
      packages.set(name, fetched);
      const deployed = await deploy(
        deployable(request, chart, environmentOf(chart, environment, values, request), source, fetched),
        planned,
        {
          ...request.deployment,
          ...ports.self,
          evidence: join(request.report, 'evidence', environment.name, name),
          testStage: (work) => record.stage({ name: 'test', ...where }, work),
        },
        { ...connection, registry: ports.registry, files: ports.files, host: ports.host, clock: ports.clock },
      );
      return { ...deployed, findings: [...found, ...deployed.findings] };
    });
    const { outcome } = await deploying.catch(async (error: unknown) => {
      // Interrupted before it was a deployment, or a bug: GitHub hears that it has ended.
      await announced?.end({ outcome: error instanceof Cancelled ? 'cancelled' : 'failed', cause: null });
      throw error;
    });
    const { url } = planned;
    record.deployments.push({ ...outcome, ...(url !== undefined && { url }) });
    if (announced !== undefined) record.add(await announced.end(outcome));
    // What was interrupted is on record; nothing more is begun.
    ports.self.cancel.throwIfAborted();
  }
}

/** Who tells GitHub of deployments; nobody outside of a workflow, or of a dry run. */
function announcerFor({ github, deployment }: Request, { openForge, files }: Pick<Ports, 'openForge' | 'files'>) {
  if (github?.deployment !== true || deployment.dryRun) return undefined;
  const { run, token } = github;
  return createAnnouncer(run, files, () => openForge({ repository: run.repository, token }));
}

function deploymentOf({ name, namespace, release, timeout, kubeContext, url }: PlannedEnvironment): PlannedDeployment {
  return {
    environment: name,
    namespace,
    release,
    timeout,
    ...(kubeContext !== undefined && { kubeContext }),
    ...(url !== undefined && { url }),
  };
}

function deployable(
  request: Request,
  { chart }: PlannedChart,
  environment: Environment,
  source: PublishedChart,
  unpacked: Unpacked,
): Parameters<typeof deploy>[0] {
  return {
    chart: chart.metadata.name,
    version: chart.metadata.version,
    reference: source.reference,
    package: unpacked.archive,
    values: valuesPaths(environment.values, unpacked.folder),
    set: environment.set,
    ...(request.secretValues !== undefined && { secretValues: request.secretValues }),
    layers: environment.layers,
  };
}

/** A package that was fetched by its digest, and its files, both in private folders. */
interface Unpacked {
  readonly archive: string;
  readonly folder: string;
}

async function packageOf(
  source: PublishedChart | FetchedChart,
  ports: Pick<Ports, 'registry' | 'files'>,
): Promise<Unpacked | Finding> {
  const fetched =
    'archive' in source
      ? { ok: true as const, chart: source }
      : await fetchPublished(source.location, source.digest, () => source.reference, ports.registry);
  if (!fetched.ok) {
    const { message, hint } = fetched;
    return { stage: 'deploy', rule: 'deploy/package', severity: 'error', message, ...(hint !== undefined && { hint }) };
  }
  const folder = await ports.files.makeTemporary('deploy');
  const archive = join(folder, 'package.tgz');
  await ports.files.write(archive, fetched.chart.archive);
  for (const { path, content } of fetched.chart.files) await ports.files.write(join(folder, 'chart', path), content);
  return { archive, folder: join(folder, 'chart') };
}

function notFetched(
  finding: Finding,
  chart: string,
  planned: PlannedDeployment,
  source: PublishedChart,
): { findings: Finding[]; outcome: DeploymentOutcome } {
  const cause = { code: 'package' as const, message: finding.message };
  return {
    findings: [{ ...finding, chart, environments: [planned.environment] }],
    outcome: failedWith(cause, chart, planned, source),
  };
}

function failedWith(
  cause: Cause,
  chart: string,
  { environment, namespace, release }: PlannedDeployment,
  { reference }: PublishedChart,
): DeploymentOutcome {
  return { chart, environment, namespace, release, reference, outcome: 'failed', cause, tests: [] };
}

function skipped(chart: string, planned: PlannedDeployment, source: PublishedChart | undefined): DeploymentOutcome {
  const { environment, namespace, release } = planned;
  return {
    chart,
    environment,
    namespace,
    release,
    reference: source?.reference ?? '',
    outcome: 'skipped',
    cause: null,
    tests: [],
  };
}

/** Where each chart of this run is published: the first registry that has it, or a layout of this run's own where there is none, or nothing is to be changed. */
export async function sourcesOf(
  request: Request,
  packages: readonly ChartPackage[],
  record: Record,
  ports: Ports,
): Promise<ReadonlyMap<string, PublishedChart>> {
  const own: Target = {
    kind: 'layout',
    text: 'oci-layout:(this run)',
    directory: join(ports.files.temporary, 'layout'),
  };
  const isPublished = request.registries.length > 0 && !request.deployment.dryRun;
  const sources = new Map<string, PublishedChart>();
  for (const each of packages) {
    const targets = isPublished ? request.registries : [own];
    const outcomes = isPublished ? record.publishedOf(each.name) : await publishPrivately(each, own, record, ports);
    for (const { registry, digest, outcome } of outcomes) {
      const target = targets.find(({ text }) => text === registry);
      if (sources.has(each.name) || target === undefined || digest === undefined) continue;
      if (outcome !== 'pushed' && outcome !== 'already-published') continue;
      const location = locationOf(target, each.name, join);
      sources.set(each.name, { reference: referenceText(target, each.name, digest), location, digest });
    }
  }
  return sources;
}

async function publishPrivately(
  each: ChartPackage,
  own: Target,
  record: Record,
  ports: Ports,
): Promise<readonly PublishOutcome[]> {
  const { findings, outcomes } = await publish(each, [own], { root: ports.files.root }, ports);
  record.add(findings);
  return outcomes;
}
