import type { CustomKind, CustomKinds } from './custom-kinds.ts';
import { patternFaults } from './definition-patterns.ts';
import type { Severity } from './finding.ts';
import { minorOf } from './kubernetes.ts';
import {
  groupOf,
  type KindName,
  type KubernetesSchemas,
  OBJECT_META,
  type VersionSchemas,
} from './kubernetes-schemas.ts';
import type { Repetition } from './list-entries.ts';
import { nearest } from './nearest.ts';
import { nameFaults } from './object-names.ts';
import { dataSizeFault, type SizeFault } from './object-size.ts';
import { NO_PATTERNS, type Patterns } from './patterns.ts';
import { formatPointer, parsePointer } from './pointer.ts';
import { withDefaults } from './schema-defaults.ts';
import { schemaViolations, type Violation } from './schema-validation.ts';
import { mayNameSecret } from './secret-lines.ts';
import { serverFaults } from './server-rules.ts';

/** Something that an API server, or a policy, would say of an object. */
export interface ObjectFault {
  readonly rule: `schema/${string}` | `policy/${string}`;
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string;
  /** A JSON pointer into the object. */
  readonly path: string;
  /** A JSON pointer to the key whose line is told: that of the whole object, or one beside what is missing. */
  readonly standsFor?: string;
  /** It is the key at the end of the path that is wrong, and not what is there. */
  readonly what?: 'key';
  /** What kind of value should be there, where it is known. */
  readonly wanted?: 'scalar' | 'container';
  /** Of an entry of a list that is there before. */
  readonly repeats?: Repetition;
  /** It is about the kind: another object of it has the same. `once`: nothing is to be done in its template. */
  readonly ofKind?: 'each' | 'once';
}

/** A Kubernetes version that objects are for, with what is known of it. */
export interface TargetVersion {
  /** `1.35` or `1.35.2` */
  readonly label: string;
  readonly minor: string;
  /** `undefined` for a version without schemas: then only what was removed and deprecated by then is known. */
  readonly schemas: VersionSchemas | undefined;
  readonly kubernetes: KubernetesSchemas;
  /** Who works out what an apply changes: the server for Helm 4, and Helm 3 itself. */
  readonly applied: Applied;
}

export type Applied = 'on-server' | 'on-client';

type Data = Readonly<Record<string, unknown>>;

/** What is wrong with an object for one version. Without `patterns` those of definitions are left to the server. */
export function objectFaults(
  object: Data,
  target: TargetVersion,
  custom: CustomKinds,
  patterns: Patterns = NO_PATTERNS,
): ObjectFault[] {
  const named = namesKind(object);
  if (!('kind' in named)) return [named];
  const { schemas, kubernetes, minor } = target;
  const builtIn = schemas?.kind(named);
  const age = ageFaults(named, target, builtIn !== undefined);
  // Of a kind that isn't there nothing else is known.
  if (age.some(({ severity }) => severity === 'error')) return age;
  if (builtIn !== undefined && schemas !== undefined) {
    const nature = { origin: 'built-in', namespaced: builtIn.namespaced } as const;
    const violations = schemaViolations(object, builtIn.schema, schemas.definition);
    const size = dataSizeFault(object, named);
    return [
      ...age,
      ...violations.map((each) => refused(each, target.applied)),
      ...(size === undefined ? [] : [tooLarge(size)]),
      ...(named.kind === 'CustomResourceDefinition' ? [...badScope(object), ...badPatterns(object, patterns)] : []),
      ...names(object, named, nature, minor),
      ...serverFaults(object, named, minor).map((each) => ({
        ...each,
        path: formatPointer(each.path),
        ...(!isContainer(object, each.path) && { wanted: 'scalar' as const }),
      })),
    ];
  }
  if (kubernetes.hasGroup(groupOf(named.apiVersion))) {
    return schemas === undefined ? age : [...age, unknownHere(named, target)];
  }
  const kind = custom.kind(named);
  // The group of a CRD has a dot: `core/v1` and the like are nobody's.
  if (kind === undefined && schemas !== undefined && !groupOf(named.apiVersion).includes('.')) {
    return [...age, unknownHere(named, target)];
  }
  if (kind === undefined) {
    const nature = { origin: 'unknown', namespaced: false } as const;
    return [unknownKind(named, custom), ...names(object, named, nature, minor)];
  }
  return customFaults(object, named, kind, target, patterns);
}

function isContainer(object: Data, path: readonly string[]): boolean {
  const there = path.reduce<unknown>((node, step) => (node as Data | null | undefined)?.[step], object);
  return typeof there === 'object' && there !== null;
}

