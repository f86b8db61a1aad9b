import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ChartFile } from '../../src/domain/chart.ts';
import { dependencyOf, readDependencyFiles } from '../../src/domain/dependency-file.ts';
import type { StagedChart } from '../../src/domain/staged.ts';

/** A chart's folder as the stages get it; `stores` are folders of dependencies that aren't in its `charts/`. */
export function stagedChart(folder: string, stores: Readonly<Record<string, string>> = {}): StagedChart {
  const files = filesOf(folder).filter(({ path }) => !path.startsWith('charts/'));
  const read = readDependencyFiles(files.filter(({ path }) => path === 'Chart.yaml'));
  if (!read.ok) throw new Error(read.faults[0]?.message);
  const dependencies = read.value.requirements.map(dependencyOf);
  return {
    directory: folder,
    source: 'chart',
    metadata: { name: 'chart', version: '1.0.0', apiVersion: 'v2', type: 'application', dependencies },
    files,
    dependencies: dependencies.map(({ name, alias }) => {
      const own = join(folder, 'charts', name);
      return {
        name,
        ...(alias !== undefined && { alias }),
        version: '1.0.0',
        from: 'vendored',
        files: filesOf(existsSync(own) ? own : (stores[name] ?? '')),
      };
    }),
    readsCapabilities: true,
    readsOperation: true,
  };
}

function filesOf(folder: string): ChartFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(folder, path), content: readFileSync(path) }));
}
