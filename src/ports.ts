import type { WorkflowRun } from './domain/attestation.ts';
import type { Commit } from './domain/changelog.ts';
import type { SignerIdentity } from './domain/expected-signer.ts';
import type { KindName, KubeObject, ObjectName } from './domain/kube-object.ts';
import type { KyvernoPolicy } from './domain/kyverno-policies.ts';
import type { Here, Holder } from './domain/lease-holder.ts';
import type { Report } from './domain/outcome.ts';
import type { Location } from './domain/reference.ts';
import type { StageRun } from './domain/stage.ts';

/** What the pipeline needs from outside. Expected failures are values; only bugs and `EnvironmentError` throw. */
export interface Ports {
  readonly helm: Helm;
  readonly registry: Registry;
  /** The cluster of a context, the current one when none is named. Asks nobody but the disk; throws a `RequestError`. */
  readonly connectCluster: (context: string | undefined) => Promise<ClusterAccess>;
  readonly sops: Sops;
  readonly openForge: OpenForge;
  readonly conftest: Conftest;
  readonly kyverno: Kyverno;
  readonly git: Git;
  readonly signing: Signing;
  readonly verifying: Verifying;
  readonly files: Files;
  readonly host: Host;
  readonly clock: Clock;
  readonly self: Self;
}

/** This run: how others come to know it, and what ends it. */
export interface Self {
  readonly run: Omit<Holder, 'id' | 'since'>;
  readonly here: Here;
  /** Aborted with a `Cancelled` when the run is interrupted. */
  readonly cancel: AbortSignal;
}

export interface Clock {
  /** Seconds on a clock that only goes forward. */
  now(): number;
}

// ---------------------------------------------------------------- helm

export type HelmFaultKind =
  | 'schema' // the values don't meet a values.schema.json
  | 'schema-file' // a values.schema.json is no schema
  | 'yaml' // a template's output, or a source file, is no YAML
  | 'template' // a template failed: nil pointer, required, fail, a syntax error
  | 'missing-dependency'
  | 'kube-version' // Chart.yaml's kubeVersion doesn't admit the version
  | 'lint' // a rule of helm lint
  | 'timeout'
  | 'memory'
  | 'output' // more output than is read
  | 'other';

/** What helm said, taken apart. */
export interface HelmFault {
  readonly kind: HelmFaultKind;
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
  /** Relative to the chart's folder: `templates/x.yaml`, `charts/redis/templates/y.yaml`. */
  readonly file?: string;
  /** Given only where helm means a line of the source file. */
  readonly line?: number;
  readonly column?: number;
  /** For `schema`: a JSON pointer into the values of `chart`; for `schema-file`: into the schema, where it is known. */
  readonly pointer?: string;
  /** For both: the name of the chart whose schema it is. */
  readonly chart?: string;
}

export interface HelmChartCall {
  /** The chart's folder or archive, absolute. */
  readonly chart: string;
  /** Values files, absolute, merged in this order. */
  readonly values: readonly string[];
  /** `path=value`, merged after the files, in Helm's `--set` syntax. */
  readonly set: readonly string[];
  /** YAML, merged last of the files; reaches helm by standard input. */
  readonly secretValues?: string;
  /** Such as `1.35.4`. */
  readonly kubeVersion: string;
  readonly release: string;
  readonly namespace: string;
  /** The schema check is left out where the same values were checked already, or where a schema must not be followed. */
  readonly skipSchema: boolean;
}

export interface HelmTemplateCall extends HelmChartCall {
  readonly apiVersions: readonly string[];
  readonly upgrade: boolean;
}

export interface HelmPullCall {
  /** `https://…` or `http://…` (an index.yaml lies there), or `oci://host/path` (the parent of the chart's repository). */
  readonly repository: string;
  readonly name: string;
  /** A version or a range, by Helm's rules. */
  readonly version: string;
  /** An existing folder for the archive, absolute. */
  readonly destination: string;
}

export type HelmAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly HelmFault[] };

export interface Helm {
  /** The version of the program, such as `4.3.1`. */
  version(): Promise<string>;
  /** Faults found; empty when the chart is clean. Notes (an icon is recommended) are left out. */
  lint(call: HelmChartCall): Promise<readonly HelmFault[]>;
  /** The manifest as helm prints it, hooks and test pods with it. */
  template(call: HelmTemplateCall): Promise<HelmAnswer<string>>;
  /** The path of the archive that helm wrote into `destination` (an existing, empty folder). */
  package(chart: string, destination: string): Promise<HelmAnswer<string>>;
  /** The path of the archive that was pulled. */
  pull(call: HelmPullCall): Promise<HelmAnswer<string>>;
}

