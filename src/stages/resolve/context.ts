import type { Requirement } from '../../domain/chart-lock.ts';
import type { DependencyFault } from '../../domain/dependency-fault.ts';
import type { DependencyFiles } from '../../domain/dependency-file.ts';
import type { Mirror } from '../../domain/dependency-mirror.ts';
import type { Finding } from '../../domain/finding.ts';
import { joinShown } from '../../domain/paths.ts';
import type { Ports } from '../../ports.ts';
import type { ChartFolder } from './copy.ts';
import type { Fetched } from './fetch.ts';

export type ResolvePorts = Pick<Ports, 'helm' | 'registry' | 'files' | 'host'>;

/** What the resolving of one chart, and of the local charts that it depends on, has in common. */
export interface Resolving {
  readonly ports: ResolvePorts;
  readonly mirrors: readonly Mirror[];
  /** Absolute folders that are never copied. */
  readonly exclude: readonly string[];
  /** The repository's root, links followed. */
  readonly root: string;
  /** What was asked of a repository once is not asked again. */
  readonly fetched: Map<string, Promise<Fetched>>;
}

/** A dependency as it is looked for. */
export interface Wanted {
  /** Where it stands in the list, from 0. */
  readonly index: number;
  readonly requirement: Requirement;
  /** One version where there is a lock; else a range. */
  readonly version: string;
  readonly locked: boolean;
  /** As Chart.yaml has it, or the lock where Chart.yaml has an alias of `helm repo add`. */
  readonly repository: string;
}

/** A finding about a dependency at its line. */
export function dependencyFinding(
  folder: ChartFolder,
  files: DependencyFiles,
  index: number | undefined,
  fault: DependencyFault,
  severity: Finding['severity'] = 'error',
  field?: string,
): Finding {
  return {
    stage: 'resolve',
    severity,
    ...fault,
    chart: folder.chart,
    file: joinShown(folder.source, files.file),
    ...files.position(index, field),
  };
}