/** Its schema says only that it is a text. */
function badScope({ spec }: Data): ObjectFault[] {
  const { scope } = (spec ?? {}) as { readonly scope?: unknown };
  if (typeof scope !== 'string' || scope === 'Cluster' || scope === 'Namespaced') return [];
  const message = `${JSON.stringify(scope.slice(0, 80))} is not one of Cluster, Namespaced`;
  return [{ rule: 'schema/enum', severity: 'error', message, path: '/spec/scope', wanted: 'scalar' }];
}

/** The server takes no definition with a pattern that it couldn't evaluate. */
function badPatterns(definition: Data, patterns: Patterns): ObjectFault[] {
  return patternFaults(definition, patterns).map(({ path, pattern, why }) => ({
    rule: 'schema/format',
    severity: 'error',
    message: `${JSON.stringify(pattern.length > 80 ? `${pattern.slice(0, 79)}…` : pattern)} is no regular expression of Go's (${why}), and the API server refuses the definition`,
    hint: 'Write it without look-around, back references and repetitions beyond 1,000, as RE2 has it.',
    path: formatPointer(path),
    wanted: 'scalar',
  }));
}

/** An object, or its data, that is more than a server takes. */
export function tooLarge({ path, message }: SizeFault): ObjectFault {
  const hint = 'Split it, or keep it elsewhere: in an image, a volume, or a store of objects.';
  return { rule: 'schema/range', severity: 'error', message, hint, path };
}

/** The kind of an object, or why it has none. */
export function namesKind(object: Data): KindName | ObjectFault {
  const { apiVersion, kind } = object;
  const missing = [
    ...(typeof apiVersion === 'string' && apiVersion !== '' ? [] : ['apiVersion']),
    ...(typeof kind === 'string' && kind !== '' ? [] : ['kind']),
  ];
  if (missing.length === 0) return { apiVersion: apiVersion as string, kind: kind as string };
  const message = `has no ${missing.join(' and no ')}, as each object must`;
  const [first] = ['apiVersion', 'kind', 'metadata', ...Object.keys(object)].filter((key) =>
    Object.hasOwn(object, key),
  );
  const place = first === undefined ? {} : { standsFor: formatPointer([first]) };
  return { rule: 'schema/no-kind', severity: 'error', message, path: '', ...place };
}

function customFaults(
  object: Data,
  name: KindName,
  kind: CustomKind,
  target: TargetVersion,
  patterns: Patterns,
): ObjectFault[] {
  const { namespaced, dropsStatus, deprecated, leftToServer } = kind;
  const { minor } = target;
  const faults: ObjectFault[] = [];
  if (deprecated !== undefined) {
    const severity = 'warning';
    faults.push({ rule: 'schema/deprecated-api', severity, message: deprecated, path: '/apiVersion', ofKind: 'each' });
  }
  const ofMetadata = metadataViolations(object, target);
  faults.push(...ofMetadata.map((each) => refused(each, target.applied)));
  if (kind.schema !== undefined) {
    // Like a resource in another one, it has apiVersion, kind and metadata beside what its schema says.
    const root = { ...kind.schema, 'x-kubernetes-embedded-resource': true };
    const embedded = (inner: Data): Violation[] => embeddedViolations(inner, target);
    const before = patterns.leftOut.length;
    const defaulted = withDefaults(object, kind.schema);
    const violations = schemaViolations(defaulted, root, () => ({}), { dropsStatus, patterns, minor, embedded });
    faults.push(...violations.map((each) => refused(each, target.applied)));
    const [why] = patterns.leftOut.slice(before);
    if (why !== undefined) faults.push(notEvaluated(`a pattern of ${shownName(name)} is not evaluated: ${why}`));
  }
  faults.push(...names(object, name, { origin: 'custom', namespaced }, minor));
  if (leftToServer !== undefined) {
    faults.push(notEvaluated(`the rules in CEL of ${leftToServer} are not evaluated: the API server does that`));
  }
  return faults;
}

function notEvaluated(message: string): ObjectFault {
  return { rule: 'schema/not-evaluated', severity: 'note', message, path: '', ofKind: 'once' };
}

function metadataViolations({ metadata }: Data, { schemas }: TargetVersion): Violation[] {
  if (schemas === undefined || metadata === undefined || metadata === null) return [];
  return schemaViolations(metadata, schemas.definition(OBJECT_META), schemas.definition).map((violation) => ({
    ...violation,
    path: `/metadata${violation.path}`,
  }));
}

