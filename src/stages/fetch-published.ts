import { chartLayerOf } from '../domain/chart-layer.ts';
import { ARCHIVE_LIMITS } from '../domain/limits.ts';
import { chartOf, type FetchedChart } from '../domain/published-chart.ts';
import type { Location } from '../domain/reference.ts';
import type { Registry } from '../ports.ts';

export type Fetched =
  | { readonly ok: true; readonly chart: FetchedChart }
  /** One sentence. */
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/**
 * Fetches a chart by its tag or digest and checks every byte of it: the manifest against the digest, the package
 * against the manifest. A tag is resolved here, once; whoever goes on holds the digest.
 */
export async function fetchPublished(
  location: Location,
  tagOrDigest: string,
  shown: (digest: string) => string,
  registry: Registry,
): Promise<Fetched> {
  const what = shown(tagOrDigest);
  const manifest = await registry.manifest(location, tagOrDigest);
  if (!manifest.ok) return failed(`${what} could not be fetched: ${manifest.fault.message}`, manifest.fault.hint);
  if (manifest.value === undefined)
    return failed(`${what} is not there`, 'Look at the name and the version or digest.');
  const layer = chartLayerOf(manifest.value.layers);
  if (layer === 'none') return failed(`${what} is no Helm chart`);
  if (layer === 'several') return failed(`${what} has several charts in one manifest`, SEVERAL);
  const blob = await registry.blob(location, layer.digest, ARCHIVE_LIMITS.packedBytes);
  if (!blob.ok) return failed(`${what} could not be fetched: ${blob.fault.message}`, blob.fault.hint);
  const read = await chartOf(blob.value);
  if (typeof read === 'string') return failed(`${what} ${read}`);
  const { digest } = manifest.value;
  return { ok: true, chart: { ...read, reference: shown(digest), location, digest, archive: blob.value } };
}

const SEVERAL =
  'Which one is installed depends on the tool: have it published anew, with one chart, under another version.';

function failed(message: string, hint?: string): Fetched {
  return { ok: false, message, ...(hint !== undefined && { hint }) };
}
