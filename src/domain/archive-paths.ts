/** What is wrong with an archive, as a phrase to follow its name: `holds a path that …`. */
export class Refusal extends Error {}

/** A name out of an archive for a message: one line, in quotes, not too long. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 199)}…` : name);
}

/** Bytes of a path, and of a name in it: longer ones can't be unpacked on every system. */
const LONGEST_PATH = 1024;
const LONGEST_NAME = 255;
/** Folders in a path: charts within charts take two each. */
const DEEPEST = 64;

/**
 * The segments of an entry's name; throws a `Refusal` for a name that could lead out of the folder it is unpacked
 * into. A `.` at the beginning is the top folder, as it is for helm.
 */
export function segmentsOf(name: string): string[] {
  if (name.includes('\\')) throw new Refusal(`holds a path with a backslash: ${shown(name)}`);
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) throw new Refusal(`holds an absolute path: ${shown(name)}`);
  if (Buffer.byteLength(name) > LONGEST_PATH)
    throw new Refusal(`holds a path longer than ${LONGEST_PATH} bytes: ${shown(name)}`);
  const segments = name.split('/').filter((segment, index) => segment !== '' && (segment !== '.' || index === 0));
  if (segments.includes('..')) throw new Refusal(`holds a path that leads outside with "..": ${shown(name)}`);
  if (segments.length > DEEPEST) throw new Refusal(`holds a path more than ${DEEPEST} folders deep: ${shown(name)}`);
  if (segments.some((segment) => Buffer.byteLength(segment) > LONGEST_NAME))
    throw new Refusal(`holds a name longer than ${LONGEST_NAME} bytes: ${shown(name)}`);
  return segments;
}

/** Keeps the paths that were seen, and refuses what can't be there twice. */
export class SeenPaths {
  readonly #files = new Set<string>();

  add(path: string): void {
    if (this.#files.has(path)) throw new Refusal(`holds ${shown(path)} twice`);
    this.#files.add(path);
  }

  /** Throws when a path is a file and the folder of another. */
  finish(): void {
    // With a NUL for the slash what lies in a folder comes right behind its name.
    const sorted = [...this.#files].map((path) => path.replaceAll('/', '\0')).sort();
    for (const [index, path] of sorted.entries()) {
      if (sorted[index + 1]?.startsWith(`${path}\0`) === true)
        throw new Refusal(`holds ${shown(path.replaceAll('\0', '/'))} as a file and as a folder`);
    }
  }
}
