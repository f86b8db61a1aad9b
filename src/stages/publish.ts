import { resolve } from 'node:path';
import type { Finding } from '../domain/finding.ts';
import type { PublishOutcome } from '../domain/outcome.ts';
import { type Location, locationOf, referenceText, type Target, tagOf } from '../domain/reference.ts';
import type { ChartPackage } from '../domain/staged.ts';
import { together } from '../domain/together.ts';
import type { ValuesRecord } from '../domain/values-record.ts';
import type { Manifest, Ports, Registry, RegistryFault } from '../ports.ts';
import { layerOf, likeness } from './published-version.ts';
import { attachRecord } from './values-record.ts';

/** What became of one target: at most one finding, and none where the package is there now. */
type Published =
  | { readonly outcome: 'pushed' | 'already-published'; readonly target: Target; readonly digest: string }
  | { readonly outcome: 'refused' | 'failed'; readonly target: Target; readonly finding: Finding };

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
      return { outcome: 'refused', target, finding: await refusal(pkg, target, like.how, place) };
    case 'unknown':
      return failed(pkg, target, like.fault, `${pkg.name} ${pkg.version} is there already, but could not be compared.`);
  }
}

/** A changed chart under a version that is taken: told where the version stands. */
async function refusal(pkg: ChartPackage, target: Target, how: string, place: Place): Promise<Finding> {
  const message = `${pkg.name} ${pkg.version} is in ${target.text} already, ${how}`;
  const hint = 'Raise "version" in Chart.yaml: what is published is never overwritten.';
  return { ...finding(pkg, 'refused', message, hint), ...(await place?.()) };
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
      return like.kind === 'same' ? [] : [await refusal(pkg, target, like.how, options.place)];
    }),
  );
  return found.flat();
}

function failed(pkg: ChartPackage, target: Target, fault: RegistryFault, also?: string): Published {
  const message = `${pkg.name} ${pkg.version} could not be published to ${target.text}: ${fault.message}`;
  const rule = fault.kind === 'other' ? 'failed' : fault.kind;
  return {
    outcome: 'failed',
    target,
    finding: finding(pkg, rule, also === undefined ? message : `${message}. ${also}`, fault.hint),
  };
}

function finding(pkg: ChartPackage, rule: string, message: string, hint?: string): Finding {
  return {
    stage: 'publish',
    rule: `publish/${rule}`,
    severity: 'error',
    message,
    chart: pkg.name,
    ...(hint !== undefined && { hint }),
  };
}

/** With several targets: which has it and which not. Of one that failed nothing is known. */
function elsewhere(one: Published, all: readonly Published[], pkg: ChartPackage): Pick<Finding, 'hint'> {
  if (all.length < 2) return {};
  const names = (...outcomes: Published['outcome'][]) =>
    all.filter(({ outcome }) => outcomes.includes(outcome)).map(({ target }) => target.text);
  const version = `${pkg.name} ${pkg.version}`;
  const said = [
    ['Has', names('pushed', 'already-published')],
    ['Has other files under', names('refused')],
    ['Not known to have', names('failed')],
  ] as const;
  const lists = said
    .filter(([, texts]) => texts.length > 0)
    .map(([how, texts]) => `${how} ${version}: ${texts.join(', ')}.`);
  if (names('failed').length > 0) lists.push('The next run does what is missing and leaves the rest as it is.');
  const hint = 'finding' in one ? one.finding.hint : undefined;
  return { hint: [...(hint === undefined ? [] : [hint]), ...lists].join(' ') };
}

function outcomeOf(one: Published, pkg: ChartPackage): PublishOutcome {
  const common = { chart: pkg.name, version: pkg.version, registry: one.target.text, outcome: one.outcome };
  if (!('digest' in one)) return common;
  return { ...common, reference: referenceText(one.target, pkg.name, one.digest), digest: one.digest };
}
