/** An object of the Kubernetes API as it comes over the wire. Nothing of it is certain but that it is an object. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly controller?: boolean;
  }[];
  readonly [field: string]: unknown;
}

export interface KindName {
  /** `apps/v1`, `v1`. */
  readonly apiVersion: string;
  readonly kind: string;
}

export interface ObjectName extends KindName {
  /** Absent for what belongs to no namespace. */
  readonly namespace?: string;
  readonly name: string;
}

/** `Pod/agent-0`, as kubectl names it; `apps` and the like are left out. */
export function shownObject({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`;
}
