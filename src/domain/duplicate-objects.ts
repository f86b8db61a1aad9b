import type { CustomKinds } from './custom-kinds.ts';
import { groupOf, type KindName } from './kubernetes-schemas.ts';
import type { RenderedDocument } from './manifest.ts';
import { namesKind, type ObjectFault, type TargetVersion } from './object-faults.ts';
import type { DocumentContent, RenderedObject } from './rendered-objects.ts';

/** An object and the document that has it. */
export interface PlacedObject {
  readonly document: RenderedDocument;
  readonly annotations: DocumentContent['annotations'];
  readonly object: RenderedObject;
}

/** The later of two objects that are one, with what is told of it. */
export interface DuplicateObject extends PlacedObject {
  readonly other: PlacedObject;
  readonly fault: ObjectFault;
}

/** When helm creates an object, and what it does about one that is there. */
type Role = 'release' | { readonly events: readonly string[]; readonly deletes: readonly string[] };

/**
 * Objects of one render that are the same to the API server: of one group, kind, namespace and name. `namespace` is
 * that of the release; whether a kind is in one never changes between versions. The fault is told of the later one.
 */
export function duplicates(
  objects: readonly PlacedObject[],
  namespace: string,
  targets: readonly TargetVersion[],
  custom: CustomKinds,
): DuplicateObject[] {
  const known = new Map<string, PlacedObject[]>();
  const found: DuplicateObject[] = [];
  for (const placed of objects) {
    const id = identityOf(placed.object.data, namespace, targets, custom);
    if (id === undefined) continue;
    const before = known.get(id) ?? [];
    const faults = before.flatMap((other) => {
      const fault = meeting(other, placed);
      return fault === undefined ? [] : [{ ...placed, other, fault }];
    });
    const worst = faults.find(({ fault }) => fault.severity === 'error') ?? faults[0];
    // A template may render one object thousands of times: the first of them are enough to compare with.
    if (before.length < 10) known.set(id, [...before, placed]);
    if (worst !== undefined) found.push(worst);
  }
  return found;
}

function identityOf(
  data: Readonly<Record<string, unknown>>,
  namespace: string,
  targets: readonly TargetVersion[],
  custom: CustomKinds,
): string | undefined {
  const kind = namesKind(data);
  const { name, namespace: own } = (data.metadata ?? {}) as { name?: unknown; namespace?: unknown };
  if (!('kind' in kind) || typeof name !== 'string' || name === '') return undefined;
  const within = isNamespaced(kind) ? (typeof own === 'string' && own !== '' ? own : namespace) : '';
  return JSON.stringify([groupOf(kind.apiVersion), kind.kind, within, name]);

  function isNamespaced(named: KindName): boolean {
    for (const { schemas } of targets) {
      const known = schemas?.kind(named);
      if (known !== undefined) return known.namespaced;
    }
    return custom.kind(named)?.namespaced ?? true;
  }
}

function meeting(first: PlacedObject, second: PlacedObject): ObjectFault | undefined {
  const [a, b] = [roleOf(first), roleOf(second)];
  const told = (severity: 'error' | 'warning', why: string, hint: string): ObjectFault => {
    const message = `renders an object that is there already: ${why}`;
    return { rule: 'schema/duplicate-resource', severity, message, hint, path: '', standsFor: '/metadata/name' };
  };
  if (a === 'release' && b === 'release') {
    return told('error', 'one of them is lost, or the installation fails', 'Give each a name of its own.');
  }
  if (a !== 'release' && b !== 'release') {
    if (!a.events.some((event) => b.events.includes(event))) return undefined;
    // Helm runs them one after the other: what the first leaves must be gone.
    const goes = b.deletes.includes('before-hook-creation') || a.deletes.includes('before-hook-creation');
    return goes
      ? told('warning', 'both are hooks of one event, and helm deletes the one to create the other', OWN_NAME)
      : told('error', 'both are hooks of one event, and the second is refused', OWN_NAME);
  }
  const hook = a === 'release' ? b : a;
  if (hook === 'release') return undefined;
  // What goes before the release comes, or comes after it has gone, meets nothing.
  const apart = (event: string): boolean =>
    event === 'post-delete' || (event === 'pre-install' && hook.deletes.includes('hook-succeeded'));
  if (hook.events.every(apart)) return undefined;
  return told('error', 'one is a hook and one is not, and helm deletes the one to create the other', OWN_NAME);
}

const OWN_NAME = 'Give the hook a name of its own.';

/** As helm reads the annotations of a document. */
function roleOf({ annotations }: PlacedObject): Role {
  const words = (key: string): string[] => {
    const text = annotations[key];
    return typeof text === 'string'
      ? text.split(',').map((word) => word.trim().toLowerCase().replace('test-success', 'test'))
      : [];
  };
  const events = words('helm.sh/hook').filter((word) => word !== '');
  if (events.length === 0) return 'release';
  const deletes = words('helm.sh/hook-delete-policy').filter((word) => word !== '');
  return { events, deletes: deletes.length > 0 ? deletes : ['before-hook-creation'] };
}
