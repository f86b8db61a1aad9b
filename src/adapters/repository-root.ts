import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest folder from `from` upwards that holds `.git`; `from` itself when there is none. */
export function repositoryRoot(from: string): string {
  const start = realpathSync(from);
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (folder === dirname(folder)) return start;
  }
}
