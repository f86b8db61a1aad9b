import { groupOf, type KindName } from './kubernetes-schemas.ts';

/** What is wrong with a name, a namespace, a label or an annotation. */
export interface NameFault {
  readonly rule: 'schema/name' | 'schema/no-name';
  /** A JSON pointer's steps within the object. */
  readonly path: readonly string[];
  readonly message: string;
  /** It is the last step of the path itself that is refused, and not what is there. */
  readonly what?: 'key';
}

/** By what a server judges a name (k8s.io/kubernetes, pkg/apis: each kind's ValidateObjectMeta). */
type NameRule = 'subdomain' | 'label' | 'letter-first label' | 'path segment';

/**
 * Of the kinds that Kubernetes has itself, all are judged as DNS subdomains but these. A PodDisruptionBudget's name
 * nobody looks at; what a request puts into a path is asked of every name.
 */
const RULES: Readonly<Record<string, NameRule>> = {
  '/Namespace': 'label',
  '/Service': 'letter-first label',
  'apps/StatefulSet': 'label',
  '/Binding': 'path segment',
  '/Event': 'path segment',
  'events.k8s.io/Event': 'path segment',
  'apiregistration.k8s.io/APIService': 'path segment',
  'certificates.k8s.io/CertificateSigningRequest': 'path segment',
  'certificates.k8s.io/ClusterTrustBundle': 'path segment',
  'coordination.k8s.io/LeaseCandidate': 'path segment',
  'internal.apiserver.k8s.io/StorageVersion': 'path segment',
  'networking.k8s.io/IPAddress': 'path segment',
  'policy/PodDisruptionBudget': 'path segment',
  'rbac.authorization.k8s.io/ClusterRole': 'path segment',
  'rbac.authorization.k8s.io/ClusterRoleBinding': 'path segment',
  'rbac.authorization.k8s.io/Role': 'path segment',
  'rbac.authorization.k8s.io/RoleBinding': 'path segment',
};

/** Where the template of a pod lies in the kinds that have one: its labels and annotations are judged too. */
export const POD_TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  '/PodTemplate': ['template'],
  '/ReplicationController': ['spec', 'template'],
  'apps/DaemonSet': ['spec', 'template'],
  'apps/Deployment': ['spec', 'template'],
  'apps/ReplicaSet': ['spec', 'template'],
  'apps/StatefulSet': ['spec', 'template'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
  'batch/Job': ['spec', 'template'],
};

/** What is known of a kind. Of one that nobody knows only that is asked which a path asks. */
export interface KindNature {
  readonly origin: 'built-in' | 'custom' | 'unknown';
  readonly namespaced: boolean;
}

/** The names, labels and annotations that an API server of a minor version (`1.35`) refuses. */
export function nameFaults(
  object: Readonly<Record<string, unknown>>,
  kind: KindName,
  { origin, namespaced }: KindNature,
  minor: string,
): NameFault[] {
  const id = `${groupOf(kind.apiVersion)}/${kind.kind}`;
  const metadata = mappingAt(object, ['metadata']) ?? {};
  const faults = metadataFaults(metadata, ['metadata']);
  faults.push(...ownNameFaults(object, metadata, ruleOf(id, origin, minor), id));
  const { namespace } = metadata;
  // Of what belongs to no namespace the server drops it.
  if (namespaced && typeof namespace === 'string' && namespace !== '' && !isLabel(namespace)) {
    faults.push(refused(['metadata', 'namespace'], namespace, WORDS.label));
  }
  const template = POD_TEMPLATES[id];
  const within = template === undefined ? undefined : mappingAt(object, [...template, 'metadata']);
  if (template !== undefined && within !== undefined) faults.push(...metadataFaults(within, [...template, 'metadata']));
  return faults;
}

function ruleOf(id: string, origin: KindNature['origin'], minor: string): NameRule {
  if (origin !== 'built-in') return origin === 'custom' ? 'subdomain' : 'path segment';
  const rule = Object.hasOwn(RULES, id) ? RULES[id] : undefined;
  // Since 1.36 a Service's name may begin with a digit (RelaxedServiceNameValidation).
  if (rule === 'letter-first label' && Number(minor.slice(2)) >= 36) return 'label';
  return rule ?? 'subdomain';
}

