import { resolve } from 'node:path';
import type { Finding } from '../domain/finding.ts';
import type { PublishOutcome } from '../domain/outcome.ts';
import { type Location, locationOf, type Target, tagOf } from '../domain/reference.ts';
import type { ChartPackage } from '../domain/staged.ts';
import { together } from '../domain/together.ts';
import type { ValuesRecord } from '../domain/values-record.ts';
import type { Manifest, Ports, Registry, RegistryFault } from '../ports.ts';
import { elsewhere, failed, finding, outcomeOf, type Published, refused } from './published-outcome.ts';
import { layerOf, likeness } from './published-version.ts';
import { attachRecord } from './values-record.ts';

/** Where a chart's version stands; asked for only where something is wrong with it. */
export type Place = (() => Promise<Pick<Finding, 'file' | 'line' | 'column'>>) | undefined;

interface Publishing {
  readonly registry: Registry;
  readonly place: Place;
}

/**
 * Puts a package where it is to go, everywhere at once. What is there already with the same files is left as it is
 * and is a success; with other files it is refused and nothing is overwritten. What was pushed is read back.
 * `root` is what relative layout folders are relative to.
 */
export async function publish(
  pkg: ChartPackage,
  targets: readonly Target[],
  options: {
    readonly root: string;
    /** The values files outside the chart that it was checked with; none where all travel in the package. */
    readonly record?: ValuesRecord | undefined;
    /** Told of each registry as it is done with: what an interrupted run did publish must be known. */
    readonly told?: (outcome: PublishOutcome) => void;
    readonly place?: Place;
  },
  ports: Pick<Ports, 'registry'>,
): Promise<{ findings: Finding[]; outcomes: PublishOutcome[] }> {
  const tried = await together(
    targets.map(async (target) => {
      const location = locationOf(target, pkg.name, (...parts) => resolve(options.root, ...parts));
      const published = await recorded(
        await publishTo(pkg, target, location, { registry: ports.registry, place: options.place }),
        location,
        pkg,
        options.record,
        ports.registry,
      );
      options.told?.(outcomeOf(published, pkg));
      return published;
    }),
  );
  return {
    findings: tried.flatMap((one) => ('finding' in one ? [{ ...one.finding, ...elsewhere(one, tried, pkg) }] : [])),
    outcomes: tried.map((one) => outcomeOf(one, pkg)),
  };
}

async function publishTo(
  pkg: ChartPackage,
  target: Target,
  location: Location,
  publishing: Publishing,
): Promise<Published> {
  const { registry } = publishing;
  const tag = tagOf(pkg.version);
  const before = await registry.manifest(location, tag);
  if (!before.ok) return failed(pkg, target, before.fault);
  if (before.value !== undefined) return await compare(pkg, target, location, before.value, publishing);

  const pushed = await registry.push(location, tag, {
    fileName: pkg.fileName,
    archive: pkg.archive,
    config: pkg.config,
    annotations: pkg.annotations,
  });
  if (!pushed.ok) return failed(pkg, target, pushed.fault);
  const after = await registry.manifest(location, tag);
  if (!after.ok) return failed(pkg, target, after.fault, 'It was uploaded, but could not be read back.');
  const isOurs =
    after.value?.digest === pushed.value && after.value.layers.some(({ digest }) => digest === layerOf(pkg));
  if (isOurs) return { outcome: 'pushed', target, digest: pushed.value };

  // Somebody else wrote this version between our look and our push. The same files are fine all the same.
  const theirs = after.value && (await compare(pkg, target, location, after.value, publishing));
  if (theirs?.outcome === 'already-published') return theirs;
  const there = after.value === undefined ? 'nothing' : `another digest, ${after.value.digest}`;
  return {
    outcome: 'failed',
    target,
    finding: finding(
      pkg,
      'race',
      `somebody else wrote ${pkg.name} ${pkg.version} to ${target.text} at the same time: pushed was ${pushed.value}, and under the version there is ${there}`,
      'Let one workflow at a time publish a version ("concurrency" in GitHub Actions), then run again.',
    ),
  };
}

/** What is published has the record of its values files, too, or the next run has to attach it. */
async function recorded(
  published: Published,
  location: Location,
  pkg: ChartPackage,
  record: ValuesRecord | undefined,
  registry: Registry,
): Promise<Published> {
  if (record === undefined || !('digest' in published)) return published;
  const fault = await attachRecord(record, location, published.digest, registry);
  if (fault === undefined) return published;
  const also = `It is there as ${published.digest}, but without a record of its values files outside the chart.`;
  return failed(pkg, published.target, fault, also);
}

/** The version is there: is it this package? */
async function compare(
  pkg: ChartPackage,
  target: Target,
  location: Location,
  manifest: Manifest,
  { registry, place }: Publishing,
): Promise<Published> {
  const like = await likeness(pkg, location, manifest, registry);
  switch (like.kind) {
    case 'same':
      return { outcome: 'already-published', target, digest: manifest.digest };
    case 'other':
      return await refusedAt(pkg, target, like.how, place);
    case 'unknown':
      return failed(pkg, target, like.fault, `${pkg.name} ${pkg.version} is there already, but could not be compared.`);
  }
}

/** A changed chart under a version that is taken: told where the version stands. */
async function refusedAt(pkg: ChartPackage, target: Target, how: string, place: Place) {
  const { finding: told, ...rest } = refused(pkg, target, how);
  return { ...rest, finding: { ...told, ...(await place?.()) } };
}

/**
 * Where nothing is to be published: whether it would be refused. What a registry doesn't answer is a note, since who may
 * open a pull request may not be let in there.
 */
export async function wouldRefuse(
  pkg: ChartPackage,
  targets: readonly Target[],
  options: { readonly root: string; readonly place?: Place },
  { registry }: Pick<Ports, 'registry'>,
): Promise<Finding[]> {
  const found = await together(
    targets.map(async (target): Promise<Finding[]> => {
      const unknown = ({ message }: RegistryFault): Finding[] => {
        const text = `whether ${pkg.name} ${pkg.version} is in ${target.text} already is not known: ${message}`;
        return [{ ...finding(pkg, 'not-compared', text), severity: 'note' }];
      };
      const location = locationOf(target, pkg.name, (...parts) => resolve(options.root, ...parts));
      const there = await registry.manifest(location, tagOf(pkg.version));
      if (!there.ok) return unknown(there.fault);
      if (there.value === undefined) return [];
      const like = await likeness(pkg, location, there.value, registry);
      if (like.kind === 'unknown') return unknown(like.fault);
      return like.kind === 'same' ? [] : [(await refusedAt(pkg, target, like.how, options.place)).finding];
    }),
  );
  return found.flat();
}
