import coerce from 'semver/functions/coerce.js';
import { satisfies } from './dependency-range.ts';

/** A Kubernetes version to render for: as people write it, and in full as helm wants it. */
export interface KubeVersion {
  /** `1.35`, or `1.35.2` where a patch was asked for. */
  readonly label: string;
  /** `1.35.4` */
  readonly full: string;
}

/** The newest patch of each minor that Chartship knows, newest first (source: the k8s.io/kubernetes module's versions). */
const NEWEST_PATCHES = ['1.37.2', '1.36.3', '1.35.4', '1.34.4', '1.33.13', '1.32.13'] as const;

export const KNOWN_KUBE_VERSIONS: readonly KubeVersion[] = NEWEST_PATCHES.map((full) => ({
  label: minorOf(full),
  full,
}));

/** `1.35.4` → `1.35` */
export function minorOf(full: string): string {
  return full.split('.').slice(0, 2).join('.');
}

/** `1.34`, `v1.34` or `1.34.2`; `undefined` for anything else. */
export function parseKubeVersion(text: string): KubeVersion | undefined {
  const match = /^v?(1\.[0-9]{1,3})(\.[0-9]{1,3})?$/.exec(text.trim());
  if (match?.[1] === undefined) return undefined;
  const label = match[1] + (match[2] ?? '');
  const known = KNOWN_KUBE_VERSIONS.find((version) => version.label === label);
  return known ?? { label, full: match[2] === undefined ? `${label}.0` : label };
}

/**
 * The three newest known versions that Chart.yaml's `kubeVersion` admits. When it admits none of them (an
 * old chart, say `<1.25`), the nearest that it does admit, so that the chart is rendered for what it is for.
 */
export function defaultKubeVersions(range: string | undefined): readonly KubeVersion[] {
  const newest = KNOWN_KUBE_VERSIONS.slice(0, 3);
  if (range === undefined) return newest;
  const admitted = KNOWN_KUBE_VERSIONS.filter((version) => admits(range, version.full));
  if (admitted.length > 0) return admitted.slice(0, 3);
  const minors = [...Array(100).keys()].map((minor) => `1.${minor}.0`);
  const known = KNOWN_KUBE_VERSIONS.map(({ full }) => minors.indexOf(`${minorOf(full)}.0`));
  const older = minors.slice(0, Math.min(...known)).reverse();
  const newer = minors.slice(Math.max(...known) + 1);
  // The last is for a range of patches, such as `~1.20.3`.
  const nearest = [...older, ...newer, coerce(range)?.version ?? ''].find((full) => full !== '' && admits(range, full));
  return nearest === undefined ? newest : [{ label: minorOf(nearest), full: nearest }];
}

/** Whether a chart's `kubeVersion` admits a version; what can't be read admits all (helm says so itself). */
export function admits(range: string, version: string): boolean {
  return satisfies(version, range) !== false;
}
