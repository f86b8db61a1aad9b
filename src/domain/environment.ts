import type { KubeVersion } from './kubernetes.ts';
import type { ValuesFile, ValuesLayer } from './values.ts';

/** An environment's name is a folder in the report and, where nothing else is said, its namespace. */
export function isEnvironmentName(name: string): boolean {
  return name.length <= 63 && /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name);
}

/** An environment of one chart as it is planned. */
export interface PlannedEnvironment {
  readonly name: string;
  readonly namespace: string;
  readonly release: string;
  /** Values files as they were named, in the order in which they are merged. */
  readonly values: readonly string[];
  /** `path=value`, merged after the files. */
  readonly set: readonly string[];
  /** The first is the one that every environment is rendered for. */
  readonly kubeVersions: readonly KubeVersion[];
  /** Seconds a deployment may take, and its tests. */
  readonly timeout: number;
  readonly kubeContext?: string;
  /** Where the deployed application is reached. */
  readonly url?: string;
  /** Paths (`agent.resources`) that this environment's own values must set. */
  readonly requiredValues: readonly string[];
}

/** An environment whose values files were found and read. */
export interface Environment extends Omit<PlannedEnvironment, 'values'> {
  readonly values: readonly ValuesFile[];
  /** Everything that sets values, lowest priority first; the first is always the chart's own values.yaml (without a source where it has none). */
  readonly layers: readonly ValuesLayer[];
}
