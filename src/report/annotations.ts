import type { Finding, Severity } from '../domain/finding.ts';
import type { Report } from '../domain/outcome.ts';
import { bySeverity, scopeOf } from './findings.ts';
import { oneLine, plainText, shorten } from './plain-text.ts';
import { verdict } from './verdict.ts';

export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly title: string;
  /** Relative to the repository's root. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** The runner shows no more than this many annotations of one level for a step; it drops the others silently. */
const PER_LEVEL = 10;
/** UTF-16 units of one message. GitHub cuts at 64 KB; a person has stopped reading long before. */
const MESSAGE_LENGTH = 4000;

const LEVELS: Record<Severity, Annotation['level']> = { error: 'error', warning: 'warning', note: 'notice' };

/**
 * The findings as annotations, the worst first. Where there are more of a level than the runner shows,
 * the last place of that level says how many are left out. A run that did not pass has an error among
 * them even when no finding says why.
 */
export function annotationsOf(report: Report): Annotation[] {
  const annotations = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const all = bySeverity(report.findings).filter((finding) => finding.severity === severity);
    if (all.length <= PER_LEVEL) return all.map(annotationOf);
    const shown = all.slice(0, PER_LEVEL - 1).map(annotationOf);
    return [...shown, remainder(LEVELS[severity], all.length - shown.length)];
  });
  const silent = report.status !== 'passed' && !annotations.some((annotation) => annotation.level !== 'notice');
  return silent ? [{ level: 'error', title: 'Chartship', message: verdict(report) }, ...annotations] : annotations;
}

function annotationOf(finding: Finding): Annotation {
  const scope = scopeOf(finding);
  return {
    level: LEVELS[finding.severity],
    title: shorten([finding.rule, ...scope].join(' · '), 250),
    message: shorten(messageOf(finding), MESSAGE_LENGTH),
    ...(finding.file !== undefined && { file: oneLine(finding.file) }),
    ...(finding.line !== undefined && { line: finding.line }),
    ...(finding.column !== undefined && { column: finding.column }),
  };
}

function messageOf(finding: Finding): string {
  const message = plainText(finding.message).trim();
  return finding.hint === undefined ? message : `${message}\nHint: ${plainText(finding.hint).trim()}`;
}

function remainder(level: Annotation['level'], number: number): Annotation {
  return { level, title: 'Chartship', message: `${number} more of these: see the job summary and report.json.` };
}
