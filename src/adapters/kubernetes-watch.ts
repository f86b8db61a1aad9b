import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { KindName, KubeObject } from '../domain/kube-object.ts';
import type { ClusterFault, Watching } from '../ports.ts';
import { isFields } from './kubeconfig-merge.ts';
import { collectionPath, type Discovery } from './kubernetes-discovery.ts';
import { isObject, listIn, parsed } from './kubernetes-objects.ts';
import type { ApiRequests } from './kubernetes-requests.ts';

/** Objects of one kind that are kept; of more the first ones are let go. A busy namespace has thousands of events. */
const MOST = 5_000;
/** Seconds after which the API server ends a watch; a new one goes on where it ended. */
const WATCH_SECONDS = 240;
/** Milliseconds between looks at whether the API server is still there: a watch that hangs says nothing. */
const LOOK_EVERY = 5_000;
const LOOK_LIMIT = 5_000;
/** Milliseconds before the next try, each time longer. */
const BACK_OFF = [250, 500, 1000, 2000, 4000] as const;
/** Before a kind that is not served, or that we may not see, is asked for again: a CRD or a right may come. */
const BLIND_PAUSE = 15_000;
/** Between lists where watching is not allowed. */
const POLL_PAUSE = 3_000;

interface Watched {
  readonly kind: KindName;
  readonly objects: Map<string, KubeObject>;
  state: 'starting' | 'live' | 'lost' | 'blind';
}

/** The kinds of a namespace, listed and then watched, as client-go's reflectors do it. */
export function watchKinds(options: {
  readonly kinds: readonly KindName[];
  readonly namespace: string;
  readonly changed: () => void;
  readonly requests: ApiRequests;
  readonly discovery: Discovery;
}): Watching {
  const { namespace, requests, discovery } = options;
  const closed = new AbortController();
  // Every kind waits for it; Node takes more than ten for a leak.
  setMaxListeners(0, closed.signal);
  const watched: Watched[] = options.kinds.map((kind) => ({ kind, objects: new Map(), state: 'starting' }));
  let fault: ClusterFault | undefined;
  let told = false;
  /** Aborted when the API server gives no answer: every watch begins anew. */
  let session = new AbortController();

  const changed = (): void => {
    if (told || closed.signal.aborted) return;
    told = true;
    setImmediate(() => {
      told = false;
      if (!closed.signal.aborted) options.changed();
    });
  };
  const becomes = (of: Watched, state: Watched['state'], why?: ClusterFault): void => {
    if (closed.signal.aborted) return;
    if (state === 'lost' && why !== undefined) fault = why;
    if (of.state === state) return;
    of.state = state;
    if (!watched.some((each) => each.state === 'lost')) fault = undefined;
    changed();
  };

  const follow = async (of: Watched): Promise<void> => {
    let failures = 0;
    const pause = async (milliseconds?: number): Promise<void> => {
      const next = milliseconds ?? BACK_OFF[Math.min(failures++, BACK_OFF.length - 1)] ?? 0;
      await wait(next, undefined, { signal: closed.signal }).catch(() => undefined);
    };
    let from = '';
    while (!closed.signal.aborted) {
      const served = await discovery.find(of.kind);
      const lost = async (why: ClusterFault): Promise<void> => {
        const isBlind = why.kind === 'forbidden' || why.kind === 'unknown-kind' || why.kind === 'not-found';
        becomes(of, isBlind ? 'blind' : 'lost', why);
        await pause(isBlind ? BLIND_PAUSE : undefined);
      };
      if (!served.ok) {
        await lost(served.fault);
        continue;
      }
      const path = collectionPath(served.value, namespace);
      if (from === '') {
        const listed = await listAll(of, path, requests);
        if ('fault' in listed) {
          await lost(listed.fault);
          continue;
        }
        from = listed.resourceVersion;
        becomes(of, 'live');
        changed();
      }
      const ended = await watchOnce(of, path, from);
      from = ended.from;
      if (ended.fault === undefined) {
        // The API server ends a watch when its time is over; one that ends at once is none.
        if (ended.lived > 1) failures = 0;
        else await pause();
      } else if (ended.fault.kind === 'forbidden') {
        from = '';
        await pause(POLL_PAUSE);
      } else {
        if (ended.fault.kind === 'unreachable' || ended.fault.kind === 'unauthorized') becomes(of, 'lost', ended.fault);
        // What was missed meanwhile is in a new list.
        from = '';
        await pause();
      }
    }
  };

  /** One watch, to its end. `from` is where the next goes on, and empty when it must begin with a list. */
  const watchOnce = async (
    of: Watched,
    path: string,
    from: string,
  ): Promise<{ readonly from: string; readonly fault: ClusterFault | undefined; readonly lived: number }> => {
    const query = new URLSearchParams({
      watch: 'true',
      resourceVersion: from,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(WATCH_SECONDS),
    });
    let next = from;
    const current = session.signal;
    const started = performance.now();
    const ended = await requests.stream({
      path: `${path}?${query}`,
      milliseconds: (WATCH_SECONDS + 15) * 1000,
      signal: AbortSignal.any([closed.signal, current]),
      line: (text) => {
        const event = eventIn(text);
        if (event === undefined) return;
        if (event.type === 'ERROR') {
          // Mostly 410: what came after `from` is no longer known.
          next = '';
          return;
        }
        const object = { ...event.object, apiVersion: of.kind.apiVersion, kind: of.kind.kind };
        const { resourceVersion } = object.metadata;
        if (typeof resourceVersion === 'string' && next !== '') next = resourceVersion;
        if (event.type === 'BOOKMARK') return;
        if (event.type === 'DELETED') of.objects.delete(keyOf(object));
        else keep(of.objects, object);
        changed();
      },
    });
    const lived = (performance.now() - started) / 1000;
    const isGone = ended?.status === 410;
    return { from: isGone || current.aborted ? '' : next, fault: isGone ? undefined : ended?.fault, lived };
  };

  const look = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      await wait(LOOK_EVERY, undefined, { signal: closed.signal }).catch(() => undefined);
      if (closed.signal.aborted) return;
      const answer = await requests.request({ method: 'GET', path: '/version', milliseconds: LOOK_LIMIT, once: true });
      if (answer.ok || closed.signal.aborted) continue;
      if (answer.fault.kind !== 'unreachable' && answer.fault.kind !== 'unauthorized') continue;
      for (const of of watched) if (of.state === 'live') becomes(of, 'lost', answer.fault);
      session.abort();
      session = new AbortController();
    }
  };

  for (const of of watched) void follow(of);
  void look();
  return {
    current: (kind) => {
      const of = watched.find((each) => each.kind.kind === kind.kind && each.kind.apiVersion === kind.apiVersion);
      return [...(of?.objects.values() ?? [])];
    },
    get connected() {
      return watched.every(({ state }) => state === 'live' || state === 'blind');
    },
    get fault() {
      return fault;
    },
    get blind() {
      return watched.filter(({ state }) => state === 'blind').map(({ kind }) => kind);
    },
    close: () => closed.abort(),
  };
}

