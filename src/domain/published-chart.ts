import { readArchive } from './archive.ts';
import type { ChartFile } from './chart.ts';
import { ARCHIVE_LIMITS } from './limits.ts';
import type { Location } from './reference.ts';

/** A chart as it lies in a registry or layout. */
export interface PublishedChart {
  /** `oci://host/path/NAME@sha256:…`, as a person would copy it. */
  readonly reference: string;
  readonly location: Location;
  /** `sha256:…` of the manifest. */
  readonly digest: string;
}

/** A published chart that was fetched, and whose bytes are those that its digest names. */
export interface FetchedChart extends PublishedChart {
  readonly name: string;
  readonly archive: Uint8Array;
  /** Those of the chart itself; archives in its `charts/` unpacked by helm when it packed. */
  readonly files: readonly ChartFile[];
}

export type ChartReference =
  | { readonly ok: true; readonly host: string; readonly repository: string; readonly tagOrDigest: string }
  | { readonly ok: false; readonly hint: string };

const REFERENCE =
  /^oci:\/\/([A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9a-fA-F:]+\](?::[0-9]{1,5})?)\/([a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*)(?::([A-Za-z0-9_][A-Za-z0-9._+-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** `oci://host/path/chart@sha256:…`, `…:1.2.3`, or both: then the digest holds. */
export function parseChartReference(text: string): ChartReference {
  const match = REFERENCE.exec(text);
  const [, host, repository, tag, digest] = match ?? [];
  if (host === undefined || repository === undefined)
    return { ok: false, hint: 'Write it as oci://host/path/chart@sha256:… or oci://host/path/chart:VERSION.' };
  const tagOrDigest = digest ?? tag?.replaceAll('+', '_');
  if (tagOrDigest === undefined) return { ok: false, hint: `Say which: ${text}:VERSION or ${text}@sha256:….` };
  return { ok: true, host, repository, tagOrDigest };
}

/** The chart in an archive, or what is wrong with it: a phrase to follow its reference. */
export async function chartOf(archive: Uint8Array): Promise<{ name: string; files: readonly ChartFile[] } | string> {
  const read = await readArchive(archive, ARCHIVE_LIMITS);
  return read.ok ? { name: read.root, files: read.files } : read.reason;
}
