import type { KubeObject } from '../../domain/kube-object.ts';
import { shownObject } from '../../domain/kube-object.ts';
import { together } from '../../domain/together.ts';
import type { ServedKind } from '../../ports.ts';
import { asHelmApplies } from './as-helm-applies.ts';
import type { Session } from './session.ts';

/**
 * What in the cluster is not as a manifest has it: applying the manifest would change it. Undefined: that can't be
 * known, so nobody can say that nothing changed.
 */
export async function driftFrom(manifest: readonly KubeObject[], session: Session): Promise<string[] | undefined> {
  const { cluster } = session;
  const served = await cluster.kinds();
  if (!served.ok) return undefined;
  const kinds = new Map<string, ServedKind>(served.value.map((kind) => [`${kind.apiVersion}/${kind.kind}`, kind]));
  const states = await together(
    manifest.map(async (object) => {
      const place = asHelmApplies(object, kinds, session);
      const { apiVersion, kind, metadata } = place;
      const name = {
        apiVersion,
        kind,
        name: metadata.name,
        ...(metadata.namespace && { namespace: metadata.namespace }),
      };
      const [live, applied] = await Promise.all([cluster.get(name), cluster.dryApply(place, 'helm')]);
      if (!live.ok || !applied.ok) return undefined;
      const isSame = live.value !== undefined && bare(live.value) === bare(applied.value);
      return isSame ? '' : shownObject({ kind, name: metadata.name });
    }),
  );
  if (states.includes(undefined)) return undefined;
  return states.filter((state) => state !== undefined && state !== '') as string[];
}

/** An object without what the API server and its controllers keep there for themselves. */
function bare(object: KubeObject): string {
  const { status, metadata, ...rest } = object;
  const { managedFields, resourceVersion, generation, ...kept } = metadata;
  return JSON.stringify({ ...rest, metadata: kept }, sorted);
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
