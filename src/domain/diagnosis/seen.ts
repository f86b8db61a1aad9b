import type { KubeObject, ObjectName } from '../kube-object.ts';
import { at, list, number, text } from './reading.ts';

/** The kinds that a diagnosis looks at in the release's namespace. */
export const WATCHED_KINDS = [
  { apiVersion: 'v1', kind: 'Pod' },
  { apiVersion: 'v1', kind: 'Event' },
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  { apiVersion: 'batch/v1', kind: 'Job' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
] as const;

/** What is known of a namespace at a moment. */
export interface Seen {
  /** Seconds on a clock that only goes forward. */
  readonly now: number;
  /** The objects of the new revision, its hooks with them, as helm applies them. */
  readonly manifest: readonly KubeObject[];
  /** The objects of `WATCHED_KINDS` in the namespace. */
  readonly objects: readonly KubeObject[];
  /** What was asked for (`Diagnosis.lookUp`), by `lookUpKey`: the object as it is now, `null` where there is none. */
  readonly lookedUp: ReadonlyMap<string, KubeObject | null>;
}

export function lookUpKey({ kind, name }: Pick<ObjectName, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}

/** What happened to a container, seen from one moment to the next. */
export interface ContainerHistory {
  /** The exit code of each run that was seen to end, by the number of restarts before it. */
  readonly exits: ReadonlyMap<number, number>;
  /** It was of use once: its readiness probe passed, or, without one, it ran for a while. */
  readonly wasReady: boolean;
  /** Pulls that failed for good, as far as they were seen. */
  readonly failedPulls: number;
  readonly waiting: string;
}

/** What must be kept from one look to the next. Made by `remember` before anything is changed. */
export interface Memory {
  /** What was there before: the uids of objects, and how often each event had happened. */
  readonly before: ReadonlyMap<string, number>;
  /** When something that lasts was first seen. */
  readonly since: ReadonlyMap<string, number>;
  readonly containers: ReadonlyMap<string, ContainerHistory>;
  /** How many runs of a container ended while what it waits for was not there. */
  readonly forgiven: ReadonlyMap<string, number>;
}

/** What is there before an upgrade: none of it is taken for the new revision's fault. */
export function remember(objects: readonly KubeObject[]): Memory {
  return {
    before: new Map(objects.map((each) => [each.metadata.uid ?? '', each.kind === 'Event' ? timesOf(each) : 1])),
    since: new Map(),
    containers: new Map(),
    forgiven: new Map(),
  };
}

/** One look: what is seen, what is remembered, and what the next look must know. */
export class Look {
  readonly seen: Seen;
  readonly #memory: Memory;
  readonly #since = new Map<string, number>();
  readonly #containers = new Map<string, ContainerHistory>();
  readonly #forgiven = new Map<string, number>();
  readonly #lookUp = new Map<string, ObjectName>();
  readonly #events = new Map<string, KubeObject[]>();
  readonly #byUid: Map<string, KubeObject>;

  constructor(seen: Seen, memory: Memory) {
    this.seen = seen;
    this.#memory = memory;
    this.#byUid = new Map(seen.objects.map((each) => [each.metadata.uid ?? '', each]));
    for (const event of seen.objects.filter(({ kind }) => kind === 'Event')) {
      const uid = text(at(event, 'involvedObject', 'uid'));
      const those = this.#events.get(uid);
      if (those === undefined) this.#events.set(uid, [event]);
      else those.push(event);
    }
  }

  of(kind: string): KubeObject[] {
    return this.seen.objects.filter((each) => each.kind === kind);
  }

  byUid(uid: string): KubeObject | undefined {
    return this.#byUid.get(uid);
  }

  live(kind: string, name: string): KubeObject | undefined {
    return this.seen.objects.find((each) => each.kind === kind && each.metadata.name === name);
  }

  inManifest(kind: string, name: string): KubeObject | undefined {
    return this.seen.manifest.find((each) => each.kind === kind && each.metadata.name === name);
  }

  /** Whether the object was there before the upgrade began. */
  isOld(object: KubeObject): boolean {
    return this.#memory.before.has(object.metadata.uid ?? '');
  }

  /** What happened to an object since the upgrade began, the latest last. */
  events(object: KubeObject, ...reasons: readonly string[]): SeenEvent[] {
    return (this.#events.get(object.metadata.uid ?? '') ?? [])
      .filter((event) => reasons.length === 0 || reasons.includes(text(event.reason)))
      .map((event) => ({
        reason: text(event.reason),
        message: text(event.message).trim(),
        times: timesOf(event) - (this.#memory.before.get(event.metadata.uid ?? '') ?? 0),
        last: text(at(event, 'series', 'lastObservedTime')) || text(event.lastTimestamp) || text(event.eventTime),
      }))
      .filter(({ times }) => times > 0)
      .sort((a, b) => (a.last < b.last ? -1 : a.last > b.last ? 1 : 0));
  }

  /** For how many seconds this has been so, without a break. */
  lasting(what: string, object?: KubeObject): number {
    const key = `${what} ${object?.metadata.uid ?? ''}`;
    const since = this.#memory.since.get(key) ?? this.seen.now;
    this.#since.set(key, since);
    return this.seen.now - since;
  }

  history(pod: KubeObject, container: string): ContainerHistory {
    return (
      this.#memory.containers.get(`${pod.metadata.uid}/${container}`) ?? {
        exits: new Map(),
        wasReady: false,
        failedPulls: 0,
        waiting: '',
      }
    );
  }

  keep(pod: KubeObject, container: string, history: ContainerHistory): void {
    this.#containers.set(`${pod.metadata.uid}/${container}`, history);
  }

  /** Runs that are not counted; with `now` they are from now on. */
  forgiven(what: string, now?: number): number {
    const number = now ?? this.#memory.forgiven.get(what) ?? 0;
    this.#forgiven.set(what, number);
    return number;
  }

  /** An object that isn't watched: `undefined` until it was looked up, which is asked for by this. */
  lookUp(name: ObjectName): KubeObject | null | undefined {
    this.#lookUp.set(lookUpKey(name), name);
    return this.seen.lookedUp.get(lookUpKey(name));
  }

  get asked(): readonly ObjectName[] {
    return [...this.#lookUp.values()];
  }

  get memory(): Memory {
    return { before: this.#memory.before, since: this.#since, containers: this.#containers, forgiven: this.#forgiven };
  }
}

export interface SeenEvent {
  readonly reason: string;
  readonly message: string;
  readonly times: number;
  /** RFC 3339, of the cluster's clock. */
  readonly last: string;
}

/** How often an event has happened. */
function timesOf(event: KubeObject): number {
  return Math.max(1, number(event.count), number(at(event, 'series', 'count')));
}

/** Who an object belongs to, one step up. */
export function controllerOf(object: KubeObject): { kind: string; name: string; uid: string } | undefined {
  const owners = list(object.metadata.ownerReferences);
  const owner = owners.find(({ controller }) => controller === true) ?? owners[0];
  return owner && { kind: text(owner.kind), name: text(owner.name), uid: text(owner.uid) };
}
