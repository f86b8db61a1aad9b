import { ATTACHMENT_BYTES, MOST_ATTACHED } from '../domain/limits.ts';
import type { Location } from '../domain/reference.ts';
import type { Attached, Registry, RegistryAnswer } from '../ports.ts';

/** The content of an artifact that is attached: its first layer. */
export async function readAttachment(
  location: Location,
  digest: string,
  registry: Registry,
): Promise<RegistryAnswer<Uint8Array>> {
  const manifest = await registry.manifest(location, digest);
  if (!manifest.ok) return manifest;
  const layer = manifest.value?.layers[0];
  if (layer === undefined) return { ok: false, fault: { kind: 'corrupt', message: `${digest} has no content` } };
  return await registry.blob(location, layer.digest, ATTACHMENT_BYTES);
}

/**
 * Finds among what is attached the first whose content is what its annotations say: anybody who may write to the registry
 * could have written those. What was read and isn't it is remembered, so that each is read once.
 */
export function findByContent(
  location: Location,
  saysSo: (attached: Attached) => boolean,
  isIt: (content: Uint8Array) => boolean,
  registry: Registry,
): (attached: readonly Attached[]) => Promise<RegistryAnswer<Uint8Array | undefined>> {
  const others = new Set<string>();
  return async (attached) => {
    const candidates = attached.filter((each) => saysSo(each) && !others.has(each.digest));
    for (const { digest } of candidates.slice(0, MOST_ATTACHED)) {
      const content = await readAttachment(location, digest, registry);
      if (content.ok && isIt(content.value)) return content;
      if (!content.ok && content.fault.kind !== 'corrupt') return content;
      others.add(digest);
    }
    return { ok: true, value: undefined };
  };
}
