import { basename, join, resolve } from 'node:path';
import valid from 'semver/functions/valid.js';
import type { ChartMetadata, Dependency } from './domain/chart.ts';
import { isEnvironmentName } from './domain/environment.ts';
import { RequestError } from './domain/errors.ts';
import type { Finding } from './domain/finding.ts';
import { SOURCE_BYTES } from './domain/limits.ts';
import { isInside, joinShown, shownPath } from './domain/paths.ts';
import { readSource, type Source } from './domain/source.ts';
import type { Files } from './ports.ts';
import type { Request } from './request.ts';
import { fault, quote } from './settings.ts';

/** A chart folder as it was found on disk. */
export interface ChartOnDisk {
  /** Absolute, links followed. */
  readonly directory: string;
  /** Relative to the repository's root; `.` for the root itself. */
  readonly source: string;
  readonly metadata: ChartMetadata;
  /** The names of its `values-NAME.yaml` files' environments, sorted. */
  readonly environments: readonly string[];
}

/** What is on disk of what was asked for. Charts whose Chart.yaml is no good are findings; a chart that isn't there is a RequestError. */
export async function survey(
  request: Pick<Request, 'charts' | 'place'>,
  files: Files,
): Promise<{ charts: ChartOnDisk[]; findings: Finding[] }> {
  const faults: Finding[] = [];
  const root = (await files.real(files.root)) ?? files.root;
  const folders = new Map<string, string>();
  for (const [index, pattern] of request.charts.patterns.entries()) {
    const place = (): Partial<Finding> =>
      request.charts.insideOnly ? { ...request.place(['charts']), ...request.place(['charts', index]) } : {};
    const found = await expand(pattern, request.charts.base, files);
    if (typeof found === 'string')
      faults.push(fault('no-chart', found, { ...place(), hint: 'Give the folder that holds Chart.yaml.' }));
    else {
      for (const folder of found) {
        const real = (await files.real(folder)) ?? folder;
        if (isInside(root, real) || !request.charts.insideOnly) folders.set(real, folder);
        else
          faults.push(
            fault('outside', `chart ${quote(pattern)} lies outside the repository`, {
              ...place(),
              hint: 'Nothing outside the repository is read.',
            }),
          );
      }
    }
  }
  const found = [...folders.keys()].map((directory) => ({ directory, source: shownPath(root, directory) }));
  const read = await readCharts(found, files);
  if (faults.length > 0) throw new RequestError(faults);
  return read;
}

/** Charts whose folders are known, in their order. */
export async function readCharts(
  folders: readonly Pick<ChartOnDisk, 'directory' | 'source'>[],
  files: Files,
): Promise<{ charts: ChartOnDisk[]; findings: Finding[] }> {
  const root = (await files.real(files.root)) ?? files.root;
  const charts: ChartOnDisk[] = [];
  const findings: Finding[] = [];
  for (const { directory, source } of folders) {
    const read = await readChart(directory, source, root, files);
    if ('metadata' in read) charts.push({ directory, source, ...read });
    else findings.push(read);
  }
  return { charts, findings };
}

