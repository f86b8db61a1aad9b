import { type KubeObject, shownObject } from './kube-object.ts';
import { holdsData, objectKey } from './manifest-objects.ts';
import { type Change, changesBetween, type Redact } from './release-diff.ts';

export interface Danger {
  readonly kind:
    | 'deletion' // an object goes
    | 'immutable' // a field changes that the API server won't have changed
    | 'volume' // what holds data goes or changes
    | 'no-replicas' // nothing runs any more
    | 'selector'; // other pods get the traffic, or are meant
  /** `Deployment/agent`. */
  readonly object: string;
  readonly message: string;
}

/** The worst first. */
const KINDS: readonly Danger['kind'][] = ['volume', 'deletion', 'immutable', 'no-replicas', 'selector'];

/** What of a change may lose data or traffic, or is refused by the API server. */
export function dangersOf(before: readonly KubeObject[], after: readonly KubeObject[], redact: Redact): Danger[] {
  const next = new Map(after.map((object) => [objectKey(object), object]));
  const dangers = before
    .filter((object) => !isHook(object))
    .flatMap((object) => {
      const now = next.get(objectKey(object));
      return now === undefined ? goneOf(object) : changedOf(object, now, redact);
    });
  return dangers.sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
}

/** Helm removes and makes a hook as it goes along. */
function isHook({ metadata }: KubeObject): boolean {
  return metadata.annotations?.['helm.sh/hook'] !== undefined;
}

function goneOf(object: KubeObject): Danger[] {
  if (metadataOf(object)['helm.sh/resource-policy'] === 'keep') return [];
  if (holdsData(object)) return [danger('volume', object, 'is deleted, and what it holds with it')];
  return [danger('deletion', object, 'is deleted')];
}

function metadataOf({ metadata }: KubeObject): Readonly<Record<string, unknown>> {
  return metadata.annotations ?? {};
}

function changedOf(object: KubeObject, now: KubeObject, redact: Redact): Danger[] {
  const told = changesBetween(object, now, redact).flatMap((change) => dangerOf(object, now, change));
  // A list that changes in several places is one danger.
  return [...new Map(told.map((one) => [`${one.kind} ${one.message}`, one])).values()];
}

function dangerOf(old: KubeObject, now: KubeObject, change: Change): Danger[] {
  const { path, from, to } = change;
  const text = path.join('.');
  const value = now.kind === 'Secret' ? '' : ` (${from} → ${to})`;
  if (isClaim(old, text)) return [danger('volume', now, `${claimField(text)} changes${value}: ${CLAIMS}`)];
  if (isImmutable(old, text)) {
    const field = immutableField(text);
    return [danger('immutable', now, `${field} can't be changed, only made anew${field === text ? value : ''}`)];
  }
  if (text === 'spec.replicas' && to === '0') return [danger('no-replicas', now, `replicas go from ${from} to 0`)];
  if (isSelector(now, text)) return [danger('selector', now, `${text} changes${value}`)];
  return [];
}

const CLAIMS = 'a claim can grow where its class allows it, and nothing else';

function isClaim(object: KubeObject, path: string): boolean {
  if (idOf(object) === '/PersistentVolumeClaim') return path.startsWith('spec.');
  return idOf(object) === 'apps/StatefulSet' && path.startsWith('spec.volumeClaimTemplates');
}

/** Of a claim within a StatefulSet the field of the claim says less than the list that it stands in. */
function claimField(path: string): string {
  return /^(spec\.volumeClaimTemplates)/.exec(path)?.[1] ?? path;
}

/** By kind: the fields that may not change once an object is there, or `!` and the only ones of its spec that may. */
const IMMUTABLE: Readonly<Record<string, RegExp>> = {
  'apps/Deployment': /^spec\.selector\b/,
  'apps/DaemonSet': /^spec\.selector\b/,
  'apps/ReplicaSet': /^spec\.selector\b/,
  'apps/StatefulSet':
    /^spec\.(?!(?:replicas|ordinals|template|updateStrategy|persistentVolumeClaimRetentionPolicy|minReadySeconds|revisionHistoryLimit)\b)/,
  'batch/Job':
    /^spec\.(?:selector|template|completionMode|completions|podFailurePolicy|successPolicy|backoffLimitPerIndex|managedBy)\b/,
  '/Service': /^spec\.clusterIPs?\b/,
  '/Secret': /^type$/,
  'rbac.authorization.k8s.io/RoleBinding': /^roleRef\b/,
  'rbac.authorization.k8s.io/ClusterRoleBinding': /^roleRef\b/,
  'storage.k8s.io/StorageClass': /^(?:provisioner|parameters|reclaimPolicy|volumeBindingMode)\b/,
  'networking.k8s.io/IngressClass': /^spec\.controller$/,
  'scheduling.k8s.io/PriorityClass': /^(?:value|preemptionPolicy)$/,
};

function isImmutable(object: KubeObject, path: string): boolean {
  const id = idOf(object);
  if ((id === '/ConfigMap' || id === '/Secret') && object.immutable === true)
    return /^(?:data|binaryData|stringData|immutable)\b/.test(path);
  return IMMUTABLE[id]?.test(path) === true;
}

/** What is made anew as a whole is told as a whole. */
function immutableField(path: string): string {
  return /^(?:spec\.(?:template|selector)|roleRef|parameters|(?:binary|string)?[dD]ata)\b/.exec(path)?.[0] ?? path;
}

function isSelector(object: KubeObject, path: string): boolean {
  return ['/Service', 'networking.k8s.io/NetworkPolicy', 'policy/PodDisruptionBudget'].includes(idOf(object))
    ? /^spec\.(?:selector|podSelector)\b/.test(path)
    : false;
}

/** `apps/Deployment`, `/Service`: a kind stays the same when its version changes. */
function idOf({ apiVersion, kind }: KubeObject): string {
  return `${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}/${kind}`;
}

function danger(kind: Danger['kind'], { kind: of, metadata: { name } }: KubeObject, message: string): Danger {
  return { kind, object: shownObject({ kind: of, name }), message };
}
