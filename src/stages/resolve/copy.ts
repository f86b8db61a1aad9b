import { join, relative, sep } from 'node:path';
import type { ChartFile } from '../../domain/chart.ts';
import type { Finding } from '../../domain/finding.ts';
import { HelmignoreError, type Ignores, parseHelmignore } from '../../domain/helmignore.ts';
import { ARCHIVE_LIMITS, SOURCE_BYTES } from '../../domain/limits.ts';
import { isInside, joinShown } from '../../domain/paths.ts';
import type { Entry, Files } from '../../ports.ts';
import { oversize } from './bounds.ts';

/** A chart's folder in the repository. */
export interface ChartFolder {
  /** Absolute, links followed. */
  readonly directory: string;
  /** Relative to the repository's root: what findings name. */
  readonly source: string;
  /** The chart that findings are about. */
  readonly chart: string;
}

export interface FolderCopy {
  readonly files: readonly ChartFile[];
  /** Whether the chart's .helmignore drops a path: what is put there later, helm doesn't see. */
  ignored(path: string): boolean;
  readonly findings: readonly Finding[];
}

export interface Found {
  readonly path: string;
  /** Absolute, links followed. */
  readonly real: string;
  readonly size: number;
}

/**
 * Reads what helm would see of a chart's folder: no `.git`, nothing of `exclude` (absolute folders), nothing
 * that .helmignore drops, links only where they lead to something inside the chart. Folders are listed before
 * anything is read, so that a folder that is too large costs no memory.
 */
export async function readChartFolder(
  folder: ChartFolder,
  exclude: readonly string[],
  files: Files,
): Promise<FolderCopy> {
  const ignore = readRules(folder, await helmignoreText(folder, files));
  if (typeof ignore !== 'function') return { files: [], ignored: () => false, findings: [ignore] };
  const walk = new Walk(folder, exclude, files, ignore);
  await walk.enter('', folder.directory, [folder.directory]);
  const findings = [...walk.findings, ...oversize(folder, walk.found, walk.folders)];
  const ignored = (path: string): boolean => {
    const steps = path.split('/');
    return steps.some((_, index) => ignore(steps.slice(0, index + 1).join('/'), index + 1 < steps.length));
  };
  if (findings.length > 0) return { files: [], ignored, findings };
  const contents: ChartFile[] = [];
  for (const { path, real } of walk.found) {
    const content = await files.read(real, ARCHIVE_LIMITS.totalBytes);
    // It was listed a moment ago; whoever removed it since meant it not to be there.
    if (content !== undefined) contents.push({ path, content });
  }
  return { files: contents, ignored, findings };
}

async function helmignoreText({ directory }: ChartFolder, files: Files): Promise<string> {
  const real = await files.real(join(directory, '.helmignore'));
  if (real === undefined || !isInside(directory, real)) return '';
  const bytes = await files.read(real, SOURCE_BYTES);
  return bytes === undefined ? '' : new TextDecoder().decode(bytes);
}

function readRules(folder: ChartFolder, text: string): Ignores | Finding {
  try {
    return parseHelmignore(text);
  } catch (error) {
    if (!(error instanceof HelmignoreError)) throw error;
    const file = joinShown(folder.source, '.helmignore');
    return {
      stage: 'resolve',
      rule: 'resolve/helmignore',
      severity: 'error',
      message: `${file}: ${error.message}`,
      chart: folder.chart,
      file,
      line: error.line,
    };
  }
}

/** Links between a few folders can make endlessly many ways, without a single loop or file. */
const MOST_LINKED_FOLDERS = 200;

class Walk {
  readonly found: Found[] = [];
  folders = 0;
  #linkedFolders = 0;
  readonly findings: Finding[] = [];
  readonly #folder: ChartFolder;
  readonly #exclude: readonly string[];
  readonly #files: Files;
  readonly #ignore: Ignores;

