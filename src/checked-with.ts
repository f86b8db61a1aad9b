import type { PlannedEnvironment } from './domain/environment.ts';
import type { Finding } from './domain/finding.ts';
import type { FetchedChart } from './domain/published-chart.ts';
import { differences, filesOutside } from './domain/values-record.ts';
import { isInstallable, type Plan, type PlannedChart } from './plan.ts';
import type { RegistryFault } from './ports.ts';
import type { UnpackedChart } from './published.ts';
import type { LoadedValues, RecordedPlace } from './values-files.ts';

/** What published charts were checked with: the values files that don't travel in their packages. */
export interface CheckedWith {
  /** Where a values file lay in the repository, by the name that the environment gives it. */
  placeOf(chart: PlannedChart, environment: string, named: string): RecordedPlace;
  /** For each environment that is to be deployed: errors where its files are others now, a note where nobody knows. */
  compare(plan: Plan, values: LoadedValues): ReadonlyMap<PlannedEnvironment, readonly Finding[]>;
}

export function checkedWith(charts: readonly UnpackedChart[]): CheckedWith {
  const of = ({ chart }: PlannedChart): UnpackedChart | undefined => charts.find((each) => each.chart === chart);
  return {
    placeOf: (chart, environment, named) => {
      const unpacked = of(chart);
      if (unpacked === undefined) return {};
      const { records } = unpacked;
      if (!records.ok) return { unknown: unknown(unpacked.fetched, records.fault) };
      const files = records.value.flatMap((record) => record.get(environment) ?? []);
      return { path: files.find((file) => file.named === named)?.path };
    },
    compare: (plan, values) =>
      new Map(
        plan.charts.filter(isInstallable).flatMap((chart) => {
          const unpacked = of(chart);
          return unpacked === undefined
            ? []
            : chart.environments.map(
                (environment) => [environment, found(chart, environment, values, unpacked)] as const,
              );
        }),
      ),
  };
}

function unknown({ reference }: FetchedChart, { message }: RegistryFault): string {
  return `what ${reference} was checked with can't be found out: ${message}`;
}

function found(
  chart: PlannedChart,
  { name, values: named }: PlannedEnvironment,
  values: LoadedValues,
  { fetched, records }: UnpackedChart,
): Finding[] {
  const files = filesOutside(named.map((each) => values.get(chart, each)));
  const finding = (rule: string, severity: Finding['severity'], message: string, rest: Partial<Finding>): Finding => ({
    stage: 'deploy',
    rule: `deploy/${rule}`,
    severity,
    message,
    chart: fetched.name,
    environments: [name],
    ...rest,
  });
  const listed = files.map(({ path }) => path).join(', ');
  if (!records.ok) {
    const { hint } = records.fault;
    const why = unknown(fetched, records.fault);
    return [finding('values-unknown', files.length > 0 ? 'error' : 'note', why, hint === undefined ? {} : { hint })];
  }
  if (records.value.length === 0) {
    if (files.length === 0) return [];
    const unknown = `${listed} of this checkout: ${fetched.reference} was published without a record of values files outside it`;
    return [finding('values-unknown', 'note', `nobody knows whether it was checked with ${unknown}`, {})];
  }
  return differences(name, files, records.value).map(({ path, message }) =>
    finding('values-changed', 'error', `${fetched.reference} was checked with other values for ${name}: ${message}`, {
      file: path,
      hint: 'Check out the commit that it was published from; or publish from this one, which checks these files and records them.',
    }),
  );
}
