import type { Finding } from './domain/finding.ts';
import { suggestion } from './domain/nearest.ts';
import {
  FIXED_RULES,
  RULE_SEVERITIES,
  type RuleSeverities,
  type RuleSeverity,
  SETTABLE_RULES,
} from './domain/rule-severities.ts';
import { fault, quote } from './settings.ts';

/** What was asked for of policies. */
export interface PolicyRequest {
  /** Those that differ from the built-in ones, by policy. */
  readonly severities: RuleSeverities;
  /** Likewise of rules that aren't policies, by their whole name. */
  readonly rules: RuleSeverities;
  /** Folders of users' own policies, as they were named. */
  readonly folders: readonly PolicyFolder[];
  /** What their paths are relative to. */
  readonly base: string;
}

export interface PolicyFolder {
  readonly path: string;
  /** Where it was named, if in the file. */
  readonly place: () => Partial<Finding>;
}

/** `RULE=SEVERITY` and folders, in any order. The last severity of a rule counts. A policy may go without `policy/`. */
export async function readPolicies(
  entries: readonly string[],
  base: string,
  faults: Finding[],
  place: (index: number) => Partial<Finding>,
): Promise<PolicyRequest> {
  const severities = new Map<string, RuleSeverity>();
  const rules = new Map<string, RuleSeverity>();
  const folders: PolicyFolder[] = [];
  if (entries.length === 0) return { severities, rules, folders, base };
  // Their table is loaded only for this.
  const { DEFAULT_SEVERITIES } = await import('./domain/policies.ts');
  const policies = [...DEFAULT_SEVERITIES.keys()];
  const others = [...SETTABLE_RULES, ...FIXED_RULES];
  for (const [index, entry] of entries.entries()) {
    const wrong = (message: string, hint: string): void =>
      void faults.push(fault('policies', `policies: ${message}`, { hint, ...place(index) }));
    const cut = entry.indexOf('=');
    const name = entry.slice(0, cut).trim();
    const policy = name.replace(/^policy\//, '');
    const severity = entry.slice(cut + 1).trim();
    if (cut === -1 && (policies.includes(entry) || others.includes(entry) || entry.startsWith('policy/'))) {
      const hint = `Write ${entry}=error, ${entry}=warning, ${entry}=note or ${entry}=off; a folder of this name as ./${entry}.`;
      wrong(`${quote(entry)} has no severity`, hint);
    } else if (cut === -1) folders.push({ path: entry, place: () => place(index) });
    else if (!policies.includes(policy) && !others.includes(name)) {
      const whole = others.find((each) => each.endsWith(`/${name}`));
      const hint = whole === undefined ? suggestion(name, [...policies, ...others]) : `Did you mean ${whole}?`;
      wrong(`there is no rule ${quote(name)}`, hint);
    } else if (!isSeverity(severity)) {
      const message = `${policy} must be error, warning, note or off, not ${quote(severity)}`;
      wrong(message, suggestion(severity, RULE_SEVERITIES));
    } else if (FIXED_RULES.includes(name) && severity !== 'error') {
      wrong(`${name} is always an error, not ${quote(severity)}`, `chartship --explain ${name} says how to mend it.`);
    } else if (others.includes(name)) rules.set(name, severity);
    else severities.set(policy, severity);
  }
  return { severities, rules, folders, base };
}

function isSeverity(text: string): text is RuleSeverity {
  return (RULE_SEVERITIES as readonly string[]).includes(text);
}
