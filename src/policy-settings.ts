import type { Finding } from './domain/finding.ts';
import { suggestion } from './domain/nearest.ts';
import type { PolicySeverity } from './domain/policies/policy.ts';
import { fault, quote } from './settings.ts';

/** What was asked for of policies. */
export interface PolicyRequest {
  /** Those that differ from the built-in ones, by policy. */
  readonly severities: ReadonlyMap<string, PolicySeverity>;
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

const SEVERITIES: readonly string[] = ['error', 'warning', 'off'] satisfies readonly PolicySeverity[];

/** `RULE=SEVERITY` and folders, in any order. The last severity of a rule counts. */
export async function readPolicies(
  entries: readonly string[],
  base: string,
  faults: Finding[],
  place: (index: number) => Partial<Finding>,
): Promise<PolicyRequest> {
  const severities = new Map<string, PolicySeverity>();
  const folders: PolicyFolder[] = [];
  if (entries.length === 0) return { severities, folders, base };
  // Their table is loaded only for this.
  const { DEFAULT_SEVERITIES } = await import('./domain/policies.ts');
  const known = [...DEFAULT_SEVERITIES.keys()];
  for (const [index, entry] of entries.entries()) {
    const cut = entry.indexOf('=');
    const rule = entry
      .slice(0, cut)
      .trim()
      .replace(/^policy\//, '');
    const severity = entry.slice(cut + 1).trim();
    if (cut === -1 && (known.includes(entry) || entry.startsWith('policy/'))) {
      const hint = `Write ${entry}=error, ${entry}=warning or ${entry}=off; a folder of this name as ./${entry}.`;
      faults.push(fault('policies', `policies: ${quote(entry)} has no severity`, { hint, ...place(index) }));
    } else if (cut === -1) folders.push({ path: entry, place: () => place(index) });
    else if (!known.includes(rule)) {
      const hint = suggestion(rule, known);
      faults.push(fault('policies', `policies: there is no rule ${quote(rule)}`, { hint, ...place(index) }));
    } else if (!SEVERITIES.includes(severity)) {
      const message = `policies: ${rule} must be error, warning or off, not ${quote(severity)}`;
      faults.push(fault('policies', message, { hint: suggestion(severity, SEVERITIES), ...place(index) }));
    } else severities.set(rule, severity as PolicySeverity);
  }
  return { severities, folders, base };
}
