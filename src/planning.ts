import { measureCosts } from './costs.ts';
import { plannedWork } from './matrix.ts';
import { makePlan } from './plan.ts';
import type { Files } from './ports.ts';
import type { Record } from './record.ts';
import { type Request, reaches } from './request.ts';
import { survey } from './survey.ts';

/** `plan: true`: what would be done is told, and nothing of it done; no program is started and nobody asked. */
export async function planOnly(request: Request, record: Record, files: Files): Promise<void> {
  const { charts, findings } = await survey(request, files);
  record.add(findings);
  const plan = makePlan(request, charts);
  // A matrix without the chart that can't be read would pass for one of all.
  if (record.failed) return;
  const publishes = reaches(request, 'publish') && !request.deployment.dryRun;
  record.plan = plannedWork(plan, await measureCosts(charts, request.report, files), {
    shards: request.shards,
    publish: publishes ? request.registries.map(({ text }) => text) : [],
  });
}
