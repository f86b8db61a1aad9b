import { hintForMisread, misreadKey, saidOfMisread } from '../domain/boolean-keys.ts';
import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import { plainScalar } from '../domain/kubernetes-yaml.ts';
import { isMapping } from '../domain/merged-values.ts';
import { joinShown } from '../domain/paths.ts';
import { formatPointer, parsePointer } from '../domain/pointer.ts';
import { schemaData } from '../domain/schema-file.ts';
import { externalReferences } from '../domain/schema-references.ts';
import { mayNameSecret } from '../domain/secret-lines.ts';
import { readSource } from '../domain/source.ts';
import type { StagedChart } from '../domain/staged.ts';
import { isSet, origin } from '../domain/values.ts';
import type { HelmFault } from '../ports.ts';

export interface SchemaCheck {
  /** Each of them an error; with any, values are not checked against the schemas. */
  readonly findings: readonly Finding[];
  /** Helm packs no chart with a schema that is no JSON. */
  readonly packable: boolean;
}

/** Schemas as files: one that refers outside itself helm would follow, and one that is no JSON it can't read. */
export function checkSchemas(staged: StagedChart, ownSchema: Uint8Array | undefined): SchemaCheck {
  const found = [
    ...(ownSchema === undefined ? [] : [checkSchema(ownSchema, 'values.schema.json')]),
    ...staged.dependencies.flatMap(({ name, files }) =>
      files
        .filter(({ path }) => /(^|\/)values\.schema\.json$/.test(path))
        .map(({ path, content }) => checkSchema(content, `${path} of the dependency ${name}`)),
    ),
  ];
  const findings = found.flatMap(({ faults }, index) =>
    faults.map((fault): Finding => {
      const own = index === 0 && ownSchema !== undefined;
      const { line, column, ...rest } = fault;
      return {
        stage: 'validate',
        severity: 'error',
        chart: staged.metadata.name,
        file: joinShown(staged.source, own ? 'values.schema.json' : 'Chart.yaml'),
        ...rest,
        ...(own && line !== undefined && { line }),
        ...(own && column !== undefined && { column }),
      };
    }),
  );
  return { findings, packable: found.every(({ isJson }) => isJson) };
}

type SchemaFault = Pick<Finding, 'rule' | 'message' | 'hint' | 'line' | 'column'>;

function checkSchema(schema: Uint8Array, what: string): { faults: SchemaFault[]; isJson: boolean } {
  if (schemaData(schema) === undefined || beginsWithMark(schema)) {
    // Most of what is no JSON is no YAML either, and then its place is known.
    const read = readSource(schema);
    const { line, column } = read.ok ? {} : read.fault;
    const place = { ...(line !== undefined && { line }), ...(column !== undefined && { column }) };
    return { isJson: false, faults: [{ rule: 'validate/schema', message: `${what} is no JSON`, ...place }] };
  }
  try {
    const faults = externalReferences(schema).map(({ reference, ...place }) => ({
      rule: 'validate/schema-reference',
      message: `${what} refers to ${reference}, which is not followed; values are not checked against it`,
      hint: 'Copy the definition into the schema under $defs (or definitions) and refer to it with #/….',
      ...place,
    }));
    return { faults, isJson: true };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { faults: [{ rule: 'validate/schema', message: `${what} is nested too deeply` }], isJson: false };
  }
}

/** A byte order mark, which `helm lint` refuses. */
function beginsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Schema faults of one environment, each at the values file, line and column that set the offending value. */
export function validateValues(
  staged: StagedChart,
  environment: Environment,
  faults: readonly HelmFault[],
  ownSchema: Uint8Array | undefined,
): Finding[] {
  const told = faults.flatMap((fault) =>
    fault.kind === 'schema-file'
      ? unusable(fault, staged, environment, ownSchema)
      : violations(fault, staged, environment),
  );
  return [...told, ...missingValues(staged, environment)];
}

