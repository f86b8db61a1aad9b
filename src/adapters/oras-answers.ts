import { createHash } from 'node:crypto';
import type { Attached, Manifest, RegistryAnswer } from '../ports.ts';

/** Each referrer of a type; oras 1.2 calls them manifests. */
export function referrersIn(bytes: Uint8Array, type: string): Attached[] {
  const { referrers, manifests } = (parsed(bytes) ?? {}) as { referrers?: unknown; manifests?: unknown };
  const all = (Array.isArray(referrers) ? referrers : Array.isArray(manifests) ? manifests : []) as {
    artifactType?: unknown;
    digest?: unknown;
    annotations?: unknown;
  }[];
  return all
    .filter(({ artifactType }) => artifactType === type)
    .map(({ digest, annotations }) => ({
      digest: typeof digest === 'string' ? digest : '',
      annotations: Object.fromEntries(
        Object.entries(annotations ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
      ),
    }));
}

/** Every digest below one that was discovered; oras 1.2 tells only of what is attached to it itself. */
export function digestsIn(discovered: unknown): string[] {
  const { referrers, manifests } = (discovered ?? {}) as { referrers?: unknown; manifests?: unknown };
  const all = Array.isArray(referrers) ? referrers : Array.isArray(manifests) ? manifests : [];
  return all.flatMap((one: unknown) => {
    const { digest } = (one ?? {}) as { digest?: unknown };
    return [...(typeof digest === 'string' ? [digest] : []), ...digestsIn(one)];
  });
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function readManifest(place: string, reference: string, bytes: Uint8Array): RegistryAnswer<Manifest> {
  const digest = digestOf(bytes);
  const corrupt = (what: string) => ({
    ok: false as const,
    fault: { kind: 'corrupt' as const, message: `${place} ${what} (${reference})` },
  });
  if (reference.startsWith('sha256:') && reference !== digest)
    return corrupt('gave a manifest that is not what its digest says');
  const content = parsed(bytes);
  if (typeof content !== 'object' || content === null) return corrupt('gave a manifest that is no JSON');
  const { layers } = content as { layers?: unknown };
  const listed: readonly unknown[] = Array.isArray(layers) ? layers : [];
  if ([content, ...listed].some(isReadDifferently) || !listed.every(isDescriptor))
    return corrupt('gave a manifest that tools read differently');
  return { ok: true, value: { digest, layers: listed } };
}

const NAMES = ['mediaType', 'artifactType', 'config', 'layers', 'manifests', 'digest', 'size', 'data'];

/** Helm and oras, which are written in Go, take `Layers` for `layers`, and of the two the last. */
function isReadDifferently(value: unknown): boolean {
  return Object.keys(value ?? {}).some((key) => {
    const folded = key.normalize('NFKC').toLowerCase();
    return NAMES.some((name) => name.toLowerCase() === folded && name !== key);
  });
}

function isDescriptor(value: unknown): value is Manifest['layers'][number] {
  const { mediaType, digest, size } = (value ?? {}) as Record<string, unknown>;
  return typeof mediaType === 'string' && typeof digest === 'string' && typeof size === 'number';
}

export function sizeIn(bytes: Uint8Array): number | undefined {
  const size = (parsed(bytes) as { size?: unknown } | undefined)?.size;
  return typeof size === 'number' ? size : undefined;
}

export function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
