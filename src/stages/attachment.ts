import { ATTACHMENT_BYTES } from '../domain/limits.ts';
import type { Location } from '../domain/reference.ts';
import type { Registry, RegistryAnswer } from '../ports.ts';

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
