import type { Finding } from '../domain/finding.ts';
import type { PublishOutcome } from '../domain/outcome.ts';
import { referenceText, type Target } from '../domain/reference.ts';
import type { RegistryFault } from '../ports.ts';

/** A chart's name and version: what it is called in a registry. */
export interface Named {
  readonly name: string;
  readonly version: string;
}

/** What became of one target: at most one finding, and none where the package is there now. */
export type Published =
  | { readonly outcome: 'pushed' | 'already-published'; readonly target: Target; readonly digest: string }
  | { readonly outcome: 'refused' | 'failed'; readonly target: Target; readonly finding: Finding };

type Refused = Extract<Published, { readonly outcome: 'refused' | 'failed' }>;

export function refused(chart: Named, target: Target, how: string): Refused {
  return {
    outcome: 'refused',
    target,
    finding: finding(
      chart,
      'refused',
      `${chart.name} ${chart.version} is in ${target.text} already, ${how}`,
      'Raise "version" in Chart.yaml: what is published is never overwritten.',
    ),
  };
}

export function failed(chart: Named, target: Target, fault: RegistryFault, also?: string): Published {
  const message = `${chart.name} ${chart.version} could not be published to ${target.text}: ${fault.message}`;
  const rule = fault.kind === 'other' ? 'failed' : fault.kind;
  return {
    outcome: 'failed',
    target,
    finding: finding(chart, rule, also === undefined ? message : `${message}. ${also}`, fault.hint),
  };
}

export function finding(chart: Named, rule: string, message: string, hint?: string): Finding {
  return {
    stage: 'publish',
    rule: `publish/${rule}`,
    severity: 'error',
    message,
    chart: chart.name,
    ...(hint !== undefined && { hint }),
  };
}

/** With several targets: which has it and which not. Of one that failed nothing is known. */
export function elsewhere(one: Published, all: readonly Published[], chart: Named): Pick<Finding, 'hint'> {
  if (all.length < 2) return {};
  const names = (...outcomes: Published['outcome'][]) =>
    all.filter(({ outcome }) => outcomes.includes(outcome)).map(({ target }) => target.text);
  const version = `${chart.name} ${chart.version}`;
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

export function outcomeOf(one: Published, chart: Named): PublishOutcome {
  const common = { chart: chart.name, version: chart.version, registry: one.target.text, outcome: one.outcome };
  if (!('digest' in one)) return common;
  return { ...common, reference: referenceText(one.target, chart.name, one.digest), digest: one.digest };
}
