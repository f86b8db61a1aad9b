import { join, resolve as absolute } from 'node:path';
import { type RawRequest, readRequest, type Request } from './config.ts';
import { Cancelled, EnvironmentError, RequestError } from './domain/errors.ts';
import type { Environment } from './domain/environment.ts';
import { createDocumentChecks, redactSecrets } from './domain/manifest.ts';
import type { Report } from './domain/outcome.ts';
import { isInside, shownPath } from './domain/paths.ts';
import type { ChartPackage, StagedChart } from './domain/staged.ts';
import { STAGES, type StageName } from './domain/stage.ts';
import { makePlan, type PlannedChart } from './plan.ts';
import type { Files, Ports } from './ports.ts';
import { Record } from './record.ts';
import { renderReport } from './report/render.ts';
import { fault, quote } from './settings.ts';
import { lint } from './stages/lint.ts';
import { packageChart } from './stages/package.ts';
import { publish } from './stages/publish.ts';
import { type Rendered, render, versionsToRender } from './stages/render.ts';
import { resolve } from './stages/resolve.ts';
import { checkSchemaReferences, validateValues } from './stages/validate.ts';
import { survey } from './survey.ts';
import { environmentOf, type LoadedValues, loadValues } from './values-files.ts';

/** What is needed before the request is known. */
export type Base = Pick<Ports, 'files' | 'host' | 'clock'>;

export interface Ending {
  readonly report: Report;
  /** A bug: what was thrown. */
  readonly crash?: unknown;
}

/** The pipeline: resolve → lint → render → validate → package → publish → report. `connect` builds what depends on the request. */
export async function run(raw: RawRequest, base: Base, connect: (request: Request) => Omit<Ports, keyof Base>): Promise<Ending> {
  let record = new Record(base.host, base.clock, 'error');
  let folder: string | undefined;
  try {
    const request = await readRequest(raw, base.files);
    record = new Record(base.host, base.clock, request.failOn);
    await clearReport(request.report, base.files);
    folder = request.report;
    const ports = { ...base, ...connect(request) };

    const { charts, findings } = await survey(request, base.files);
    const plan = makePlan(request, charts);
    const values = await loadValues(request, plan, base.files);
    record.add([...findings, ...values.findings]);
    const packages = await Promise.all(plan.charts.map((chart) => checkChart(request, chart, values, record, ports)));
    await publishAll(request, packages, record, ports);
    return await finish(record.report(record.failed ? 'failed' : 'passed'), folder, base);
  } catch (error) {
    if (error instanceof Cancelled) return await finish(record.report('cancelled'), folder, base);
    if (error instanceof RequestError) {
      record.add(error.findings);
      return await finish(record.report('invalid'), folder ?? (await defaultReport(raw, base.files)), base);
    }
    const unavailable = error instanceof EnvironmentError;
    record.add([
      {
        stage: 'tools',
        rule: unavailable ? 'tools/unavailable' : 'tools/bug',
        severity: 'error',
        message: unavailable ? error.message : `a bug in Chartship: ${error instanceof Error ? error.message : String(error)}`,
        ...(unavailable && error.hint !== undefined && { hint: error.hint }),
      },
    ]);
    const ending = await finish(record.report('error'), folder, base);
    return unavailable ? ending : { ...ending, crash: error };
  }
}

/** Everything before the gate, for one chart. What can run side by side does; one failure never hides another. */
async function checkChart(
  request: Request,
  planned: PlannedChart,
  values: LoadedValues,
  record: Record,
  ports: Ports,
): Promise<ChartPackage | undefined> {
  const { chart } = planned;
  const folder = request.report;
  const name = chart.metadata.name;
  const reaches = (stage: StageName): boolean => STAGES.indexOf(stage) <= STAGES.indexOf(request.until);

  const { staged, contentLock } = await record.stage({ name: 'resolve', chart: name }, () =>
    resolve(
      chart,
      {
        mirrors: request.mirrors,
        ...(request.version !== undefined && { version: request.version }),
        ...(request.appVersion !== undefined && { appVersion: request.appVersion }),
        exclude: [folder, ...layoutFolders(request)],
      },
      ports,
    ),
  );
  if (contentLock !== undefined) await ports.files.write(join(folder, 'locks', name, 'chartship.lock'), contentLock);
  if (staged === undefined) {
    for (const stage of STAGES.slice(1, -1)) if (reaches(stage)) record.skip({ name: stage, chart: name });
    return undefined;
  }

  const references = checkSchemaReferences(staged, await ports.files.read(join(staged.directory, 'values.schema.json'), Number.POSITIVE_INFINITY));
  record.add(references);
  const environments = planned.environments.map((environment) => environmentOf(planned, environment, values, request));
  const work: Promise<unknown>[] = [];
  for (const environment of environments) {
    // A values file that is no YAML is a finding already: helm would only say so again, less clearly.
    const readable = environment.layers.every((layer) => layer.kind !== 'file' || layer.source !== undefined || layer.shown === '');
    const where = { chart: name, environment: environment.name };
    if (!readable || staged.metadata.type === 'library') {
      for (const stage of ['lint', 'render', 'validate'] as const) if (reaches(stage)) record.skip({ name: stage, ...where });
      continue;
    }
    if (reaches('lint')) {
      work.push(record.stage({ name: 'lint', ...where }, async () => ({ findings: await lint(staged, environment, request, ports) })));
    }
    if (reaches('render')) work.push(renderAndValidate(request, staged, environment, references.length > 0, folder, record, ports));
  }
  let built: ChartPackage | undefined;
  if (reaches('package')) {
    work.push(
      record
        .stage({ name: 'package', chart: name }, () => packageChart(staged, valuesInChart(environments), ports))
        .then(async (result) => {
          built = result.package;
          if (built === undefined) return;
          await ports.files.write(join(folder, 'packages', built.fileName), built.archive);
          record.packages.push({ chart: built.name, version: built.version, file: built.fileName, sha256: built.sha256 });
        }),
    );
  }
  await Promise.all(work);
  return built;
}

