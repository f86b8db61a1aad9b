import { join } from 'node:path';
import type { ChartFile } from '../../domain/chart.ts';
import { ARCHIVE_LIMITS } from '../../domain/limits.ts';
import type { Template } from '../../domain/provenance/cause.ts';
import { templateParts } from '../../domain/provenance/template-parts.ts';
import type { StagedChart } from '../../domain/staged.ts';
import type { Files } from '../../ports.ts';

export interface ChartTemplate extends Template {
  /** Relative to the chart's folder, as helm names it: a dependency is below `charts/` under its alias. */
  readonly file: string;
  /** Where it lies: under its own name. */
  readonly path: string;
}

/** A chart to experiment on: in a private folder, its dependencies unpacked. */
export interface ChartCopy {
  readonly directory: string;
  readonly templates: readonly ChartTemplate[];
  /** Puts other sources in place of the templates', in their order. */
  write(sources: readonly string[]): Promise<void>;
  /** The path of a values file of its own. */
  writeValues(values: Record<string, unknown>): Promise<string>;
  remove(): Promise<void>;
}

export async function copyChart(staged: StagedChart, files: Files): Promise<ChartCopy> {
  const folder = await files.makeTemporary('locate');
  const directory = join(folder, staged.metadata.name);
  const contents = new Map((await filesBelow(staged.directory, '', files)).map((file) => [file.path, file.content]));
  for (const { name, version, files: own } of staged.dependencies) {
    // What lies there unpacked stays as it is, whatever its folder is called.
    if (!contents.delete(`charts/${name}-${version}.tgz`)) continue;
    for (const { path, content } of own) contents.set(`charts/${name}/${path}`, content);
  }
  for (const [path, content] of contents) await files.write(join(directory, path), content);
  const decoder = new TextDecoder();
  const templates = [...contents]
    .filter(([path]) => /^(?:charts\/[^/]+\/)*templates\/.*\.(?:ya?ml|tpl)$/.test(path))
    .map(([path, content]): ChartTemplate => {
      const source = decoder.decode(content);
      const dependency = staged.dependencies.find(({ name }) => path.startsWith(`charts/${name}/`));
      const file =
        dependency?.alias === undefined ? path : path.replace(/^charts\/[^/]+/, `charts/${dependency.alias}`);
      return { file, path, source, parts: templateParts(source) ?? [] };
    });
  const written = templates.map(({ source }) => source);
  let valuesFiles = 0;
  return {
    directory,
    templates,
    write: async (sources) => {
      for (const [index, source] of sources.entries()) {
        if (written[index] === source) continue;
        await files.write(join(directory, templates[index]?.path ?? ''), source);
        written[index] = source;
      }
    },
    writeValues: async (values) => {
      valuesFiles += 1;
      const path = join(folder, `values-${valuesFiles}.json`);
      await files.write(path, JSON.stringify(values));
      return path;
    },
    remove: () => files.remove(folder),
  };
}

async function filesBelow(root: string, folder: string, files: Files): Promise<ChartFile[]> {
  const found: ChartFile[] = [];
  for (const entry of await files.list(join(root, folder))) {
    const path = folder === '' ? entry.path : `${folder}/${entry.path}`;
    if (entry.kind === 'folder') found.push(...(await filesBelow(root, path, files)));
    else if (entry.kind === 'file') {
      const content = await files.read(join(root, path), ARCHIVE_LIMITS.packedBytes);
      if (content !== undefined) found.push({ path, content });
    }
  }
  return found;
}