function ownNameFaults(
  object: Readonly<Record<string, unknown>>,
  metadata: Readonly<Record<string, unknown>>,
  rule: NameRule,
  id: string,
): NameFault[] {
  // A review is asked, not kept: it has no name.
  if (/(?:Review)$/.test(id)) return [];
  const { name, generateName } = metadata;
  const faults: NameFault[] = [];
  const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
  const generates = typeof generateName === 'string' && generateName !== '';
  // Of a longer one the server takes the beginning.
  const isFit = (prefix: string): boolean => isGiven(name) || fits(`${prefix.slice(0, 58)}x0x0x`, rule);
  if (generates && !(isPrefix(generateName, rule) && isFit(generateName))) {
    faults.push(refused(['metadata', 'generateName'], generateName, WORDS[rule]));
  }
  if (!isGiven(name) && !isGiven(generateName)) {
    faults.push({ rule: 'schema/no-name', path: ['metadata'], message: 'has no name' });
  }
  if (typeof name !== 'string' || name === '') return faults;
  if (!fits(name, rule)) faults.push(refused(['metadata', 'name'], name, WORDS[rule]));
  else if (id === 'batch/CronJob' && name.length > CRON_JOB) {
    faults.push(refused(['metadata', 'name'], name, `the name of a CronJob: at most ${CRON_JOB} characters`));
  } else if (id === 'batch/Job' && name.length > LABEL && mappingAt(object, ['spec'])?.manualSelector !== true) {
    // The server puts it into a label of the pods.
    faults.push(refused(['metadata', 'name'], name, `the name of a Job: at most ${LABEL} characters`));
  }
  return faults;
}

function metadataFaults(metadata: Readonly<Record<string, unknown>>, path: readonly string[]): NameFault[] {
  const faults: NameFault[] = [];
  for (const [key, value] of Object.entries(mappingAt(metadata, ['labels']) ?? {})) {
    if (!isQualifiedName(key)) faults.push(refused([...path, 'labels', key], key, `the key of a label: ${QUALIFIED}`));
    if (typeof value === 'string' && !isLabelValue(value)) {
      faults.push(refused([...path, 'labels', key], value, `the value of a label: ${LABEL_VALUE}`));
    }
  }
  let size = 0;
  for (const [key, value] of Object.entries(mappingAt(metadata, ['annotations']) ?? {})) {
    if (typeof value === 'string') size += Buffer.byteLength(key) + Buffer.byteLength(value);
    if (!isQualifiedName(key.toLowerCase())) {
      faults.push(refused([...path, 'annotations', key], key, `the key of an annotation: ${QUALIFIED}`));
    }
  }
  if (size > ANNOTATIONS) {
    const message = `its annotations have ${size} bytes together, and ${ANNOTATIONS} are allowed`;
    faults.push({ rule: 'schema/name', path: [...path, 'annotations'], message });
  }
  return faults;
}

const LABEL = 63;
const CRON_JOB = 52;
const ANNOTATIONS = 256 * 1024;
const QUALIFIED =
  'at most 63 letters, digits, - _ . that begin and end with a letter or digit, after a DNS subdomain and / or not';
const LABEL_VALUE = 'at most 63 letters, digits, - _ . that begin and end with a letter or digit';
const WORDS: Readonly<Record<NameRule, string>> = {
  subdomain: 'a DNS subdomain: lower-case letters, digits, - and ., at most 253, with a letter or digit at each end',
  label: 'a DNS label: lower-case letters, digits and -, at most 63, with a letter or digit at each end',
  'letter-first label': 'a DNS label that begins with a letter: lower-case letters, digits and -, at most 63',
  'path segment': 'a segment of a path: not . or .., and without / and %',
};

function refused(path: readonly string[], text: string, wanted: string): NameFault {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
  const message = `${shown} is not ${wanted}`;
  return { rule: 'schema/name', path, message, ...(text === path.at(-1) && { what: 'key' }) };
}

function fits(name: string, rule: NameRule): boolean {
  switch (rule) {
    case 'subdomain':
      return isSubdomain(name);
    case 'label':
      return isLabel(name);
    case 'letter-first label':
      return isLabel(name) && /^[a-z]/.test(name);
    case 'path segment':
      return name !== '.' && name !== '..' && !/[/%]/.test(name);
  }
}

/** A text is put behind it: one that ends with a dash is judged without its last two characters (apimachinery). */
function isPrefix(text: string, rule: NameRule): boolean {
  if (rule === 'path segment') return !/[/%]/.test(text);
  return fits(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text, rule);
}

export function isLabel(text: string): boolean {
  return text.length <= LABEL && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}

export function isSubdomain(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]+(?:(?:-+|\.)[a-z0-9]+)*$/.test(text);
}

export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= LABEL && /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(text));
}

export function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  return name !== '' && isLabelValue(name) && (slash === -1 || isSubdomain(key.slice(0, slash)));
}

function mappingAt(object: Readonly<Record<string, unknown>>, path: readonly string[]) {
  let node: unknown = object;
  for (const step of path) {
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return undefined;
    node = Object.hasOwn(node, step) ? (node as Record<string, unknown>)[step] : undefined;
  }
  const isMapping = typeof node === 'object' && node !== null && !Array.isArray(node);
  return isMapping ? (node as Readonly<Record<string, unknown>>) : undefined;
}
