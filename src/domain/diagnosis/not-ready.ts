import type { KubeObject } from '../kube-object.ts';
import { type Container, containersOf } from './container.ts';
import { at, condition, text } from './reading.ts';
import type { ReleasePod } from './release-pods.ts';
import type { Look } from './seen.ts';
import type { Trouble } from './trouble.ts';
import { readiness, workloads } from './workload.ts';

/** Why a pod isn't Ready where it is none of the terminal causes; never terminal by itself. */
export function notReady(where: ReleasePod, containers: readonly Container[], look: Look): Trouble | undefined {
  const { pod } = where;
  const phase = text(at(pod, 'status', 'phase'));
  if (phase === 'Succeeded' || condition(pod, 'Ready')?.status === 'True') return undefined;
  const trouble = (message: string, hint?: string, of?: Container): Trouble => ({
    cause: { code: 'not-ready', resource: `Pod/${pod.metadata.name}`, message, ...(hint !== undefined && { hint }) },
    terminal: false,
    logs: containers
      .filter((each) => (of === undefined || of === each) && (each.running || each.ended !== undefined))
      .map(({ name }) => ({ pod: pod.metadata.name, container: name, previous: false })),
    of: where.of,
    waitsFor: [],
  });
  const name = pod.metadata.name;

  if (at(pod, 'status', 'reason') === 'Evicted' || look.events(pod, 'Evicted').length > 0) {
    const said = text(at(pod, 'status', 'message')) || (look.events(pod, 'Evicted').at(-1)?.message ?? '');
    return trouble(
      `the pod ${name} was evicted from its node: ${line(said) || 'the node does not say why'}`,
      'Raise the limit or the request of what it ran out of (ephemeral-storage, memory, the size of a volume).',
    );
  }
  if (isLost(pod)) {
    const node = text(at(pod, 'spec', 'nodeName'));
    return trouble(`the node ${node} of the pod ${name} does not answer`, `See kubectl describe node ${node}`);
  }
  const failing = containers.find(
    ({ waiting }) => waiting?.reason === 'CreateContainerConfigError' || waiting?.reason === 'CreateContainerError',
  );
  if (failing !== undefined) {
    return trouble(
      `container ${failing.name} of the pod ${name} can't be created: ${line((failing.waiting?.message ?? '').replace(/ \(pod: "[^"]*", container: [^)]*\)$/, ''))}`,
      undefined,
      failing,
    );
  }
  if (!containers.some(({ running, exits }) => running || exits > 0)) {
    const said = look
      .events(pod, 'FailedMount', 'FailedAttachVolume', 'FailedMapVolume', 'FailedCreatePodSandBox', 'NetworkNotReady')
      .at(-1);
    if (said !== undefined) {
      const isVolume = /Mount|Attach|Map/.test(said.reason);
      const found = trouble(`the pod ${name} can't be started: ${line(said.message)}`);
      return isVolume ? { ...found, cause: { ...found.cause, code: 'volume' } } : found;
    }
  }
  const probe = look
    .events(pod, 'Unhealthy')
    .findLast(({ message }) => /^(Readiness|Startup) probe failed/.test(message));
  // What runs to its end is never Ready, and judged when it is over.
  if (
    text(at(pod, 'spec', 'restartPolicy')) !== 'Always' &&
    containers.some(({ running, role }) => running && role === 'main')
  ) {
    return trouble(`the pod ${name} still runs`);
  }
  const unready = containers.find(({ running, ready, role }) => running && !ready && role !== 'init');
  if (unready !== undefined && probe !== undefined) {
    const kind = /^(\w+)/.exec(probe.message)?.[1]?.toLowerCase() ?? 'readiness';
    const said = line(probe.message.replace(/^\w+ probe failed:/, ''));
    return trouble(
      `container ${unready.name} runs but its ${kind} probe fails: ${said || 'the probe says nothing'}`,
      undefined,
      unready,
    );
  }
  const initial = containers.find(({ role, running }) => role === 'init' && running);
  if (initial !== undefined)
    return trouble(
      `the pod ${name} waits for its init container ${initial.name}, which still runs`,
      undefined,
      initial,
    );
  const starting = containers.find(({ waiting }) => waiting?.reason === 'ContainerCreating');
  if (starting !== undefined) {
    const isPulling = look.events(pod).at(-1)?.reason === 'Pulling';
    return trouble(
      isPulling
        ? `the image ${starting.image} of container ${starting.name} is still being pulled`
        : `the pod ${name} is still being started`,
    );
  }
  if (unready !== undefined)
    return trouble(`container ${unready.name} of the pod ${name} runs and is not ready yet`, undefined, unready);
  return trouble(`the pod ${name} is not ready (${phase || 'it says nothing of itself'})`);
}

function isLost(pod: KubeObject): boolean {
  const ready = condition(pod, 'Ready');
  return (
    at(pod, 'status', 'reason') === 'NodeLost' ||
    at(pod, 'status', 'phase') === 'Unknown' ||
    ready?.status === 'Unknown' ||
    ready?.reason === 'NodeNotReady'
  );
}

/** Workloads that aren't where they should be and of whose pods nothing better is known. */
export function unreadyWorkloads(pods: readonly ReleasePod[], told: ReadonlySet<string>, look: Look): Trouble[] {
  return workloads(look).flatMap((workload) => {
    const of = `${workload.kind}/${workload.metadata.name}`;
    const state = readiness(workload, look);
    if (state.ready || told.has(of)) return [];
    const stuck = workload.kind === 'StatefulSet' ? stuckPod(pods, of) : undefined;
    const live = look.live(workload.kind, workload.metadata.name);
    const progress = live && condition(live, 'Progressing');
    const isLate = progress?.status === 'False' && progress.reason === 'ProgressDeadlineExceeded';
    const cause =
      stuck === undefined
        ? {
            code: 'not-ready' as const,
            resource: of,
            message: `${workload.kind} ${workload.metadata.name} is not ready: ${state.words}${isLate ? ', and it made no progress within its progressDeadlineSeconds' : ''}`,
          }
        : {
            code: 'not-ready' as const,
            resource: `Pod/${stuck}`,
            message: `StatefulSet ${workload.metadata.name} does not replace its pod ${stuck}, which is of an older revision and was never ready`,
            hint: `Delete that pod, and it is made anew from the new revision: kubectl delete pod ${stuck}`,
          };
    return [{ cause, terminal: false, logs: [], of, waitsFor: [] }];
  });
}

/** A StatefulSet waits for a broken pod of the older revision for ever before it replaces it (a known limit of Kubernetes). */
function stuckPod(pods: readonly ReleasePod[], of: string): string | undefined {
  const old = pods.find(
    (each) =>
      each.of === of &&
      each.revision === 'old' &&
      condition(each.pod, 'Ready')?.status !== 'True' &&
      !containersOf(each.pod).some(({ ready }) => ready),
  );
  return old?.pod.metadata.name;
}

function line(said: string): string {
  return said.replace(/\s+/g, ' ').trim().slice(0, 400);
}