/** Lists a kind page by page into `objects`; what is no longer there is let go. */
async function listAll(
  of: Watched,
  path: string,
  requests: ApiRequests,
): Promise<{ readonly resourceVersion: string } | { readonly fault: ClusterFault }> {
  const found = new Map<string, KubeObject>();
  for (let next = ''; ; ) {
    const query = new URLSearchParams({ limit: '500', ...(next !== '' && { continue: next }) });
    const answer = await requests.request({ method: 'GET', path: `${path}?${query}` });
    if (!answer.ok) return { fault: answer.fault };
    const page = listIn(answer.body, of.kind);
    for (const object of page.items) keep(found, object);
    next = page.next;
    if (next !== '') continue;
    of.objects.clear();
    for (const [key, object] of found) of.objects.set(key, object);
    return { resourceVersion: page.resourceVersion };
  }
}

function keep(objects: Map<string, KubeObject>, object: KubeObject): void {
  const { managedFields: _, ...metadata } = object.metadata;
  objects.set(keyOf(object), { ...object, metadata });
  if (objects.size <= MOST) return;
  const [first] = objects.keys();
  if (first !== undefined) objects.delete(first);
}

function keyOf({ metadata }: KubeObject): string {
  return metadata.uid ?? metadata.name;
}

type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubeObject }
  | { readonly type: 'ERROR' };

function eventIn(line: string): WatchEvent | undefined {
  const event = parsed(line);
  if (!isFields(event)) return undefined;
  const { type, object } = event;
  if (type === 'ERROR') return { type };
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED' && type !== 'BOOKMARK') return undefined;
  // A bookmark's object has no name.
  const isNameless = type === 'BOOKMARK' && isFields(object) && isFields(object.metadata);
  const named = isNameless ? { ...object, metadata: { name: '', ...(object.metadata as object) } } : object;
  return isObject(named) ? { type, object: named } : undefined;
}
