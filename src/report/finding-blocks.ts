import type { Finding } from '../domain/finding.ts';
import type { Report } from '../domain/outcome.ts';
import { isTold } from './deployments.ts';
import { bySeverity, placeOf, scopeOf } from './findings.ts';
import { frameLines } from './frame-lines.ts';
import { codeBlock, inert, inertLines } from './markdown.ts';
import { shorten } from './plain-text.ts';

/** UTF-16 units of one message or hint. */
const MESSAGE_LENGTH = 2000;

const HEADINGS = { error: 'Errors', warning: 'Warnings', note: 'Notes' } as const;

/** The findings as Markdown, by severity, of each at most `perSeverity`. */
export function findingBlocks(report: Report, perSeverity: number): string[] {
  return (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const those = bySeverity(report.findings).filter(
      (finding) => finding.severity === severity && !isTold(finding, report),
    );
    const number = those.length;
    if (number === 0) return [];
    const more = number - perSeverity;
    return [
      `### ${HEADINGS[severity]} (${number})`,
      ...those.slice(0, perSeverity).map(findingBlock),
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
