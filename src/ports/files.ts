export interface Entry {
  /** Relative to the folder that was listed, with forward slashes. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly size: number;
}

/**
 * The disk. Paths are absolute. Reading is bounded; what isn't there is `undefined`, never an exception.
 */
export interface Files {
  /** The repository's root: nothing outside it is read but what the person on the command line names. */
  readonly root: string;
  /** A private folder (0700) of this run, gone when the run is over. */
  readonly temporary: string;
  /** The bytes of a file; `undefined` when it isn't there or is a folder; throws a RangeError when larger than `limitBytes`. */
  read(path: string, limitBytes: number): Promise<Uint8Array | undefined>;
  /** What a path is, links followed. */
  kind(path: string): Promise<'file' | 'folder' | undefined>;
  /** The path with every link followed; `undefined` when it isn't there. */
  real(path: string): Promise<string | undefined>;
  /** The direct entries of a folder, sorted by name, links not followed; empty when it isn't there. */
  list(folder: string): Promise<readonly Entry[]>;
  /** Folders and files below `folder` that match the glob patterns, absolute, sorted. */
  glob(folder: string, patterns: readonly string[]): Promise<readonly string[]>;
  /** Writes a file and the folders above it, by a temporary name and a rename. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Makes a folder and those above it. */
  makeFolder(path: string): Promise<void>;
  /** A new private folder (0700) inside `temporary`. */
  makeTemporary(name: string): Promise<string>;
  /** Removes a file or folder; nothing when it isn't there. */
  remove(path: string): Promise<void>;
}
