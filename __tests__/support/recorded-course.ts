import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { diagnose } from '../../src/domain/diagnosis/diagnose.ts';
import { lookUpKey, remember, WATCHED_KINDS } from '../../src/domain/diagnosis/seen.ts';
import type { Trouble } from '../../src/domain/diagnosis/trouble.ts';
import type { KubeObject } from '../../src/domain/kube-object.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/diagnosis');

/** A release's course as scripts/diagnosis-courses/record.mjs recorded it on a real cluster. */
export interface Course {
  readonly seconds: number;
  readonly manifest: readonly KubeObject[];
  readonly moments: readonly {
    readonly at: number;
    readonly changed: readonly KubeObject[];
    readonly gone: readonly string[];
  }[];
}

export function courseNames(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

export function recordedCourse(name: string): Course {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Course;
}

export interface Diagnosed {
  readonly at: number;
  readonly troubles: readonly Trouble[];
}

/** What the namespace looked like at each moment. */
export function momentsOf({ moments }: Course): { at: number; objects: KubeObject[] }[] {
  const known = new Map<string, KubeObject>();
  return moments.map(({ at, changed, gone }) => {
    for (const object of changed) known.set(object.metadata.uid ?? '', object);
    for (const uid of gone) known.delete(uid);
    return { at, objects: [...known.values()] };
  });
}

const CLASS = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' };
const CLASSES = new Map<string, KubeObject>([
  ['standard', { ...CLASS, metadata: { name: 'standard' }, volumeBindingMode: 'WaitForFirstConsumer' }],
]);

/** Diagnoses at every moment, and every second between, as a deployment would. What is watched is given, the rest when it is asked for. */
export function played(course: Course): Diagnosed[] {
  const moments = momentsOf(course);
  let memory = remember(moments[0]?.objects ?? []);
  let asked = new Map<string, KubeObject | null>();
  const kinds = WATCHED_KINDS.map(({ kind }) => kind as string);
  const diagnosed: Diagnosed[] = [];
  for (let now = 1; now <= course.seconds; now += 1) {
    const all = moments.findLast(({ at }) => at <= now)?.objects ?? [];
    const objects = all.filter(({ kind }) => kinds.includes(kind));
    const found = diagnose({ now: 1000 + now, manifest: course.manifest, objects, lookedUp: asked }, memory);
    memory = found.memory;
    asked = new Map(
      found.lookUp.map((name) => [
        lookUpKey(name),
        CLASSES.get(name.name) ??
          all.find(({ kind, metadata }) => kind === name.kind && metadata.name === name.name) ??
          null,
      ]),
    );
    diagnosed.push({ at: now, troubles: found.troubles });
  }
  return diagnosed;
}
