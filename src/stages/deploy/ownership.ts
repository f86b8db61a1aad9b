import type { Cause } from '../../domain/deployment.ts';
import { type KubeObject, shownObject } from '../../domain/kube-object.ts';

/** Marks with which a controller says that an object is its own; a chart that sets one itself means something else by it. */
const MARKS: readonly { readonly owner: string; readonly in: 'labels' | 'annotations'; readonly key: string }[] = [
  { owner: 'Flux', in: 'labels', key: 'helm.toolkit.fluxcd.io/name' },
  { owner: 'Flux', in: 'labels', key: 'kustomize.toolkit.fluxcd.io/name' },
  { owner: 'Argo CD', in: 'annotations', key: 'argocd.argoproj.io/tracking-id' },
  { owner: 'Argo CD', in: 'labels', key: 'argocd.argoproj.io/instance' },
];

/** A GitOps controller that owns a live object: it would undo what is deployed, and be undone by it. */
export function ownerOutside(live: KubeObject, rendered: KubeObject): Cause | undefined {
  for (const mark of MARKS) {
    const value = live.metadata[mark.in]?.[mark.key];
    if (value === undefined || rendered.metadata[mark.in]?.[mark.key] !== undefined) continue;
    const resource = shownObject({ kind: live.kind, name: live.metadata.name });
    return {
      code: 'not-ours',
      resource,
      message: `${mark.owner} owns ${resource} (${mark.key}: ${value}): both would undo what the other does`,
      hint: `Deploy it through ${mark.owner}, or take it out of there first.`,
    };
  }
  return undefined;
}