async function renderAndValidate(
  request: Request,
  staged: StagedChart,
  environment: Environment,
  skipSchema: boolean,
  folder: string,
  record: Record,
  ports: Ports,
): Promise<void> {
  const checks = createDocumentChecks();
  const where = { chart: staged.metadata.name, environment: environment.name };
  const renders = await Promise.all(
    versionsToRender(staged, environment).map((version) =>
      record.stage({ name: 'render', ...where, kubeVersion: version.label }, () =>
        render(staged, environment, version, { ...request, skipSchema }, checks, ports),
      ),
    ),
  );
  if (STAGES.indexOf(request.until) >= STAGES.indexOf('validate')) {
    const faults = renders.flatMap(({ schema }) => schema);
    await record.stage({ name: 'validate', ...where }, async () => ({ findings: validateValues(staged, environment, faults) }));
  }
  await Promise.all(renders.flatMap(({ rendered }) => rendered.map((each) => writeManifest(each, where, folder, ports))));
}

/** The gate: nothing is published until every chart passed. */
async function publishAll(request: Request, packages: readonly (ChartPackage | undefined)[], record: Record, ports: Ports): Promise<void> {
  if (request.until !== 'publish') return;
  const built = packages.filter((each) => each !== undefined);
  if (record.failed || built.length < packages.length) {
    for (const each of built) record.skip({ name: 'publish', chart: each.name });
    return;
  }
  await Promise.all(
    built.map(async (each) => {
      const { outcomes } = await record.stage({ name: 'publish', chart: each.name }, () =>
        publish(each, request.registries, { root: ports.files.root }, ports),
      );
      record.published.push(...outcomes);
    }),
  );
}

/** Writes the report folder and tells the host. Without a folder (it can't be written to) the host alone is told. */
async function finish(report: Report, folder: string | undefined, { files, host }: Base): Promise<Ending> {
  if (folder !== undefined) {
    for (const [name, text] of Object.entries(renderReport(report, host.redact))) await files.write(join(folder, name), text);
  }
  await host.finish(report, folder);
  return { report };
}

/** Where a request that can't be understood is reported: the default folder, unless another was asked for. */
async function defaultReport(raw: RawRequest, files: Files): Promise<string | undefined> {
  const given = raw.inputs.find((input) => input.name === 'report' && input.text !== '')?.text;
  const folder = absolute(raw.cwd, given ?? 'chartship-report');
  return (await unfit(folder, files)) === undefined ? folder : undefined;
}

/** Why a folder can't be the report's; `undefined` when it can. */
async function unfit(folder: string, files: Files): Promise<string | undefined> {
  if (isInside(folder, files.root)) return 'would hold the repository';
  return (await files.kind(join(folder, 'Chart.yaml'))) === 'file' ? 'is a chart' : undefined;
}

async function writeManifest(rendered: Rendered, where: { chart: string; environment: string }, folder: string, ports: Ports): Promise<void> {
  const name = `${rendered.kubeVersion.label}${rendered.upgrade ? '-upgrade' : ''}.yaml`;
  const text = ports.host.redact(redactSecrets(rendered.manifest));
  await ports.files.write(join(folder, 'manifests', where.chart, where.environment, name), text);
}

/** What an earlier run left in the report folder would be taken for this one's. Only what a report holds is removed. */
async function clearReport(folder: string, files: Files): Promise<void> {
  const wrong = await unfit(folder, files);
  if (wrong !== undefined) {
    throw new RequestError([fault('report', `report ${quote(shownPath(files.root, folder))} ${wrong}`, { hint: 'Give a folder of its own.' })]);
  }
  if ((await files.kind(join(folder, 'report.json'))) !== 'file') return;
  for (const name of ['manifests', 'packages', 'locks', 'evidence', 'report.json']) await files.remove(join(folder, name));
}

function layoutFolders(request: Request): string[] {
  return request.registries.flatMap((target) => (target.kind === 'layout' ? [target.directory] : []));
}

function valuesInChart(environments: readonly Environment[]): { path: string; shown: string }[] {
  const files = new Map<string, string>();
  for (const environment of environments) {
    for (const file of environment.values) if (file.inChart !== undefined) files.set(file.inChart, file.shown);
  }
  return [...files].map(([path, shown]) => ({ path, shown }));
}
