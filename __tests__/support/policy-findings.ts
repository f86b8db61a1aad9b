import { loadAll } from 'js-yaml';
import {
  choosePolicies,
  createReleases,
  POLICIES,
  type PolicySeverities,
  releaseObject,
} from '../../src/domain/policies.ts';

interface Asked {
  readonly minors?: readonly string[];
  readonly credentials?: ReadonlyMap<string, string>;
}

/** What the policies say of objects in YAML: `RULE Kind/name path`, with the version where it is not for all. */
export function policyLines(
  manifest: string | readonly object[],
  asked: PolicySeverities = new Map(),
  { minors = ['1.37'], credentials = new Map() }: Asked = {},
): string[] {
  return policyFindings(manifest, asked, { minors, credentials }).map(
    ({ fault, object, minor }) =>
      `${fault.severity} ${fault.rule.replace('policy/', '')} ${object.kind}/${object.name} ${fault.path}${minor === undefined ? '' : ` in ${minor}`}`,
  );
}

export function policyFindings(
  manifest: string | readonly object[],
  asked: PolicySeverities,
  { minors = ['1.37'], credentials = new Map() }: Asked = {},
) {
  const objects = (
    (typeof manifest === 'string' ? loadAll(manifest) : manifest) as (Record<string, unknown> | null | undefined)[]
  ).flatMap((data) => (data && releaseObject(data)) ?? []);
  return choosePolicies(asked)(objects, createReleases(objects, 'home', credentials, minors));
}

/** One policy as an error, and nothing else. */
export function only(policy: string): PolicySeverities {
  return new Map(
    [...POLICIES.map(({ name }) => name), 'allowance'].map((name) => [name, name === policy ? 'error' : 'off']),
  );
}
