import { misreadKey } from '../domain/boolean-keys.ts';
import type { Dependency } from '../domain/chart.ts';
import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import { isWithin } from '../domain/merged-values.ts';
import { formatPointer } from '../domain/pointer.ts';
import { isEncryptedName } from '../domain/sops.ts';
import type { StagedChart } from '../domain/staged.ts';
import type { ValuesLayer } from '../domain/values.ts';
import { chartTree } from '../domain/values-use/chart-tree.ts';
import { defaultRepeats } from '../domain/values-use/default-repeats.ts';
import { schemaPlace } from '../domain/values-use/schema-names.ts';
import { isUsed, type UnusedKey, unnamedKeys, unusedKeys } from '../domain/values-use/unused-keys.ts';
import { nameOf } from '../domain/values-use/value-name.ts';
import type { Ports } from '../ports.ts';
import { dependencyLayers } from './locate/dependency-layers.ts';
import { withoutEffect } from './unused-values/effect.ts';
import { misreadKeys } from './unused-values/misread-keys.ts';
import { isSwitchedOff } from './unused-values/switched-off.ts';

/** Nobody reads more, and each costs a look for its line. */
const MOST_TOLD = 100;

/** A chart's values, in all the environments of a run. */
export interface ChartValues {
  readonly staged: StagedChart;
  readonly environments: readonly Environment[];
  /** Whether these are all the environments there are: what is never so can be told of those alone. */
  readonly isComplete: boolean;
  readonly secretValues: string | undefined;
}

/** A values file, and the environments that have it. */
export interface ValuesOfFile {
  readonly layer: ValuesLayer;
  readonly environments: string[];
}

/** A key that is told, of one file. */
export interface UnusedInFile extends UnusedKey {
  readonly file: string;
}

/**
 * Keys of values files that nothing uses, those that helm takes for others, and those by which no environment differs
 * from the defaults. Of what can't be
 * known nothing is told.
 */
export async function unusedValues(chart: ChartValues, ports: Pick<Ports, 'helm' | 'files'>): Promise<Finding[]> {
  // Helm is at work meanwhile, once it was started.
  await new Promise((resolve) => setImmediate(resolve));
  const files = filesOf(chart.environments);
  if (files === undefined) return [];
  const off = chart.staged.metadata.dependencies.filter(
    (dependency) => chart.isComplete && isSwitchedOff(dependency, chart.environments, chart.staged),
  );
  const found = await candidates(chart, files, off);
  const unused = await withoutEffect(found.slice(0, MOST_TOLD), chart, ports);
  return [
    ...told(unused, files, off, chart),
    ...further(found.slice(MOST_TOLD), files, chart),
    ...repeats(chart, files),
    ...misreadKeys(chart, files).slice(0, MOST_TOLD),
  ];
}

/** `undefined` where one can't be read: it may use what the others set. */
function filesOf(environments: readonly Environment[]): Map<string, ValuesOfFile> | undefined {
  const files = new Map<string, ValuesOfFile>();
  for (const { name, layers } of environments) {
    for (const layer of layers) {
      if (layer.kind === 'set' || layer.shown === '') continue;
      if (layer.source === undefined) return undefined;
      if (layer.kind !== 'file') continue;
      const known = files.get(layer.shown) ?? { layer, environments: [] };
      files.set(layer.shown, known);
      if (!known.environments.includes(name)) known.environments.push(name);
    }
  }
  return files;
}

async function candidates(
  { staged, environments }: ChartValues,
  files: ReadonlyMap<string, ValuesOfFile>,
  off: readonly Dependency[],
): Promise<UnusedInFile[]> {
  const tree = chartTree(staged, (dependency) => off.includes(dependency));
  const schema = schemaPlace(tree);
  const data = [...files.values()].map(({ layer }) => layer.source?.data);
  let open = data.flatMap((each) => unnamedKeys(each, schema));
  // Most charts have a schema that names all there is, and then nothing else needs to be looked at.
  if (open.length === 0) return [];
  const { valuesUsed } = await import('../domain/values-use/values-used.ts');
  const values = valuesUsed(tree, {
    texts: templateTexts(staged, environments),
    words: new Set(open.flat().filter((step) => typeof step === 'string')),
    isAnswered: (used) => {
      if (open.length > MOST_TOLD) return false;
      open = open.filter((path) => !isUsed(path, used));
      return open.length === 0;
    },
  });
  if (values === undefined) return [];
  const defaults = environments[0]?.layers[0]?.source?.data;
  return [...files].flatMap(([file, { layer }]) =>
    unusedKeys(layer.source?.data, { values, schema, defaults })
      // What an alias names is used where that stands, or can't be taken out here alone.
      .filter(({ path }) => layer.source?.isShared(path) !== true)
      // That is said of it, and why.
      .filter(({ path }) => misreadKey(layer.source, path) === undefined)
      .map((key) => ({ ...key, file })),
  );
}

