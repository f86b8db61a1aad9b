import type { ChartFile } from '../../domain/chart.ts';
import { at, condition } from '../../domain/diagnosis/reading.ts';
import type { Finding } from '../../domain/finding.ts';
import { type KubeObject, shownObject } from '../../domain/kube-object.ts';
import { objectsOf } from '../../domain/manifest-objects.ts';
import type { Releases } from '../../ports.ts';
import { causeOf } from './cluster-cause.ts';
import { packedFiles } from './packed-files.ts';
import { pause } from './pause.ts';
import type { Session } from './session.ts';
import { done, failed, type Step } from './step.ts';

/** Seconds that helm itself waits until the kinds are served. */
const SERVED_SECONDS = 60;
const LOOK_SECONDS = 0.2;

/** Whether helm could not say what it would apply because a kind is not served. */
export function lacksKind(rendered: Awaited<ReturnType<Releases['dryRun']>>): boolean {
  return !rendered.ok && /no matches for kind/.test(rendered.message);
}

/**
 * An install makes what is in `crds/` before anything else, a dry run of it doesn't: so the objects of these kinds
 * can't even be asked about. What is missing is made here, a moment earlier than by helm, which then leaves it alone.
 * Gives the names of what is missing; with `dryRun` nothing is made.
 */
export async function makeDefinitions(path: string, session: Session, dryRun: boolean): Promise<Step<string[]>> {
  const { cluster, tell } = session;
  const files = await packedFiles(path, session);
  if (!files.ok) return files;
  const missing: KubeObject[] = [];
  for (const definition of await definitionsIn(files.value)) {
    const live = await cluster.get(named(definition));
    if (!live.ok)
      return failed(causeOf(live.fault, `${shown(definition)}, which the chart brings, can't be looked for`));
    if (live.value === undefined) missing.push(definition);
  }
  if (dryRun) return done(missing.map(shown));
  for (const definition of missing) {
    const made = await cluster.create(definition);
    if (!made.ok && made.fault.kind !== 'conflict')
      return failed({ ...causeOf(made.fault, `${shown(definition)} can't be made`), resource: shown(definition) });
    tell(`made ${shown(definition)}`);
  }
  for (const definition of missing) await untilServed(definition, session);
  return done(missing.map(shown));
}

/** What a dry run that may change nothing says where it can't say more. */
export function notKnownBefore(definitions: readonly string[], { chart, environment }: Session): Finding {
  return {
    stage: 'deploy',
    rule: 'deploy/unknown',
    severity: 'note',
    message: `what would be applied can't be known: the install would first make ${definitions.join(', ')}, and the chart has objects of such a kind`,
    chart,
    environments: [environment],
  };
}

/** The definitions of a chart and its dependencies, which helm installs and never upgrades. */
export async function definitionsIn(files: readonly ChartFile[]): Promise<KubeObject[]> {
  const found: KubeObject[] = [];
  for (const { path, content } of files)
    if (/^(?:charts\/[^/]+\/)*crds\/.*\.(?:ya?ml|json)$/.test(path))
      found.push(...(await objectsOf(new TextDecoder().decode(content))));
  return found;
}

/** Those that the cluster hasn't, or has in another form: helm leaves them alone once a release is installed. */
export async function outdatedDefinitions(files: readonly ChartFile[], session: Session): Promise<Finding[]> {
  const { cluster, chart, environment } = session;
  const findings: Finding[] = [];
  for (const wanted of await definitionsIn(files)) {
    const live = await cluster.get(named(wanted));
    // Who may not look at definitions can't be told about them.
    if (!live.ok) continue;
    const state = live.value === undefined ? 'is not in the cluster' : differs(live.value, wanted) && 'is another one';
    if (state === false) continue;
    findings.push({
      stage: 'deploy',
      rule: 'deploy/crds',
      severity: 'warning',
      message: `${shown(wanted)} ${state}, and helm leaves crds/ alone once a release is installed`,
      hint: 'Apply it yourself before: helm show crds PACKAGE | kubectl apply --server-side --force-conflicts -f -',
      chart,
      environments: [environment],
      resource: shown(wanted),
    });
  }
  return findings;
}

/** Where it takes longer helm says so. */
async function untilServed(definition: KubeObject, { cluster, clock, stop }: Session): Promise<void> {
  const deadline = clock.now() + SERVED_SECONDS;
  while (clock.now() < deadline) {
    const live = await cluster.get(named(definition));
    if (live.ok && condition(live.value, 'Established')?.status === 'True') return;
    await pause(LOOK_SECONDS, stop);
  }
}

function named({ apiVersion, kind, metadata: { name } }: KubeObject): {
  apiVersion: string;
  kind: string;
  name: string;
} {
  return { apiVersion, kind, name };
}

function shown({ kind, metadata: { name } }: KubeObject): string {
  return shownObject({ kind, name });
}

/** The API server adds to what it is given; what it was given is in there. */
function differs(live: KubeObject, wanted: KubeObject): boolean {
  return !holds(at(live, 'spec'), at(wanted, 'spec'));
}

function holds(live: unknown, wanted: unknown): boolean {
  if (wanted === null || wanted === undefined) return true;
  if (Array.isArray(wanted))
    return (
      Array.isArray(live) && live.length === wanted.length && wanted.every((entry, index) => holds(live[index], entry))
    );
  if (typeof wanted !== 'object') return live === wanted;
  if (typeof live !== 'object' || live === null) return false;
  return Object.entries(wanted).every(([key, value]) => holds((live as Record<string, unknown>)[key], value));
}
