import { containersOf } from './diagnosis/container.ts';
import { at, condition, number, text } from './diagnosis/reading.ts';
import type { ReleasePod } from './diagnosis/release-pods.ts';
import type { KubeObject } from './kube-object.ts';
import { shownObject } from './kube-object.ts';

/**
 * The state of each object that a person follows while a release rolls out, in a few words, by `Kind/name`. A workload
 * counts the pods of the revision that is being deployed: that old ones serve on says nothing of it.
 */
export function rolloutStates(objects: readonly KubeObject[], pods: readonly ReleasePod[]): Map<string, string> {
  const states = new Map<string, string>();
  for (const object of objects) {
    const name = shownObject({ kind: object.kind, name: object.metadata.name });
    const state = stateOf(
      object,
      pods.filter(({ of }) => of === name),
    );
    if (state !== undefined) states.set(name, state);
  }
  return states;
}

/** A line for each object whose state isn't what it was. */
export function progressLines(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const changed = [...now]
    .filter(([name, state]) => before.get(name) !== state)
    .map(([name, state]) => `${name}: ${state}`);
  const gone = [...before.keys()].filter((name) => !now.has(name)).map((name) => `${name}: gone`);
  return [...changed, ...gone];
}

/** New pods that are named with their workload. */
const MOST_PODS = 3;

/** What isn't done yet, with the new pods that it waits for, for the line that says that there is nothing new. */
export function unfinished(states: ReadonlyMap<string, string>, pods: readonly ReleasePod[]): string[] {
  return [...states]
    .filter(([name, state]) => !name.startsWith('Pod/') && !/^(?:ready|completed|\d+ ready)$/.test(state))
    .map(([name, state]) => {
      const waits = pods
        .filter(({ of, revision, pod }) => of === name && revision !== 'old' && !isReady(pod))
        .map(({ pod }) => `${pod.metadata.name} ${podState(pod)}`);
      const more = waits.length > MOST_PODS ? [`${waits.length - MOST_PODS} more`] : [];
      const named = [...waits.slice(0, MOST_PODS), ...more].join(', ');
      return `${name} ${state}${named === '' ? '' : ` (${named})`}`;
    });
}

function stateOf(object: KubeObject, pods: readonly ReleasePod[]): string | undefined {
  switch (object.kind) {
    case 'Pod':
      return podState(object);
    case 'Job':
      return jobState(object);
    case 'Deployment':
    case 'StatefulSet':
      return workloadState(
        object,
        number(at(object, 'spec', 'replicas') ?? 1),
        number(at(object, 'status', 'updatedReplicas')),
        pods,
      );
    case 'DaemonSet':
      return workloadState(
        object,
        number(at(object, 'status', 'desiredNumberScheduled')),
        number(at(object, 'status', 'updatedNumberScheduled')),
        pods,
      );
    default:
      return undefined;
  }
}

function workloadState(object: KubeObject, wanted: number, updated: number, pods: readonly ReleasePod[]): string {
  const isObserved = number(at(object, 'status', 'observedGeneration')) >= number(object.metadata.generation);
  if (!isObserved) return 'changed';
  const ready = number(at(object, 'status', object.kind === 'DaemonSet' ? 'numberReady' : 'readyReplicas'));
  const all = Math.max(number(at(object, 'status', 'replicas')), wanted);
  if (updated >= wanted && ready >= wanted && all === wanted) return `${wanted} ready`;
  const old = pods.filter(({ revision }) => revision === 'old').length;
  const isNew = pods.filter(({ revision, pod }) => revision !== 'old' && isReady(pod)).length;
  return old === 0 ? `${isNew} of ${wanted} ready` : `${isNew} of ${wanted} new ready, ${old} old left`;
}

function isReady(pod: KubeObject): boolean {
  return condition(pod, 'Ready')?.status === 'True';
}

function jobState(job: KubeObject): string {
  const failure = condition(job, 'Failed') ?? condition(job, 'FailureTarget');
  if (failure?.status === 'True') return `failed: ${text(failure.message) || text(failure.reason)}`;
  if (condition(job, 'Complete')?.status === 'True') return 'completed';
  const failures = number(at(job, 'status', 'failed'));
  return failures > 0 ? `running, ${failures} failed` : 'running';
}

function podState(pod: KubeObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'ending';
  const phase = text(at(pod, 'status', 'phase'));
  if (phase === 'Succeeded') return 'completed';
  if (phase === 'Failed')
    return `failed${text(at(pod, 'status', 'reason')) === '' ? '' : `: ${text(at(pod, 'status', 'reason'))}`}`;
  const scheduled = condition(pod, 'PodScheduled');
  if (scheduled !== undefined && scheduled.status !== 'True') return text(scheduled.reason) || 'waits for a node';
  const containers = containersOf(pod);
  const stuck = containers.find(({ waiting, role, ready }) => {
    const isOrdinary = waiting?.reason === 'ContainerCreating' || waiting?.reason === 'PodInitializing';
    return waiting !== undefined && !isOrdinary && (role !== 'init' || !ready);
  });
  if (stuck !== undefined) {
    const { last, restarts } = stuck;
    const exit = last === undefined ? '' : `, exit code ${last.code}${restarts > 0 ? `, ${restarts} restarts` : ''}`;
    return `${stuck.name}: ${stuck.waiting?.reason ?? ''}${exit}`;
  }
  const ended = containers.find(({ ended, role }) => ended !== undefined && (role !== 'init' || ended.code !== 0));
  if (ended !== undefined) return `${ended.name}: exited with ${ended.ended?.code ?? 0}`;
  if (isReady(pod)) return 'ready';
  const init = containers.find(({ role, running }) => role === 'init' && running);
  if (init !== undefined) return `${init.name} runs first`;
  return phase === 'Running' ? 'running, not ready' : 'starting';
}
