import { containersOf } from '../../domain/diagnosis/container.ts';
import { at, condition, list, text } from '../../domain/diagnosis/reading.ts';
import { releasePods } from '../../domain/diagnosis/release-pods.ts';
import type { Look } from '../../domain/diagnosis/seen.ts';
import type { KubeObject } from '../../domain/kube-object.ts';

/** How a pod that the revision lives by looks. */
export interface Standing {
  readonly name: string;
  readonly isReady: boolean;
  /** Seconds it has looked like this, without a restart. */
  readonly steady: number;
  /** Seconds after which that is believed. */
  readonly needed: number;
}

/** Seconds that a container without a probe must run before it is believed: its first crash is seen by then. */
const UNPROBED_SECONDS = 5;
/** Seconds in which a pod that a probe called ready must stay so. */
const PROBED_SECONDS = 2;
/** Seconds by the cluster's clocks after which a pod has been so for long, whatever those clocks differ by. */
const LONG_SECONDS = 20;

/** Knows since when each pod looks as it does, on our own clock. */
export class Steadiness {
  #since = new Map<string, { readonly as: string; readonly at: number }>();

  /** The pods of the revision; those of Jobs and hooks are helm's to wait for. */
  of(look: Look, serverTime: number): Standing[] {
    const { now } = look.seen;
    const since = new Map<string, { readonly as: string; readonly at: number }>();
    const standings = releasePods(look)
      .filter(({ owner, revision }) => revision !== 'old' && !['Job', 'CronJob'].includes(owner.kind) && !isHook(owner))
      .map(({ pod }): Standing => {
        const isReady = condition(pod, 'Ready')?.status === 'True';
        const restarts = containersOf(pod).reduce((sum, container) => sum + container.restarts, 0);
        const as = `${isReady} ${restarts}`;
        const uid = pod.metadata.uid ?? '';
        const before = this.#since.get(uid);
        const known = before?.as === as ? before : { as, at: now };
        since.set(uid, known);
        const needed = isProbed(pod) ? PROBED_SECONDS : UNPROBED_SECONDS;
        const long = serverTime - lastChange(pod);
        const steady = long >= LONG_SECONDS ? long : now - known.at;
        return { name: pod.metadata.name, isReady, steady, needed };
      });
    this.#since = since;
    return standings;
  }
}

/** When a pod last became ready or a container of it was started, as its node says, in seconds since 1970. */
function lastChange(pod: KubeObject): number {
  const started = list(at(pod, 'status', 'containerStatuses')).map((status) =>
    at(status, 'state', 'running', 'startedAt'),
  );
  const times = [condition(pod, 'Ready')?.lastTransitionTime, ...started].map((time) => Date.parse(text(time)) / 1000);
  return times.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...times);
}

function isHook(object: KubeObject): boolean {
  return object.metadata.annotations?.['helm.sh/hook'] !== undefined;
}

/** Whether every container that goes on has a probe that says when it is ready. */
function isProbed(pod: KubeObject): boolean {
  return list(at(pod, 'spec', 'containers')).every(
    ({ readinessProbe, startupProbe }) => readinessProbe !== undefined || startupProbe !== undefined,
  );
}
