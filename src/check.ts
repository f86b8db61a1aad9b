import { join } from 'node:path';
import { type ChartContents, imagesOf } from './domain/chart-contents.ts';
import { packagedVersion } from './domain/chart-version.ts';
import { type CustomKinds, firstOf } from './domain/custom-kinds.ts';
import type { Environment } from './domain/environment.ts';
import type { Finding } from './domain/finding.ts';
import { givenDefinitions } from './domain/given-definitions.ts';
import type { RenderedDocument } from './domain/manifest.ts';
import { createDocumentReader, type DocumentContent } from './domain/rendered-objects.ts';
import { redactSecrets } from './domain/secret-redaction.ts';
import { STAGES } from './domain/stage.ts';
import type { ChartPackage, StagedChart } from './domain/staged.ts';
import { together } from './domain/together.ts';
import type { ValuesLayer } from './domain/values.ts';
import type { OwnPolicies } from './own-policies.ts';
import type { PlannedChart } from './plan.ts';
import type { Ports } from './ports.ts';
import type { Record } from './record.ts';
import { type Request, reaches } from './request.ts';
import { type Base, compare, lastPublished } from './stages/compare.ts';
import { readCrds } from './stages/crds.ts';
import { crdFilesOf, createDependencyCrds } from './stages/dependency-crds.ts';
import { lint } from './stages/lint.ts';
import { locate } from './stages/locate.ts';
import { createOwnPolicyChecks } from './stages/own-policies.ts';
import { packageChart } from './stages/package.ts';
import { createPolicyChecks, type PolicyChecks } from './stages/policies.ts';
import { type Rendered, render, versionsToRender } from './stages/render.ts';
import { resolve } from './stages/resolve.ts';
import { type ChartValues, unusedValues } from './stages/unused-values.ts';
import { checkSchemas, validateValues } from './stages/validate.ts';
import { createObjectChecks, type ObjectChecks } from './stages/validate-objects.ts';
import { environmentOf, type LoadedValues } from './values-files.ts';

/** What the stages of one chart have in common. */
interface Checking {
  readonly request: Request;
  readonly record: Record;
  readonly ports: Ports;
  readonly staged: StagedChart;
  /** Reads a rendered document, each text once. */
  readonly read: (text: string) => DocumentContent;
  readonly checkObjects: ObjectChecks;
  readonly policies: PolicyChecks;
  /** A schema refers outside itself, or is none: values are not checked against it. */
  readonly schemaFindings: readonly Finding[];
  /** The chart's own values.schema.json. */
  readonly schema: Uint8Array | undefined;
  /** What of the values is of no use, in all environments together. */
  readonly unused: () => Promise<readonly Finding[]>;
  /** What this chart is compared with; `undefined` where it isn't to be. */
  readonly base: Promise<Base> | undefined;
  /** Images of pods as they are rendered → the environments that have them; kept only where the chart is attested. */
  readonly images: Map<string, Set<string>>;
}

/** A chart that passed: its package, and what is in it. */
export interface CheckedPackage extends ChartPackage {
  readonly contents: ChartContents;
}

/** What is given to check charts by. */
export interface Given {
  /** By `crd-schemas`. */
  readonly kinds: CustomKinds;
  readonly ownPolicies: readonly OwnPolicies[];
}

