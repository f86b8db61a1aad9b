import type { ChartFile, ChartMetadata } from './chart.ts';

/** A chart that was copied into a private folder with its dependencies in `charts/`, ready for helm. */
export interface StagedChart {
  /** The staged copy, absolute; its last segment is the chart's name. */
  readonly directory: string;
  /** The committed chart's folder relative to the repository's root (`.` for the root itself): what findings name. */
  readonly source: string;
  /** With `version` and `app-version` as they were overridden. */
  readonly metadata: ChartMetadata;
  /** Its own files, without those of its dependencies. */
  readonly files: readonly ChartFile[];
  readonly dependencies: readonly StagedDependency[];
  /** Whether a template of the chart or of a dependency reads `.Capabilities`: the render may differ by Kubernetes version. */
  readonly readsCapabilities: boolean;
  /** Whether one reads `.Release.IsInstall` or `.Release.IsUpgrade`: the render may differ by operation. */
  readonly readsOperation: boolean;
}

export interface StagedDependency {
  readonly name: string;
  readonly alias?: string;
  readonly version: string;
  /** Lower-case hex of the archive; absent for `file://` and unpacked vendored charts. */
  readonly sha256?: string;
  /** Where it came from: a URL after mirrors, `vendored`, or a `file://`. */
  readonly from: string;
  /** Its files and those of its own dependencies, archives unpacked; paths relative to its own folder. */
  readonly files: readonly ChartFile[];
}

/** A chart's package as it is published. */
export interface ChartPackage {
  readonly name: string;
  readonly version: string;
  /** `NAME-VERSION.tgz` */
  readonly fileName: string;
  readonly archive: Uint8Array;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Helm's config blob: Chart.yaml as JSON. */
  readonly config: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}
