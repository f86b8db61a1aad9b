import type { Container, Exit } from './container.ts';
import { at, fields, text } from './reading.ts';
import type { ReleasePod } from './release-pods.ts';
import type { ContainerHistory, Look } from './seen.ts';
import type { Trouble } from './trouble.ts';

/** Seconds after which a container without a readiness probe has shown that it runs. */
const RUNS_AFTER = 10;
/** So many exits with one code are no accident. */
export const EXITS = 3;

/**
 * Containers that end and are started again. By itself terminal: three exits with one code, never Ready before; what
 * it waits for is looked at by the caller, who sees the whole release.
 */
export function crashLoop(where: ReleasePod, container: Container, look: Look): Trouble | undefined {
  const { pod } = where;
  // Pods that run to their end are judged by their Job or hook.
  if (text(at(pod, 'spec', 'restartPolicy')) === 'Never') return undefined;
  if (container.role === 'init' && container.ended?.code === 0) return undefined;
  const exit = container.ended ?? container.last;
  if (exit === undefined || container.exits === 0) return undefined;
  const history = historyOf(container, look.history(pod, container.name), look, where);
  const same = [...history.exits.values()].slice(-EXITS).every((code) => code === exit.code);
  // Started again and running longer than it ever did: it may be over it.
  const isOver =
    container.running &&
    (container.ready || look.lasting(`runs ${container.name} ${container.restarts}`, pod) >= RUNS_AFTER * 3);
  if (isOver && container.ready) return undefined;
  const probe = killedBy(where, container, look);
  return {
    cause: {
      code: 'crash-loop',
      resource: `Pod/${pod.metadata.name}`,
      message: `container ${container.name} of the pod ${pod.metadata.name} ${sentence(container, exit, probe)}, ${times(container.exits)}`,
      ...hint(exit, probe),
    },
    // A Job judges by itself how often its pods may fail.
    terminal:
      where.revision === 'new' &&
      where.owner.kind !== 'Job' &&
      container.exits >= EXITS &&
      same &&
      !history.wasReady &&
      !isOver,
    logs: [{ pod: pod.metadata.name, container: container.name, previous: container.ended === undefined }],
    ...blame(container, exit),
    of: where.of,
    waitsFor: [],
    exits: container.exits,
  };
}

/** What is known of a container after this look. */
export function historyOf(
  container: Container,
  before: ContainerHistory,
  look: Look,
  { pod }: ReleasePod,
): ContainerHistory {
  const exits = new Map(before.exits);
  if (container.ended !== undefined) exits.set(container.restarts, container.ended.code);
  if (container.last !== undefined) {
    // While it waits to be started again the number of restarts is still that of the run that ended.
    exits.set(
      container.running || container.ended !== undefined ? container.restarts - 1 : container.restarts,
      container.last.code,
    );
  }
  const hasProbe = container.spec.readinessProbe !== undefined;
  const ran = container.running ? look.lasting(`runs ${container.name} ${container.restarts}`, pod) : 0;
  const longest = Math.max(ran, container.ended?.ran ?? 0, container.last?.ran ?? 0);
  const isReady = container.role !== 'init' && (hasProbe ? container.ready : longest >= RUNS_AFTER);
  return { ...before, exits, wasReady: before.wasReady || isReady };
}

/** The probe by which the kubelet had the container killed, and what it said. */
function killedBy({ pod }: ReleasePod, container: Container, look: Look): { probe: string; said: string } | undefined {
  const killing = look
    .events(pod, 'Killing')
    .map(({ message }) => /^Container (\S+) failed (liveness|startup) probe/.exec(message))
    .find((found) => found?.[1] === container.name);
  const probe = killing?.[2];
  if (probe === undefined) return undefined;
  const failed = new RegExp(`^${probe} probe failed:\\s*`, 'i');
  const said = look.events(pod, 'Unhealthy').findLast(({ message }) => failed.test(message))?.message ?? '';
  return { probe, said: said.replace(failed, '').trim() };
}

function sentence(container: Container, exit: Exit, probe: { probe: string; said: string } | undefined): string {
  if (exit.reason === 'OOMKilled') {
    const limit = text(at(container.spec, 'resources', 'limits', 'memory'));
    return `was killed for using more memory than ${limit === '' ? 'its node has' : `its limit of ${limit}`}`;
  }
  if (probe !== undefined && (exit.code === 137 || exit.code === 143 || exit.code === 0)) {
    return `was killed since its ${probe.probe} probe fails${probe.said === '' ? '' : ` (${oneLine(probe.said)})`}`;
  }
  if (exit.reason === 'StartError' || exit.reason === 'ContainerCannotRun')
    return `could not be started: ${startError(exit.message)}`;
  if (exit.code === 0) return 'ended by itself with exit code 0, though it is to go on running';
  return `ended with exit code ${exit.code}${MEANINGS[exit.code] ?? ''}`;
}

const MEANINGS: Readonly<Record<number, string>> = {
  126: ' (the command can not be executed)',
  127: ' (the command was not found)',
  132: ' (an instruction that the CPU does not have)',
  134: ' (it aborted)',
  137: ' (it was killed)',
  139: ' (a memory access violation)',
  143: ' (it was told to end)',
};

function times(exits: number): string {
  return exits === 1 ? 'once so far' : exits === 2 ? 'twice so far' : `${exits} times so far`;
}

/** The end of the runtime's nested message: `exec: "x": executable file not found in $PATH`. */
function startError(message: string): string {
  const inner =
    /(?:unable to start container process|error during container init): (.*)$/s.exec(message)?.[1] ?? message;
  return oneLine(inner.replace(/: unknown$/, '')) || 'the runtime does not say why';
}

function oneLine(said: string): string {
  return said.replace(/\s+/g, ' ').trim().slice(0, 300);
}

function hint(exit: Exit, probe: { probe: string } | undefined): { hint?: string } {
  if (exit.reason === 'OOMKilled') return { hint: 'Raise resources.limits.memory, or let the program use less.' };
  if (probe !== undefined) {
    return {
      hint: `Check what the ${probe.probe} probe asks; a program that starts slowly needs a startup probe with more time.`,
    };
  }
  if (exit.reason === 'StartError' || exit.code === 126 || exit.code === 127) {
    return {
      hint: "Check command and args against what is in the image, and the image's platform against the node's.",
    };
  }
  return {};
}

function blame(container: Container, exit: Exit): Pick<Trouble, 'blame'> {
  const resources = fields(container.spec.resources);
  if (exit.reason !== 'OOMKilled' || at(resources, 'limits', 'memory') === undefined) return {};
  return { blame: { kind: 'quantity', path: ['limits', 'memory'], resources } };
}
