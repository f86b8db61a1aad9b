import type { ValuesFile } from './values.ts';

/** What a record is in a registry: an artifact that refers to the chart's manifest and consists of annotations alone. */
export const RECORD_TYPE = 'application/vnd.chartship.values.v1';

/** A values file outside the chart, as it was when the chart was checked and published. */
export interface RecordedFile {
  /** As the configuration or the input named it: maybe relative to a chart folder that the registry doesn't know. */
  readonly named: string;
  /** Relative to the repository's root. */
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** The values files outside the chart that each environment was checked with, in the order in which they are merged. */
export type ValuesRecord = ReadonlyMap<string, readonly RecordedFile[]>;

/** The files that don't travel in the package. What can't be read has no sum; that is a finding of its own. */
export function filesOutside(files: readonly ValuesFile[]): RecordedFile[] {
  return files.flatMap(({ named, shown, inChart, sha256 }) =>
    inChart === undefined && sha256 !== undefined ? [{ named, path: shown, sha256 }] : [],
  );
}

const PREFIX = 'dev.chartship.values.';

/**
 * With the time, each attempt is an artifact of its own: one that was cut off may have left its artifact without an
 * entry in a registry's list, and oras adds no entry for an artifact that is there.
 */
export function annotationsOfRecord(record: ValuesRecord, now: Date): Record<string, string> {
  return {
    'org.opencontainers.image.created': now.toISOString(),
    ...Object.fromEntries([...record].map(([name, files]) => [`${PREFIX}${name}`, JSON.stringify(files)])),
  };
}

/** Annotations → the record. What isn't as we write it is left out: anybody may attach anything. */
export function recordOfAnnotations(annotations: Readonly<Record<string, string>>): ValuesRecord {
  const record = new Map<string, readonly RecordedFile[]>();
  for (const [key, text] of Object.entries(annotations)) {
    const files = key.startsWith(PREFIX) ? filesIn(text) : undefined;
    if (files !== undefined) record.set(key.slice(PREFIX.length), files);
  }
  return record;
}

function filesIn(text: string): RecordedFile[] | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return undefined;
  }
  return Array.isArray(data) && data.every(isRecordedFile) ? data : undefined;
}

function isRecordedFile(value: unknown): value is RecordedFile {
  const { named, path, sha256 } = (value ?? {}) as Record<string, unknown>;
  return typeof named === 'string' && typeof path === 'string' && /^[0-9a-f]{64}$/.test(String(sha256));
}

/** What a deployment's files differ in from those that were checked; a sentence each, to follow `when it was published`. */
export interface Difference {
  readonly path: string;
  readonly message: string;
}

/**
 * How the values files outside the chart differ from what the environment was checked with when the chart was
 * published; empty where one record has just these. The same chart may have been checked with several: then it is
 * told what is nearest.
 */
export function differences(
  environment: string,
  files: readonly RecordedFile[],
  records: readonly ValuesRecord[],
): readonly Difference[] {
  const checked = records.map((record) => record.get(environment)).filter((then) => then !== undefined);
  // An environment that was never checked was checked with no file.
  const all = (checked.length === 0 ? [[]] : checked).map((then) => compare(files, then));
  return all.reduce((least, one) => (one.length < least.length ? one : least));
}

function compare(now: readonly RecordedFile[], then: readonly RecordedFile[]): Difference[] {
  const before = new Map(then.map((file) => [file.path, file.sha256]));
  const paths = new Set(now.map(({ path }) => path));
  const found = now.flatMap(({ path, sha256 }) => {
    const was = before.get(path);
    if (was === sha256) return [];
    const message =
      was === undefined
        ? `${path} (sha256 ${sha256}) was not among its values files`
        : `${path} was another file: now its sha256 is ${sha256}, then it was ${was}`;
    return [{ path, message }];
  });
  const gone = then
    .filter(({ path }) => !paths.has(path))
    .map(({ path, sha256 }) => ({
      path,
      message: `${path} (sha256 ${sha256}) was among its values files, and is not now`,
    }));
  const all = [...found, ...gone];
  const moved = now.findIndex(({ path }, index) => then[index]?.path !== path);
  const [first] = now.slice(moved === -1 ? now.length : moved);
  if (all.length > 0 || first === undefined) return all;
  const order = then.map(({ path }) => path).join(', ');
  return [{ path: first.path, message: `its values files were merged in another order: ${order}` }];
}