// ---------------------------------------------------------------- releases

/** What every call of helm that looks at a release in a cluster has in common. */
export interface HelmReleaseCall {
  readonly release: string;
  readonly namespace: string;
  /** Seconds helm itself waits; the call is ended some seconds later. */
  readonly timeout: number;
  /** Ends the call early: helm gets SIGTERM, on which it marks a running revision as failed and goes (facts: B4). */
  readonly stop?: AbortSignal;
}

export interface HelmUpgradeCall extends HelmReleaseCall {
  /** The package that was published, absolute. */
  readonly chart: string;
  readonly values: readonly string[];
  readonly set: readonly string[];
  readonly secretValues?: string;
  /** Labels of the release record; never a system label of helm's. Always given in full: helm inherits those of before. */
  readonly labels: Readonly<Record<string, string>>;
  /** Stands in `helm history`. */
  readonly description: string;
}

export type ReleaseFaultKind =
  | 'busy' // another operation is in progress: a pending revision, of whomever
  | 'not-found' // no such release, or revision
  | 'render' // the chart can't be rendered with these values and this cluster
  | 'refused' // the API server won't have an object
  | 'forbidden'
  | 'unauthorized'
  | 'unreachable'
  | 'hook-failed'
  | 'test-failed'
  | 'not-ready' // the time was up, or helm saw something fail
  | 'other';

export type HelmEnd =
  | { readonly ok: true; readonly output: string }
  /** `stopped`: by the call's own signal. `message` is helm's reason without its prefix. */
  | {
      readonly ok: false;
      readonly ended: 'failed' | 'stopped' | 'timeout';
      readonly kind: ReleaseFaultKind;
      readonly message: string;
    };

/** Releases in a cluster, by the helm command. The kubeconfig reaches helm as a private file. Never rolls back by itself. */
export interface Releases {
  /** The version of the program, such as `4.3.1`: Helm 3 applies in another way. */
  version(): Promise<string>;
  /** What `upgrade` would apply, as rendered with what the cluster has, and its hooks. */
  dryRun(
    call: HelmUpgradeCall,
  ): Promise<
    { readonly ok: true; readonly manifest: string; readonly hooks: string } | Extract<HelmEnd, { ok: false }>
  >;
  /** `helm upgrade --install --wait`; the namespace exists. */
  upgrade(call: HelmUpgradeCall): Promise<HelmEnd>;
  rollback(call: HelmReleaseCall & { readonly revision: number }): Promise<HelmEnd>;
  uninstall(call: HelmReleaseCall): Promise<HelmEnd>;
  /** The test hooks of the live revision; their logs and verdicts are read from the cluster, not from this output. */
  test(call: HelmReleaseCall): Promise<HelmEnd>;
}

// ---------------------------------------------------------------- cluster

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

// ---------------------------------------------------------------- registries

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

// ---------------------------------------------------------------- signatures

export type Signed =
  /** A Sigstore bundle, in JSON. */
  | { readonly ok: true; readonly bundle: Uint8Array }
  /** One sentence with who was asked, without a secret. */
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** Signs statements: keyless as the workflow that this is a step of, or by a key. */
export interface Signing {
  /** Throws an `EnvironmentError` where what signing needs isn't there. */
  ready(): Promise<void>;
  /** The run of the workflow, as far as it can show who it is; `undefined` elsewhere than on GitHub. */
  workflow(): Promise<
    | { readonly ok: true; readonly workflow: WorkflowRun | undefined }
    | { readonly ok: false; readonly message: string; readonly hint?: string }
  >;
  sign(statement: string): Promise<Signed>;
}

/** Checks Sigstore bundles against a trusted root, or against a key. Throws an `EnvironmentError` without either. */
export interface Verifying {
  verify(bundle: Uint8Array): Promise<
    | { readonly ok: true; readonly signer: SignerIdentity; readonly statement: unknown }
    /** A phrase to follow the name of what was checked. */
    | { readonly ok: false; readonly message: string }
  >;
}

// ---------------------------------------------------------------- GitHub

/** GitHub's API for one repository (`owner/name`), with a token. */
export type OpenForge = (access: { readonly repository: string; readonly token: string }) => Promise<Forge>;

export interface ForgeFault {
  readonly kind:
    | 'unauthorized' // 401: the token is wrong, or ran out
    | 'forbidden' // 403: the token may not
    | 'rate-limited' // 403 and 429 that say when to come again, after waiting where that is soon
    | 'not-found' // 404 and 410; GitHub says so, too, of what the token may not see
    | 'conflict' // 409
    | 'invalid' // 422 and 400
    | 'unreachable' // refused, no such host, closed in the middle, a deadline passed
    | 'server-error'; // 5xx, after tries where another does no harm
  /** One sentence for a person; GitHub's own words where there are any. Never a secret. */
  readonly message: string;
}

