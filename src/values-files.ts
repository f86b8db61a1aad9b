import { createHash } from 'node:crypto';
import { join, relative, resolve, sep } from 'node:path';
import type { Environment, PlannedEnvironment } from './domain/environment.ts';
import { RequestError } from './domain/errors.ts';
import { type Finding, mergeFindings } from './domain/finding.ts';
import { SOURCE_BYTES } from './domain/limits.ts';
import { isInside, joinShown, shownPath } from './domain/paths.ts';
import { isEncryptedName } from './domain/sops.ts';
import { readSource, type SourceFault } from './domain/source.ts';
import { pathsOfSet, type ValuesFile, type ValuesLayer } from './domain/values.ts';
import { filesOutside, type ValuesRecord } from './domain/values-record.ts';
import { misnamed, type OpeningPorts, openEncrypted } from './encrypted-values.ts';
import type { Plan, PlannedChart } from './plan.ts';
import type { Files } from './ports.ts';
import type { Request } from './request.ts';
import { fault, quote } from './settings.ts';
import { readBounded } from './survey.ts';

/** The values files of a plan, each read once, by chart and by the name it was given. */
export interface LoadedValues {
  /** The chart's own values.yaml; `undefined` when it has none. */
  base(chart: PlannedChart): ValuesFile | undefined;
  get(chart: PlannedChart, named: string): ValuesFile;
  readonly findings: readonly Finding[];
}

/** Where a file lay when the chart was published, relative to the repository's root; or why nobody knows. */
export interface RecordedPlace {
  readonly path?: string | undefined;
  readonly unknown?: string;
}

/**
 * Finds and reads every values file of the plan: in the chart's folder first, then from the repository's
 * root. A file that isn't there or lies outside the repository is a RequestError; one that is no YAML is
 * a finding. One that is encrypted is decrypted into the private folder. `recorded` knows where a file lay in the repository that was named relative to a chart that came
 * from a registry, without its folder.
 */
export async function loadValues(
  request: Request,
  plan: Plan,
  ports: OpeningPorts,
  recorded: (chart: PlannedChart, environment: string, named: string) => RecordedPlace = () => ({}),
): Promise<LoadedValues> {
  const { files } = ports;
  const root = (await files.real(files.root)) ?? files.root;
  const faults: Finding[] = [];
  const findings: Finding[] = [];
  const loaded = new Map<PlannedChart, Map<string, ValuesFile>>();
  const bases = new Map<PlannedChart, ValuesFile>();
  for (const planned of plan.charts) {
    const { directory, source, metadata } = planned.chart;
    const own = new Map<string, ValuesFile>();
    loaded.set(planned, own);
    const load = async (named: string, path: string, real: string): Promise<ValuesFile> => {
      const shown = isInside(directory, real)
        ? joinShown(source, relative(directory, real).split(sep).join('/'))
        : shownPath(root, path);
      const file: ValuesFile = {
        named,
        path: real,
        shown,
        ...(isInside(directory, real) && { inChart: relative(directory, real).split(sep).join('/') }),
      };
      const bytes = await readBounded(files, real);
      const sum = bytes && { sha256: createHash('sha256').update(bytes).digest('hex') };
      const isFile = (await files.kind(real)) === 'file';
      const unread = isFile ? `is larger than ${SOURCE_BYTES / 1024 / 1024} MiB` : 'is no file';
      const read = bytes === undefined ? { ok: false as const, fault: { message: unread } } : readSource(bytes, 'helm');
      const bad = (rule: string, { message, ...rest }: SourceFault): ValuesFile => {
        const told = { message: `${shown} ${message}`, chart: metadata.name, file: shown, ...rest };
        findings.push({ stage: 'validate', rule, severity: 'error', ...told });
        return { ...file, ...sum };
      };
      if (!read.ok) return bad('validate/values-file', read.fault);
      const { source: written } = read;
      const wrong = isMapping(written.data)
        ? misnamed(shown, written)
        : { message: 'must be a mapping of values', line: 1, column: 1 };
      if (wrong !== undefined) return bad('validate/values-file', wrong);
      if (!isEncryptedName(shown)) return { ...file, ...sum, source: written };
      const opening = await openEncrypted({ path: real, shown }, written, request.isForeign, ports);
      return opening.ok ? { ...file, ...sum, ...opening.opened } : bad(opening.rule, opening.fault);
    };
    const base = await files.real(join(directory, 'values.yaml'));
    // One that leads out of the chart is not read; resolve says so.
    if (base !== undefined && isInside(directory, base))
      bases.set(planned, await load('values.yaml', join(directory, 'values.yaml'), base));
    for (const environment of planned.environments) {
      for (const named of environment.values) {
        if (own.has(named)) continue;
        const index =
          request.environments?.find((entry) => entry.name === environment.name)?.values?.indexOf(named) ?? -1;
        const wrong = (message: string, hint: string): void => {
          const environments = [environment.name];
          const place = index >= 0 ? request.place(['environments', environment.name, 'values', index]) : {};
          faults.push(
            fault('values-file', `values file ${quote(named)} ${message}`, {
              ...place,
              hint,
              chart: metadata.name,
              environments,
            }),
          );
        };
        const { path: elsewhere, unknown } = recorded(planned, environment.name, named);
        const candidates = [
          resolve(directory, named),
          resolve(root, named),
          ...(elsewhere === undefined ? [] : [resolve(root, elsewhere)]),
        ];
        const found = await firstFile(candidates, files);
        if (found === undefined) {
          const looked = `Looked for ${candidates.map((path) => shownPath(root, path)).join(' and ')}`;
          wrong('is not there', `${looked}${unknown === undefined ? '' : `; ${unknown}`}.`);
        } else if (!isInside(root, found.real) && !isInside(directory, found.real)) {
          wrong(
            'lies outside the repository',
            'Nothing outside the repository is read, not by .. and not by a symbolic link.',
          );
        } else own.set(named, await load(named, found.path, found.real));
      }
    }
  }
  if (faults.length > 0) throw new RequestError(mergeFindings(faults));
  return {
    base: (chart) => bases.get(chart),
    get: (chart, named) => {
      const file = loaded.get(chart)?.get(named);
      if (file === undefined) throw new Error(`values file ${named} was not loaded`);
      return file;
    },
    findings,
  };
}

