import type { PlannedWork, PlannedWorkOfChart } from '../domain/planned-work.ts';
import { inert, table } from './markdown.ts';
import type { Paint } from './paint.ts';
import { count, oneLine } from './plain-text.ts';

/** `2 charts × 3 environments in 2 shards` */
export function planVerdict({ charts, matrix }: PlannedWork): string {
  const environments = new Set(charts.flatMap((each) => each.environments)).size;
  const shards = matrix.charts.include.length;
  return `planned, nothing was run: ${count(charts.length, 'chart')} × ${count(environments, 'environment')} in ${count(shards, 'shard')}`;
}

/** For a person at a terminal or in a log; the matrix stands in one line, to be copied. */
export function planText(plan: PlannedWork, paint: Paint): string {
  const shards = plan.matrix.charts.include.map(({ shard }) => {
    const charts = plan.charts.filter((each) => each.shard === shard);
    const head = `${paint.strong(`shard ${shard}`)} ${paint.faint(`(${costText(plan, charts)})`)}`;
    return [head, ...charts.map((each) => `  ${chartText(each)}`)].join('\n');
  });
  const { environments } = plan.matrix;
  return [
    ...shards,
    [
      ...plan.publish.map((registry) => `publish → ${oneLine(registry)}`),
      environments.length === 0 ? 'deploy: nothing' : `deploy: ${environments.map(oneLine).join(' → ')}`,
      `matrix: ${JSON.stringify(plan.matrix)}`,
    ].join('\n'),
  ].join('\n\n');
}

function chartText({ chart, version, source, environments, kubeVersions }: PlannedWorkOfChart): string {
  const on = kubeVersions.length === 0 ? '' : `; Kubernetes ${kubeVersions.join(', ')}`;
  return oneLine(`${chart} ${version} (${source}): ${environments.join(', ')}${on}`);
}

function costText({ costs }: PlannedWork, charts: readonly PlannedWorkOfChart[]): string {
  const cost = charts.reduce((sum, each) => sum + each.cost, 0);
  return costs === 'seconds' ? `about ${Math.round(cost * 10) / 10} s, as measured` : `${count(cost, 'byte')}`;
}

/** For the job summary. */
export function planBlocks(plan: PlannedWork): string[] {
  const rows = plan.charts.map((each) => [
    String(each.shard),
    inert(`${each.chart} ${each.version}`),
    inert(each.environments.join(', ')),
    inert(each.kubeVersions.join(', ')),
    costText(plan, [each]),
  ]);
  const { environments } = plan.matrix;
  return [
    table(['Shard', 'Chart', 'Environments', 'Kubernetes', 'Cost'], rows),
    ...(plan.publish.length === 0 ? [] : [`Publish → ${plan.publish.map(inert).join(', ')}`]),
    `Deploy: ${environments.length === 0 ? 'nothing' : environments.map(inert).join(' → ')}`,
  ];
}

/** `plan.json` in the report folder. */
export function planJson(plan: PlannedWork): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}