/** A values.schema.json that helm can't use: the values are not what is wrong. */
function unusable(
  fault: HelmFault,
  staged: StagedChart,
  environment: Environment,
  ownSchema: Uint8Array | undefined,
): Finding {
  const own = fault.chart === staged.metadata.name;
  const read = own && ownSchema !== undefined && fault.pointer !== undefined ? readSource(ownSchema) : undefined;
  return {
    stage: 'validate',
    rule: 'validate/schema',
    severity: 'error',
    message: `values.schema.json${own ? '' : ` of ${fault.chart}`} is no JSON schema: ${fault.message}`,
    chart: staged.metadata.name,
    file: joinShown(staged.source, own ? 'values.schema.json' : 'Chart.yaml'),
    ...(read?.ok === true && read.source.position(parsePointer(fault.pointer ?? ''))),
    environments: [environment.name],
  };
}

/**
 * Helm says in one breath, and in any order, which keys of a mapping are not allowed, or missing; each has a place of
 * its own. Missing ones have one only where they are written: helm takes them for booleans, or they are empty.
 */
function violations(fault: HelmFault, staged: StagedChart, environment: Environment): Finding[] {
  const [, what, list] =
    /^(additional properties|missing propert(?:y|ies)) ('.*?')(?: not allowed)?$/s.exec(fault.message) ?? [];
  const quoted = list?.match(GO_QUOTED)?.sort() ?? [];
  if (what === 'additional properties' && quoted.length > 0) {
    return quoted.map((key) => {
      const message = `additional properties ${key} not allowed`;
      return violation({ ...fault, message }, { extra: unquoted(key) }, staged, environment);
    });
  }
  const missing = quoted.map((key) => {
    const name = unquoted(key);
    const misread = misreadAs(name, fault, staged, environment);
    return { key, misread, ...(misread === undefined && { empty: emptyAt(name, fault, staged, environment) }) };
  });
  const told = missing.filter(({ misread, empty }) => misread !== undefined || empty !== undefined);
  if (told.length === 0) return [violation(fault, {}, staged, environment)];
  const others = missing.filter((each) => !told.includes(each)).map(({ key }) => key);
  const rest = others.length === 1 ? `missing property ${others[0]}` : `missing properties ${others.join(', ')}`;
  return [
    ...told.map(({ key, ...about }) =>
      violation({ ...fault, message: `missing property ${key}` }, about, staged, environment),
    ),
    ...(others.length > 0 ? [violation({ ...fault, message: rest }, {}, staged, environment)] : []),
  ];
}

/** What a violation is about within the mapping that helm names: a key that is not allowed, one that is missing under its name. */
interface About {
  readonly extra?: string;
  readonly misread?: Misread | undefined;
  /** The path of a key that is there without a value: to helm it is none. */
  readonly empty?: readonly string[] | undefined;
}

/** A key that is written and that helm takes for a boolean. */
interface Misread {
  readonly written: string;
  readonly read: string;
  readonly path: readonly string[];
}

/** The key of this name that is written where a schema asks for it. */
function misreadAs(name: string, fault: HelmFault, staged: StagedChart, { layers }: Environment): Misread | undefined {
  const read = plainScalar(name);
  const within = valuesPath(fault.chart ?? '', staged);
  if (typeof read !== 'boolean' || within === undefined) return undefined;
  const path = [...within, ...parsePointer(fault.pointer ?? ''), String(read)];
  const isWritten = layers.some(({ source }) => misreadKey(source, path) === name);
  return isWritten ? { written: name, read: String(read), path } : undefined;
}

/** The path of a missing key of this name, where the last of the layers that have it leaves it empty. */
function emptyAt(
  name: string,
  fault: HelmFault,
  staged: StagedChart,
  { layers }: Environment,
): readonly string[] | undefined {
  const within = valuesPath(fault.chart ?? '', staged);
  if (within === undefined) return undefined;
  const path = [...within, ...parsePointer(fault.pointer ?? ''), name];
  const setting = layers.findLast(({ source }) => source?.position(path, 'key') !== undefined);
  const value = path.reduce<unknown>((node, step) => (isMapping(node) ? node[step] : undefined), setting?.source?.data);
  return value === null ? path : undefined;
}

