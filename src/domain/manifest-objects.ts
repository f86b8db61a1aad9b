import type { KubeObject } from './kube-object.ts';
import { KUBERNETES_YAML } from './kubernetes-yaml.ts';

/** The objects of a manifest that helm rendered, lists taken apart; what is no object (helm would refuse it) is left out. */
export async function objectsOf(manifest: string): Promise<KubeObject[]> {
  const { loadAll, YAMLException } = await import('js-yaml');
  const read = (text: string): unknown[] => {
    try {
      // Of a key that comes twice the last counts, as for helm.
      return loadAll(text, { schema: KUBERNETES_YAML, json: true });
    } catch (error) {
      if (error instanceof YAMLException) return [];
      throw error;
    }
  };
  // By itself each, so that one that can't be read doesn't hide the others.
  return manifest
    .split(/^---(?=\s|$)/m)
    .flatMap(read)
    .flatMap(flat);
}

function flat(value: unknown): KubeObject[] {
  if (typeof value !== 'object' || value === null) return [];
  const { apiVersion, kind, metadata, items } = value as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return [];
  if (kind.endsWith('List') && Array.isArray(items)) return items.flatMap(flat);
  const name = (metadata as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' ? [value as KubeObject] : [];
}

/** What an object holds is lost with it: it is never removed by Chartship. */
export function holdsData({ kind }: Pick<KubeObject, 'kind'>): boolean {
  return ['PersistentVolumeClaim', 'PersistentVolume', 'Namespace', 'CustomResourceDefinition'].includes(kind);
}

/** One text for each object of a namespace and the cluster. */
export function objectKey({ apiVersion, kind, metadata }: KubeObject): string {
  // A kind stays the same object when its version changes.
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return `${group}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}
