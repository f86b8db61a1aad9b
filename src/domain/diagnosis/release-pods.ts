import type { KubeObject } from '../kube-object.ts';
import { at, number, text } from './reading.ts';
import { controllerOf, type Look } from './seen.ts';

/** A pod of the release, and the object of the manifest that it is there for. */
export interface ReleasePod {
  readonly pod: KubeObject;
  /** The object in the manifest. */
  readonly owner: KubeObject;
  /** `Deployment/agent` */
  readonly of: string;
  /**
   * `new`: of the revision that is being deployed, and made since. `kept`: of its template, but there before.
   * `old`: of an earlier revision.
   */
  readonly revision: 'new' | 'kept' | 'old';
}

/** The pods of the release that are to live on. */
export function releasePods(look: Look): ReleasePod[] {
  return look.of('Pod').flatMap((pod) => {
    if (pod.metadata.deletionTimestamp !== undefined) return [];
    const chain = ownersOf(pod, look);
    const top = chain.at(-1) ?? { kind: 'Pod', name: pod.metadata.name };
    const owner = look.inManifest(top.kind, top.name);
    if (owner === undefined) return [];
    const isCurrent = isOfNewTemplate(pod, look, top);
    const revision = !isCurrent ? 'old' : look.isOld(pod) ? 'kept' : 'new';
    return [{ pod, owner, of: `${top.kind}/${top.name}`, revision }];
  });
}

function ownersOf(object: KubeObject, look: Look): { kind: string; name: string }[] {
  const chain: { kind: string; name: string }[] = [];
  for (let owner = controllerOf(object); owner !== undefined && chain.length < 5; ) {
    chain.push(owner);
    const known = look.byUid(owner.uid);
    owner = known === undefined ? undefined : controllerOf(known);
  }
  return chain;
}

/** Whether a pod is made by the template that its owner has now. */
function isOfNewTemplate(pod: KubeObject, look: Look, top: { kind: string; name: string }): boolean {
  const owner = look.live(top.kind, top.name);
  // A kind that isn't watched, or a pod of its own.
  if (owner === undefined) return true;
  switch (top.kind) {
    case 'Deployment': {
      // Until the controller has looked at the new template its newest ReplicaSet is an old one.
      if (!isObserved(owner)) return false;
      const set = look.byUid(controllerOf(pod)?.uid ?? '');
      return set !== undefined && revisionOf(set) === revisionOf(owner);
    }
    case 'StatefulSet':
      return (
        isObserved(owner) && pod.metadata.labels?.['controller-revision-hash'] === at(owner, 'status', 'updateRevision')
      );
    case 'DaemonSet':
      return (
        pod.metadata.labels?.['pod-template-generation'] ===
        owner.metadata.annotations?.['deprecated.daemonset.template.generation']
      );
    default:
      return true;
  }
}

function revisionOf(object: KubeObject): string {
  return object.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '';
}

export function isObserved(object: KubeObject): boolean {
  return number(at(object, 'status', 'observedGeneration')) >= number(object.metadata.generation);
}

/** The objects that make the pods of a workload of the release now: the newest ReplicaSet, or the workload itself. */
export function podMaker(workload: KubeObject, look: Look): KubeObject | undefined {
  const live = look.live(workload.kind, workload.metadata.name);
  if (live === undefined || live.kind !== 'Deployment') return live;
  if (!isObserved(live)) return undefined;
  return look
    .of('ReplicaSet')
    .find((set) => controllerOf(set)?.uid === live.metadata.uid && revisionOf(set) === revisionOf(live));
}

/** What a hook is for, such as `pre-upgrade` or `test`; empty for what is no hook. */
export function hookOf(object: KubeObject): string {
  return text(object.metadata.annotations?.['helm.sh/hook']);
}
