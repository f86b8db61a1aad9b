import { resolve } from 'node:path';
import type { Finding } from '../domain/finding.ts';
import type { PublishOutcome } from '../domain/outcome.ts';
import type { PublishedChart } from '../domain/published-chart.ts';
import { type Location, locationOf, type Target, tagOf } from '../domain/reference.ts';
import { together } from '../domain/together.ts';
import type { Ports, Registry } from '../ports.ts';
import { elsewhere, failed, finding, type Named, outcomeOf, type Published, refused } from './published-outcome.ts';

/**
 * Copies what is published to further places, everywhere at once: the very manifest, so that its digest stays, with
 * all that is attached to it. What is there already is left as it is; under its version something else: it is refused.
 * What was copied is read back.
 */
export async function promote(
  chart: Named & PublishedChart,
  targets: readonly Target[],
  options: {
    /** What relative layout folders are relative to. */
    readonly root: string;
    /** Told of each place as it is done with. */
    readonly told?: (outcome: PublishOutcome) => void;
  },
  ports: Pick<Ports, 'registry'>,
): Promise<{ findings: Finding[]; outcomes: PublishOutcome[] }> {
  const tried = await together(
    targets.map(async (target) => {
      const location = locationOf(target, chart.name, (...parts) => resolve(options.root, ...parts));
      const promoted = await promoteTo(chart, target, location, ports.registry);
      options.told?.(outcomeOf(promoted, chart));
      return promoted;
    }),
  );
  return {
    findings: tried.flatMap((one) => ('finding' in one ? [{ ...one.finding, ...elsewhere(one, tried, chart) }] : [])),
    outcomes: tried.map((one) => outcomeOf(one, chart)),
  };
}

async function promoteTo(
  chart: Named & PublishedChart,
  target: Target,
  location: Location,
  registry: Registry,
): Promise<Published> {
  const { digest } = chart;
  const tag = tagOf(chart.version);
  const before = await registry.manifest(location, tag);
  if (!before.ok) return failed(chart, target, before.fault);
  const there = before.value?.digest;
  if (there !== undefined && there !== digest) return refused(chart, target, `as ${there}, not as ${digest}`);
  // Where it is already, what was attached to it since is brought along.
  const copied = await registry.copy(chart.location, digest, location, tag);
  if (!copied.ok) return failed(chart, target, copied.fault);
  if (there !== undefined) return { outcome: 'already-published', target, digest };

  const after = await registry.manifest(location, tag);
  if (!after.ok) return failed(chart, target, after.fault, 'It was copied, but could not be read back.');
  if (after.value?.digest === digest) return { outcome: 'pushed', target, digest };
  const other = after.value === undefined ? 'nothing' : `another digest, ${after.value.digest}`;
  return {
    outcome: 'failed',
    target,
    finding: finding(
      chart,
      'race',
      `somebody else wrote ${chart.name} ${chart.version} to ${target.text} at the same time: copied was ${digest}, and under the version there is ${other}`,
      'Let one workflow at a time publish a version ("concurrency" in GitHub Actions), then run again.',
    ),
  };
}