async function expand(pattern: string, cwd: string, files: Files): Promise<readonly string[] | string> {
  const folder = resolve(cwd, pattern);
  const kind = await files.kind(folder);
  // A folder may well be named [x].
  if (kind === undefined && /[*?[{!]/.test(pattern)) {
    const manifests = await files.glob(cwd, [`${pattern.replace(/\/+$/, '')}/Chart.yaml`]);
    if (manifests.length === 0) return `no chart matches ${quote(pattern)}`;
    return manifests.map((path) => join(path, '..'));
  }
  if (kind === undefined) return `chart ${quote(pattern)} is not there`;
  if (kind === 'file') return `chart ${quote(pattern)} is a file, not a folder`;
  if ((await files.kind(join(folder, 'Chart.yaml'))) !== 'file')
    return `${quote(pattern)} is no chart: it has no Chart.yaml`;
  return [folder];
}

async function readChart(
  directory: string,
  source: string,
  root: string,
  files: Files,
): Promise<Pick<ChartOnDisk, 'metadata' | 'environments'> | Finding> {
  const shown = joinShown(source, 'Chart.yaml');
  const bad = (message: string, rest: Partial<Finding> = {}): Finding => ({
    stage: 'resolve',
    rule: 'resolve/chart-yaml',
    severity: 'error',
    message: `${shown} ${message}`,
    chart: basename(directory),
    file: shown,
    ...rest,
  });
  const path = join(directory, 'Chart.yaml');
  const real = await files.real(path);
  if (real === undefined || !(isInside(root, real) || isInside(directory, real)))
    return bad('leads outside the repository');
  const bytes = await readBounded(files, real);
  if (bytes === undefined) return bad(`is larger than ${SOURCE_BYTES / 1024 / 1024} MiB or can't be read`);
  const read = readSource(bytes);
  if (!read.ok) {
    const { message, ...rest } = read.fault;
    return bad(message, rest);
  }
  const metadata = readMetadata(read.source);
  if ('message' in metadata) return bad(metadata.message, { ...read.source.position(metadata.path), ...metadata.hint });
  // A dot is left to values-dev.example.yaml and the like, which are no environments.
  const environments = (await files.list(directory)).flatMap(({ path, kind }) => {
    const name = kind === 'folder' ? undefined : /^values-([A-Za-z0-9_-]+)\.yaml$/.exec(path)?.[1];
    return name !== undefined && isEnvironmentName(name) ? [name] : [];
  });
  return { metadata, environments };
}

/** A file's bytes; `undefined` when it is too large or not there. */
export async function readBounded(files: Pick<Files, 'read'>, path: string): Promise<Uint8Array | undefined> {
  try {
    return await files.read(path, SOURCE_BYTES);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Wrong = { message: string; path: (string | number)[]; hint?: { hint: string } };

/** Chart.yaml's data → what Chartship needs of it, or what is wrong with it and where. */
export function readMetadata(source: Source): ChartMetadata | Wrong {
  const data = source.data;
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return { message: 'must be a mapping', path: [] };
  const chart = data as Record<string, unknown>;
  for (const key of ['apiVersion', 'name', 'version']) {
    const value = chart[key];
    if (value === undefined || value === null || value === '') return { message: `has no ${key}`, path: [] };
    if (typeof value !== 'string')
      return {
        message: `has a ${key} that is no text`,
        path: [key],
        hint: { hint: `Write it in quotes: ${key}: "${String(value)}".` },
      };
  }
  const { name, version, apiVersion } = chart as { name: string; version: string; apiVersion: string };
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(name))
    return { message: `has a name that can't be a chart's: ${quote(name)}`, path: ['name'] };
  // Helm takes a `v` before it, and its lint (of Helm 4) says that this is no semantic version; others see to the rest.
  if (valid(version) === null || !/^v?[0-9]/.test(version)) {
    return {
      message: `has a version that is no semantic version: ${quote(version)}`,
      path: ['version'],
      hint: { hint: 'Write it as 1.2.3 or 1.2.3-rc.1.' },
    };
  }
  if (!['v1', 'v2'].includes(apiVersion))
    return { message: `has an apiVersion that Helm doesn't know: ${quote(apiVersion)}`, path: ['apiVersion'] };
  for (const key of ['appVersion', 'kubeVersion'] as const) {
    const value = chart[key];
    if (value !== undefined && value !== null && typeof value !== 'string') {
      return {
        message: `has ${key === 'appVersion' ? 'an' : 'a'} ${key} that is no text`,
        path: [key],
        hint: { hint: `Write it in quotes: ${key}: "${String(value)}".` },
      };
    }
  }
  const ill = illTyped(chart);
  if (ill !== undefined) return ill;
  const dependencies = readDependencies(chart.dependencies);
  if ('message' in dependencies) return dependencies;
  return {
    name,
    version,
    apiVersion,
    type: chart.type === 'library' ? 'library' : 'application',
    ...(typeof chart.appVersion === 'string' && { appVersion: chart.appVersion }),
    ...(typeof chart.kubeVersion === 'string' && chart.kubeVersion !== '' && { kubeVersion: chart.kubeVersion }),
    dependencies: dependencies.list,
  };
}

/** Keys that helm takes in one shape only. Where it takes texts, it takes numbers and booleans for them. */
function illTyped(chart: Readonly<Record<string, unknown>>): Wrong | undefined {
  const isText = (value: unknown): boolean => typeof value !== 'object';
  const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
  const isListOf = (is: (value: unknown) => boolean) => (value: unknown) =>
    Array.isArray(value) && value.every((each) => each === null || is(each));
  const shapes: readonly (readonly [string, (value: unknown) => boolean, string])[] = [
    ...['description', 'home', 'icon', 'condition', 'tags', 'type'].map((key) => [key, isText, 'text'] as const),
    ...['keywords', 'sources'].map((key) => [key, isListOf(isText), 'a list of texts'] as const),
    ['maintainers', isListOf(isMap), 'a list of mappings with name, email and url'],
    ['annotations', isMap, 'a mapping of texts'],
    ['deprecated', (value) => typeof value === 'boolean', 'true or false'],
  ];
  for (const [key, fits, shape] of shapes) {
    const value = chart[key];
    if (value !== undefined && value !== null && !fits(value))
      return { message: `has ${key} that must be ${shape}`, path: [key] };
  }
  const { type } = chart;
  if (!['application', 'library', '', undefined, null].includes(type as string)) {
    return { message: `has a type that is neither application nor library: ${quote(String(type))}`, path: ['type'] };
  }
  return undefined;
}

export function readDependencies(value: unknown): { list: Dependency[] } | Wrong {
  if (value === undefined || value === null) return { list: [] };
  if (!Array.isArray(value)) return { message: 'has dependencies that are no list', path: ['dependencies'] };
  const list: Dependency[] = [];
  for (const [index, entry] of value.entries()) {
    const path = ['dependencies', index];
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
      return { message: 'has a dependency that is no mapping', path };
    const { name, version, repository, alias, condition } = entry as Record<string, unknown>;
    if (typeof name !== 'string' || !/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(name))
      return { message: 'has a dependency without a proper name', path };
    if (version !== undefined && typeof version !== 'string') {
      return {
        message: `has a version for ${name} that is no text`,
        path: [...path, 'version'],
        hint: { hint: `Write it in quotes: "${String(version)}".` },
      };
    }
    list.push({
      name,
      version: version ?? '',
      repository: typeof repository === 'string' ? repository : '',
      ...(typeof alias === 'string' && { alias }),
      ...(typeof condition === 'string' && { condition }),
    });
  }
  return { list };
}
