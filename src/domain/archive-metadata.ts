import { FAILSAFE_SCHEMA } from 'js-yaml';
import { parse } from 'yaml';
import type { ChartFile } from './chart.ts';
import { plainData } from './plain-yaml.ts';

/** Chart.yaml as Helm reads it: its fields in the order of Helm's own structure, empty ones left out. */
export type HelmMetadata = Readonly<Record<string, unknown>>;

type Shape = readonly (readonly [name: string, kind: Kind])[];
type Kind = 'text' | 'kept-text' | 'flag' | 'texts' | 'map' | 'imports' | Shape;

/** The structures of Helm (pkg/chart/v2), field by field; `kept-text` is written even when empty. */
const MAINTAINER: Shape = [
  ['name', 'text'],
  ['email', 'text'],
  ['url', 'text'],
];
const DEPENDENCY: Shape = [
  ['name', 'kept-text'],
  ['version', 'text'],
  ['repository', 'kept-text'],
  ['condition', 'text'],
  ['tags', 'texts'],
  ['enabled', 'flag'],
  ['import-values', 'imports'],
  ['alias', 'text'],
];
const METADATA: Shape = [
  ['name', 'text'],
  ['home', 'text'],
  ['sources', 'texts'],
  ['version', 'text'],
  ['description', 'text'],
  ['keywords', 'texts'],
  ['maintainers', MAINTAINER],
  ['icon', 'text'],
  ['apiVersion', 'text'],
  ['condition', 'text'],
  ['tags', 'text'],
  ['appVersion', 'text'],
  ['deprecated', 'flag'],
  ['annotations', 'map'],
  ['kubeVersion', 'text'],
  ['dependencies', DEPENDENCY],
  ['type', 'text'],
];
const LOCK: Shape = [
  ['dependencies', DEPENDENCY],
  ['digest', 'kept-text'],
  ['generated', 'kept-text'],
];

/** Reads a Chart.yaml; `undefined` when it is no YAML map. */
export function readMetadata(content: Uint8Array): HelmMetadata | undefined {
  const data = readMap(content);
  return data && shaped(data, METADATA);
}

/** The metadata of a chart's files. A chart of the first API version keeps its dependencies in requirements.yaml. */
export function metadataOf(files: readonly ChartFile[]): HelmMetadata | undefined {
  const content = (path: string) => files.find((file) => file.path === path)?.content;
  const chart = content('Chart.yaml');
  const data = chart && readMap(chart);
  if (data === undefined) return undefined;
  const requirements = data.apiVersion === 'v1' ? content('requirements.yaml') : undefined;
  return shaped({ ...data, ...(requirements && readMap(requirements)) }, METADATA);
}

/**
 * The files with each Chart.yaml and Chart.lock, nested charts' too, written anew from its data. Helm rewrites them
 * when it packages, and how it folds lines and quotes is its YAML library's affair, which changes between versions.
 */
export function normaliseFiles(files: readonly ChartFile[]): ChartFile[] {
  return files.map((file) => {
    const name = /^(?:charts\/[^/]+\/)*Chart\.(yaml|lock)$/.exec(file.path)?.[1];
    const data = name === undefined ? undefined : readMap(file.content);
    if (data === undefined) return file;
    return { path: file.path, content: write(shaped(data, name === 'lock' ? LOCK : METADATA)) };
  });
}

/** Block style with every value in double quotes, so that no reader takes `1.10` or `no` for anything but text. */
function write(data: HelmMetadata): Uint8Array {
  // Some readers take these for line breaks, or refuse them.
  const escaped = block(data, '').replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, unicodeEscape);
  return new TextEncoder().encode(escaped);
}

/** The lines of a map (keys sorted) or of a list, each behind `indent`. */
function block(value: object, indent: string): string {
  const within = `${indent}  `;
  if (Array.isArray(value)) {
    return value
      .map((entry) => `${indent}- ${isFilled(entry) ? block(entry, within).trimStart() : `${scalar(entry)}\n`}`)
      .join('');
  }
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([key, entry]) =>
        `${indent}${plainKey(key)}:${isFilled(entry) ? `\n${block(entry, within)}` : ` ${scalar(entry)}\n`}`,
    )
    .join('');
}

function isFilled(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** JSON is YAML, empty lists and maps too. */
function scalar(value: unknown): string {
  return JSON.stringify(value);
}

/** A key that every reader takes for text as it stands; any other is quoted. */
function plainKey(key: string): string {
  return /^[A-Za-z][-._/A-Za-z0-9]*$/.test(key) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(key)
    ? key
    : JSON.stringify(key);
}

/** Helm's config blob: the same bytes as Go's encoder gives. */
export function configOf(metadata: HelmMetadata): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(metadata).replace(/[<>&\u2028\u2029]/g, unicodeEscape));
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A YAML map whose scalars all are their own text: a version `1.10` is no number. */
function readMap(content: Uint8Array): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder().decode(content);
    const data: unknown = (
      plainData(text, FAILSAFE_SCHEMA) ?? { data: parse(text, { schema: 'failsafe', logLevel: 'error' }) }
    ).data;
    return isMap(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

function isMap(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

function shaped(data: Record<string, unknown>, shape: Shape): HelmMetadata {
  const result: Record<string, unknown> = {};
  for (const [name, kind] of shape) {
    const value = shapedValue(data[name], kind);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function shapedValue(value: unknown, kind: Kind): unknown {
  switch (kind) {
    case 'text':
      return typeof value === 'string' && value !== '' ? value : undefined;
    case 'kept-text':
      return typeof value === 'string' ? value : '';
    case 'flag':
      return typeof value === 'string' && /^(true|yes|on)$/i.test(value) ? true : undefined;
    case 'texts': {
      const texts = list(value).filter((entry) => typeof entry === 'string');
      return texts.length > 0 ? texts : undefined;
    }
    case 'imports':
      return list(value).length > 0 ? value : undefined;
    case 'map': {
      const entries = isMap(value) ? Object.entries(value).filter(([, text]) => typeof text === 'string') : [];
      return entries.length > 0 ? Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))) : undefined;
    }
    default: {
      const maps = list(value)
        .filter(isMap)
        .map((entry) => shaped(entry, kind));
      return maps.length > 0 ? maps : undefined;
    }
  }
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

const OCI = 'org.opencontainers.image';

/**
 * The manifest's annotations as `helm push` writes them: those of Chart.yaml's fields, then the chart's own, which
 * may replace any but title and version. `created` is an RFC 3339 time.
 */
export function annotationsOf(metadata: HelmMetadata, created: string): Record<string, string> {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const people = list(metadata.maintainers).filter(isMap);
  const described: [string, string][] = [
    [`${OCI}.description`, text(metadata.description)],
    [`${OCI}.title`, text(metadata.name)],
    [`${OCI}.version`, text(metadata.version)],
    [`${OCI}.url`, text(metadata.home)],
    [`${OCI}.created`, created],
    [`${OCI}.source`, text(list(metadata.sources)[0])],
    [
      `${OCI}.authors`,
      people.map((person) => text(person.name) + (person.email ? ` (${person.email})` : '')).join(', '),
    ],
  ];
  const own = isMap(metadata.annotations) ? Object.entries(metadata.annotations) : [];
  return Object.fromEntries([
    ...described.filter(([, value]) => value.trim() !== ''),
    ...own
      .filter(([key]) => key !== `${OCI}.title` && key !== `${OCI}.version`)
      .map(([key, value]) => [key, text(value)]),
  ]);
}