/** Everything before the gate, for one chart. What can run side by side does; one failure never hides another. */
export async function checkChart(
  request: Request,
  planned: PlannedChart,
  values: LoadedValues,
  given: Given,
  record: Record,
  ports: Ports,
): Promise<CheckedPackage | undefined> {
  const name = planned.chart.metadata.name;
  const { staged, crds } = await resolveChart(request, planned, record, ports);
  if (staged === undefined) {
    for (const stage of STAGES.slice(1, STAGES.indexOf('publish')))
      if (reaches(request, stage)) record.skip({ name: stage, chart: name });
    return undefined;
  }
  const schema = await ports.files.read(join(staged.directory, 'values.schema.json'), Number.POSITIVE_INFINITY);
  const schemas = checkSchemas(staged, schema);
  if (reaches(request, 'validate')) record.add(schemas.findings);
  const read = createDocumentReader();
  const further = (): CustomKinds => kindsOfDependencies(staged, given.kinds);
  const environments = planned.environments.map((environment) => environmentOf(planned, environment, values, request));
  const policies = createPolicyChecks(staged, request.policies.severities);
  let unused: Promise<readonly Finding[]> | undefined;
  const checking = {
    request,
    record,
    ports,
    staged,
    read,
    policies,
    checkObjects: createObjectChecks({
      staged,
      read,
      crds,
      dependencyCrds: createDependencyCrds(staged),
      further,
      policies,
      applied: async () => ((await ports.helm.version()).startsWith('3.') ? 'on-client' : 'on-server'),
      ownPolicies: createOwnPolicyChecks(
        { staged, folders: given.ownPolicies, severities: request.policies.severities, read },
        ports,
      ),
      locate: (environment, rendered, questions) =>
        locate(
          { staged, environment, rendering: { ...rendered, secretValues: request.secretValues } },
          questions,
          ports,
        ),
    }),
    schema,
    schemaFindings: schemas.findings,
    unused: () => (unused ??= unusedValues(valuesOf(staged, environments, request), ports)),
    base: isCompared(request, staged) ? lastPublished(name, request.registries, ports) : undefined,
    images: new Map<string, Set<string>>(),
  };
  // Packing before linting: its compression is our own work, which goes on while helm lints.
  const own = environments[0]?.layers[0];
  const packs = reaches(request, 'package') && (own === undefined || isReadable(own)) && schemas.packable;
  if (reaches(request, 'package') && !packs) record.skip({ name: 'package', chart: name });
  const [built] = await together([
    packs ? buildPackage(checking, environments) : Promise.resolve(undefined),
    ...environments.map(async (environment) => void (await checkEnvironment(checking, environment))),
    ...(checking.base === undefined ? [] : [checking.base.then(() => undefined)]),
  ]);
  return built && { ...built, contents: { dependencies: staged.dependencies, images: checking.images } };
}

/**
 * On a pull request, where something may be published: what it would change there. A library renders nothing. A foreign
 * checkout says nothing of which host is asked.
 */
function isCompared(request: Request, { metadata }: StagedChart): boolean {
  const isAsked = !request.isForeign || request.isRegistryAsked;
  const compares = request.isProposed && request.registries.length > 0 && isAsked;
  return compares && reaches(request, 'render') && metadata.type !== 'library';
}

async function resolveChart(
  request: Request,
  { chart }: PlannedChart,
  record: Record,
  ports: Ports,
): Promise<{ staged: StagedChart | undefined; crds: readonly RenderedDocument[] }> {
  const { name } = chart.metadata;
  const layouts = request.registries.flatMap((target) => (target.kind === 'layout' ? [target.directory] : []));
  const { staged, contentLock, crds } = await record.stage({ name: 'resolve', chart: name }, async () => {
    const resolved = await resolve(
      chart,
      {
        mirrors: request.mirrors,
        ...((request.version !== undefined || request.preRelease !== undefined) && {
          version: packagedVersion(request, chart.metadata),
        }),
        ...(request.appVersion !== undefined && { appVersion: request.appVersion }),
        exclude: [request.report, ...layouts],
      },
      ports,
    );
    if (resolved.staged === undefined) return { ...resolved, crds: [] };
    const { findings, documents } = await readCrds(resolved.staged, ports);
    return { ...resolved, findings: [...resolved.findings, ...findings], crds: documents };
  });
  if (contentLock !== undefined) {
    await ports.files.write(join(request.report, 'locks', name, 'chartship.lock'), contentLock);
  }
  return { staged, crds };
}

/** A chart whose environments set nothing is there for others, who will set what they like. */
function valuesOf(staged: StagedChart, environments: readonly Environment[], request: Request): ChartValues {
  const isComplete = request.only === undefined && environments.some(({ layers }) => layers.length > 1);
  return { staged, environments, isComplete, secretValues: request.secretValues };
}

/** What the `crds/` of dependencies define, and then what else is given. Whether one is switched off isn't asked: a definition too many does no harm. */
function kindsOfDependencies(staged: StagedChart, further: CustomKinds): CustomKinds {
  const files = staged.dependencies.flatMap(crdFilesOf);
  const texts = files.map(({ path, content }) => ({ shown: path, text: new TextDecoder().decode(content) }));
  return firstOf(givenDefinitions(texts).kinds, further);
}

async function buildPackage(
  checking: Checking,
  environments: readonly Environment[],
): Promise<ChartPackage | undefined> {
  const { request, record, ports, staged } = checking;
  const result = await record.stage({ name: 'package', chart: staged.metadata.name }, () =>
    packageChart(staged, valuesInChart(environments), ports),
  );
  const built = result.package;
  if (built === undefined) return undefined;
  await ports.files.write(join(request.report, 'packages', built.fileName), built.archive);
  record.packages.push({ chart: built.name, version: built.version, file: built.fileName, sha256: built.sha256 });
  return built;
}

