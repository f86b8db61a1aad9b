import type { Environment } from '../domain/environment.ts';
import type { Finding } from '../domain/finding.ts';
import type { StagedChart } from '../domain/staged.ts';
import type { Ports } from '../ports.ts';
import { helmCall, helmFinding } from './helm-calls.ts';

/** `helm lint` of a chart with one environment's values. Values are checked against the schema by render. */
export async function lint(
  staged: StagedChart,
  environment: Environment,
  options: { readonly secretValues: string | undefined },
  ports: Pick<Ports, 'helm'>,
): Promise<Finding[]> {
  const [kubeVersion] = environment.kubeVersions;
  if (kubeVersion === undefined) return [];
  const faults = await ports.helm.lint(helmCall(staged, environment, kubeVersion, options.secretValues, true));
  return faults.map((fault) => helmFinding(fault, 'lint', staged, environment));
}
