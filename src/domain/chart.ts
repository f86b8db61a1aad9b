/** The media types of a chart's package and of its configuration blob, as Helm pushes them. */
export const CHART_TYPE = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
export const CONFIG_TYPE = 'application/vnd.cncf.helm.config.v1+json';

/** A dependency as Chart.yaml (or Chart.lock) lists it. */
export interface Dependency {
  readonly name: string;
  /** In Chart.yaml a range, in Chart.lock one version. */
  readonly version: string;
  /** `https://…`, `http://…`, `oci://…`, `file://…`, `@alias`, or empty (vendored in `charts/`). */
  readonly repository: string;
  readonly alias?: string;
  readonly condition?: string;
  readonly tags?: readonly string[];
  /** As it is written: names of the dependency's `exports`, or pairs of paths. */
  readonly importValues?: readonly unknown[];
}

/** What Chartship reads of a Chart.yaml. */
export interface ChartMetadata {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly type: 'application' | 'library';
  readonly appVersion?: string;
  readonly kubeVersion?: string;
  readonly dependencies: readonly Dependency[];
}

/** A file by its path within a chart or an archive (forward slashes, no leading slash). */
export interface ChartFile {
  readonly path: string;
  readonly content: Uint8Array;
}
