import type { EnvironmentSetting } from './config-file.ts';
import { parseDuration } from './domain/duration.ts';
import type { PlannedEnvironment } from './domain/environment.ts';
import { RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import { defaultKubeVersions, type KubeVersion, parseKubeVersion } from './domain/kubernetes.ts';
import { suggestion } from './domain/nearest.ts';
import { readSource } from './domain/source.ts';
import { pathsOfSet } from './domain/values.ts';
import type { Request } from './request.ts';
import { fault, quote } from './settings.ts';
import type { ChartOnDisk } from './survey.ts';

export interface PlannedChart {
  readonly chart: ChartOnDisk;
  readonly environments: readonly PlannedEnvironment[];
}

/** Which charts × environments × versions, and what is deployed where. */
export interface Plan {
  readonly charts: readonly PlannedChart[];
  /** The names of the environments to deploy, in order; each chart is deployed to each. */
  readonly deploy: readonly string[];
}

/** Whether helm can install a chart: a library is there for others to depend on. */
export function isInstallable({ chart }: PlannedChart): boolean {
  return chart.metadata.type !== 'library';
}

/** Request + what is on disk → Plan. Pure. Throws a RequestError for what is named and not there. */
export function makePlan(request: Request, charts: readonly ChartOnDisk[]): Plan {
  const faults: Finding[] = [];
  const known = [
    ...new Set(charts.flatMap((chart) => environmentsOf(request, chart).map((environment) => environment.name))),
  ];
  const planned = charts.map((chart) => ({ chart, environments: planEnvironments(request, chart, known) }));
  for (const name of request.only ?? []) {
    if (charts.length > 0 && !known.includes(name)) {
      faults.push(
        fault('unknown-environment', `there is no environment ${quote(name)}`, { hint: suggestion(name, known) }),
      );
    }
  }
  for (const name of request.deployment.environments) {
    const chosen = [...new Set(planned.flatMap(({ environments }) => environments.map((each) => each.name)))];
    if (charts.length === 0 || chosen.includes(name)) continue;
    faults.push(
      known.includes(name)
        ? fault('unknown-environment', `the environment ${quote(name)} is to be deployed and not to be checked`, {
            hint: 'Name it in environments, too, or leave environments out.',
          })
        : fault('unknown-environment', `there is no environment ${quote(name)} to deploy`, {
            hint: suggestion(name, known),
          }),
    );
  }
  const deploys = request.deployment.environments.length > 0;
  if (deploys && planned.length > 0 && !planned.some(isInstallable)) {
    const names = planned.map(({ chart }) => quote(chart.metadata.name)).join(', ');
    faults.push(
      fault(
        'library',
        `there is nothing to deploy: ${names} ${planned.length === 1 ? 'is a library' : 'are libraries'}`,
        {
          hint: 'Deploy the chart that depends on it, or leave deploy out.',
        },
      ),
    );
  }
  const runs = planned.reduce((sum, { environments }) => sum + environments.length, 0);
  for (const key of ['namespace', 'release'] as const) {
    if (request[key] !== undefined && runs > 1) {
      faults.push(
        fault('ambiguous', `${key} is given for ${runs} charts × environments`, {
          hint: `Give one chart and one of environments, or set ${key} per environment in chartship.yaml.`,
        }),
      );
    }
  }
  for (const [name, given] of [
    ['version', request.version],
    ['app-version', request.appVersion],
  ] as const) {
    if (given === undefined || charts.length < 2) continue;
    faults.push(
      fault('ambiguous', `${name} is given for ${charts.length} charts`, {
        hint: 'Give one chart, or keep versions in Chart.yaml.',
      }),
    );
  }
  faults.push(...overridden(request, planned));
  const names = new Map<string, string>();
  for (const { chart } of planned) {
    const other = names.get(chart.metadata.name);
    if (other !== undefined) {
      faults.push(
        fault('same-name', `${other} and ${chart.source} are both named ${quote(chart.metadata.name)}`, {
          hint: 'Charts of one run need different names: their packages would overwrite each other.',
        }),
      );
    }
    names.set(chart.metadata.name, chart.source);
  }
  faults.push(...sameReleases(planned, request.deployment.environments));
  if (faults.length > 0) throw new RequestError(faults);
  return { charts: planned, deploy: request.deployment.environments };
}

/** What is deployed second would be an upgrade of what was deployed first, and remove all that it had. */
function sameReleases(planned: readonly PlannedChart[], deploy: readonly string[]): Finding[] {
  const faults: Finding[] = [];
  const taken = new Map<string, string>();
  for (const name of new Set(deploy)) {
    for (const { chart, environments } of planned) {
      const environment = environments.find((each) => each.name === name);
      if (environment === undefined) continue;
      const { kubeContext = '', namespace, release } = environment;
      const place = JSON.stringify([kubeContext, namespace, release]);
      const what = `${chart.metadata.name} in ${name}`;
      const other = taken.get(place);
      if (other !== undefined) {
        faults.push(
          fault('same-release', `${other} and ${what} are both the release ${release} in the namespace ${namespace}`, {
            hint: 'Give each its own release or namespace: the second would replace the first.',
          }),
        );
      }
      taken.set(place, what);
    }
  }
  return faults;
}

function environmentsOf(request: Request, chart: ChartOnDisk): readonly EnvironmentSetting[] {
  if (request.environments !== undefined) return request.environments;
  return chart.environments.length > 0 ? chart.environments.map((name) => ({ name })) : [{ name: 'default' }];
}

function planEnvironments(request: Request, chart: ChartOnDisk, known: readonly string[]): PlannedEnvironment[] {
  const own = environmentsOf(request, chart);
  // An environment that only another chart has values for is one of this chart, too: by its values.yaml alone.
  const chosen =
    request.only &&
    [...new Set(request.only)]
      ?.filter((name) => known.includes(name))
      .map((name) => own.find((each) => each.name === name) ?? { name });
  return (chosen ?? own).map((environment) => ({
    name: environment.name,
    namespace: request.namespace ?? environment.namespace ?? dnsLabel(environment.name),
    release: request.release ?? environment.release ?? releaseName(chart.metadata.name, environment.name),
    values: [...(environment.values ?? ownValues(chart, environment.name)), ...request.values],
    set: [...(environment.set ?? []), ...request.set],
    kubeVersions:
      request.givenKubeVersions ??
      environmentVersions(environment) ??
      request.kubeVersions ??
      defaultKubeVersions(chart.metadata.kubeVersion),
    requiredValues: environment.requiredValues ?? [],
    timeout:
      (request.deployment.timeoutGiven ? undefined : parseDuration(environment.timeout ?? '')) ??
      request.deployment.timeout,
    ...context(request.deployment.kubeContext ?? environment.kubeContext),
    ...(environment.url !== undefined && { url: environment.url }),
  }));
}

function context(name: string | undefined): Pick<PlannedEnvironment, 'kubeContext'> {
  return name === undefined ? {} : { kubeContext: name };
}

/** Without `values`, an environment's file is the one that bears its name, where there is one. */
function ownValues(chart: ChartOnDisk, environment: string): string[] {
  return chart.environments.includes(environment) ? [`values-${environment}.yaml`] : [];
}

function environmentVersions(environment: EnvironmentSetting): readonly KubeVersion[] | undefined {
  const versions = (environment.kubeVersions ?? []).flatMap((text) => parseKubeVersion(text) ?? []);
  return versions.length > 0 ? versions : undefined;
}

/** Helm takes 53 characters at most: of a long name the chart's part is cut, so that environments keep theirs. */
function releaseName(chart: string, environment: string): string {
  const longest = 53;
  const room = Math.max(longest - 1 - environment.length, 1);
  return dnsLabel(`${chart.slice(0, room)}-${environment}`)
    .slice(0, longest)
    .replace(/-+$/, '');
}

function dnsLabel(name: string): string {
  return name.toLowerCase().replace(/[^-a-z0-9]/g, '-');
}

/**
 * Secret values are merged last, and helm merges `--set` after every file: where both speak of one value,
 * helm would take the other one.
 */
function overridden(request: Request, planned: readonly PlannedChart[]): Finding[] {
  if (request.secretValues === undefined) return [];
  const read = readSource(new TextEncoder().encode(request.secretValues), 'helm');
  const secret = read.ok ? read.source.data : undefined;
  const settings = new Set(planned.flatMap(({ environments }) => environments.flatMap(({ set }) => set)));
  return [...settings]
    .flatMap((setting) => pathsOfSet(setting))
    .filter((path) => meets(secret, path))
    .map((path) =>
      fault('set-twice', `${path.join('.')} is set by set and by secret-values`, {
        hint: 'Leave one of them out: secret values are merged last, and helm merges set after every file.',
      }),
    );
}

/** Whether data says something of a path: of the value there, of one around it, or of one within it. */
function meets(data: unknown, path: readonly string[]): boolean {
  let node = data;
  for (const step of path) {
    if (typeof node !== 'object' || node === null) return node !== undefined;
    node = (node as Record<string, unknown>)[step];
  }
  return node !== undefined;
}

/** Nothing is checked but what is deployed: the keys to the values of other environments are others' to have. */
export function deployedOnly({ charts, deploy }: Plan): Plan {
  const isDeployed = ({ name }: PlannedEnvironment): boolean => deploy.includes(name);
  return { charts: charts.map((one) => ({ ...one, environments: one.environments.filter(isDeployed) })), deploy };
}