function valuesInChart(environments: readonly Environment[]): { path: string; shown: string }[] {
  const files = new Map<string, string>();
  for (const environment of environments) {
    for (const file of environment.values) if (file.inChart !== undefined) files.set(file.inChart, file.shown);
  }
  return [...files].map(([path, shown]) => ({ path, shown }));
}

async function checkEnvironment(checking: Checking, environment: Environment): Promise<void> {
  const { request, record, ports, staged } = checking;
  const where = { chart: staged.metadata.name, environment: environment.name };
  const readable = environment.layers.every(isReadable);
  // A library renders nothing by itself; helm refuses to.
  const renders = readable && staged.metadata.type !== 'library';
  for (const stage of ['lint', 'render', 'validate'] as const) {
    const runs = stage === 'lint' ? readable : renders;
    if (!runs && reaches(request, stage)) record.skip({ name: stage, ...where });
  }
  await together<unknown>([
    readable && reaches(request, 'lint')
      ? record.stage({ name: 'lint', ...where }, async () => ({
          findings: await lint(staged, environment, request, ports),
        }))
      : Promise.resolve(),
    renders && reaches(request, 'render') ? renderAndValidate(checking, environment, where) : Promise.resolve(),
  ]);
}

/** A values file that is no YAML is a finding already: helm would only say so again, less clearly. */
function isReadable(layer: ValuesLayer): boolean {
  return layer.kind !== 'file' || layer.source !== undefined || layer.shown === '';
}

async function renderAndValidate(
  {
    request,
    record,
    ports,
    staged,
    read,
    checkObjects,
    policies,
    schema,
    schemaFindings,
    base,
    images,
    unused,
  }: Checking,
  environment: Environment,
  where: { readonly chart: string; readonly environment: string },
): Promise<void> {
  // Where values aren't to be validated, helm must not stop at them either: the fault would be told by nobody.
  const validates = reaches(request, 'validate');
  const skipSchema = schemaFindings.length > 0 || !validates;
  const [renders, ofNoUse] = await together([
    together(
      versionsToRender(staged, environment).map((version) =>
        record.stage({ name: 'render', ...where, kubeVersion: version.label }, () =>
          render(staged, environment, version, { ...request, skipSchema }, read, ports),
        ),
      ),
    ),
    validates ? unused() : [],
  ]);
  if (validates) {
    const faults = renders.flatMap(({ schema }) => schema);
    const rendered = renders.flatMap((each) => each.rendered);
    const kubeVersions = environment.kubeVersions.map(({ label }) => label);
    await record.stage({ name: 'validate', ...where, kubeVersions }, async () => ({
      findings: [
        ...schemaFindings,
        ...validateValues(staged, environment, faults, schema),
        ...ofEnvironment(ofNoUse, environment),
        ...(await checkObjects(environment, rendered)),
        ...(await policies.ofValues(environment)),
      ],
      skipped: renders[0]?.unchecked === true,
    }));
  }
  if (base !== undefined)
    record.compare(
      await compare(
        staged,
        environment,
        renders.flatMap(({ rendered }) => rendered),
        await base,
        request.secretValues,
        ports,
      ),
    );
  if (request.attestation !== undefined) {
    for (const { text } of renders.flatMap(({ rendered }) => rendered.flatMap(({ documents }) => documents)))
      for (const image of imagesOf(read(text).objects))
        images.set(image, (images.get(image) ?? new Set()).add(environment.name));
  }
  const folder = join(request.report, 'manifests', where.chart, where.environment);
  await together(renders.flatMap(({ rendered }) => rendered.map((each) => writeManifest(each, folder, ports))));
}

function ofEnvironment(findings: readonly Finding[], { name }: Environment): Finding[] {
  return findings
    .filter(({ environments }) => environments?.includes(name) === true)
    .map((finding) => ({ ...finding, environments: [name] }));
}

async function writeManifest(rendered: Rendered, folder: string, { files, host }: Ports): Promise<void> {
  const name = `${rendered.kubeVersion.label}${rendered.upgrade ? '-upgrade' : ''}.yaml`;
  await files.write(join(folder, name), host.redact(redactSecrets(rendered.manifest)));
}