/** Texts in all values that may be templates: `tpl` carries them out. */
function templateTexts(staged: StagedChart, environments: readonly Environment[]): string[] {
  const texts = new Set<string>();
  const collect = (data: unknown): void => {
    if (typeof data === 'string') {
      if (data.includes('{{')) texts.add(data);
    } else if (typeof data === 'object' && data !== null) Object.values(data).forEach(collect);
  };
  for (const { layers, set } of environments) {
    for (const { source } of layers) collect(source?.data);
    // What `--set` says isn't taken apart: what it may mean is within it.
    for (const setting of set) collect(setting.slice(setting.indexOf('=') + 1));
  }
  for (const { source } of dependencyLayers(staged, '{{')) collect(source?.data);
  return [...texts];
}

function told(
  unused: readonly UnusedInFile[],
  files: ReadonlyMap<string, ValuesOfFile>,
  off: readonly Dependency[],
  { staged }: ChartValues,
): Finding[] {
  const switchedOff = new Map(off.map(({ name, alias }) => [alias ?? name, name]));
  const groups = new Map<string, UnusedInFile[]>();
  const alone: UnusedInFile[] = [];
  for (const each of unused) {
    const [first] = each.path;
    if (each.path.length < 2 || !switchedOff.has(String(first))) alone.push(each);
    else {
      const key = JSON.stringify([each.file, first]);
      groups.set(key, [...(groups.get(key) ?? []), each]);
    }
  }
  const finding = (
    { file, path }: { readonly file: string; readonly path: UnusedKey['path'] },
    text: Pick<Finding, 'message' | 'hint'>,
  ): Finding => ({
    stage: 'validate',
    rule: 'validate/unused-value',
    severity: 'warning',
    ...text,
    chart: staged.metadata.name,
    file,
    ...files.get(file)?.layer.source?.position(path, 'key'),
    environments: files.get(file)?.environments ?? [],
    path: formatPointer(path),
  });
  return [
    ...alone.map((each) => finding(each, unusedText(each, staged))),
    ...[...groups.values()].flatMap((keys) => {
      const [first] = keys;
      if (first === undefined) return [];
      const key = String(first.path[0]);
      const names = keys.map(({ path }) => nameOf(path)).join(', ');
      const message = `${names}: nothing uses ${keys.length === 1 ? 'it' : 'them'}: the dependency ${switchedOff.get(key)} is switched off in every environment`;
      return [finding({ file: first.file, path: [key] }, { message, hint: 'Take out what is set for it.' })];
    }),
  ];
}

function further(
  [first, ...others]: readonly UnusedInFile[],
  files: ReadonlyMap<string, ValuesOfFile>,
  { staged }: ChartValues,
): Finding[] {
  if (first === undefined) return [];
  return [
    {
      stage: 'validate',
      rule: 'validate/unused-value',
      severity: 'warning',
      message: `${others.length + 1} more keys are probably used by nothing, the first of them ${nameOf(first.path)}`,
      chart: staged.metadata.name,
      file: first.file,
      environments: files.get(first.file)?.environments ?? [],
    },
  ];
}

function unusedText({ path, near }: UnusedKey, staged: StagedChart): Pick<Finding, 'message' | 'hint'> {
  const name = nameOf(path);
  const dependency = staged.dependencies.find(({ name: own, alias }) => (alias ?? own) === path[0]);
  const who =
    dependency === undefined || path.length < 2
      ? 'nothing uses it'
      : `nothing uses it, neither the chart nor its dependency ${dependency.name} ${dependency.version}`;
  if (near !== undefined) {
    const meant = nameOf([...path.slice(0, -1), near.key]);
    const difference = near.by === 'case' ? 'in upper and lower case only' : 'by one letter';
    return { message: `${name}: ${who}; ${meant} is used, which differs ${difference}`, hint: `Call it ${near.key}.` };
  }
  const hint = 'Take it out; if something beside the templates reads it, name it in values.schema.json.';
  return { message: `${name}: ${who}`, hint };
}

function repeats(
  { environments, isComplete, staged }: ChartValues,
  files: ReadonlyMap<string, ValuesOfFile>,
): Finding[] {
  const base = environments[0]?.layers[0];
  if (!isComplete || base?.source === undefined) return [];
  const others = environments.flatMap(({ layers }) => layers.slice(1));
  const found = defaultRepeats(base.source.data, others).slice(0, MOST_TOLD);
  return found.flatMap(({ layer, path }): Finding[] => {
    // Whether a secret is the default is nobody's to know.
    if (isEncryptedName(layer.shown) || layer.source?.isShared(path) === true) return [];
    if (isRequired(path, layer, environments)) return [];
    return [
      {
        stage: 'validate',
        rule: 'validate/same-as-default',
        severity: 'note',
        message: `${nameOf(path)}: it is set as ${base.shown} has it, and no environment sets it otherwise`,
        hint: 'Take it out: the default holds without it.',
        chart: staged.metadata.name,
        file: layer.shown,
        ...layer.source?.position(path, 'key'),
        environments: files.get(layer.shown)?.environments ?? [],
        path: formatPointer(path),
      },
    ];
  });
}

/** Whether one of the environments that have a file is to set by itself what is at a path, or something in it, or what it is in. */
function isRequired(path: readonly string[], layer: ValuesLayer, environments: readonly Environment[]): boolean {
  return environments
    .filter(({ layers }) => layers.some(({ shown }) => shown === layer.shown))
    .flatMap(({ requiredValues }) => requiredValues.map((required) => required.split('.')))
    .some((required) => isWithin(required, path) || isWithin(path, required));
}