export type ForgeAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: ForgeFault };

export interface ForgeComment {
  readonly id: number;
  readonly body: string;
  /** Written by an app (as the workflow's token is), or by somebody whom the repository trusts to write. */
  readonly isTrusted: boolean;
}

export interface ForgeDeployment {
  readonly id: number;
  readonly sha: string;
}

export interface DeploymentStatus {
  readonly state: 'error' | 'failure' | 'inactive' | 'in_progress' | 'queued' | 'pending' | 'success';
  /** At most 140 characters. */
  readonly description: string;
  /** The run that it comes from. */
  readonly logUrl: string;
  /** Where what is deployed is reached. */
  readonly environmentUrl?: string;
}

export interface ForgeRelease {
  readonly id: number;
  readonly tag: string;
  readonly isDraft: boolean;
  /** Published for good: neither it nor its files can be changed any more. */
  readonly isImmutable: boolean;
  readonly body: string;
  /** Where a person looks at it. */
  readonly url: string;
  /** Where files are sent to, as GitHub names it. */
  readonly uploadUrl: string;
}

export interface ForgeAsset {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  /** `sha256:…`; absent where GitHub doesn't say. */
  readonly digest?: string;
  /** False for an upload that goes on, or was never finished. */
  readonly isComplete: boolean;
}

/**
 * What is said on GitHub. Every call is bounded in time. What can be tried again without harm is tried again; what
 * makes something new is sent once, so that `unreachable` and `server-error` leave open whether it was made: look.
 */
export interface Forge {
  /** Oldest first. */
  comments(pullRequest: number): Promise<ForgeAnswer<readonly ForgeComment[]>>;
  addComment(pullRequest: number, body: string): Promise<ForgeAnswer<ForgeComment>>;
  editComment(id: number, body: string): Promise<ForgeAnswer<undefined>>;
  removeComment(id: number): Promise<ForgeAnswer<undefined>>;

  /** The newest of an environment and a task, newest first. */
  deployments(of: {
    readonly environment: string;
    readonly task: string;
    readonly sha?: string;
  }): Promise<ForgeAnswer<readonly ForgeDeployment[]>>;
  addDeployment(deployment: {
    readonly environment: string;
    readonly task: string;
    readonly sha: string;
    readonly description: string;
    readonly payload: Readonly<Record<string, string>>;
    readonly isProduction: boolean;
  }): Promise<ForgeAnswer<ForgeDeployment>>;
  /** Newest first. */
  deploymentStatuses(id: number): Promise<ForgeAnswer<readonly DeploymentStatus[]>>;
  /** Other deployments of the environment stay as they are. */
  addDeploymentStatus(id: number, status: DeploymentStatus): Promise<ForgeAnswer<undefined>>;

  /** Every release of a tag, drafts with it, oldest first. */
  releases(tag: string): Promise<ForgeAnswer<readonly ForgeRelease[]>>;
  addDraft(release: {
    readonly tag: string;
    readonly sha: string;
    readonly name: string;
    readonly body: string;
    readonly isPrerelease: boolean;
  }): Promise<ForgeAnswer<ForgeRelease>>;
  removeRelease(id: number): Promise<ForgeAnswer<undefined>>;
  /** Makes a draft public, with other words where they are given; nothing for what is. */
  publishRelease(
    id: number,
    as: { readonly isPrerelease: boolean; readonly body?: string },
  ): Promise<ForgeAnswer<ForgeRelease>>;
  assets(release: number): Promise<ForgeAnswer<readonly ForgeAsset[]>>;
  /** A `conflict` when there is one of that name. */
  addAsset(
    release: ForgeRelease,
    asset: { readonly name: string; readonly type: string; readonly content: Uint8Array },
  ): Promise<ForgeAnswer<ForgeAsset>>;
  removeAsset(id: number): Promise<ForgeAnswer<undefined>>;
}

// ---------------------------------------------------------------- git

export type GitAnswer =
  /** Newest first; `since` is the tag before, where there is one. */
  | { readonly ok: true; readonly since: string | undefined; readonly commits: readonly Commit[] }
  /** A phrase that says why not. */
  | { readonly ok: false; readonly message: string };

