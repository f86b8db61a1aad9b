import pLimit from 'p-limit';
import { aliasAll } from './aliases.ts';
import { checkTag } from './chart-versions.ts';
import { checkChart } from './check.ts';
import { checkedWith } from './checked-with.ts';
import { withCodeFrames } from './code-frames.ts';
import { readRequest } from './config.ts';
import { loadCrdSchemas } from './crd-schemas.ts';
import { connectAll, deployAll, sourcesOf } from './deployments.ts';
import { Cancelled, EnvironmentError, RequestError } from './domain/errors.ts';
import type { Report, RunStatus } from './domain/outcome.ts';
import { together } from './domain/together.ts';
import { heldBack } from './held-back.ts';
import { findOwnPolicies } from './own-policies.ts';
import { deployedOnly, makePlan } from './plan.ts';
import { planOnly } from './planning.ts';
import type { Ports } from './ports.ts';
import { fetchAsked, promoteAll, promotes, sourcesIn } from './published.ts';
import { askAll, publishAll } from './publishing.ts';
import { tellPullRequest } from './pull-request.ts';
import { Record } from './record.ts';
import { releaseTag } from './release.ts';
import { checkReleaseNames } from './release-settings.ts';
import { checkFolder, defaultReport, finish, removeEarlier, unavailable } from './report-folder.ts';
import type { RawRequest, Request } from './request.ts';
import { survey } from './survey.ts';
import { loadValues, recordOf } from './values-files.ts';
import { verifyAll } from './verified.ts';

/** What is needed before the request is known. */
export type Base = Pick<Ports, 'files' | 'host' | 'clock' | 'openForge' | 'rulePages'>;

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
    record = new Record(base.host, base.clock, request.failOn, request.policies.rules);
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
  checkReleaseNames(
    request,
    plan.charts.map(({ chart }) => chart.metadata),
  );
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
  // As many charts as keep all programs at work: more would only be held in memory, and the first would start later.
  const inTurn = pLimit(2 * ports.self.atOnce);
  const packages = await together(
    plan.charts.map((chart) =>
      inTurn(() => {
        ports.self.cancel.throwIfAborted();
        return checkChart(request, chart, values, { kinds: definitions.kinds, ownPolicies }, record, ports);
      }),
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
  const names = unpacked.map(({ chart }) => chart.metadata.name);
  if (!deploys) {
    await promoteAll(request, unpacked, record, ports);
    await aliasAll(request, names, record, ports);
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
  await aliasAll(request, names, record, ports);
}