/** What is wrong with the names and the metadata of an object within a custom resource. It needn't have a name. */
function embeddedViolations(object: Data, target: TargetVersion): Violation[] {
  const { apiVersion, kind } = object;
  const violations: Violation[] = [];
  const wrong = (field: 'apiVersion' | 'kind', value: unknown, wanted: string): void => {
    const rule = typeof value === 'string' ? 'schema/value' : 'schema/type';
    const shown =
      typeof value === 'string' ? `${JSON.stringify(value.slice(0, 80))} is no ${wanted}` : 'must be a string';
    violations.push({ rule, path: `/${field}`, message: shown });
  };
  const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
  const isKind = typeof kind === 'string' && kind.length <= 63 && /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/i.test(kind);
  const isVersion = typeof apiVersion === 'string' && /^[^/]+(?:\/[^/]*)?$|^\/[^/]*$/.test(apiVersion);
  if (isGiven(apiVersion) && !isVersion) wrong('apiVersion', apiVersion, 'API version such as apps/v1');
  if (isGiven(kind) && !isKind) wrong('kind', kind, 'kind such as Deployment');
  const name = { apiVersion: '', kind: '' };
  const ofNames = nameFaults(object, name, { origin: 'unknown', namespaced: true }, target.minor)
    .filter(({ rule }) => rule === 'schema/name')
    .map(({ path, message }): Violation => ({ rule: 'schema/name', message, path: formatPointer(path) }));
  return [...violations, ...metadataViolations(object, target), ...ofNames];
}

/** What was removed, is not there yet, or is deprecated. */
function ageFaults(name: KindName, target: TargetVersion, isThere: boolean): ObjectFault[] {
  const { kubernetes, minor } = target;
  const shown = shownName(name);
  const path = '/apiVersion';
  const life = kubernetes.lifecycle(name);
  const hint = (): { hint?: string } => {
    const instead = life?.replacement ?? stableOf(name, target);
    return instead === undefined ? {} : { hint: `Use ${instead.apiVersion} ${instead.kind}.` };
  };
  if (life?.removed !== undefined && isSince(minor, life.removed)) {
    const message = `${shown} is not in Kubernetes from ${life.removed} on`;
    return [{ rule: 'schema/removed-api', severity: 'error', message, ...hint(), path, ofKind: 'each' }];
  }
  if (life?.deprecated !== undefined && isSince(minor, life.deprecated)) {
    const end = life.removed === undefined ? '' : `, and not there from ${life.removed} on`;
    const message = `${shown} is deprecated since Kubernetes ${life.deprecated}${end}`;
    return [{ rule: 'schema/deprecated-api', severity: 'warning', message, ...hint(), path, ofKind: 'each' }];
  }
  if (isThere) return [];
  const minors = kubernetes.minorsWith(name);
  const [first, last] = [minors[0], minors.at(-1)];
  if (first === undefined || last === undefined || minors.includes(minor)) return [];
  // Before the oldest that is known here it may have been there, too.
  if (!isSince(minor, first) && first !== kubernetes.minors[0]) {
    const message = `${shown} is in Kubernetes from ${first} on`;
    return [{ rule: 'schema/future-api', severity: 'error', message, hint: FUTURE, path, ofKind: 'each' }];
  }
  if (isSince(minor, last) && last !== kubernetes.minors.at(-1)) {
    const message = `${shown} is not in Kubernetes after ${last}`;
    return [{ rule: 'schema/removed-api', severity: 'error', message, ...hint(), path, ofKind: 'each' }];
  }
  return [];
}

/** The newest stable version in which a Kubernetes version has a kind. */
function stableOf({ apiVersion, kind }: KindName, { schemas }: TargetVersion): KindName | undefined {
  const number = (each: KindName): number => Number(/(?:^|\/)v([0-9]+)$/.exec(each.apiVersion)?.[1] ?? 0);
  return schemas
    ?.kinds()
    .filter((each) => each.kind === kind && groupOf(each.apiVersion) === groupOf(apiVersion) && number(each) > 0)
    .filter((each) => each.apiVersion !== apiVersion)
    .sort((a, b) => number(b) - number(a))[0];
}

const FUTURE =
  'Let the template choose the version by .Capabilities.APIVersions.Has, or leave older versions out of kube-versions.';

/** A kind that a group of Kubernetes' own doesn't have. */
function unknownHere(name: KindName, { kubernetes, schemas }: TargetVersion): ObjectFault {
  const kinds = schemas?.kinds() ?? [];
  const elsewhere = kinds.filter(({ kind }) => kind === name.kind).map(({ apiVersion }) => apiVersion);
  const here = kinds.filter(({ apiVersion }) => apiVersion === name.apiVersion).map(({ kind }) => kind);
  const meant = nearest(name.kind.slice(0, 100), here.length > 0 ? here : kinds.map(({ kind }) => kind));
  const hint =
    elsewhere.length > 0
      ? `${name.kind} is in ${elsewhere.sort(byStability).join(', ')}.`
      : meant === undefined
        ? {}
        : `Did you mean ${meant}?`;
  const last = kubernetes.minors.at(-1);
  return {
    rule: 'schema/unknown-kind',
    severity: 'error',
    message: `there is no ${name.kind} in ${name.apiVersion} of Kubernetes up to ${last}`,
    ...(typeof hint === 'string' && { hint }),
    path: elsewhere.length > 0 ? '/apiVersion' : '/kind',
    ofKind: 'each',
  };
}

