import { at, number } from '../../domain/diagnosis/reading.ts';
import type { Finding } from '../../domain/finding.ts';
import { type KubeObject, shownObject } from '../../domain/kube-object.ts';
import { ownsReplicas, scaledWorkloads } from '../../domain/scaled.ts';
import { causeOf } from './cluster-cause.ts';
import type { Session } from './session.ts';
import { done, failed, type Step } from './step.ts';

const AUTOSCALER = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' };

/** What is done about a workload that is scaled: its replicas are kept as they are while helm applies the rest. */
export interface KeptReplicas {
  readonly object: KubeObject;
  readonly replicas: number;
}

/**
 * Who is scaled must not lose pods by an upgrade. Where the manifest leaves the replicas open and helm set them
 * before, helm 4 would drop the field and the API server would make it 1: so the field is made ours, too, before.
 * Where the manifest names them, it would win over the autoscaler: that is the chart's fault, and is told.
 */
export async function scaledByOthers(
  manifest: readonly KubeObject[],
  session: Session,
): Promise<Step<{ readonly keep: readonly KeptReplicas[]; readonly findings: readonly Finding[] }>> {
  const { cluster, namespace, chart, environment } = session;
  const known = await cluster.list(AUTOSCALER, namespace);
  const ofManifest = manifest.filter(({ kind }) => kind === AUTOSCALER.kind || kind === 'ScaledObject');
  const scaled = scaledWorkloads(manifest, [...(known.ok ? known.value : []), ...ofManifest]);
  const isHelm4 = scaled.length > 0 && !(await session.releases.version()).startsWith('3.');
  const keep: KeptReplicas[] = [];
  const findings: Finding[] = [];
  for (const { workload, by, replicas } of scaled) {
    const { apiVersion, kind } = workload;
    const { name } = workload.metadata;
    const found = await cluster.get({ apiVersion, kind, namespace, name });
    if (!found.ok) return failed(causeOf(found.fault, `${shownObject({ kind, name })} can't be read`));
    const live = found.value;
    const now = number(at(live, 'spec', 'replicas'));
    if (live === undefined || now === 0) continue;
    const resource = shownObject({ kind, name });
    const warn = (message: string, hint: string): void => {
      const rule = 'deploy/scaled-by-others';
      findings.push({
        stage: 'deploy',
        rule,
        severity: 'warning',
        message: `${resource} has ${now} replicas by ${by}, and ${message}`,
        hint,
        chart,
        environments: [environment],
        resource,
      });
    };
    if (replicas !== undefined && replicas !== now) {
      warn(
        `the chart sets ${replicas}: each upgrade takes it there until the autoscaler acts again`,
        'Leave spec.replicas out of the template where an autoscaler decides on it.',
      );
    } else if (replicas === undefined && now > 1 && ownsReplicas(live, 'helm')) {
      if (isHelm4) keep.push({ object: workload, replicas: now });
      else
        warn(
          'the chart leaves them open from now on: Helm 3 takes it to 1 until the autoscaler acts',
          'Use Helm 4 for this step, with which they are kept, or give the live number once more by `lookup`.',
        );
    }
  }
  return done({ keep, findings });
}

/** Who owned a field alone takes it along; so it is shared before (https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership). */
export async function keepReplicas(kept: readonly KeptReplicas[], session: Session): Promise<Step<undefined>> {
  for (const { object, replicas } of kept) {
    const { apiVersion, kind } = object;
    const { name } = object.metadata;
    const owned = { apiVersion, kind, metadata: { name, namespace: session.namespace }, spec: { replicas } };
    const answer = await session.cluster.apply(owned, 'chartship');
    if (!answer.ok)
      return failed(causeOf(answer.fault, `the replicas of ${shownObject({ kind, name })} can't be kept`));
    session.tell(`${shownObject({ kind, name })} keeps its ${replicas} replicas: from now on an autoscaler decides`);
  }
  return done(undefined);
}