export interface Git {
  /** The commits of a tag since the last one before it whose name matches (git's patterns), of some folders alone. */
  commitsBefore(
    tag: string,
    of: { readonly match: string; readonly exclude: string | undefined; readonly folders: readonly string[] },
  ): Promise<GitAnswer>;
}

// ---------------------------------------------------------------- encrypted values

export type Decrypted =
  | { readonly ok: true; readonly content: Uint8Array }
  /** A phrase to follow the file's name, with nothing of its content. */
  | { readonly ok: false; readonly message: string; readonly hint?: string };

export interface Sops {
  /** A file in clear, in memory; every value of it is masked by then. Throws an `EnvironmentError` without a sops. */
  decrypt(path: string, shown: string): Promise<Decrypted>;
}

// ---------------------------------------------------------------- users' own policies

export type OwnVerdict =
  | {
      readonly ok: true;
      readonly results: readonly OwnResult[];
      /** Policies that the program doesn't take. */
      readonly refused: readonly OwnRefusal[];
    }
  /** Why the policies can't be run, a phrase to follow the folder's name. */
  | { readonly ok: false; readonly message: string };

export interface OwnResult {
  /** The index of the document that it is said of. */
  readonly document: number;
  /** Which of its objects, where that is known. */
  readonly object?: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** What said it: a query such as `main.deny`, a policy and its rule. */
  readonly query: string;
  /** A JSON pointer into the object, as far as the program told one. */
  readonly path?: string;
}

export interface OwnRefusal {
  readonly message: string;
  /** `undefined` where the program doesn't say which policy it means. */
  readonly policy?: KyvernoPolicy;
}

/** Policies in Rego, run by an installed conftest. */
export interface Conftest {
  /** What the policies of a folder say of documents, which hold no secret. Throws an `EnvironmentError` without a conftest. */
  check(folder: string, documents: readonly string[]): Promise<OwnVerdict>;
}

/** Kyverno's policies, run by its own command. */
export interface Kyverno {
  /** What policies say of documents, which hold no secret, installed in a namespace. Throws an `EnvironmentError` without the command. */
  check(policies: readonly KyvernoPolicy[], documents: readonly string[], namespace: string): Promise<OwnVerdict>;
}

// ---------------------------------------------------------------- files

export interface Entry {
  /** Relative to the folder that was listed, with forward slashes. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly size: number;
}

/**
 * The disk. Paths are absolute. Reading is bounded; what isn't there is `undefined`, never an exception.
 */
export interface Files {
  /** The repository's root: nothing outside it is read but what the person on the command line names. */
  readonly root: string;
  /** A private folder (0700) of this run, gone when the run is over. */
  readonly temporary: string;
  /** The bytes of a file; `undefined` when it isn't there or is a folder; throws a RangeError when larger than `limitBytes`. */
  read(path: string, limitBytes: number): Promise<Uint8Array | undefined>;
  /** What a path is, links followed. */
  kind(path: string): Promise<'file' | 'folder' | undefined>;
  /** The path with every link followed; `undefined` when it isn't there. */
  real(path: string): Promise<string | undefined>;
  /** The direct entries of a folder, sorted by name, links not followed; empty when it isn't there. */
  list(folder: string): Promise<readonly Entry[]>;
  /** Folders and files below `folder` that match the glob patterns, absolute, sorted. */
  glob(folder: string, patterns: readonly string[]): Promise<readonly string[]>;
  /** Writes a file and the folders above it, by a temporary name and a rename. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Makes a folder and those above it. */
  makeFolder(path: string): Promise<void>;
  /** A new private folder (0700) inside `temporary`. */
  makeTemporary(name: string): Promise<string>;
  /** Removes a file or folder; nothing when it isn't there. */
  remove(path: string): Promise<void>;
}

// ---------------------------------------------------------------- the one who is watching

/** Progress as it happens. `key` names a piece of work; the same run starts and ends under one key. */
export type Progress =
  | { readonly kind: 'started'; readonly run: Omit<StageRun, 'status' | 'seconds'> }
  | { readonly kind: 'ended'; readonly run: StageRun }
  /** One line about what goes on, such as a request and its host. */
  | { readonly kind: 'note'; readonly text: string };

/** Terminal or runner: shows progress, then the report. Whatever it prints is redacted and can't be taken for a runner command. */
export interface Host {
  /** From now on this text is redacted wherever it would be shown or written. */
  mask(secret: string): void;
  /** The text without secrets. */
  redact(text: string): string;
  progress(event: Progress): void;
  /** The end of a run: findings, what was published, where the report lies. `reportFolder` is absolute; `undefined` when none was written. */
  finish(report: Report, reportFolder: string | undefined): Promise<void>;
}
