import { type Fields, fields, list, text } from './diagnosis/reading.ts';
import { readDocument } from './rendered-objects.ts';
import { readSource } from './source.ts';

/** A file of a folder with policies. */
export interface PolicyFile {
  /** Relative to the repository's root. */
  readonly shown: string;
  readonly text: string;
}

export interface PolicyPlace {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/** A policy, or an exception from policies, as Kyverno's command is to have it. */
export interface KyvernoPolicy {
  readonly data: Fields;
  readonly kind: string;
  readonly name: string;
  readonly place: PolicyPlace;
}

/** What the files of a folder hold for Kyverno. */
export interface KyvernoPolicies {
  readonly policies: readonly KyvernoPolicy[];
  /** What can't be read. */
  readonly faults: readonly { readonly message: string; readonly place: PolicyPlace }[];
  /** What does something else than to validate, as it is named in a message. */
  readonly leftOut: readonly string[];
}

/** The kinds that are given to the command. */
const APPLIED = /^(?:Cluster)?Policy$|^(?:Namespaced)?ValidatingPolicy$|^PolicyException$/;

/** What a rule of a (Cluster)Policy can do beside validating. */
const OTHER_RULES = ['mutate', 'generate', 'verifyImages'] as const;

/** `kyverno.io/v1`, `policies.kyverno.io/v1`; `cli.kyverno.io` has the command's own tests, which are no policies. */
const GROUPS = /\bapiVersion["']?[ \t]*:[ \t]*["']?(?:policies\.)?kyverno\.io\//;

/** Whether a file may hold policies for Kyverno, broken ones included. */
export function isForKyverno(source: string): boolean {
  return GROUPS.test(source);
}

/**
 * Takes the files of a folder apart. The command drops a whole file for one document that it can't read, and applies
 * what changes objects before it validates them: so it gets each policy alone, with the rules that validate.
 */
export function kyvernoPolicies(files: readonly PolicyFile[]): KyvernoPolicies {
  const policies: KyvernoPolicy[] = [];
  const faults: { message: string; place: PolicyPlace }[] = [];
  const leftOut: string[] = [];
  for (const { shown, text: source } of files) {
    for (const document of documentsOf(source)) {
      if (!isForKyverno(document.text)) continue;
      const place = { file: shown, line: document.line };
      const { objects, unread, repeatedKey } = readDocument(document.text);
      if (unread !== undefined || repeatedKey !== undefined) {
        faults.push(unreadable(document, shown, unread ?? `has the key ${repeatedKey} twice`));
        continue;
      }
      for (const { data } of objects) {
        if (!isForKyverno(`apiVersion: ${text(data.apiVersion)}`)) continue;
        const kind = text(data.kind);
        const name = text(fields(data.metadata).name);
        const mode = text(fields(fields(data.spec).evaluation).mode);
        if (!APPLIED.test(kind)) leftOut.push(`${kind} ${name}`);
        // It is about requests, or other JSON.
        else if (mode !== '' && mode !== 'Kubernetes') leftOut.push(`${kind} ${name} (${mode})`);
        else {
          const validating = withRulesThatValidate(data, name, leftOut);
          if (validating !== undefined) policies.push({ data: validating, kind, name, place });
        }
      }
    }
  }
  return { policies, faults, leftOut };
}

/** How bad it is when this policy, or one rule of it, can't be judged: what it would stop is an error. */
export function severityOfPolicy({ data, kind }: KyvernoPolicy, rule: string): 'error' | 'warning' {
  const spec = fields(data.spec);
  if (kind.endsWith('ValidatingPolicy')) {
    const { validationActions: actions } = spec;
    return !Array.isArray(actions) || actions.length === 0 || actions.includes('Deny') ? 'error' : 'warning';
  }
  const own = list(spec.rules).find(({ name }) => name === rule.replace(/^autogen-(?:cronjob-)?/, ''));
  const action = text(fields(own?.validate).failureAction) || text(spec.validationFailureAction);
  return action.toLowerCase() === 'enforce' ? 'error' : 'warning';
}

/** `undefined` where nothing is left. A rule that does nothing known is left to the command to refuse. */
function withRulesThatValidate(data: Fields, name: string, leftOut: string[]): Fields | undefined {
  const { rules } = fields(data.spec);
  if (!Array.isArray(rules) || rules.length === 0) return data;
  const kept = rules.filter((rule: unknown) => {
    const other = OTHER_RULES.find((key) => fields(rule)[key] !== undefined);
    if (other === undefined || fields(rule).validate !== undefined) return true;
    leftOut.push(`${other} rule ${text(fields(rule).name)} of ${name}`);
    return false;
  });
  if (kept.length === 0) return undefined;
  return kept.length === rules.length ? data : { ...data, spec: { ...fields(data.spec), rules: kept } };
}

interface Piece {
  readonly text: string;
  /** Where its first line that says something stands. */
  readonly line: number;
  /** How many lines of the file come before it. */
  readonly before: number;
}

function documentsOf(source: string): Piece[] {
  const pieces: Piece[] = [];
  let before = 0;
  for (const piece of source.split(/^(?=---(?:\s|$))/m)) {
    const lines = piece.split('\n');
    const first = lines.findIndex((line) => !/^(?:#|$)/.test(line.replace(/^---/, '').trim()));
    if (first !== -1) pieces.push({ text: piece, line: before + first + 1, before });
    before += lines.length - 1;
  }
  return pieces;
}

function unreadable({ text: source, line, before }: Piece, file: string, reason: string): KyvernoPolicies['faults'][0] {
  const read = readSource(new TextEncoder().encode(source));
  if (read.ok || read.fault.line === undefined) return { message: reason, place: { file, line } };
  const { message, line: own, column } = read.fault;
  return { message, place: { file, line: before + own, ...(column !== undefined && { column }) } };
}
