import type { KubeObject } from '../../domain/kube-object.ts';
import type { ServedKind } from '../../ports.ts';
import type { ReleaseName } from './history.ts';

/** An object as helm applies it: in the release's namespace, and with what says whose it is. */
export function asHelmApplies(
  object: KubeObject,
  kinds: ReadonlyMap<string, ServedKind>,
  { release, namespace }: ReleaseName,
): KubeObject {
  const { metadata } = object;
  const isNamespaced = kinds.get(`${object.apiVersion}/${object.kind}`)?.namespaced !== false;
  const isHook = metadata.annotations?.['helm.sh/hook'] !== undefined;
  const where = isNamespaced && metadata.namespace === undefined ? { namespace } : {};
  // Hooks are made as they are.
  if (isHook) return { ...object, metadata: { ...metadata, ...where } };
  return {
    ...object,
    metadata: {
      ...metadata,
      ...where,
      labels: { ...metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        ...metadata.annotations,
        'meta.helm.sh/release-name': release,
        'meta.helm.sh/release-namespace': namespace,
      },
    },
  };
}
