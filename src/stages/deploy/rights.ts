import type { Cause } from '../../domain/deployment.ts';
import type { Finding } from '../../domain/finding.ts';
import type { KubeObject } from '../../domain/kube-object.ts';
import type { AccessCheck, ServedKind } from '../../ports.ts';
import type { Session } from './session.ts';

/** What helm and Chartship do beside the chart's own kinds. */
const OWN: readonly Omit<AccessCheck, 'namespace'>[] = [
  ...['get', 'list', 'create', 'update', 'patch', 'delete'].map((verb) => ({ verb, group: '', resource: 'secrets' })),
  ...['get', 'create', 'update'].map((verb) => ({ verb, group: 'coordination.k8s.io', resource: 'leases' })),
  ...['get', 'list', 'watch'].map((verb) => ({ verb, group: '', resource: 'pods' })),
  { verb: 'get', group: '', resource: 'pods/log' },
];

/** Without these a failure is explained less well. */
const FOR_EVIDENCE: readonly Omit<AccessCheck, 'namespace'>[] = [
  { verb: 'list', group: '', resource: 'events' },
  { verb: 'list', group: 'apps', resource: 'replicasets' },
];

/** What must be allowed for a kind of the manifest; `delete` is for what a revision drops. */
const VERBS = ['get', 'create', 'patch', 'delete'] as const;

/** The checks that a manifest needs, each once. */
export function checksFor(
  objects: readonly KubeObject[],
  kinds: ReadonlyMap<string, ServedKind>,
  namespace: string,
): AccessCheck[] {
  const checks = [...OWN, ...FOR_EVIDENCE].map((check): AccessCheck => ({ ...check, namespace }));
  for (const object of objects) {
    const kind = kinds.get(`${object.apiVersion}/${object.kind}`);
    if (kind === undefined) continue;
    const group = kind.apiVersion.includes('/') ? kind.apiVersion.slice(0, kind.apiVersion.indexOf('/')) : '';
    const where = kind.namespaced ? { namespace: object.metadata.namespace ?? namespace } : {};
    for (const verb of VERBS) checks.push({ verb, group, resource: kind.resource, ...where });
  }
  return [...new Map(checks.map((check) => [JSON.stringify(check), check])).values()];
}

/** Rights that are missing: a cause where the deployment needs them, findings where it can do without, or nobody knows. */
export async function missingRights(
  objects: readonly KubeObject[],
  kinds: ReadonlyMap<string, ServedKind>,
  session: Session,
): Promise<{ readonly cause?: Cause; readonly findings: readonly Finding[] }> {
  const checks = checksFor(objects, kinds, session.namespace);
  const finding = (rule: string, severity: 'note' | 'warning', message: string): Finding => {
    const { chart, environment } = session;
    return { stage: 'deploy', rule, severity, message, chart, environments: [environment] };
  };
  const allowed = await session.cluster.allowed(checks);
  if (!allowed.ok)
    return { findings: [finding('deploy/unknown', 'note', `what is allowed is not known: ${allowed.fault.message}`)] };
  const missing = checks.filter((_, index) => allowed.value[index] === false);
  const optional = missing.filter((check) => check.verb === 'delete' || isForEvidence(check));
  const needed = missing.filter((check) => !optional.includes(check));
  const findings = optional.map((check) =>
    finding(
      'deploy/right',
      'warning',
      `the account may not ${shown(check)}: ${isForEvidence(check) ? 'failures are explained less well' : 'what a revision drops stays'}`,
    ),
  );
  if (needed.length === 0) return { findings };
  return {
    findings,
    cause: {
      code: 'forbidden',
      message: `the account may not ${needed.map(shown).join(', ')}`,
      hint: 'Give it the ClusterRole `edit` in the namespace, and what the chart needs beyond that.',
    },
  };
}

function isForEvidence({ group, resource }: AccessCheck): boolean {
  return FOR_EVIDENCE.some((check) => check.group === group && check.resource === resource);
}

function shown({ verb, group, resource, namespace }: AccessCheck): string {
  const name = group === '' ? resource : `${resource}.${group}`;
  return `${verb} ${name}${namespace === undefined ? '' : ` in ${namespace}`}`;
}
