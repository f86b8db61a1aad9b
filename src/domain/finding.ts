import type { CodeFrame } from './code-frame.ts';
import type { SourceRegion } from './source-region.ts';
import type { StageName } from './stage.ts';

export const SEVERITIES = ['error', 'warning', 'note'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * Something a person should know about a chart or about where it was to go.
 * `file` is relative to the repository's root with forward slashes; `line` and `column` count from 1.
 */
export interface Finding {
  /** `request` is for what was wrong with the request itself (exit code 2), `github` for what could not be said there. */
  readonly stage: StageName | 'request' | 'tools' | 'github';
  /** `stage/what`, a stable identifier such as `validate/values-schema`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string;
  readonly chart?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly environments?: readonly string[];
  readonly kubeVersions?: readonly string[];
  readonly resource?: string;
  /** A JSON pointer into the resource or the values. */
  readonly path?: string;
  /** What stands for the resource where findings are compared, if its own name differs between environments; never told. */
  readonly sameAs?: string;
  /** The lines that it is about, for faces that a person reads; not in report.json. */
  readonly frame?: CodeFrame;
  /** The text that it is about, for SARIF alone. */
  readonly region?: SourceRegion;
}

/** Whether a finding of this severity fails a run whose `fail-on` is `limit`. */
export function reaches(severity: Severity, limit: 'error' | 'warning'): boolean {
  return severity === 'error' || (limit === 'warning' && severity === 'warning');
}

/**
 * One finding for each fault: those that differ only in where they were seen (environment, Kubernetes
 * version, or a later stage that met the same fault again) become one that lists the places.
 * Input order is kept; the earliest stage's finding gives the text.
 */
export function mergeFindings(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const { sameAs, ...finding } of findings) {
    const key = JSON.stringify([
      // What helm said and we have no name for, it says in each stage again.
      finding.rule.replace(/^[a-z]+\/helm$/, 'helm'),
      finding.severity,
      finding.message,
      finding.chart,
      finding.file,
      finding.line,
      finding.column,
      sameAs ?? finding.resource,
      finding.path,
    ]);
    const first = merged.get(key);
    merged.set(key, first === undefined ? finding : { ...first, ...places(first, finding) });
  }
  return [...merged.values()];
}

function places(a: Finding, b: Finding): Pick<Finding, 'environments' | 'kubeVersions'> {
  const environments = union(a.environments, b.environments);
  const kubeVersions = union(a.kubeVersions, b.kubeVersions);
  return { ...(environments && { environments }), ...(kubeVersions && { kubeVersions }) };
}

function union(a?: readonly string[], b?: readonly string[]): string[] | undefined {
  if (a === undefined && b === undefined) return undefined;
  return [...new Set([...(a ?? []), ...(b ?? [])])];
}