  constructor(folder: ChartFolder, exclude: readonly string[], files: Files, ignore: Ignores) {
    this.#folder = folder;
    this.#exclude = exclude;
    this.#files = files;
    this.#ignore = ignore;
  }

  /** `above` are the real folders on the way here: meeting one again is a loop. */
  async enter(path: string, real: string, above: readonly string[]): Promise<void> {
    this.folders += 1;
    for (const entry of await this.#files.list(real)) {
      // Far past the bound there is nothing more to learn.
      if (this.found.length + this.folders > ARCHIVE_LIMITS.entries) return;
      const inside = path === '' ? entry.path : `${path}/${entry.path}`;
      const absolute = join(real, entry.path);
      if (entry.path === '.git' || this.#exclude.includes(absolute)) continue;
      await this.#take(entry, inside, absolute, above);
    }
  }

  async #take(entry: Entry, path: string, absolute: string, above: readonly string[]): Promise<void> {
    switch (entry.kind) {
      case 'file':
        if (!this.#ignore(path, false)) this.found.push({ path, real: absolute, size: entry.size });
        return;
      case 'folder':
        if (!this.#ignore(path, true)) await this.enter(path, absolute, [...above, absolute]);
        return;
      case 'link':
        await this.#follow(path, absolute, above);
        return;
      case 'other':
        if (!this.#ignore(path, false))
          this.#add('irregular-file', path, 'is neither a file nor a folder (a socket, pipe or device)');
        return;
    }
  }

  async #follow(path: string, absolute: string, above: readonly string[]): Promise<void> {
    const { directory } = this.#folder;
    const real = await this.#files.real(absolute);
    const kind = real && (await this.#files.kind(real));
    if (this.#ignore(path, kind === 'folder')) return;
    if (real === undefined || kind === undefined) {
      this.#add('link-dangling', path, 'is a symbolic link that leads nowhere, or to itself');
    } else if (!isInside(directory, real) || this.#hidden(real)) {
      this.#add('link-outside', path, `is a symbolic link that leads out of the chart, to ${this.#shown(real)}`);
    } else if (kind === 'folder' && above.includes(real)) {
      this.#add(
        'link-loop',
        path,
        `is a symbolic link to ${this.#shown(real)}, which it lies in: it would go on for ever`,
      );
    } else if (kind === 'folder') {
      this.#linkedFolders += 1;
      if (this.#linkedFolders <= MOST_LINKED_FOLDERS) await this.enter(path, real, [...above, real]);
      else if (this.#linkedFolders === MOST_LINKED_FOLDERS + 1) {
        this.#add(
          'link-loop',
          path,
          `is a symbolic link to a folder, one of more than ${MOST_LINKED_FOLDERS} on the ways through this chart`,
        );
      }
    } else {
      this.found.push({ path, real, size: await this.#size(real) });
    }
  }

  /** What is never copied can't get in by a link either. */
  #hidden(real: string): boolean {
    if (relative(this.#folder.directory, real).split(sep).includes('.git')) return true;
    return this.#exclude.some((folder) => isInside(this.#folder.directory, folder) && isInside(folder, real));
  }

  async #size(real: string): Promise<number> {
    const name = real.slice(real.lastIndexOf(sep) + 1);
    const entries = await this.#files.list(real.slice(0, real.lastIndexOf(sep)) || sep);
    return entries.find((entry) => entry.path === name)?.size ?? 0;
  }

  #shown(real: string): string {
    const { directory, source } = this.#folder;
    if (!isInside(directory, real)) return real.split(sep).join('/');
    return joinShown(source, relative(directory, real).split(sep).join('/')) || '.';
  }

  #add(rule: string, path: string, message: string): void {
    const file = joinShown(this.#folder.source, path);
    this.findings.push({
      stage: 'resolve',
      rule: `resolve/${rule}`,
      severity: 'error',
      message: `${file} ${message}`,
      hint: 'Put the file itself there, or add the link to .helmignore.',
      chart: this.#folder.chart,
      file,
    });
  }
}
