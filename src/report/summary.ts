import type { DeploymentOutcome } from '../domain/deployment.ts';
import type { PublishOutcome, Report } from '../domain/outcome.ts';
import { checkTable } from './check-table.ts';
import { commandsFor, isPublished } from './commands.ts';
import { comparisonBlocks, dangerBlocks } from './comparison-blocks.ts';
import { causePlace, commandsToLook, DEPLOYMENT_WORDS, endingOf, isLive, testsText } from './deployments.ts';
import { findingBlocks } from './finding-blocks.ts';
import { fitted } from './fitted.ts';
import { codeBlock, inert, inertLines, table, unbroken } from './markdown.ts';
import { plainText, shorten } from './plain-text.ts';
import { planBlocks } from './plan.ts';
import { OUTCOME_WORDS, RELEASE_WORDS, STATUS_MARKS, verdict } from './verdict.ts';

/** GitHub refuses a step's summary that is larger than this many bytes. */
const LIMIT_BYTES = 1024 * 1024;
/** Findings of one severity; the others are in report.json. */
const PER_SEVERITY = 50;
/** What all comparisons together may take of it. */
const COMPARISON_BYTES = 400 * 1024;
/** Lines of a log, and UTF-16 units of one of them. */
const LOG_LINES = 40;
const LOG_LINE_LENGTH = 500;
/** UTF-16 units of one message or hint. */
const MESSAGE_LENGTH = 2000;

/**
 * The job summary: GitHub-flavoured Markdown of at most 1 MiB (UTF-8). What does not fit is left out in
 * whole blocks, never in the middle of one, and the end says where the rest is.
 */
export function summaryText(report: Report): string {
  const blocks = [
    `## ${STATUS_MARKS[report.status]} Chartship: ${verdict(report)}`,
    ...(report.plan === undefined ? [] : planBlocks(report.plan)),
    ...deploymentBlocks(report),
    ...dangerBlocks(report),
    ...findingBlocks(report, PER_SEVERITY),
    ...comparisonBlocks(report, COMPARISON_BYTES),
    ...publishedBlocks(report),
    ...releaseBlocks(report),
    ...checkedBlocks(report),
    ...packageBlocks(report),
  ];
  return fitted(blocks, LIMIT_BYTES);
}

function deploymentBlocks(report: Report): string[] {
  if (report.deployments.length === 0) return [];
  const rows = report.deployments.map((one) => [
    unbroken(`${deploymentMark(one)} ${DEPLOYMENT_WORDS[one.outcome]}`),
    inert(one.environment),
    `${inert(one.namespace)} / ${inert(one.release)}`,
    one.revision === undefined ? '' : String(one.revision),
    inert(testsText(one.tests)),
    inert(shortDigest(one.reference)),
  ]);
  return [
    '### Deployments',
    table(['', 'Environment', 'Namespace / release', 'Live revision', 'Tests', 'Digest'], rows),
    codeBlock('text', [...new Set(report.deployments.map(({ reference }) => reference))]),
    ...report.deployments.flatMap(deploymentBlock),
  ];
}

/** As long as it takes to tell two apart: a whole one leaves the other columns of a table no room. */
function shortDigest(reference: string): string {
  return reference.slice(reference.lastIndexOf('@') + 1).replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1…');
}

function deploymentMark(one: DeploymentOutcome): string {
  return isLive(one) ? '✅' : one.outcome === 'skipped' ? '⏭️' : one.outcome === 'cancelled' ? '🚫' : '❌';
}

/** A deployment that needs more words than a row of the table. */
function deploymentBlock(one: DeploymentOutcome): string[] {
  const { cause } = one;
  const failed = one.tests.filter(({ outcome, log }) => outcome === 'failed' && log !== '' && log !== cause?.log);
  const commands = commandsToLook(one);
  const look = commands.length === 0 ? [] : [codeBlock('sh', commands)];
  if (cause === null && failed.length === 0) return isLive(one) ? [] : look;
  const blocks = [`**${inert(one.release)}** (${inert(one.environment)}): ${inert(endingOf(one))}`];
  if (cause !== null) {
    const place = causePlace(one);
    const about = [
      inert(cause.code),
      ...(cause.resource === undefined ? [] : [inert(shorten(cause.resource, 500))]),
      ...(place === undefined ? [] : [`set in **${inert(shorten(place, 500))}**`]),
    ];
    const hint = cause.hint === undefined ? '' : `\n  <br>💡 ${inertLines(shorten(cause.hint, MESSAGE_LENGTH))}`;
    blocks.push(`- ${about.join(' · ')}<br>\n  ${inertLines(shorten(cause.message, MESSAGE_LENGTH))}${hint}`);
    if (cause.log !== undefined && cause.log !== '') blocks.push(logBlock(cause.log));
  }
  for (const test of failed) blocks.push(`Log of the test ${inert(shorten(test.name, 500))}:`, logBlock(test.log));
  return [...blocks, ...look];
}

function logBlock(log: string): string {
  const lines = plainText(log).trimEnd().split('\n');
  const shown = lines.slice(-LOG_LINES).map((line) => shorten(line, LOG_LINE_LENGTH));
  return codeBlock('text', [...(lines.length > LOG_LINES ? ['…'] : []), ...shown]);
}

function publishedBlocks(report: Report): string[] {
  if (report.published.length === 0) return [];
  return ['### Published', ...report.published.map(publishedBlock)];
}

function publishedBlock(one: PublishOutcome): string {
  const also = one.aliases?.length ? ` (also ${one.aliases.map(inert).join(', ')})` : '';
  const line = `**${inert(one.chart)} ${inert(one.version)}** → ${inert(one.registry)}: ${OUTCOME_WORDS[one.outcome]}${also}`;
  return isPublished(one) ? `${line}\n\n${codeBlock('sh', commandsFor(one))}` : line;
}

function releaseBlocks({ release }: Report): string[] {
  if (release === undefined) return [];
  const { tag, url, outcome, assets } = release;
  const files = assets.length === 0 ? '' : `\n\n${assets.map((name) => `- ${inert(shorten(name, 300))}`).join('\n')}`;
  const address = url === undefined ? '' : `\n\n${codeBlock('text', [url])}`;
  return ['### Release', `**${inert(shorten(tag, 300))}**: ${RELEASE_WORDS[outcome]}${files}${address}`];
}

function checkedBlocks(report: Report): string[] {
  const checks = checkTable(report);
  return checks === undefined ? [] : ['### Checked', checks];
}

function packageBlocks(report: Report): string[] {
  if (report.packages.length === 0) return [];
  const rows = report.packages.map((one) => [inert(one.chart), inert(one.version), inert(one.file), inert(one.sha256)]);
  return ['### Packages', table(['Chart', 'Version', 'File', 'sha256'], rows)];
}
