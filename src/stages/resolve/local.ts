import { isAbsolute, join } from 'node:path';
import type { DependencyFault } from '../../domain/dependency-fault.ts';
import { sameVersion, satisfies } from '../../domain/dependency-range.ts';
import { isInside, shownPath } from '../../domain/paths.ts';
import type { Resolving, Wanted } from './context.ts';
import type { ChartFolder } from './copy.ts';
import type { Origin } from './source.ts';

export type LocalFolder =
  | { readonly ok: true; readonly folder: ChartFolder }
  | { readonly ok: false; readonly fault: DependencyFault };

/**
 * The folder that a `file://` means: relative to the chart that names it, and for a mirror to the repository's
 * root (the chart's folder itself, or the folder that holds charts by name). `above` are the charts on the way here.
 */
export async function findLocal(
  { ports, root }: Resolving,
  wanted: Wanted,
  origin: Extract<Origin, { kind: 'local' }>,
  folder: ChartFolder,
  above: readonly string[],
): Promise<LocalFolder> {
  const name = wanted.requirement.name;
  const base = origin.mirrored ? root : folder.directory;
  const path = isAbsolute(origin.path) ? origin.path : join(base, origin.path);
  const named = origin.mirrored ? await ports.files.real(join(path, name)) : undefined;
  const real = named ?? (await ports.files.real(path));
  if (!isInside(root, real ?? path)) {
    const hint =
      'Nothing outside the repository is read: move the chart into it, or publish it and name that repository.';
    return failed('local-outside', `${name} lies outside the repository: ${origin.text}`, hint);
  }
  if (real === undefined || (await ports.files.kind(join(real, 'Chart.yaml'))) !== 'file') {
    const why = real === undefined ? 'is not there' : 'has no Chart.yaml';
    return failed(
      'local-missing',
      `${name} is to be at ${origin.text}, but ${shownPath(root, real ?? path)} ${why}`,
      'The path is relative to the chart that names it.',
    );
  }
  if (above.includes(real)) {
    const circle = [...above.slice(above.indexOf(real)), real].map((each) => shownPath(root, each)).join(' → ');
    return failed('cycle', `${name} depends on itself: ${circle}`, 'Take one of these dependencies out.');
  }
  return { ok: true, folder: { directory: real, source: shownPath(root, real), chart: folder.chart } };
}

/** What is wrong with the chart that was found there; `undefined` when it is the one that is wanted. */
export function localFault(
  wanted: Wanted,
  found: { name: string; version: string },
  source: string,
  lockFile: string,
): DependencyFault | undefined {
  const { requirement, version, locked } = wanted;
  if (found.name !== requirement.name) {
    const hint = 'The name of a dependency is that of its Chart.yaml; an alias can give it another.';
    return { rule: 'resolve/wrong-chart', message: `${source} is ${found.name}, not ${requirement.name}`, hint };
  }
  if (satisfies(found.version, requirement.version) !== true) {
    const message = `${source} is ${found.name} ${found.version}, which ${requirement.version} does not admit`;
    return {
      rule: 'resolve/local-version',
      message,
      hint: 'Change the range in Chart.yaml and run helm dependency update.',
    };
  }
  if (locked && !sameVersion(found.version, version)) {
    const message = `${lockFile} has ${found.name} ${version}, but ${source} is ${found.version}`;
    return { rule: 'resolve/lock-out-of-date', message };
  }
  return undefined;
}

function failed(rule: string, message: string, hint: string): LocalFolder {
  return { ok: false, fault: { rule: `resolve/${rule}`, message, hint } };
}
