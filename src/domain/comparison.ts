import { type Danger, dangersOf } from './comparison-dangers.ts';
import type { KubeObject } from './kube-object.ts';
import { objectKey } from './manifest-objects.ts';
import { changesBetween, diffReleases, isImage, type ObjectDiff, type Redact } from './release-diff.ts';

export interface ImageChange {
  /** `Deployment/agent`. */
  readonly object: string;
  readonly container: string;
  readonly from: string;
  readonly to: string;
}

/** What a chart would make different in an environment where the last published package of it is deployed. */
export interface Comparison {
  readonly chart: string;
  readonly environment: string;
  /** What it is compared with; absent where it can't be compared. */
  readonly against?: { readonly version: string; readonly reference: string };
  /** Both are rendered as installs: as an upgrade one of them can't be here, as where it asks the cluster. */
  readonly as?: 'install';
  /** Why it can't be compared. */
  readonly reason?: string;
  /** What may lose data or traffic, or is refused by the API server. */
  readonly dangers: readonly Danger[];
  readonly images: readonly ImageChange[];
  readonly objects: readonly ObjectDiff[];
}

export type Difference = Pick<Comparison, 'dangers' | 'images' | 'objects'>;

/** The difference between what two packages render to; what only carries the chart's version is left out. */
export function differenceOf(
  published: readonly KubeObject[],
  next: readonly KubeObject[],
  redact: Redact,
): Difference {
  const [before, after] = [published.map(withoutVersions), next.map(withoutVersions)];
  return {
    dangers: dangersOf(before, after, redact),
    images: imagesOf(before, after, redact),
    objects: diffReleases(before, after, redact),
  };
}

/** Labels that name the version of the chart: they are other ones in every object of every release. */
const VERSION_LABELS = ['helm.sh/chart', 'app.kubernetes.io/version', 'chart'];

/** Those of the object itself; on a pod template they restart the pods, which is worth to be told. */
function withoutVersions(object: KubeObject): KubeObject {
  const { labels } = object.metadata;
  if (typeof labels !== 'object' || labels === null) return object;
  const kept = Object.entries(labels).filter(([name]) => !VERSION_LABELS.includes(name));
  return { ...object, metadata: { ...object.metadata, labels: Object.fromEntries(kept) } };
}

function imagesOf(before: readonly KubeObject[], after: readonly KubeObject[], redact: Redact): ImageChange[] {
  const old = new Map(before.map((object) => [objectKey(object), object]));
  return after.flatMap((object) => {
    const previous = old.get(objectKey(object));
    if (previous === undefined || object.kind === 'Secret') return [];
    return changesBetween(previous, object, redact)
      .filter((change) => isImage(change) && /^(?:init)?containers\[/i.test(change.path.at(-2) ?? ''))
      .map(({ path, from, to }) => ({
        object: `${object.kind}/${object.metadata.name}`,
        container: /\[(.*)\]$/.exec(path.at(-2) ?? '')?.[1] ?? '',
        from,
        to,
      }));
  });
}
