import type { Location } from '../domain/reference.ts';

export interface RegistryFault {
  readonly kind:
    | 'unauthenticated' // no credentials, or wrong ones
    | 'denied' // 403
    | 'unreachable' // connection refused, no such host, closed in the middle
    | 'rate-limited' // 429 after the tool's own retries
    | 'server-error' // 5xx after the tool's own retries
    | 'timeout'
    | 'transport' // HTTPS spoken to an HTTP server or the reverse, an untrusted certificate
    | 'corrupt' // content whose digest is not what it should be, or that can't be a chart
    | 'other';
  /** One sentence for a person, with the host, without a secret. */
  readonly message: string;
  readonly hint?: string;
}

export type RegistryAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: RegistryFault };

export interface Manifest {
  /** `sha256:…` of the manifest itself. */
  readonly digest: string;
  readonly layers: readonly {
    readonly mediaType: string;
    readonly digest: string;
    readonly size: number;
    /** As the registry gave them: whatever they hold. */
    readonly annotations?: unknown;
  }[];
}

/** A chart as it is pushed: the packed archive, the config blob and the manifest's annotations. */
export interface ArtifactToPush {
  /** The archive's file name, `NAME-VERSION.tgz`. */
  readonly fileName: string;
  readonly archive: Uint8Array;
  readonly config: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What is attached to a manifest: annotations and, where it has one, a content. */
export interface ArtifactToAttach {
  readonly type: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly content?: { readonly fileName: string; readonly mediaType: string; readonly bytes: Uint8Array };
}

export interface Attached {
  /** `sha256:…` of its own manifest. */
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Registries and OCI layouts. Every call is bounded in time; "absent" is said only when the registry said so. */
export interface Registry {
  /** Whether this run has a login for a host; a credential store that may hold one for any is none. */
  hasLogin(host: string): Promise<boolean>;
  /** The manifest that a tag or digest names; `undefined` when there is none. */
  manifest(location: Location, reference: string): Promise<RegistryAnswer<Manifest | undefined>>;
  /** A blob whose bytes were checked against its digest; a `corrupt` fault when it is larger than `limitBytes`. */
  blob(location: Location, digest: string, limitBytes: number): Promise<RegistryAnswer<Uint8Array>>;
  /** Every tag of a repository; none where there is no such repository. */
  tags(location: Location): Promise<RegistryAnswer<readonly string[]>>;
  /** Pushes and tags; the manifest's digest. */
  push(location: Location, tag: string, artifact: ArtifactToPush): Promise<RegistryAnswer<string>>;
  /** Makes a tag name what a digest does, whatever it named before. */
  tag(
    location: Extract<Location, { kind: 'registry' }>,
    digest: string,
    tag: string,
  ): Promise<RegistryAnswer<undefined>>;
  /** Pushes one file as an artifact, and moves the tag to it. */
  pushFile(
    location: Extract<Location, { readonly kind: 'registry' }>,
    tag: string,
    file: { readonly name: string; readonly content: Uint8Array; readonly type: string; readonly configType: string },
  ): Promise<RegistryAnswer<undefined>>;
  /** Attaches an artifact to a manifest (an OCI referrer), whose digest stays. */
  attach(location: Location, digest: string, artifact: ArtifactToAttach): Promise<RegistryAnswer<undefined>>;
  /** Every artifact of a type that is attached to a manifest. */
  attached(location: Location, digest: string, type: string): Promise<RegistryAnswer<readonly Attached[]>>;
  /**
   * Copies a manifest as it is to another place, with everything that is attached to it and to that, and tags it
   * there, unless the tag is there already. A fault when something that is attached is not seen there afterwards.
   */
  copy(from: Location, digest: string, to: Location, tag: string): Promise<RegistryAnswer<undefined>>;
}