/** `v1` before `v1beta1` before `v1alpha1`. */
function byStability(a: string, b: string): number {
  const rank = (text: string): number => (text.includes('alpha') ? 2 : text.includes('beta') ? 1 : 0);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function unknownKind(name: KindName, custom: CustomKinds): ObjectFault {
  const others = custom.otherVersions(name);
  const unserved = custom.unserved(name);
  const message =
    others.length > 0
      ? `${name.kind} is defined in ${[...others].sort().join(', ')}, not in ${name.apiVersion}`
      : unserved !== undefined
        ? `${unserved} defines ${name.apiVersion} ${name.kind}, and doesn't serve it, so that it is not checked`
        : `${name.apiVersion} ${name.kind} has no schema here, so that it is not checked`;
  const hint =
    others.length > 0
      ? 'Use one of these, or give the definition that serves this one by crd-schemas.'
      : unserved !== undefined
        ? 'Set served: true for this version in the definition, or give one that serves it by crd-schemas.'
        : 'Give the CustomResourceDefinition, or a JSON schema, by crd-schemas: a file or a folder in the repository, or an oci:// artifact.';
  return {
    rule: 'schema/unknown-kind',
    severity: 'warning',
    message,
    hint,
    path: '',
    standsFor: '/kind',
    ofKind: 'once',
  };
}

function shownName({ apiVersion, kind }: KindName): string {
  return `${apiVersion} ${kind}`;
}

function refused(
  { rule, path, message, nearest: meant, repeats, ofScalar, onServerSide }: Violation,
  applied: Applied,
): ObjectFault {
  const hint = meant !== undefined ? `Did you mean ${meant}?` : onServerSide === true ? TWICE[applied] : undefined;
  const isContainer = / must be a (?:mapping|list)$/.test(message);
  return {
    rule,
    severity: onServerSide === true && applied === 'on-client' ? 'warning' : 'error',
    // What is wrong with a password can be said without it.
    message: mayNameSecret(parsePointer(path).at(-1) ?? '') ? message.replace(QUOTED, 'the value') : message,
    path,
    ...(hint !== undefined && { hint }),
    ...(repeats !== undefined && { repeats }),
    ...(rule === 'schema/unknown-field' && { what: 'key' as const }),
    ...((ofScalar === true || OF_SCALARS.includes(rule)) && {
      wanted: isContainer ? ('container' as const) : ('scalar' as const),
    }),
  };
}

/** Helm 3 upgrades by a patch that goes by the same keys, and meets the first of two; a container takes the last. */
const TWICE: Readonly<Record<Applied, string>> = {
  'on-server': 'Keep one of them: a server-side apply, which is how Helm 4 installs, is refused.',
  'on-client':
    'Keep one of them: the API server takes both from Helm 3, but a later upgrade may change the wrong one, or fail; and Helm 4 is refused.',
};

/** The value that a message begins with. */
const QUOTED = /^"(?:[^"\\]|\\.)*"(?= (?:is|does))/;

/** What these say is said of scalars, but for types, which say what they want. */
const OF_SCALARS: readonly string[] = ['schema/type', 'schema/enum', 'schema/format', 'schema/range'];

function names(...given: Parameters<typeof nameFaults>): ObjectFault[] {
  const [object] = given;
  return nameFaults(...given).map(({ path, ...fault }) => ({
    ...fault,
    severity: 'error',
    path: formatPointer(path),
    ...(fault.rule === 'schema/no-name' && { standsFor: besideName(object) }),
  }));
}

/** A name may be there and empty. */
function besideName(object: Data): string {
  const { metadata } = object;
  if (!Object.hasOwn(object, 'metadata')) return '/kind';
  const isEmpty = typeof metadata === 'object' && metadata !== null && Object.hasOwn(metadata, 'name');
  return isEmpty ? '/metadata/name' : '/metadata';
}

function isSince(minor: string, since: string): boolean {
  return Number(minor.split('.')[1]) >= Number(since.split('.')[1]);
}

export function targetVersion(
  label: string,
  kubernetes: KubernetesSchemas,
  applied: Applied = 'on-server',
): TargetVersion {
  return { label, minor: minorOf(label), schemas: kubernetes.version(label), kubernetes, applied };
}
