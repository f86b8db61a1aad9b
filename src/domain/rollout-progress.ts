import { containersOf } from './diagnosis/container.ts';
import { at, condition, number, text } from './diagnosis/reading.ts';
import type { KubeObject } from './kube-object.ts';
import { shownObject } from './kube-object.ts';

/** The state of each object that a person follows while a release rolls out, in a few words, by `Kind/name`. */
export function rolloutStates(objects: readonly KubeObject[]): Map<string, string> {
  const states = new Map<string, string>();
  for (const object of objects) {
    const state = stateOf(object);
    if (state !== undefined) states.set(shownObject({ kind: object.kind, name: object.metadata.name }), state);
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

/** What isn't done yet, for the line that says that there is nothing new. */
export function unfinished(states: ReadonlyMap<string, string>): string[] {
  return [...states]
    .filter(([name, state]) => !name.startsWith('Pod/') && !/^(?:ready|completed|\d+ ready)$/.test(state))
    .map(([name, state]) => `${name} ${state}`);
}

function stateOf(object: KubeObject): string | undefined {
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
      );
    case 'DaemonSet':
      return workloadState(
        object,
        number(at(object, 'status', 'desiredNumberScheduled')),
        number(at(object, 'status', 'updatedNumberScheduled')),
      );
    default:
      return undefined;
  }
}

function workloadState(object: KubeObject, wanted: number, updated: number): string {
  const isObserved = number(at(object, 'status', 'observedGeneration')) >= number(object.metadata.generation);
  if (!isObserved) return 'changed';
  const ready = number(at(object, 'status', object.kind === 'DaemonSet' ? 'numberReady' : 'readyReplicas'));
  const all = Math.max(number(at(object, 'status', 'replicas')), wanted);
  if (updated >= wanted && ready >= wanted && all === wanted) return `${wanted} ready`;
  if (updated === all) return `${ready} of ${wanted} ready`;
  return `${updated} of ${wanted} updated, ${ready} of ${all} ready`;
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
  if (condition(pod, 'Ready')?.status === 'True') return 'ready';
  const init = containers.find(({ role, running }) => role === 'init' && running);
  if (init !== undefined) return `${init.name} runs first`;
  return phase === 'Running' ? 'running, not ready' : 'starting';
}
