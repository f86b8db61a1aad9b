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

/** Kubernetes' own kinds: the command fails with one as soon as a custom resource is among the objects. */
const ADMISSION = /\bkind["']?[ \t]*:[ \t]*["']?((?:Validating|Mutating)AdmissionPolicy)(?![A-Za-z])/;

/** Whether a file is to be taken apart where its folder has policies for Kyverno: some of it may have to be named as left out. */
export function mayBeOneOfPolicies(source: string): boolean {
  return isForKyverno(source) || ADMISSION.test(source);
}

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
      if (!mayBeOneOfPolicies(document.text)) continue;
      const place = { file: shown, line: document.line };
      const { objects, unread, repeatedKey } = readDocument(document.text);
      if (unread !== undefined || repeatedKey !== undefined) {
        if (!isForKyverno(document.text)) continue;
        faults.push(unreadable(document, shown, unread ?? `has the key ${repeatedKey?.name} twice`));
        continue;
      }
      for (const { data } of objects) {
        const kind = text(data.kind);
        const name = text(fields(data.metadata).name);
        if (isAdmissionPolicy(data)) leftOut.push(`${kind} ${name}`);
        if (!isForKyverno(`apiVersion: ${text(data.apiVersion)}`)) continue;
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

function isAdmissionPolicy({ apiVersion, kind }: Fields): boolean {
  return text(apiVersion).startsWith('admissionregistration.k8s.io/') && ADMISSION.test(`kind: ${text(kind)}`);
}

/**
 * How bad it is where this policy, or one rule of it, says something of an object: what it would stop is an error.
 * `namespace` is the object's, empty where it is in none. `undefined` for a rule that the policy hasn't.
 */
export function severityOfPolicy(
  { data, kind }: KyvernoPolicy,
  rule: string,
  namespace: string,
): 'error' | 'warning' | undefined {
  const spec = fields(data.spec);
  if (kind.endsWith('ValidatingPolicy')) {
    const { validationActions: actions } = spec;
    return !Array.isArray(actions) || actions.length === 0 || actions.includes('Deny') ? 'error' : 'warning';
  }
  const own = ruleOf(data, rule);
  if (own === undefined) return undefined;
  const { failureAction, failureActionOverrides } = fields(own.validate);
  const ofRule = overriding(failureActionOverrides, namespace);
  // Where a rule's own action and an override of the policy differ, Kyverno doesn't stop what the milder one lets in.
  const both = [overriding(spec.validationFailureActionOverrides, namespace), text(failureAction)].filter(isGiven);
  const actions = isGiven(ofRule) ? [ofRule] : both.length > 0 ? both : [text(spec.validationFailureAction)];
  return actions.every((action) => action.toLowerCase() === 'enforce') ? 'error' : 'warning';
}

/** Whether what a rule, or a policy in CEL, says may hang on the namespace of an object. */
export function asksForNamespace({ data, kind }: KyvernoPolicy, rule: string): boolean {
  const isInCel = kind.endsWith('ValidatingPolicy');
  return /namespace/i.test(
    JSON.stringify(isInCel ? data.spec : ruleOf(data, rule), (key, value) =>
      key === 'failureActionOverrides' ? undefined : value,
    ) ?? '',
  );
}

function ruleOf(data: Fields, rule: string): Fields | undefined {
  const rules = list(fields(data.spec).rules);
  return rules.find(({ name }) => name === rule) ?? rules.find(({ name }) => namesMadeOf(text(name)).includes(rule));
}

/** Kyverno makes rules for what makes pods of one for pods, and cuts their names off. */
function namesMadeOf(name: string): string[] {
  return ['autogen', 'autogen-cronjob'].map((prefix) => `${prefix}-${name}`.slice(0, 63));
}

/** The action of the first override that is for a namespace. The labels that one may ask for aren't known. */
function overriding(overrides: unknown, namespace: string): string {
  const found = list(overrides).find(({ action, namespaces, namespaceSelector }) => {
    if (!isGiven(text(action)) || typeof namespaceSelector === 'object') return false;
    if (!Array.isArray(namespaces) || namespaces.length === 0) return true;
    return namespace !== '' && namespaces.some((pattern: unknown) => matchesWildcards(text(pattern), namespace));
  });
  return text(found?.action);
}

function isGiven(action: string): boolean {
  return action !== '';
}

/** `*` and `?`, in time that grows with the two lengths multiplied at most. */
function matchesWildcards(pattern: string, name: string): boolean {
  let [at, star, retry] = [0, -1, 0];
  for (let index = 0; index < name.length; ) {
    if (pattern[at] === '*') [star, retry] = [at++, index];
    else if (pattern[at] === '?' || pattern[at] === name[index]) [at, index] = [at + 1, index + 1];
    else if (star === -1) return false;
    else [at, index] = [star + 1, ++retry];
  }
  return /^\**$/.test(pattern.slice(at));
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
