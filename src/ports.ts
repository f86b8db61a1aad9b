import type { Report } from './domain/outcome.ts';
import type { Location } from './domain/reference.ts';
import type { StageRun } from './domain/stage.ts';

/** What the pipeline needs from outside. Expected failures are values; only bugs and `EnvironmentError` throw. */
export interface Ports {
  readonly helm: Helm;
  readonly registry: Registry;
  readonly files: Files;
  readonly host: Host;
  readonly clock: Clock;
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
  readonly layers: readonly { readonly mediaType: string; readonly digest: string; readonly size: number }[];
}

/** A chart as it is pushed: the packed archive, the config blob and the manifest's annotations. */
export interface ArtifactToPush {
  /** The archive's file name, `NAME-VERSION.tgz`. */
  readonly fileName: string;
  readonly archive: Uint8Array;
  readonly config: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Registries and OCI layouts. Every call is bounded in time; "absent" is said only when the registry said so. */
export interface Registry {
  /** The manifest that a tag or digest names; `undefined` when there is none. */
  manifest(location: Location, reference: string): Promise<RegistryAnswer<Manifest | undefined>>;
  /** A blob whose bytes were checked against its digest; a `corrupt` fault when it is larger than `limitBytes`. */
  blob(location: Location, digest: string, limitBytes: number): Promise<RegistryAnswer<Uint8Array>>;
  /** Pushes and tags; the manifest's digest. */
  push(location: Location, tag: string, artifact: ArtifactToPush): Promise<RegistryAnswer<string>>;
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