/** How the last of the layers that have it writes a key that helm takes for a boolean. */
function misreadAt(path: readonly string[] | undefined, { layers }: Environment): Misread | undefined {
  const setting = path && layers.findLast(({ source }) => source?.position(path, 'key') !== undefined);
  const written = path && misreadKey(setting?.source, path);
  return path === undefined || written === undefined ? undefined : { written, read: path.at(-1) ?? '', path };
}

/** As Go quotes a text (`%q`), but for the marks around it. */
const GO_QUOTED = /'(?:[^'\\]|\\.)*'/gs;

function unquoted(text: string): string {
  const bare = text.slice(1, -1);
  const json = bare.replace(/\\.|"/gs, (each) => (each === '"' ? '\\"' : each === "\\'" ? "'" : each));
  try {
    return JSON.parse(`"${json}"`);
  } catch {
    // Go has some escapes more than JSON, for what nobody calls a key.
    return bare;
  }
}

function violation(
  fault: HelmFault,
  { extra, ...about }: About,
  staged: StagedChart,
  environment: Environment,
): Finding {
  const within = valuesPath(fault.chart ?? '', staged);
  const own = parsePointer(fault.pointer ?? '');
  const path = within === undefined ? undefined : [...within, ...own];
  const target = path === undefined || extra === undefined ? path : [...path, extra];
  const misread = about.misread ?? (extra === undefined ? undefined : misreadAt(target, environment));
  const place = misread?.path ?? about.empty ?? target;
  const isKey = extra !== undefined || misread !== undefined || about.empty !== undefined;
  const { by, ...at } = place === undefined ? {} : origin(place, environment.layers, isKey ? 'key' : 'value');
  const named = misread === undefined ? (target ?? own) : [...misread.path.slice(0, -1), misread.written];
  const name = named.join('.') || 'the values';
  // Helm quotes a value that doesn't match, a password, too.
  const said = mayNameSecret(String((target ?? own).at(-1)))
    ? fault.message.replace(/^'[\s\S]*'(?= (?:does not match|is not valid))/, 'the value')
    : fault.message;
  const why =
    misread !== undefined
      ? `; ${saidOfMisread(misread.written, misread.read)}`
      : about.empty !== undefined
        ? '; it is empty here, which is the same to helm'
        : '';
  const of = fault.chart === undefined || fault.chart === staged.metadata.name ? '' : ` (schema of ${fault.chart})`;
  return {
    stage: 'validate',
    rule: 'validate/values-schema',
    severity: 'error',
    message: `${name}: ${said}${why}${of}${by === undefined ? '' : ` (set by ${by})`}`,
    ...(misread !== undefined && { hint: hintForMisread(misread.written) }),
    chart: staged.metadata.name,
    ...at,
    environments: [environment.name],
    path: formatPointer(target ?? own),
  };
}

/** Where a chart's values lie in the parent's: under its name or alias. `undefined` where that can't be known. */
function valuesPath(chart: string, staged: StagedChart): string[] | undefined {
  if (chart === '' || chart === staged.metadata.name) return [];
  const matching = staged.dependencies.filter((dependency) => dependency.name === chart || dependency.alias === chart);
  const [only] = matching;
  return matching.length === 1 && only !== undefined ? [only.alias ?? only.name] : undefined;
}

function missingValues(staged: StagedChart, environment: Environment): Finding[] {
  // The chart's defaults don't count: an environment says itself what it requires.
  const own = environment.layers.slice(1);
  return environment.requiredValues
    .filter((path) => !isSet(path.split('.'), own))
    .map((path) => ({
      stage: 'validate' as const,
      rule: 'validate/required-value',
      severity: 'error' as const,
      message: `${path} must be set by the environment and is not`,
      hint: 'Set it in one of the values files of the environment; requiredValues in chartship.yaml asks for it.',
      chart: staged.metadata.name,
      environments: [environment.name],
      ...(environment.values[0] !== undefined && { file: environment.values[0].shown }),
    }));
}
