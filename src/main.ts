import { resolve as absolute, dirname, join, sep } from 'node:path';
import { aliasAll } from './aliases.ts';
import { checkTag, versionPlace } from './chart-versions.ts';
import { type CheckedPackage, checkChart } from './check.ts';
import { checkedWith } from './checked-with.ts';
import { withCodeFrames } from './code-frames.ts';
import { type RawRequest, type Request, reaches, readRequest } from './config.ts';
import { loadCrdSchemas } from './crd-schemas.ts';
import { connectAll, deployAll, sourcesOf } from './deployments.ts';
import type { PlannedEnvironment } from './domain/environment.ts';
import { Cancelled, EnvironmentError, RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import type { PublishOutcome, Report, RunStatus } from './domain/outcome.ts';
import { isInside, shownPath } from './domain/paths.ts';
import type { ChartPackage } from './domain/staged.ts';
import { together } from './domain/together.ts';
import type { ValuesRecord } from './domain/values-record.ts';
import { commentOn } from './github/pull-request-comment.ts';
import { readGitHub } from './github-request.ts';
import { findOwnPolicies } from './own-policies.ts';
import { makePlan, type Plan } from './plan.ts';
import { planOnly } from './planning.ts';
import type { Files, Ports } from './ports.ts';
import { fetchAsked, promoteAll, promotes, sourcesIn } from './published.ts';
import { Record } from './record.ts';
import { releaseTag } from './release.ts';
import { cleaned } from './report/cleaned.ts';
import { renderPlan, renderReport } from './report/render.ts';
import { fault, quote } from './settings.ts';
import { pushRepositoryMetadata } from './stages/artifacthub.ts';
import { attest } from './stages/attest.ts';
import { type Place, publish, wouldRefuse } from './stages/publish.ts';
import { survey } from './survey.ts';
import { loadValues, recordOf } from './values-files.ts';
import { verifyAll } from './verified.ts';
import { VERSION } from './version.ts';

/** What is needed before the request is known. */
export type Base = Pick<Ports, 'files' | 'host' | 'clock' | 'openForge'>;

export interface Ending {
  readonly report: Report;
  /** A bug: what was thrown. */
  readonly crash?: unknown;
}

/** How far a run came, before it is told. */
interface Course {
  readonly record: Record;
  readonly status: RunStatus;
  /** The report folder; `undefined` when none can be written. */
  readonly folder: string | undefined;
  /** It was about charts that are published: their files need not be those of the repository. */
  readonly isPublished?: boolean;
  readonly crash?: unknown;
}

/** Runs the pipeline and tells of it once, however it went. `connect` builds what depends on the request. */
export async function run(
  raw: RawRequest,
  base: Base,
  connect: (request: Request) => Omit<Ports, keyof Base>,
): Promise<Ending> {
  const { record, status, folder, isPublished, crash } = await pipeline(raw, base, connect);
  record.add(await tellPullRequest(raw, record.report(status), base));
  const told = record.report(status);
  const ending = await finish(isPublished === true ? told : await withCodeFrames(told, base.files), folder, base);
  return { ...ending, ...(crash !== undefined && { crash }) };
}

/** What came of it is said where it is reviewed, also of a request that was refused. */
async function tellPullRequest(raw: RawRequest, report: Report, { openForge, host }: Base): Promise<Finding[]> {
  const github = readGitHub(raw);
  const pullRequest = github?.run.pullRequest;
  // Of a run that was interrupted the next one tells; a plan has come to nothing yet.
  const isSilent = report.status === 'cancelled' || report.plan !== undefined;
  if (github?.comment !== true || pullRequest === undefined || isSilent) return [];
  try {
    const forge = await openForge({ repository: github.run.repository, token: github.token });
    return await commentOn(pullRequest, github.run, github.about, cleaned(report, host.redact), forge);
  } catch (error) {
    // A bug, and no reason to lose the report.
    const message = `a bug in Chartship: the pull request has no comment: ${error instanceof Error ? error.message : String(error)}`;
    return [{ stage: 'github', rule: 'github/bug', severity: 'note', message }];
  }
}

/** resolve → lint → render → validate → package → publish → deploy → test */
async function pipeline(
  raw: RawRequest,
  base: Base,
  connect: (request: Request) => Omit<Ports, keyof Base>,
): Promise<Course> {
  let record = new Record(base.host, base.clock, 'error');
  let folder: string | undefined;
  try {
    const request = await readRequest(raw, base.files);
    record = new Record(base.host, base.clock, request.failOn);
    await checkFolder(request.report, base.files);
    folder = request.report;
    if (request.plan) {
      await planOnly(request, record, base.files);
      return { record, status: record.failed ? 'failed' : 'passed', folder };
    }
    await removeEarlier(folder, base.files);
    const ports = { ...base, ...connect(request) };

    if (request.charts.published) await shipPublished(request, record, ports);
    else await shipFromSource(request, record, ports);
    return { record, status: record.failed ? 'failed' : 'passed', folder, isPublished: request.charts.published };
  } catch (error) {
    if (error instanceof Cancelled) return { record, status: 'cancelled', folder };
    if (error instanceof RequestError) {
      record.add(error.findings);
      return { record, status: 'invalid', folder: folder ?? (await defaultReport(raw, base.files)) };
    }
    if (error instanceof EnvironmentError) {
      record.add([unavailable(error)]);
      return { record, status: 'error', folder };
    }
    const message = `a bug in Chartship: ${error instanceof Error ? error.message : String(error)}`;
    record.add([{ stage: 'tools', rule: 'tools/bug', severity: 'error', message }]);
    return { record, status: 'error', folder, crash: error };
  }
}

/** Everything, for charts in folders. */
async function shipFromSource(request: Request, record: Record, ports: Ports): Promise<void> {
  const { charts, findings } = await survey(request, ports.files);
  const plan = makePlan(request, charts);
  const values = await loadValues(request, plan, ports);
  const definitions = await loadCrdSchemas(request, ports);
  const ownPolicies = await findOwnPolicies(request, ports.files);
  const connections = await connectAll(plan, ports);
  if (request.attestation !== undefined) await ports.signing.ready();
  record.add([
    ...findings,
    ...values.findings,
    ...heldBack(request),
    ...(await checkTag(request, charts, ports.files)),
  ]);
  const packages = await together(
    plan.charts.map((chart) =>
      checkChart(request, chart, values, { kinds: definitions.kinds, ownPolicies }, record, ports),
    ),
  );
  record.add(definitions.findings());
  const valuesRecords = new Map(plan.charts.map((chart) => [chart.chart.metadata.name, recordOf(chart, values)]));
  await askAll(request, plan, packages, record, ports);
  await publishAll(request, plan, packages, valuesRecords, record, ports);
  const built = record.failed ? [] : packages.filter((each) => each !== undefined);
  if (plan.deploy.length > 0) {
    const sources = await sourcesOf(request, built, record, ports);
    await verifyAll(request, sources, record, ports);
    await deployAll(request, plan, values, sources, connections, record, ports);
  }
  await releaseTag(request, plan, built, record, ports);
  const names = built.map(({ name }) => name);
  await aliasAll(request, names, record, ports);
}

/** What is published is promoted and deployed as it is: by its digest, with no stage before. */
async function shipPublished(request: Request, record: Record, ports: Ports): Promise<void> {
  record.add(heldBack(request));
  const deploys = request.deployment.environments.length > 0;
  if (!deploys && !promotes(request)) return;
  const unpacked = await fetchAsked(request, record, ports);
  if (record.failed) return;
  await verifyAll(request, sourcesIn(unpacked), record, ports);
  if (!deploys) {
    await promoteAll(request, unpacked, record, ports);
    return;
  }
  const all = makePlan(
    request,
    unpacked.map(({ chart }) => chart),
  );
  const plan = deployedOnly(all);
  const checked = checkedWith(unpacked);
  const values = await loadValues(request, plan, ports, checked.placeOf);
  const connections = await connectAll(plan, ports);
  record.add(values.findings);
  const sources = await promoteAll(request, unpacked, record, ports);
  const changed = checked.compare(plan, values);
  await deployAll(request, plan, values, sources, connections, record, ports, changed);
}

/** Nothing is checked but what is deployed: the keys to the values of other environments are others' to have. */
function deployedOnly({ charts, deploy }: Plan): Plan {
  const isDeployed = ({ name }: PlannedEnvironment): boolean => deploy.includes(name);
  return { charts: charts.map((one) => ({ ...one, environments: one.environments.filter(isDeployed) })), deploy };
}

/** Said rather than skipped in silence. */
function heldBack(request: Request): Finding[] {
  const notPublished = (rule: string, why: string): Finding[] => [
    { stage: 'publish', rule: `publish/${rule}`, severity: 'note', message: `nothing is published: ${why}` },
  ];
  switch (request.held) {
    case undefined:
      return request.deployment.dryRun &&
        request.registries.length > 0 &&
        (request.isRegistryAsked || !request.charts.published)
        ? notPublished('dry-run', 'this is a dry run')
        : [];
    case 'publish':
      return notPublished('pull-request', 'this runs for a pull request, and pull requests never publish');
    case 'until': {
      const message = `nothing is deployed: the run ends with ${request.until}, as "until" says`;
      return [{ stage: 'deploy', rule: 'deploy/until', severity: 'note', message }];
    }
    case 'deploy': {
      const message = 'nothing is deployed: this runs for a pull request, and pull requests never touch a cluster';
      return [{ stage: 'deploy', rule: 'deploy/pull-request', severity: 'note', message }];
    }
  }
}

/** On pull requests: a version that is taken is told before it is merged. */
async function askAll(
  request: Request,
  plan: Plan,
  packages: readonly (ChartPackage | undefined)[],
  record: Record,
  ports: Ports,
): Promise<void> {
  const root = ports.files.root;
  const found = await together(
    packages.map((each) =>
      each === undefined
        ? []
        : wouldRefuse(each, request.asked, { root, place: placeOf(each, request, plan, ports) }, ports),
    ),
  );
  record.add(found.flat());
}

/** Where the version of a package stands. */
function placeOf({ name }: ChartPackage, request: Request, plan: Plan, { files }: Ports): Place {
  const chart = plan.charts.find((each) => each.chart.metadata.name === name)?.chart;
  return chart && (() => versionPlace(request, chart, files));
}

/** The gate: nothing is published until every chart passed. */
async function publishAll(
  request: Request,
  plan: Plan,
  packages: readonly (CheckedPackage | undefined)[],
  valuesRecords: ReadonlyMap<string, ValuesRecord | undefined>,
  record: Record,
  ports: Ports,
): Promise<void> {
  if (!reaches(request, 'publish') || request.registries.length === 0 || request.deployment.dryRun) return;
  const built = packages.filter((each) => each !== undefined);
  if (record.failed || built.length < packages.length) {
    for (const each of built) record.skip({ name: 'publish', chart: each.name });
    return;
  }
  await together(
    built.map(async (each) => {
      const told = (outcome: PublishOutcome): void =>
        record.publish(each.name, [...record.publishedOf(each.name), outcome]);
      const { root } = ports.files;
      const { outcomes } = await record.stage({ name: 'publish', chart: each.name }, async () => {
        const published = await publish(
          each,
          request.registries,
          { root, told, record: valuesRecords.get(each.name), place: placeOf(each, request, plan, ports) },
          ports,
        );
        const findings = [...published.findings];
        if (request.attestation !== undefined) {
          const options = { targets: request.registries, root, toolVersion: VERSION };
          findings.push(...(await attest(each, each.contents, published.outcomes, options, ports)));
        }
        // Of a chart that is published everywhere alone: it is told of by what it says of itself.
        if (request.artifacthubRepo !== undefined && findings.length === 0)
          findings.push(
            ...(await pushRepositoryMetadata(each.name, request.artifacthubRepo, request.registries, ports)),
          );
        return { ...published, findings };
      });
      // As they were asked for, not as they came.
      record.publish(each.name, outcomes);
    }),
  );
}

function unavailable(error: EnvironmentError): Finding {
  const { message, hint } = error;
  return {
    stage: 'tools',
    rule: 'tools/unavailable',
    severity: 'error',
    message,
    ...(hint !== undefined && { hint }),
  };
}

/** Writes the report folder and tells the host. Without a folder (it can't be written to) the host alone is told. */
async function finish(report: Report, folder: string | undefined, { files, host }: Base): Promise<Ending> {
  try {
    if (folder !== undefined) {
      const rendered = renderPlan(report, host.redact) ?? renderReport(report, host.redact);
      for (const [name, text] of Object.entries(rendered)) await files.write(join(folder, name), text);
    }
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    // A run whose report is lost is no success; what was wrong before stays the reason, where something was.
    const told: Report =
      report.status === 'passed' || report.status === 'failed'
        ? { ...report, status: 'error', findings: [...report.findings, unavailable(error)] }
        : report;
    await host.finish(told, undefined);
    return { report: told };
  }
  await host.finish(report, folder);
  return { report };
}

/** Where a request that can't be understood is reported: the default folder, unless another was asked for. */
async function defaultReport(raw: RawRequest, files: Files): Promise<string | undefined> {
  const given = raw.inputs.find((input) => input.name === 'report' && input.text !== '')?.text;
  const folder = absolute(raw.cwd, given ?? 'chartship-report');
  if ((await unfit(folder, files)) !== undefined) return undefined;
  await removeEarlier(folder, files);
  return folder;
}

/** Why a folder can't be the report's; `undefined` when it can. */
async function unfit(folder: string, files: Files): Promise<string | undefined> {
  if (isInside(folder, files.root)) return 'would hold the repository';
  if (folder.split(sep).includes('.git')) return 'lies in .git';
  if ((await files.kind(join(folder, 'Chart.yaml'))) === 'file') return 'is a chart';
  for (let way = folder; ; way = dirname(way)) {
    const kind = await files.kind(way);
    if (kind === 'folder' || way === dirname(way)) return undefined;
    if (kind === 'file' || (await files.real(way)) !== undefined) {
      return way === folder ? 'is no folder' : `can't be made: ${quote(shownPath(files.root, way))} is no folder`;
    }
  }
}

async function checkFolder(folder: string, files: Files): Promise<void> {
  const wrong = await unfit(folder, files);
  if (wrong !== undefined) {
    throw new RequestError([
      fault('report', `report ${quote(shownPath(files.root, folder))} ${wrong}`, { hint: 'Give a folder of its own.' }),
    ]);
  }
}

/** What an earlier run left in the report folder would be taken for this one's. Only what a report holds is removed. */
async function removeEarlier(folder: string, files: Files): Promise<void> {
  if ((await files.kind(join(folder, 'report.json'))) !== 'file') return;
  for (const name of ['manifests', 'packages', 'locks', 'evidence', 'plan.json', 'report.json'])
    await files.remove(join(folder, name));
}
