/** What is wrong with an archive, as a phrase to follow its name: `holds a path that …`. */
export class Refusal extends Error {}

/** A name out of an archive for a message: one line, in quotes, not too long. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 199)}…` : name);
}

/** The segments of an entry's name; throws a `Refusal` for a name that could lead out of the folder it is unpacked into. */
export function segmentsOf(name: string): string[] {
  if (name.includes('\\')) throw new Refusal(`holds a path with a backslash: ${shown(name)}`);
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) throw new Refusal(`holds an absolute path: ${shown(name)}`);
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw new Refusal(`holds a path that leads outside with "..": ${shown(name)}`);
  return segments;
}

/** Keeps the paths that were seen, and refuses what can't be there twice. */
export class SeenPaths {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  add(path: string): void {
    if (this.#files.has(path)) throw new Refusal(`holds ${shown(path)} twice`);
    this.#files.add(path);
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      this.#folders.add(path.slice(0, end));
    }
  }

  /** Throws when a path is a file and the folder of another. */
  finish(): void {
    for (const path of this.#files) {
      if (this.#folders.has(path)) throw new Refusal(`holds ${shown(path)} as a file and as a folder`);
    }
  }
}
