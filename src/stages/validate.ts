import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import { joinShown } from '../domain/paths.ts';
import { formatPointer, parsePointer } from '../domain/pointer.ts';
import { externalReferences } from '../domain/schema-references.ts';
import type { StagedChart } from '../domain/staged.ts';
import { isSet, origin } from '../domain/values.ts';
import type { HelmFault } from '../ports.ts';

/** A schema that refers outside itself: helm would fetch it, so it isn't followed and the schema check is left out. */
export function checkSchemaReferences(staged: StagedChart, ownSchema: Uint8Array | undefined): Finding[] {
  const findings: Finding[] = [];
  const report = (
    reference: { reference: string; line?: number; column?: number },
    file: string,
    of: string,
    own: boolean,
  ): void => {
    findings.push({
      stage: 'validate',
      rule: 'validate/schema-reference',
      severity: 'error',
      message: `${of} refers to ${reference.reference}, which is not followed; values are not checked against it`,
      hint: 'Copy the definition into the schema under $defs (or definitions) and refer to it with #/….',
      chart: staged.metadata.name,
      file,
      ...(own && reference.line !== undefined && { line: reference.line }),
      ...(own && reference.column !== undefined && { column: reference.column }),
    });
  };
  if (ownSchema !== undefined) {
    for (const reference of externalReferences(ownSchema))
      report(reference, joinShown(staged.source, 'values.schema.json'), 'values.schema.json', true);
  }
  for (const dependency of staged.dependencies) {
    for (const file of dependency.files) {
      if (!/(^|\/)values\.schema\.json$/.test(file.path)) continue;
      for (const reference of externalReferences(file.content)) {
        report(
          reference,
          joinShown(staged.source, 'Chart.yaml'),
          `${file.path} of the dependency ${dependency.name}`,
          false,
        );
      }
    }
  }
  return findings;
}

/** Schema faults of one environment, each at the values file, line and column that set the offending value. */
export function validateValues(staged: StagedChart, environment: Environment, faults: readonly HelmFault[]): Finding[] {
  return [...faults.map((fault) => violation(fault, staged, environment)), ...missingValues(staged, environment)];
}

function violation(fault: HelmFault, staged: StagedChart, environment: Environment): Finding {
  const within = valuesPath(fault.chart ?? '', staged);
  const own = parsePointer(fault.pointer ?? '');
  const path = within === undefined ? undefined : [...within, ...own];
  // `additional properties 'a', 'b' not allowed` is about the keys, not about the mapping that holds them.
  const extra = /^additional properties? '((?:[^']|', ')*)'/.exec(fault.message)?.[1]?.split("', '")[0];
  const target = path === undefined ? undefined : extra === undefined ? path : [...path, extra];
  const { by, ...place } =
    target === undefined ? {} : origin(target, environment.layers, extra === undefined ? 'value' : 'key');
  const name = (target ?? own).join('.') || 'the values';
  const of = fault.chart === undefined || fault.chart === staged.metadata.name ? '' : ` (schema of ${fault.chart})`;
  return {
    stage: 'validate',
    rule: 'validate/values-schema',
    severity: 'error',
    message: `${name}: ${fault.message}${of}${by === undefined ? '' : ` (set by ${by})`}`,
    chart: staged.metadata.name,
    ...place,
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
