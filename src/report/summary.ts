import type { DeploymentOutcome } from '../domain/deployment.ts';
import type { Finding } from '../domain/finding.ts';
import type { PublishOutcome, Report, RunStatus } from '../domain/outcome.ts';
import { checkTable } from './check-table.ts';
import { commandsFor, isPublished } from './commands.ts';
import { causePlace, commandsToLook, DEPLOYMENT_WORDS, endingOf, isLive, isTold, testsText } from './deployments.ts';
import { bySeverity, placeOf, scopeOf } from './findings.ts';
import { frameLines } from './frame-lines.ts';
import { codeBlock, inert, inertLines, table, unbroken } from './markdown.ts';
import { plainText, shorten } from './plain-text.ts';
import { planBlocks } from './plan.ts';
import { OUTCOME_WORDS, verdict } from './verdict.ts';

/** GitHub refuses a step's summary that is larger than this many bytes. */
const LIMIT_BYTES = 1024 * 1024;
/** Findings of one severity; the others are in report.json. */
const PER_SEVERITY = 50;
/** Lines of a log, and UTF-16 units of one of them. */
const LOG_LINES = 40;
const LOG_LINE_LENGTH = 500;
/** UTF-16 units of one message or hint. */
const MESSAGE_LENGTH = 2000;

const MARKS: Record<RunStatus, string> = { passed: '✅', failed: '❌', invalid: '❌', error: '💥', cancelled: '🚫' };

/**
 * The job summary: GitHub-flavoured Markdown of at most 1 MiB (UTF-8). What does not fit is left out in
 * whole blocks, never in the middle of one, and the end says where the rest is.
 */
export function summaryText(report: Report): string {
  const blocks = [
    `## ${MARKS[report.status]} Chartship: ${verdict(report)}`,
    ...(report.plan === undefined ? [] : planBlocks(report.plan)),
    ...deploymentBlocks(report),
    ...findingBlocks(report),
    ...publishedBlocks(report),
    ...checkedBlocks(report),
    ...packageBlocks(report),
  ];
  const rest =
    '_This is not all: it was cut to the size GitHub shows. The rest is in `report.json` in the report folder._';
  let room = LIMIT_BYTES - size(rest);
  const fitting = blocks.filter((block) => {
    const fits = size(block) <= room;
    if (fits) room -= size(block);
    return fits;
  });
  return `${[...fitting, ...(fitting.length < blocks.length ? [rest] : [])].join('\n\n')}\n`;
}

function size(block: string): number {
  return Buffer.byteLength(block) + 2;
}

const HEADINGS = { error: 'Errors', warning: 'Warnings', note: 'Notes' } as const;

function findingBlocks(report: Report): string[] {
  return (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const those = bySeverity(report.findings).filter(
      (finding) => finding.severity === severity && !isTold(finding, report),
    );
    const number = those.length;
    if (number === 0) return [];
    const more = number - PER_SEVERITY;
    return [
      `### ${HEADINGS[severity]} (${number})`,
      ...those.slice(0, PER_SEVERITY).map(findingBlock),
      ...(more > 0 ? [`… and ${more} more in \`report.json\`.`] : []),
    ];
  });
}

function findingBlock(finding: Finding): string {
  const place = placeOf(finding);
  const head = [...(place === undefined ? [] : [`**${inert(shorten(place, 500))}**`]), inert(finding.rule)];
  const scope = scopeOf(finding).map((part) => inert(shorten(part, 500)));
  const lines = [
    `- ${[...head, ...scope].join(' · ')}<br>`,
    `  ${inertLines(shorten(finding.message, MESSAGE_LENGTH))}`,
  ];
  if (finding.hint !== undefined) lines.push(`  <br>💡 ${inertLines(shorten(finding.hint, MESSAGE_LENGTH))}`);
  if (finding.frame !== undefined) {
    // Within the entry of the list.
    const block = codeBlock('text', frameLines(finding.frame, asIs, asIs));
    lines.push('', ...block.split('\n').map((line) => `  ${line}`));
  }
  return lines.join('\n');
}

const asIs = (text: string): string => text;

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

function checkedBlocks(report: Report): string[] {
  const checks = checkTable(report);
  return checks === undefined ? [] : ['### Checked', checks];
}

function packageBlocks(report: Report): string[] {
  if (report.packages.length === 0) return [];
  const rows = report.packages.map((one) => [inert(one.chart), inert(one.version), inert(one.file), inert(one.sha256)]);
  return ['### Packages', table(['Chart', 'Version', 'File', 'sha256'], rows)];
}
