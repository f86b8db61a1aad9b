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
