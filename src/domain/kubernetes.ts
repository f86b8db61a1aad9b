import { coerce, satisfies, validRange } from 'semver';

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

function minorOf(full: string): string {
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
 * old chart, say `<1.25`), the newest that it names, so that the chart is rendered for what it is for.
 */
export function defaultKubeVersions(range: string | undefined): readonly KubeVersion[] {
  const admitted = KNOWN_KUBE_VERSIONS.filter((version) => range === undefined || admits(range, version.full));
  if (admitted.length > 0) return admitted.slice(0, 3);
  const named = coerce(range ?? '')?.version;
  return named === undefined ? KNOWN_KUBE_VERSIONS.slice(0, 3) : [{ label: minorOf(named), full: named }];
}

/** Whether a chart's `kubeVersion` admits a version; what can't be read admits all (helm says so itself).
 * Helm's constraints join with commas where npm's semver joins with blanks; a pre-release in the range is meant to admit vendors' suffixes. */
export function admits(range: string, version: string): boolean {
  const translated = range.replaceAll(',', ' ');
  if (validRange(translated) === null) return true;
  return satisfies(version, translated, { includePrerelease: true });
}