/** What a publish must record of a chart's values files; `undefined` where all of them travel in its package. */
export function recordOf(chart: PlannedChart, loaded: LoadedValues): ValuesRecord | undefined {
  const record = new Map(
    chart.environments.map(({ name, values }) => [name, filesOutside(values.map((named) => loaded.get(chart, named)))]),
  );
  return [...record.values()].some((files) => files.length > 0) ? record : undefined;
}

async function firstFile(
  candidates: readonly string[],
  files: Files,
): Promise<{ path: string; real: string } | undefined> {
  for (const path of candidates) {
    if ((await files.kind(path)) !== 'file') continue;
    const real = await files.real(path);
    if (real !== undefined) return { path, real };
  }
  return undefined;
}

/** An empty file is an empty mapping to Helm. */
function isMapping(data: unknown): boolean {
  return data === undefined || (typeof data === 'object' && data !== null && !Array.isArray(data));
}

/** A planned environment with its values files, and everything that sets its values in order of priority. */
export function environmentOf(
  chart: PlannedChart,
  planned: PlannedEnvironment,
  loaded: LoadedValues,
  request: Pick<Request, 'secretValues'>,
): Environment {
  const values = planned.values.map((named) => loaded.get(chart, named));
  const base = loaded.base(chart);
  const layers: ValuesLayer[] = [
    { kind: 'file', shown: base?.shown ?? '', source: base?.source },
    ...values.map((file) => ({ kind: 'file' as const, shown: file.shown, source: file.source })),
  ];
  if (request.secretValues !== undefined) {
    const read = readSource(new TextEncoder().encode(request.secretValues), 'helm');
    layers.push({ kind: 'secret', shown: 'secret-values', source: read.ok ? read.source : undefined });
  }
  for (const setting of planned.set)
    layers.push({
      kind: 'set',
      shown: `set ${setting.slice(0, setting.indexOf('='))}`,
      source: undefined,
      paths: pathsOfSet(setting),
    });
  return { ...planned, values, layers };
}
