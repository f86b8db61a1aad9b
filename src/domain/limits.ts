const MiB = 1024 * 1024;

/** Bounds on everything that is read or run, so that no chart, archive or server can hold a run up for ever. */
export interface Limits {
  /** Milliseconds a call of helm may take for one lint, render or package. */
  readonly helmMilliseconds: number;
  /** Bytes of resident memory a child may take before it is ended. */
  readonly childBytes: number;
  /** Bytes of output (stdout and stderr each) that are read of a child. */
  readonly outputBytes: number;
  /** Milliseconds one call to a registry or repository may take, with the tool's own retries. */
  readonly registryMilliseconds: number;
  /** Milliseconds a download of a tool may take. */
  readonly downloadMilliseconds: number;
}

export const DEFAULT_LIMITS: Limits = {
  helmMilliseconds: 60_000,
  childBytes: 2048 * MiB,
  outputBytes: 64 * MiB,
  registryMilliseconds: 60_000,
  downloadMilliseconds: 300_000,
};

/** Bounds on a chart archive; the first two are Helm's own (it refuses to load what is larger). */
export const ARCHIVE_LIMITS = {
  /** Bytes of all files of an archive together, unpacked. */
  totalBytes: 100 * MiB,
  /** Bytes of one file of an archive, unpacked. */
  fileBytes: 5 * MiB,
  /** Entries of an archive. */
  entries: 20_000,
  /** Bytes of the compressed archive. */
  packedBytes: 64 * MiB,
} as const;

/** Bytes of one secret: what is masked is looked for in all that is printed. */
export const SECRET_BYTES = 1 * MiB;

/** Bytes of one YAML or JSON source file (a values file, Chart.yaml, chartship.yaml). */
export const SOURCE_BYTES = 8 * MiB;

/** Bytes of one file of a release on GitHub: it is held in memory, and the upload has a deadline. */
export const RELEASE_FILE_BYTES = 128 * MiB;
/** Bytes of what a release says changed: GitHub takes 125,000 characters, with what is said of the packages. */
export const RELEASE_NOTES_BYTES = 100_000;

/** Bytes of what is attached to a published chart: a signature, a bill of materials. */
export const ATTACHMENT_BYTES = 16 * MiB;

/** Bytes of a file of trusted roots; one is some tens of kilobytes. */
export const TRUSTED_ROOT_BYTES = 16 * MiB;

/** Attachments of one kind that are read of one chart: who may write to a registry may attach thousands. */
export const MOST_ATTACHED = 50;
