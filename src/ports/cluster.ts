import type { KindName, KubeObject, ObjectName } from '../domain/kube-object.ts';
import type { Releases } from './releases.ts';

export interface ClusterFault {
  readonly kind:
    | 'unreachable' // refused, no such host, closed, a deadline passed
    | 'unauthorized' // 401: a credential that is wrong or ran out
    | 'forbidden' // 403 for want of a right
    | 'conflict' // 409: somebody else wrote first, or it is there already
    | 'refused' // 403 by admission or quota, 400 and 422: the API server won't have the object
    | 'unknown-kind' // no such kind is served
    | 'not-found' // what a change is about, or the namespace it goes to, isn't there
    | 'busy' // 429 and 503 after retries
    | 'other';
  /** One sentence for a person; the API server's own words where there are any. Never a secret. */
  readonly message: string;
  /** Of `conflict` in a server-side apply: who owns which field. */
  readonly conflicts?: readonly { readonly manager: string; readonly field: string }[];
}

export type ClusterAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: ClusterFault };

export interface ListOptions {
  readonly labels?: string;
  readonly fields?: string;
}

export interface AccessCheck {
  readonly verb: string;
  /** `apps`; an empty text for the core group. */
  readonly group: string;
  /** Plural, `deployments`; with a subresource `pods/log`. */
  readonly resource: string;
  readonly namespace?: string;
}

/** A kind as the API server serves it. */
export interface ServedKind extends KindName {
  /** Plural. */
  readonly resource: string;
  readonly namespaced: boolean;
}

export interface ClusterAccess {
  readonly cluster: Cluster;
  readonly releases: Releases;
  /** The private file that says how it is reached, absolute. */
  readonly kubeconfig: string;
}

/** What is going on in a namespace, kept up to date until it is closed. */
export interface Watching {
  /** The objects of a kind that is watched as they are known now, without `managedFields`. */
  current(kind: KindName): readonly KubeObject[];
  /** Whether what is known is current: false until every kind was listed once, and while the API server can't be reached. */
  readonly connected: boolean;
  /** Why it isn't connected; `unauthorized` doesn't pass by waiting. */
  readonly fault: ClusterFault | undefined;
  /** Kinds that are not served or that we may not see: nothing is known of them, and they don't count for `connected`. */
  readonly blind: readonly KindName[];
  close(): void;
}

/**
 * A Kubernetes cluster. Every call is bounded in time (half a minute), and what can be tried again is tried again
 * within that; a change may so arrive twice, and its second arrival is a `conflict`: read, and see who wrote.
 * No call throws `Cancelled`: after an interruption each still has three seconds, so that a lease can be given back.
 */
export interface Cluster {
  /** The API server's host, for messages. */
  readonly host: string;
  /** `v1.35.3`. */
  version(): Promise<ClusterAnswer<string>>;
  /** `undefined` when there is none. */
  get(name: ObjectName): Promise<ClusterAnswer<KubeObject | undefined>>;
  list(
    kind: KindName,
    namespace: string | undefined,
    options?: ListOptions,
  ): Promise<ClusterAnswer<readonly KubeObject[]>>;
  create(object: KubeObject): Promise<ClusterAnswer<KubeObject>>;
  /** With the resourceVersion that the object has: a `conflict` when it changed meanwhile. */
  replace(object: KubeObject): Promise<ClusterAnswer<KubeObject>>;
  /** A JSON merge patch. */
  patch(name: ObjectName, patch: object): Promise<ClusterAnswer<KubeObject>>;
  /** False when there was none. With a uid only that very object. */
  remove(name: ObjectName, options?: { readonly uid?: string }): Promise<ClusterAnswer<boolean>>;
  /**
   * Server-side apply as a dry run with strict fields: what the API server would say and make of it. Forced, unless
   * `force` is false: then fields that others own and that would change are a `conflict` that names them. A webhook
   * that can't be asked for a dry run is a fault of the kind `other`.
   */
  dryApply(
    object: KubeObject,
    manager: string,
    options?: { readonly force?: boolean },
  ): Promise<ClusterAnswer<KubeObject>>;
  /** Server-side apply, forced: what the object sets is so then, and belongs to this manager. */
  apply(object: KubeObject, manager: string): Promise<ClusterAnswer<KubeObject>>;
  /** The last lines of a container's log; an empty text where there is none (yet, or any more). */
  logs(
    pod: { readonly namespace: string; readonly name: string },
    container: string,
    options: { readonly previous?: boolean; readonly lines: number; readonly bytes: number },
  ): Promise<ClusterAnswer<string>>;
  /** May we? In the order of the checks. */
  allowed(checks: readonly AccessCheck[]): Promise<ClusterAnswer<readonly boolean[]>>;
  /** The kinds that are served; kinds of the groups that could not be asked are left out. */
  kinds(): Promise<ClusterAnswer<readonly ServedKind[]>>;
  /** Watches kinds in a namespace; `changed` is called, at most once a tick, when something is different. */
  watch(kinds: readonly KindName[], namespace: string, changed: () => void): Watching;
}
