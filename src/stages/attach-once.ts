import type { Location } from '../domain/reference.ts';
import type { ArtifactToAttach, Attached, Registry, RegistryAnswer, RegistryFault } from '../ports.ts';

/**
 * Times that something is attached until it is seen: a registry without the referrers API keeps the list in a tag,
 * which writers at once overwrite.
 */
const TRIES = 3;

/** Attaches an artifact to a published chart, unless it is there; what went wrong, if anything. */
export async function attachOnce(
  location: Location,
  digest: string,
  type: string,
  /** Among what is attached; `undefined` when it isn't. */
  find: (attached: readonly Attached[]) => Promise<RegistryAnswer<unknown>>,
  /** Made anew for each try: with a time of its own, since oras adds what is there already to no list. */
  make: () => Omit<ArtifactToAttach, 'type'>,
  registry: Registry,
): Promise<RegistryFault | undefined> {
  for (let tries = 0; ; tries += 1) {
    const there = await registry.attached(location, digest, type);
    if (!there.ok) return there.fault;
    const found = await find(there.value);
    if (!found.ok) return found.fault;
    if (found.value !== undefined) return undefined;
    if (tries === TRIES) {
      return { kind: 'other', message: 'what was attached is not among what is attached', hint: 'Run it again.' };
    }
    const attached = await registry.attach(location, digest, { type, ...make() });
    if (!attached.ok) return attached.fault;
  }
}
