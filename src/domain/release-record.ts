import { gunzipSync } from 'node:zlib';
import { gzip } from './gzip.ts';
import type { KubeObject } from './kube-object.ts';

/** What helm says of a revision. */
export const REVISION_STATUSES = [
  'unknown',
  'deployed',
  'uninstalled',
  'superseded',
  'failed',
  'uninstalling',
  'pending-install',
  'pending-upgrade',
  'pending-rollback',
] as const;
export type RevisionStatus = (typeof REVISION_STATUSES)[number];

/** Labels that Chartship gives the records of helm's that are its own. */
export const LABELS = {
  /** `pending` with each upgrade, `healthy` or `unhealthy` when that is known. */
  verdict: 'chartship.dev/verdict',
  /** The revision that the labels speak of: helm copies labels to later revisions, whoever makes them. */
  revision: 'chartship.dev/revision',
  /** Which run made it. */
  run: 'chartship.dev/run',
  /** What was deployed: the package and the values, as one hash. */
  content: 'chartship.dev/content',
  /** The number of the revision by which a run undoes this one: helm gives a rollback no labels of its own. */
  undoneBy: 'chartship.dev/undone-by',
} as const;

export type Verdict = 'pending' | 'healthy' | 'unhealthy';

/** A revision of a release, as the labels of its record tell; the record itself is decoded where it is needed. */
export interface Revision {
  readonly revision: number;
  readonly status: RevisionStatus;
  /** Chartship's own labels; absent where somebody else made the revision (its inherited ones say nothing). */
  readonly ours?: {
    readonly verdict: Verdict;
    readonly run: string;
    readonly content: string;
    /** The revision by which a run went to undo this one. */
    readonly undoneBy?: number;
  };
  /** RFC 3339: when the record was made. */
  readonly created: string;
  readonly secret: KubeObject;
}

/** A revision's record. */
export interface ReleaseRecord {
  /** The chart's name. */
  readonly chart: string;
  readonly manifest: string;
  readonly hooks: readonly ReleaseHook[];
  readonly description: string;
  /** Applied by the server, as Helm 4 does. */
  readonly serverSide: boolean;
}

export interface ReleaseHook {
  readonly name: string;
  readonly kind: string;
  readonly manifest: string;
  readonly events: readonly string[];
  readonly deletePolicies: readonly string[];
}

/** Bytes of a record, unpacked. A Secret holds 1 MiB at most, which packs some 20 MiB of text. */
const UNPACKED_BYTES = 64 * 1024 * 1024;

/** The release's revisions, newest first, of the Secrets that helm keeps them in; what is no record is left out. */
export function revisionsOf(secrets: readonly KubeObject[]): Revision[] {
  return secrets.flatMap((secret) => revisionOf(secret) ?? []).sort((one, other) => other.revision - one.revision);
}

function revisionOf(secret: KubeObject): Revision | undefined {
  const labels = secret.metadata.labels ?? {};
  const revision = Number(labels.version);
  if (labels.owner !== 'helm' || !Number.isSafeInteger(revision) || revision < 1) return undefined;
  const status = REVISION_STATUSES.find((known) => known === labels.status) ?? 'unknown';
  const verdict = (['pending', 'healthy', 'unhealthy'] as const).find((known) => known === labels[LABELS.verdict]);
  const isOurs = labels[LABELS.revision] === String(revision) && verdict !== undefined;
  return {
    revision,
    status,
    ...(isOurs && {
      ours: {
        verdict,
        run: labels[LABELS.run] ?? '',
        content: labels[LABELS.content] ?? '',
        ...(labels[LABELS.undoneBy] !== undefined && { undoneBy: Number(labels[LABELS.undoneBy]) }),
      },
    }),
    created: secret.metadata.creationTimestamp ?? '',
    secret,
  };
}

export function isPending(status: RevisionStatus): boolean {
  return status === 'pending-install' || status === 'pending-upgrade' || status === 'pending-rollback';
}

/** The record in a revision's Secret; `undefined` when it is none that can be read. */
export function decodeRecord(secret: KubeObject): ReleaseRecord | undefined {
  const text = unpacked(secret);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isMapping(json)) return undefined;
  const info = isMapping(json.info) ? json.info : {};
  const chart = isMapping(json.chart) && isMapping(json.chart.metadata) ? json.chart.metadata : {};
  return {
    chart: asText(chart.name),
    manifest: asText(json.manifest),
    hooks: (Array.isArray(json.hooks) ? json.hooks : []).flatMap(hookOf),
    description: asText(info.description),
    serverSide: json.apply_method === 'ssa',
  };
}

function hookOf(hook: unknown): ReleaseHook[] {
  if (!isMapping(hook)) return [];
  const { name, kind, manifest, events, delete_policies } = hook;
  return [
    {
      name: asText(name),
      kind: asText(kind),
      manifest: asText(manifest),
      events: texts(events),
      deletePolicies: texts(delete_policies),
    },
  ];
}

/**
 * The Secret's new content, with the revision marked as failed: what helm itself does when it is stopped in time.
 * The text is changed in one place and not written anew, for numbers would not come through as they were.
 */
export function asFailed(secret: KubeObject, description: string): object | undefined {
  const text = unpacked(secret);
  // `info` comes before anything that a chart or a value could have a say in.
  const status = text === undefined ? null : /"status":"(?:pending-[a-z]+|unknown)"/.exec(text);
  if (text === undefined || status === null) return undefined;
  const before = text
    .slice(0, status.index)
    .replace(/"description":"(?:[^"\\]|\\.)*"/, () => `"description":${JSON.stringify(description)}`);
  const changed = `${before}"status":"failed"${text.slice(status.index + status[0].length)}`;
  return { metadata: { labels: { status: 'failed' } }, data: { release: packed(changed) } };
}

/** The Secret's new content, with a deployed revision marked as followed by another one, as helm does it. */
export function asSuperseded(secret: KubeObject): object | undefined {
  const text = unpacked(secret);
  const status = '"status":"deployed"';
  if (text?.includes(status) !== true) return undefined;
  const changed = text.replace(status, '"status":"superseded"');
  return { metadata: { labels: { status: 'superseded' } }, data: { release: packed(changed) } };
}

/** The Secret's new content with another manifest and status; never for a record that is gone back to. */
export function withManifest(secret: KubeObject, manifest: string, status: RevisionStatus): object | undefined {
  const text = unpacked(secret);
  if (text === undefined) return undefined;
  const json = JSON.parse(text) as Record<string, unknown>;
  const info = { ...(json.info as object), status };
  const changed = JSON.stringify({ ...json, info, manifest });
  return { metadata: { labels: { status } }, data: { release: packed(changed) } };
}

function unpacked(secret: KubeObject): string | undefined {
  const { data } = secret;
  const field = isMapping(data) ? data.release : undefined;
  if (typeof field !== 'string') return undefined;
  const once = Buffer.from(field, 'base64');
  // Helm encodes it once more for Secrets; what isn't packed begins with a brace.
  const bytes = once[0] === 0x1f ? once : Buffer.from(once.toString('latin1'), 'base64');
  try {
    return gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES }).toString('utf8');
  } catch {
    return undefined;
  }
}

function packed(text: string): string {
  const encoded = Buffer.from(gzip(Buffer.from(text))).toString('base64');
  return Buffer.from(encoded).toString('base64');
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
