import type { DeploymentOutcome } from '../domain/deployment.ts';
import type { Finding, Severity } from '../domain/finding.ts';
import type { PublishOutcome, Report } from '../domain/outcome.ts';
import { commandsFor, isPublished } from './commands.ts';
import {
  causePlace,
  commandsToLook,
  DEPLOYMENT_WORDS,
  endingOf,
  isLive,
  isTold,
  targetOf,
  testsText,
  urgencyOf,
} from './deployments.ts';
import { bySeverity, placeOf, scopeOf } from './findings.ts';
import { frameLines } from './frame-lines.ts';
import type { Paint } from './paint.ts';
import { oneLine, plainText, shorten } from './plain-text.ts';
import { planText } from './plan.ts';
import { OUTCOME_WORDS, RELEASE_WORDS, verdict } from './verdict.ts';

/** Findings that are printed; the others are in report.json. */
const FINDINGS = 100;
/** Lines of a log beside a cause; more of it is in the evidence. */
const LOG_LINES = 30;
/** UTF-16 units of one message or hint. */
const MESSAGE_LENGTH = 4000;

/**
 * The end of a run for a person at a terminal or in a log, without a final line feed: what was found,
 * what was published and deployed, where the report lies; the last line is the verdict.
 */
export function terminalText(report: Report, reportFolder: string | undefined, paint: Paint): string {
  const sections = [
    report.plan === undefined ? '' : planText(report.plan, paint),
    findingsText(report, paint),
    report.published.map((one) => publishedText(one, paint)).join('\n'),
    [...report.deployments]
      .sort((a, b) => urgencyOf(a) - urgencyOf(b))
      .map((one) => deploymentText(one, paint))
      .join('\n\n'),
    releaseText(report, paint),
    reportFolder === undefined ? '' : `report: ${oneLine(reportFolder)}`,
  ];
  const color = report.status === 'passed' ? paint.good : report.status === 'cancelled' ? paint.odd : paint.bad;
  return [...sections.filter((text) => text !== ''), color(verdict(report))].join('\n\n');
}

function findingsText(report: Report, paint: Paint): string {
  const findings = bySeverity(report.findings.filter((finding) => !isTold(finding, report)));
  const texts = findings.slice(0, FINDINGS).map((finding) => findingText(finding, paint));
  const more = findings.length - texts.length;
  if (more > 0) texts.push(paint.faint(`… and ${more} more in report.json`));
  return texts.join('\n\n');
}

function findingText(finding: Finding, paint: Paint): string {
  const place = placeOf(finding);
  const word = severityPaint(finding.severity, paint)(finding.severity);
  const about = paint.faint([finding.rule, ...scopeOf(finding).map((part) => shorten(part, 200))].join(' · '));
  const lines = [
    ...(place === undefined ? [] : [paint.strong(place)]),
    `${word}: ${indented(shorten(plainText(finding.message).trim(), MESSAGE_LENGTH))}`,
    ...(finding.frame === undefined
      ? []
      : frameLines(finding.frame, paint.faint, severityPaint(finding.severity, paint))),
    `  ${about}`,
  ];
  if (finding.hint !== undefined) {
    lines.push(`  hint: ${indented(shorten(plainText(finding.hint).trim(), MESSAGE_LENGTH))}`);
  }
  return lines.join('\n');
}

/** Further lines of a message are set in, so that none of them looks like a finding of its own. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n  ');
}

function severityPaint(severity: Severity, paint: Paint): (text: string) => string {
  return { error: paint.bad, warning: paint.odd, note: paint.faint }[severity];
}

function publishedText(one: PublishOutcome, paint: Paint): string {
  const good = one.outcome === 'pushed' || one.outcome === 'already-published';
  const word = (good ? paint.good : paint.bad)(OUTCOME_WORDS[one.outcome]);
  const head = `${word}: ${oneLine(one.chart)} ${oneLine(one.version)} → ${oneLine(one.registry)}`;
  if (!isPublished(one)) return head;
  return [
    `${head}${aliasText(one)}`,
    `  ${oneLine(one.reference)}`,
    ...commandsFor(one).map((command) => paint.faint(`  $ ${command}`)),
  ].join('\n');
}

function aliasText({ aliases = [] }: PublishOutcome): string {
  return aliases.length === 0 ? '' : ` (also ${aliases.map(oneLine).join(', ')})`;
}

function releaseText({ release }: Report, paint: Paint): string {
  if (release === undefined) return '';
  const word = (release.outcome === 'failed' ? paint.bad : paint.good)(RELEASE_WORDS[release.outcome]);
  const url = release.url === undefined ? '' : `\n  ${oneLine(release.url)}`;
  return `${word}: ${oneLine(release.tag)} on GitHub${url}`;
}

function deploymentText(one: DeploymentOutcome, paint: Paint): string {
  const { cause, tests } = one;
  const color = isLive(one)
    ? paint.good
    : one.outcome === 'skipped' || one.outcome === 'cancelled'
      ? paint.odd
      : paint.bad;
  const about = [endingOf(one), testsText(tests)].filter((part) => part !== '').join('; ');
  const lines = [`${color(DEPLOYMENT_WORDS[one.outcome])}: ${targetOf(one)}: ${about}`, `  ${oneLine(one.reference)}`];
  if (cause !== null) {
    const place = causePlace(one);
    const resource = cause.resource === undefined ? '' : ` ${paint.faint(`(${oneLine(cause.resource)})`)}`;
    lines.push(
      `  ${color(cause.code)}: ${indented(shorten(plainText(cause.message).trim(), MESSAGE_LENGTH))}${resource}`,
    );
    if (place !== undefined) lines.push(`  set in ${paint.strong(place)}`);
    if (cause.hint !== undefined)
      lines.push(`  hint: ${indented(shorten(plainText(cause.hint).trim(), MESSAGE_LENGTH))}`);
    if (cause.log !== undefined) lines.push(...logLines(cause.log, paint));
  }
  for (const test of tests.filter(({ outcome, log }) => outcome === 'failed' && log !== '' && log !== cause?.log)) {
    lines.push(`  log of the test ${oneLine(test.name)}:`, ...logLines(test.log, paint));
  }
  return [...lines, ...commandsToLook(one).map((command) => paint.faint(`  $ ${command}`))].join('\n');
}

/** Behind a bar, so that no line of it is taken for one of ours. */
function logLines(log: string, paint: Paint): string[] {
  const lines = plainText(log).trimEnd().split('\n');
  const cut = lines.length > LOG_LINES ? [paint.faint('  │ …')] : [];
  return [...cut, ...lines.slice(-LOG_LINES).map((line) => `  ${paint.faint('│')} ${shorten(line, 400)}`)];
}
