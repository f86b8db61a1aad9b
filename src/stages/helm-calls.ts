import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import type { KubeVersion } from '../domain/kubernetes.ts';
import { joinShown } from '../domain/paths.ts';
import type { StageName } from '../domain/stage.ts';
import type { StagedChart, StagedDependency } from '../domain/staged.ts';
import { valuesPaths } from '../domain/values.ts';
import type { HelmChartCall, HelmFault, HelmFaultKind } from '../ports.ts';

/** What every call of helm for one environment has in common. */
export function helmCall(
  staged: StagedChart,
  environment: Environment,
  kubeVersion: KubeVersion,
  secretValues: string | undefined,
  skipSchema: boolean,
): HelmChartCall {
  return {
    chart: staged.directory,
    values: valuesPaths(environment.values, staged.directory),
    set: environment.set,
    ...(secretValues !== undefined && { secretValues }),
    kubeVersion: kubeVersion.full,
    release: environment.release,
    namespace: environment.namespace,
    skipSchema,
  };
}

const RULES: Record<Exclude<HelmFaultKind, 'lint' | 'other'>, string> = {
  schema: 'validate/values-schema',
  'schema-file': 'validate/schema',
  yaml: 'render/invalid-yaml',
  template: 'render/template',
  'missing-dependency': 'resolve/missing-dependency',
  'kube-version': 'render/kube-version',
  timeout: 'render/timeout',
  memory: 'render/memory',
  output: 'render/output',
};

/** What to do about a wording that people meet often. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /nil pointer evaluating/,
    'A value on the way there is not set: give it a default in values.yaml, or guard it with `with` or `dig`.',
  ],
  [/function ".*" not defined/, 'Helm has no function of this name; a misspelt name, or one of another Helm version.'],
  [
    /no template ".*" associated/,
    'No chart defines a template of this name: look for a misspelt `include`, or a missing library dependency.',
  ],
  [
    /did not find expected|mapping values are not allowed|could not find expected|found character that cannot start/,
    'Look at the indentation: `nindent` and `quote` are the usual cure.',
  ],
  [/kubeVersion is no range/, 'Write it as ">=1.32.0-0" or ">=1.32.0-0 <1.38.0-0".'],
  [/chart requires kubeVersion/, 'Leave this version out of kube-versions, or widen kubeVersion in Chart.yaml.'],
];

const KIND_HINTS: Partial<Record<HelmFaultKind, string>> = {
  timeout: 'Look for a loop over a very large range or a template that includes itself.',
  memory: 'Look for a loop over a very large range or a template that includes itself.',
  output: 'Look for a loop over a very large range or a template that includes itself.',
  'missing-dependency': 'List it in Chart.yaml and run helm dependency update.',
};

/** A fault as helm told it → a finding at the file it is about. */
export function helmFinding(
  fault: HelmFault,
  stage: StageName,
  staged: StagedChart,
  environment?: Environment,
  kubeVersion?: KubeVersion,
): Finding {
  const rule = fault.kind === 'lint' || fault.kind === 'other' ? `${stage}/helm` : RULES[fault.kind];
  const hint = KIND_HINTS[fault.kind] ?? HINTS.find(([pattern]) => pattern.test(fault.message))?.[1];
  return {
    stage,
    rule,
    severity: fault.severity,
    ...placeOf(fault, staged),
    ...(hint !== undefined && { hint }),
    chart: staged.metadata.name,
    ...(environment !== undefined && { environments: [environment.name] }),
    ...(kubeVersion !== undefined && { kubeVersions: [kubeVersion.label] }),
  };
}

/** A file of a dependency that came as an archive isn't in the repository: Chart.yaml, which asks for it, is. */
export function placeOf(
  fault: Pick<HelmFault, 'message' | 'line' | 'column'> & { readonly file?: string | undefined },
  staged: StagedChart,
): Pick<Finding, 'message' | 'file' | 'line' | 'column'> {
  if (fault.file === undefined) return { message: fault.message };
  const { file: path } = fault;
  const folder = (each: StagedDependency): string => `charts/${each.alias ?? each.name}/`;
  const dependency = staged.dependencies.find((each) => path.startsWith(folder(each)));
  const inRepository = dependency === undefined || (dependency.from === 'vendored' && dependency.sha256 === undefined);
  if (inRepository) {
    // Helm calls a dependency by its alias; its folder bears its name.
    const real = dependency === undefined ? path : `charts/${dependency.name}/${path.slice(folder(dependency).length)}`;
    return {
      message: fault.message,
      file: joinShown(staged.source, real),
      ...(fault.line !== undefined && { line: fault.line }),
      ...(fault.column !== undefined && { column: fault.column }),
    };
  }
  const within = path.slice(folder(dependency).length);
  const line = fault.line === undefined ? '' : `:${fault.line}${fault.column === undefined ? '' : `:${fault.column}`}`;
  return {
    message: `in the dependency ${dependency.name} ${dependency.version}, ${within}${line}: ${fault.message}`,
    file: joinShown(staged.source, 'Chart.yaml'),
  };
}
