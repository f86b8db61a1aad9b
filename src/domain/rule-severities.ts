import type { Finding, Severity } from './finding.ts';

/** As what a rule is told; `off`: not at all. */
export type RuleSeverity = Severity | 'off';

export const RULE_SEVERITIES: readonly RuleSeverity[] = ['error', 'warning', 'note', 'off'];

/** Severities that were asked for, by the rule's name as findings have it. */
export type RuleSeverities = ReadonlyMap<string, RuleSeverity>;

/** The rules with a page in docs/rules whose severity can be set, beside the policies (policies.ts). */
export const SETTABLE_RULES: readonly string[] = [
  'policy/not-applied',
  'render/lookup',
  ...[
    ...['crd-schemas', 'deprecated-api', 'duplicate-entry', 'duplicate-resource', 'enum', 'format', 'future-api'],
    ...['name', 'no-kind', 'no-name', 'no-schemas', 'not-evaluated', 'range', 'removed-api', 'required', 'type'],
    ...['unknown-field', 'unknown-kind', 'unread', 'value'],
  ].map((name) => `schema/${name}`),
  ...['boolean-key', 'required-value', 'same-as-default', 'unused-value'].map((name) => `validate/${name}`),
];

/** Those that stay errors: what values files and their schema hold isn't known then, or Helm itself stops there. */
export const FIXED_RULES: readonly string[] = [
  ...['encrypted', 'not-encrypted', 'schema', 'schema-reference', 'values-file', 'values-schema'],
].map((name) => `validate/${name}`);

/** Findings as they are to be told. */
export function asTold(findings: readonly Finding[], severities: RuleSeverities): readonly Finding[] {
  if (severities.size === 0) return findings;
  return findings.flatMap((finding) => {
    const severity = severities.get(finding.rule);
    if (severity === 'off') return [];
    return [severity === undefined ? finding : { ...finding, severity }];
  });
}
