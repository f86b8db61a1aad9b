import type { CustomKinds } from '../domain/custom-kinds.ts';
import { fields, text } from '../domain/diagnosis/reading.ts';
import { releaseObject } from '../domain/policies/release-object.ts';
import { readDocument } from '../domain/rendered-objects.ts';

/** An object as it would be in the cluster. `id` is its uid, which Kyverno's report has, too. */
export interface InstalledObject {
  readonly id: string;
  /** Empty for one of the cluster. The command itself takes custom resources without one to be in `default`. */
  readonly namespace: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `3.0`: the object 0 of the document 3. */
export function placeOfId(id: unknown): { readonly document: number; readonly object: number } | undefined {
  const found = /^([0-9]+)\.([0-9]+)$/.exec(text(id));
  return found === null ? undefined : { document: Number(found[1]), object: Number(found[2]) };
}

/** The objects of documents, in the namespace of their release: Kyverno would take them to be in `default`. */
export async function installed(
  documents: readonly string[],
  namespace: string,
  kinds: CustomKinds,
): Promise<InstalledObject[]> {
  // Loaded by whoever validates.
  const { KUBERNETES_SCHEMAS } = await import('../domain/bundled-schemas.ts');
  const versions = KUBERNETES_SCHEMAS.minors.flatMap((minor) => KUBERNETES_SCHEMAS.version(minor) ?? []);
  const isNamespaced = (apiVersion: string, kind: string): boolean => {
    for (const version of versions) {
      const known = version.kind({ apiVersion, kind });
      if (known !== undefined) return known.namespaced;
    }
    return kinds.kind({ apiVersion, kind })?.namespaced ?? true;
  };
  return documents.flatMap((document, number) =>
    readDocument(document).objects.flatMap(({ data }, index) => {
      // What has no kind or no name no server takes, which is told already.
      const object = releaseObject(data);
      if (object === undefined) return [];
      const own = fields(data.metadata);
      const id = `${number}.${index}`;
      const isPlaced = object.namespace !== '' || isNamespaced(object.apiVersion, object.kind);
      const placed = isPlaced ? object.namespace || namespace : '';
      const metadata = {
        ...own,
        ...(own.name === undefined && { name: `${object.name}${number}` }),
        ...(isPlaced && { namespace: placed }),
        uid: id,
      };
      return [{ id, namespace: placed, data: { ...data, metadata } }];
    }),
  );
}

/** Objects of one call. */
const MOST_OBJECTS = 500;

/** Kyverno stops at a second object of one name, and a release may have another of it for another Kubernetes version. */
export function batches(objects: readonly InstalledObject[]): InstalledObject[][] {
  const made: InstalledObject[][] = [];
  /** How many batches begin before the one that is free for the next object of a name. */
  const times = new Map<string, number>();
  for (const object of objects) {
    const { apiVersion, kind, metadata } = object.data;
    const { namespace, name } = fields(metadata);
    const key = JSON.stringify([apiVersion, text(kind).toLowerCase(), namespace, name]);
    let number = times.get(key) ?? 0;
    while ((made[number]?.length ?? 0) >= MOST_OBJECTS) number++;
    times.set(key, number + 1);
    const batch = made[number];
    if (batch === undefined) made.push([object]);
    else batch.push(object);
  }
  return made;
}
