import type { ChartFile, Dependency } from './chart.ts';
import type { ChartLock, Requirement } from './chart-lock.ts';
import type { Position, Source, SourceFault } from './source.ts';
import { readSource } from './source.ts';

/** The dependencies of a chart, where they stand, and its lock. */
export interface DependencyFiles {
  readonly requirements: readonly Requirement[];
  /** The file that lists them, relative to the chart: Chart.yaml, or requirements.yaml of older charts. */
  readonly file: string;
  /** The position of one dependency, or of one of its fields. */
  position(index: number | undefined, field?: string): Position | undefined;
  readonly lock: ChartLock | undefined;
  /** The lock's name beside `file`: what helm writes there. */
  readonly lockFile: string;
  /** The apiVersion of Chart.yaml; `v1` when it has none. */
  readonly apiVersion: string;
}

export interface FileFault extends SourceFault {
  /** Relative to the chart. */
  readonly file: string;
}

type Answer =
  | { readonly ok: true; readonly value: DependencyFiles }
  | { readonly ok: false; readonly faults: readonly FileFault[] };

/** Reads Chart.yaml, requirements.yaml (which helm prefers, whatever the apiVersion) and the lock. */
export function readDependencyFiles(files: readonly ChartFile[]): Answer {
  const faults: FileFault[] = [];
  const read = (file: string): Source | undefined => {
    const found = files.find((entry) => entry.path === file);
    if (found === undefined) return undefined;
    const answer = readSource(found.content);
    if (answer.ok) return answer.source;
    faults.push({ file, ...answer.fault, message: `${file} ${answer.fault.message}` });
    return undefined;
  };
  const chart = read('Chart.yaml');
  const older = read('requirements.yaml');
  const [file, source] = older === undefined ? ['Chart.yaml', chart] : ['requirements.yaml', older];
  // helm loads both when both are there; the later one counts.
  const lockFile = files.some((entry) => entry.path === 'requirements.lock') ? 'requirements.lock' : 'Chart.lock';
  const lockSource = read(lockFile);
  const apiVersion = text(field(chart?.data, 'apiVersion')) || 'v1';
  const requirements = list(source, file, faults);
  const locked = lockSource === undefined ? [] : list(lockSource, lockFile, faults);
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    value: {
      requirements,
      file,
      position: (index, name) => positionOf(source, index, name),
      lock: lockSource && { digest: text(field(lockSource.data, 'digest')), dependencies: locked },
      lockFile: lockSource === undefined && apiVersion === 'v1' ? 'requirements.lock' : lockFile,
      apiVersion,
    },
  };
}

function positionOf(source: Source | undefined, index: number | undefined, name?: string): Position | undefined {
  if (index === undefined) return source?.position(['dependencies'], 'key');
  return (name && source?.position(['dependencies', index, name])) || source?.position(['dependencies', index]);
}

function list(source: Source | undefined, file: string, faults: FileFault[]): Requirement[] {
  const items = field(source?.data, 'dependencies') ?? [];
  const at = (path: (string | number)[]) => source?.position(path) ?? {};
  if (!Array.isArray(items)) {
    faults.push({ file, message: `${file}: dependencies is no list`, ...at(['dependencies']) });
    return [];
  }
  return items.flatMap((item: unknown, index): Requirement[] => {
    const name = text(field(item, 'name'));
    if (name === '' || /[\\/]/.test(name) || name === '.' || name === '..') {
      const message = name === '' ? 'has no name' : `has a name that is no chart's: ${JSON.stringify(name)}`;
      faults.push({ file, message: `${file}: dependency ${index + 1} ${message}`, ...at(['dependencies', index]) });
      return [];
    }
    return [
      {
        name,
        version: text(field(item, 'version')),
        repository: text(field(item, 'repository')),
        condition: text(field(item, 'condition')),
        tags: array(field(item, 'tags')).map(text),
        enabled: field(item, 'enabled') === true,
        importValues: array(field(item, 'import-values')),
        alias: text(field(item, 'alias')),
      },
    ];
  });
}

function field(data: unknown, name: string): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  return Object.hasOwn(data, name) ? (data as Record<string, unknown>)[name] : undefined;
}

function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** As helm turns a YAML scalar into a text: `1.20` without quotes is the number 1.2. */
function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** What the rest of the pipeline needs to know of a requirement. */
export function dependencyOf(requirement: Requirement): Dependency {
  const { name, version, repository, alias, condition, tags, importValues } = requirement;
  return {
    name,
    version,
    repository,
    ...(alias && { alias }),
    ...(condition && { condition }),
    ...(tags.length > 0 && { tags }),
    ...(importValues.length > 0 && { importValues }),
  };
}
