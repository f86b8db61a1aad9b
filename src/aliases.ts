import { join } from 'node:path';
import type { PublishOutcome } from './domain/outcome.ts';
import { locationOf } from './domain/reference.ts';
import { together } from './domain/together.ts';
import type { Ports } from './ports.ts';
import type { Record } from './record.ts';
import type { Request } from './request.ts';
import { type AliasedVersion, moveAliases } from './stages/alias.ts';

/** Last of all, when everything that was asked for is done: every chart is in every registry, and deployed where it was to be. */
export async function aliasAll(
  request: Request,
  charts: readonly string[],
  record: Record,
  ports: Pick<Ports, 'registry'>,
): Promise<void> {
  if (request.aliasTags.length === 0 || record.failed) return;
  await together(
    charts.map(async (chart) => {
      const outcomes = await together(
        record.publishedOf(chart).map(async (outcome) => {
          const version = aliased(outcome, request);
          if (version === undefined) return outcome;
          const { findings, aliases } = await moveAliases(version, request.aliasTags, ports);
          record.add(findings);
          return { ...outcome, aliases };
        }),
      );
      record.publish(chart, outcomes);
    }),
  );
}

/** Where tags can be moved: an OCI layout is there for one run and who takes from it. */
function aliased({ chart, version, registry, digest }: PublishOutcome, request: Request): AliasedVersion | undefined {
  const target = request.registries.find(({ text }) => text === registry);
  const location = target && locationOf(target, chart, join);
  if (digest === undefined || location?.kind !== 'registry') return undefined;
  return { chart, version, registry, digest, location };
}
