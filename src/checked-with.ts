import type { PlannedEnvironment } from './domain/environment.ts';
import type { Finding } from './domain/finding.ts';
import { differences, filesOutside } from './domain/values-record.ts';
import { isInstallable, type Plan, type PlannedChart } from './plan.ts';
import type { UnpackedChart } from './published.ts';
import type { LoadedValues } from './values-files.ts';

/** What published charts were checked with: the values files that don't travel in their packages. */
export interface CheckedWith {
  /** Where a values file lay in the repository, by the name that the environment gives it. */
  pathOf(chart: PlannedChart, environment: string, named: string): string | undefined;
  /** For each environment that is to be deployed: errors where its files are others now, a note where nobody knows. */
  compare(plan: Plan, values: LoadedValues): ReadonlyMap<PlannedEnvironment, readonly Finding[]>;
}

export function checkedWith(charts: readonly UnpackedChart[]): CheckedWith {
  const of = ({ chart }: PlannedChart): UnpackedChart | undefined => charts.find((each) => each.chart === chart);
  return {
    pathOf: (chart, environment, named) => {
      const records = of(chart)?.records;
      const files = records?.ok === true ? records.value.flatMap((record) => record.get(environment) ?? []) : [];
      return files.find((file) => file.named === named)?.path;
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
    const why = `what ${fetched.reference} was checked with can't be found out: ${records.fault.message}`;
    const { hint } = records.fault;
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
