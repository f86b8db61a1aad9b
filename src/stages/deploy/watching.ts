import type { Cause } from '../../domain/deployment.ts';
import { diagnose } from '../../domain/diagnosis/diagnose.ts';
import { type ReleasePod, releasePods } from '../../domain/diagnosis/release-pods.ts';
import { Look, lookUpKey, type Memory, remember, type Seen, WATCHED_KINDS } from '../../domain/diagnosis/seen.ts';
import type { Trouble } from '../../domain/diagnosis/trouble.ts';
import type { KubeObject } from '../../domain/kube-object.ts';
import { progressLines, rolloutStates, unfinished } from '../../domain/rollout-progress.ts';
import type { ValuesLayer } from '../../domain/values.ts';
import type { ClusterFault } from '../../ports.ts';
import { causeOf } from './cluster-cause.ts';
import { pause } from './pause.ts';
import { redactor } from './redacted.ts';
import type { Session } from './session.ts';
import { type Standing, Steadiness } from './standing.ts';
import { causeOfTrouble } from './verdict.ts';

/** What is seen of a release while something is done to it. */
export interface Watch {
  /** The namespace as it is known now, and what is wrong in it, the most telling first. */
  look(): Promise<Sight>;
  /** Does something and tells of every change meanwhile; `ended` is called once, at the first cause that waiting won't end. */
  during<T>(
    work: () => Promise<T>,
    ended?: (cause: Cause) => void,
  ): Promise<{ readonly value: T; readonly terminal: Cause | undefined }>;
  close(): void;
}

export interface Sight {
  readonly seen: Seen;
  readonly memory: Memory;
  readonly troubles: readonly Trouble[];
  readonly standings: readonly Standing[];
}

/** Seconds between two looks when nothing changes: some causes are terminal by time alone. */
const LOOK_SECONDS = 1;
/** Seconds after which it is said that there is nothing new. */
const HEARTBEAT_SECONDS = 14;
/** Seconds in which changes gather for one look. */
const GATHER_SECONDS = 0.2;
/** Seconds to wait for what is there before anything is changed. */
const FIRST_SECONDS = 10;

/** Watches the namespace for the objects of a manifest (its hooks with it). What is there now is not the new revision's. */
export async function watchRelease(manifest: readonly KubeObject[], session: Session): Promise<Watch> {
  const { cluster, namespace, clock, tell, stop } = session;
  let changed = (): void => undefined;
  const watching = cluster.watch(WATCHED_KINDS, namespace, () => changed());
  const redacted = redactor(session.host.redact);
  const objects = (): KubeObject[] => WATCHED_KINDS.flatMap((kind) => watching.current(kind).map(redacted));
  try {
    for (const start = clock.now(); !watching.connected && clock.now() - start < FIRST_SECONDS; )
      await pause(0.02, stop);
  } catch (error) {
    // Interrupted: nobody else knows of the watch yet, and an open one keeps the process from ending.
    watching.close();
    throw error;
  }

  const steadiness = new Steadiness();
  let memory = remember(objects());
  let lookedUp = new Map<string, KubeObject | null>();
  let { states } = statesOf(objects(), manifest, memory);
  let said = clock.now();

  let last: Sight | undefined;
  const look = async (): Promise<Sight> => {
    // What is known is old: nothing follows from it but by the clock, which would be wrong.
    if (!watching.connected && last !== undefined) return last;
    const seen: Seen = { now: clock.now(), manifest, objects: objects(), lookedUp };
    const found = diagnose(seen, memory);
    memory = found.memory;
    // Anew with every look: what is missing now may be there soon.
    const next = new Map<string, KubeObject | null>();
    await Promise.all(
      found.lookUp.map(async (name) => {
        const answer = await cluster.get(name);
        if (answer.ok) next.set(lookUpKey(name), answer.value ?? null);
      }),
    );
    const isNews = [...next.keys()].some((key) => !lookedUp.has(key));
    lookedUp = next;
    if (isNews) return look();
    last = {
      seen,
      memory,
      troubles: found.troubles,
      standings: steadiness.of(new Look(seen, memory), session.serverTime()),
    };
    return last;
  };

  const tellChanges = (seen: readonly KubeObject[]): void => {
    const now = statesOf(seen, manifest, memory);
    const lines = progressLines(states, now.states);
    states = now.states;
    for (const line of lines) tell(line);
    if (lines.length > 0) said = clock.now();
    if (clock.now() - said < HEARTBEAT_SECONDS) return;
    said = clock.now();
    const waits = unfinished(states, now.pods);
    tell(
      watching.connected
        ? `nothing new; ${waits.length === 0 ? 'helm is at work' : `waiting for ${waits.join(', ')}`}`
        : 'the API server does not answer; trying again',
    );
  };

  return {
    look,
    during: async (work, ended) => {
      const over = new AbortController();
      let terminal: Cause | undefined;
      let gathering: NodeJS.Timeout | undefined;
      said = clock.now();
      const follow = (async () => {
        while (!over.signal.aborted) {
          const wake = new AbortController();
          gathering = undefined;
          changed = () => {
            gathering ??= setTimeout(() => wake.abort(), GATHER_SECONDS * 1000);
          };
          await pause(LOOK_SECONDS, AbortSignal.any([wake.signal, over.signal])).catch(() => undefined);
          const { seen, troubles } = await look();
          tellChanges(seen.objects);
          if (terminal !== undefined || over.signal.aborted) continue;
          terminal = terminalCause(troubles, watching.fault, session.layers);
          if (terminal !== undefined) ended?.(terminal);
        }
      })();
      try {
        return { value: await work(), terminal };
      } finally {
        over.abort();
        await follow;
        // Nobody waits for it any more, and the process would.
        changed = () => undefined;
        clearTimeout(gathering);
      }
    },
    close: () => watching.close(),
  };
}

function terminalCause(
  troubles: readonly Trouble[],
  fault: ClusterFault | undefined,
  layers: readonly ValuesLayer[],
): Cause | undefined {
  if (fault?.kind === 'unauthorized') return causeOf(fault, 'what goes on in the cluster can not be seen any more');
  const terminal = troubles.find((trouble) => trouble.terminal);
  return terminal && causeOfTrouble(terminal, layers);
}

/** The release's workloads and pods, hooks with them. */
function statesOf(
  objects: readonly KubeObject[],
  manifest: readonly KubeObject[],
  memory: Memory,
): { readonly states: Map<string, string>; readonly pods: readonly ReleasePod[] } {
  const look = new Look({ now: 0, manifest, objects, lookedUp: new Map() }, memory);
  const pods = releasePods(look);
  const uids = new Set(pods.map(({ pod }) => pod.metadata.uid));
  const followed = objects.filter(({ kind, metadata }) =>
    kind === 'Pod' ? uids.has(metadata.uid) : look.inManifest(kind, metadata.name) !== undefined,
  );
  return { states: rolloutStates(followed, pods), pods };
}
