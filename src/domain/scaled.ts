import { at, fields, list, text } from './diagnosis/reading.ts';
import type { KubeObject } from './kube-object.ts';

/** A workload whose number of replicas an autoscaler decides on. */
export interface Scaled {
  readonly workload: KubeObject;
  /** `HorizontalPodAutoscaler/agent` */
  readonly by: string;
  /** As the manifest has it; absent where it leaves that open. */
  readonly replicas?: number;
}

/** The workloads of a manifest that autoscalers, of the manifest or of the cluster, scale. */
export function scaledWorkloads(manifest: readonly KubeObject[], autoscalers: readonly KubeObject[]): Scaled[] {
  const targets = new Map(
    autoscalers.map((scaler) => [targetOf(scaler), `${scaler.kind}/${scaler.metadata.name}`] as const),
  );
  return manifest.flatMap((workload) => {
    const by = targets.get(`${workload.kind}/${workload.metadata.name}`);
    if (by === undefined) return [];
    const replicas = at(workload, 'spec', 'replicas');
    return [{ workload, by, ...(typeof replicas === 'number' && { replicas }) }];
  });
}

function targetOf(scaler: KubeObject): string {
  // KEDA's ScaledObject leaves the kind out where it is a Deployment.
  const target = fields(at(scaler, 'spec', 'scaleTargetRef'));
  return `${text(target.kind) || 'Deployment'}/${text(target.name)}`;
}

/** Whether a manager owns an object's replicas: with what helm doesn't set any more its ownership goes, and then the field. */
export function ownsReplicas(live: KubeObject, manager: string): boolean {
  return list(live.metadata.managedFields).some(
    (entry) => entry.manager === manager && at(entry.fieldsV1, 'f:spec', 'f:replicas') !== undefined,
  );
}
