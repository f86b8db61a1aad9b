import { versionPlace } from './chart-versions.ts';
import type { CheckedPackage } from './check.ts';
import type { PublishOutcome } from './domain/outcome.ts';
import type { ChartPackage } from './domain/staged.ts';
import { together } from './domain/together.ts';
import type { ValuesRecord } from './domain/values-record.ts';
import type { Plan } from './plan.ts';
import type { Ports } from './ports.ts';
import type { Record } from './record.ts';
import { type Request, reaches } from './request.ts';
import { pushRepositoryMetadata } from './stages/artifacthub.ts';
import { attest } from './stages/attest.ts';
import { type Place, publish, wouldRefuse } from './stages/publish.ts';
import { VERSION } from './version.ts';

/** On pull requests: a version that is taken is told before it is merged. */
export async function askAll(
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
export async function publishAll(
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
