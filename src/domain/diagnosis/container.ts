import type { KubeObject } from '../kube-object.ts';
import { at, type Fields, fields, list, number, text } from './reading.ts';

/** How a run of a container ended. */
export interface Exit {
  readonly code: number;
  /** `Error`, `Completed`, `OOMKilled`, `StartError`, … */
  readonly reason: string;
  readonly message: string;
  /** Seconds it ran, by its node's clock; `undefined` where that isn't known. */
  readonly ran?: number;
}

/** A container of a pod as its node tells of it. */
export interface Container {
  readonly name: string;
  readonly image: string;
  /** `init` runs to its end before the others start; a sidecar is an init container that goes on. */
  readonly role: 'init' | 'sidecar' | 'main';
  readonly spec: Fields;
  readonly waiting: { readonly reason: string; readonly message: string } | undefined;
  readonly running: boolean;
  /** The present run, when it is over. */
  readonly ended: Exit | undefined;
  /** The run before the present one. */
  readonly last: Exit | undefined;
  readonly restarts: number;
  readonly ready: boolean;
  /** Runs that are over. */
  readonly exits: number;
}

export function containersOf(pod: KubeObject): Container[] {
  const all = (specs: unknown, statuses: unknown, isInit: boolean): Container[] =>
    list(specs).map((spec) => {
      const name = text(spec.name);
      const status = list(statuses).find((each) => each.name === name);
      const role = !isInit ? 'main' : spec.restartPolicy === 'Always' ? 'sidecar' : 'init';
      return containerOf(name, role, spec, status ?? {});
    });
  return [
    ...all(at(pod, 'spec', 'initContainers'), at(pod, 'status', 'initContainerStatuses'), true),
    ...all(at(pod, 'spec', 'containers'), at(pod, 'status', 'containerStatuses'), false),
  ];
}

function containerOf(name: string, role: Container['role'], spec: Fields, status: Fields): Container {
  const waiting = at(status, 'state', 'waiting');
  const ended = exitOf(at(status, 'state', 'terminated'));
  const last = exitOf(at(status, 'lastState', 'terminated'));
  const restarts = number(status.restartCount);
  const isWaitingToRestart = waiting !== undefined && last !== undefined;
  return {
    name,
    image: text(spec.image),
    role,
    spec,
    waiting:
      waiting === undefined
        ? undefined
        : { reason: text(at(waiting, 'reason')), message: text(at(waiting, 'message')) },
    running: at(status, 'state', 'running') !== undefined,
    ended,
    last,
    restarts,
    ready: status.ready === true,
    exits: restarts + (ended !== undefined || isWaitingToRestart ? 1 : 0),
  };
}

function exitOf(value: unknown): Exit | undefined {
  if (value === undefined || value === null) return undefined;
  const { exitCode, reason, message, startedAt, finishedAt } = fields(value);
  // What could not be started has begun in 1970.
  const started = Date.parse(text(startedAt));
  const ran = started > 0 ? (Date.parse(text(finishedAt)) - started) / 1000 : Number.NaN;
  return {
    code: number(exitCode),
    reason: text(reason),
    message: text(message).trim(),
    ...(Number.isFinite(ran) && ran >= 0 && { ran }),
  };
}
