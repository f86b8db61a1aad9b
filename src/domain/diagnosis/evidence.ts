import type { KubeObject } from '../kube-object.ts';
import { type Container, containersOf } from './container.ts';
import { failedFirst } from './jobs.ts';
import { at, condition, number, text } from './reading.ts';
import { hookOf, releasePods } from './release-pods.ts';
import { Look, type Memory, type Seen } from './seen.ts';
import type { LogSource, Trouble } from './trouble.ts';
import { readiness, workloads } from './workload.ts';

/** A file of the folder evidence/ENVIRONMENT in the report folder. Its text is not redacted yet. */
export interface EvidenceFile {
  readonly name: string;
  readonly text: string;
}

/** What is seen at the moment when a deployment failed, for somebody who comes when all of it is rolled back. */
export function evidenceFiles(seen: Seen, memory: Memory, troubles: readonly Trouble[]): EvidenceFile[] {
  return [
    { name: 'causes.txt', text: causesText(troubles) },
    { name: 'pods.txt', text: podsText(seen, memory) },
    { name: 'events.txt', text: eventsText(seen.objects) },
  ];
}

function causesText(troubles: readonly Trouble[]): string {
  if (troubles.length === 0) return 'Nothing in the namespace says why.\n';
  return troubles
    .map(({ cause, terminal, waitsFor }) =>
      [
        `${cause.resource ?? 'the release'}: ${cause.message}`,
        `  ${cause.code}${terminal ? ', waiting does not help' : ''}${waitsFor.length === 0 ? '' : `; not ready beside it: ${waitsFor.join(', ')}`}`,
        ...(cause.hint === undefined ? [] : [`  ${cause.hint}`]),
      ].join('\n'),
    )
    .join('\n\n')
    .concat('\n');
}

/** The workloads of the release and every pod of the namespace, the release's first. */
export function podsText(seen: Seen, memory: Memory): string {
  const look = new Look(seen, memory);
  const own = new Map(releasePods(look).map((where) => [where.pod.metadata.uid, where]));
  const rows = workloads(look).map((each) => [
    `${each.kind}/${each.metadata.name}`,
    readiness(each, look).ready ? 'ready' : 'not ready',
    readiness(each, look).words,
  ]);
  const pods = look
    .of('Pod')
    .sort(
      (a, b) =>
        Number(own.has(b.metadata.uid)) - Number(own.has(a.metadata.uid)) ||
        (a.metadata.name < b.metadata.name ? -1 : 1),
    );
  const lines = pods.flatMap((pod) => {
    const revision = own.get(pod.metadata.uid)?.revision;
    const containers = containersOf(pod);
    const main = containers.filter(({ role }) => role !== 'init');
    const head = [
      pod.metadata.name,
      pod.metadata.deletionTimestamp === undefined ? text(at(pod, 'status', 'phase')) : 'Terminating',
      `${main.filter(({ ready }) => ready).length}/${main.length} ready`,
      revision === undefined ? 'not of this release' : REVISIONS[revision],
      text(at(pod, 'spec', 'nodeName')) || 'no node',
    ].join('  ');
    const said = [text(at(pod, 'status', 'reason')), text(at(pod, 'status', 'message'))]
      .filter((part) => part !== '')
      .join(': ');
    const placed = condition(pod, 'PodScheduled');
    return [
      head,
      ...(said === '' ? [] : [`  ${flat(said)}`]),
      ...(placed?.status === 'False' ? [`  ${text(placed.reason)}: ${flat(text(placed.message))}`] : []),
      ...containers.map((container) => `  ${containerLine(container)}`),
    ];
  });
  return `${[...aligned(rows), '', ...lines].join('\n').trim()}\n`;
}

const REVISIONS = { new: 'new', kept: 'of this revision, there before', old: 'of an older revision' } as const;

function containerLine(container: Container): string {
  const { name, role, image, waiting, running, ended, last, restarts, ready } = container;
  const state =
    waiting !== undefined
      ? `waiting, ${waiting.reason || 'it is not said for what'}${waiting.message === '' ? '' : `: ${flat(waiting.message)}`}`
      : ended !== undefined
        ? `ended with exit code ${ended.code} (${ended.reason})${ended.message === '' ? '' : `: ${flat(ended.message)}`}`
        : running
          ? `running, ${ready ? 'ready' : 'not ready'}`
          : 'not started';
  const before =
    last === undefined
      ? ''
      : `; before with exit code ${last.code} (${last.reason})${last.message === '' ? '' : `: ${flat(last.message)}`}`;
  return `${role === 'main' ? '' : `${role} `}${name} (${image}): ${state}${restarts === 0 ? '' : `; ${restarts} restarts`}${before}`;
}

/** The namespace's events, oldest first. */
export function eventsText(objects: readonly KubeObject[]): string {
  const rows = objects
    .filter(({ kind }) => kind === 'Event')
    .map((event) => ({
      time:
        text(at(event, 'series', 'lastObservedTime')) ||
        text(event.lastTimestamp) ||
        text(event.eventTime) ||
        (event.metadata.creationTimestamp ?? ''),
      times: Math.max(1, number(event.count), number(at(event, 'series', 'count'))),
      event,
    }))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .map(({ time, times, event }) => [
      time.replace(/\.\d+Z$/, 'Z'),
      text(event.type),
      `${text(at(event, 'involvedObject', 'kind'))}/${text(at(event, 'involvedObject', 'name'))}`,
      times === 1 ? text(event.reason) : `${text(event.reason)} (${times} times)`,
      flat(text(event.message)),
    ]);
  return rows.length === 0 ? 'There are no events.\n' : `${aligned(rows).join('\n')}\n`;
}

/**
 * The logs worth keeping, the most telling first: those of the troubles, then of every container of the new revision
 * that isn't ready or has ended, its run before with it, and of the hooks and Jobs.
 */
export function logsToKeep(seen: Seen, memory: Memory, troubles: readonly Trouble[]): LogSource[] {
  const look = new Look(seen, memory);
  const pods = releasePods(look).filter(({ revision }) => revision === 'new');
  const unready = pods.flatMap(({ pod, owner }) => {
    if (owner.kind === 'Job' || hookOf(owner) !== '') return failedFirst(pod);
    return containersOf(pod)
      .filter(
        ({ ready, role, ended, running, last, restarts }) =>
          (running || ended !== undefined || last !== undefined) &&
          (!ready || restarts > 0) &&
          !(role === 'init' && ended?.code === 0 && restarts === 0),
      )
      .flatMap(({ name, last }) => [
        { pod: pod.metadata.name, container: name, previous: false },
        ...(last === undefined ? [] : [{ pod: pod.metadata.name, container: name, previous: true }]),
      ]);
  });
  const all = [...troubles.flatMap(({ logs }) => logs), ...unready];
  return [...new Map(all.map((source) => [logFile(source), source])).values()];
}

/** What the file of a log is called in the evidence. */
export function logFile({ pod, container, previous }: LogSource): string {
  return `${pod}.${container}${previous ? '.previous' : ''}.log`;
}

function flat(said: string): string {
  return said.replace(/\s+/g, ' ').trim();
}

/** Columns as wide as their widest cell, the last one free. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number): number => rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0);
  const widths = (rows[0] ?? []).map((_cell, column) => Math.min(60, width(column)));
  return rows.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
  );
}
