import {
  type ChartLock,
  fits,
  helm2Digest,
  lockDifferences,
  lockDigest,
  pairLock,
  type Requirement,
} from '../../domain/chart-lock.ts';
import type { DependencyFiles } from '../../domain/dependency-file.ts';
import { satisfies } from '../../domain/dependency-range.ts';
import type { Finding } from '../../domain/finding.ts';
import { dependencyFinding, type Wanted } from './context.ts';
import type { ChartFolder } from './copy.ts';

/**
 * What to look for, by the lock where there is one. A lock that is out of date is a finding for each
 * dependency that differs; the others are looked for all the same, so that their faults are seen too.
 */
export function readLock(folder: ChartFolder, files: DependencyFiles): { wanted: Wanted[]; findings: Finding[] } {
  const { requirements, lock } = files;
  if (lock === undefined) {
    return { wanted: requirements.map((requirement, index) => afresh(requirement, index)), findings: [] };
  }
  const pairs = pairLock(requirements, lock, satisfies);
  const named = requirements.map((requirement, index) => withoutAlias(requirement, pairs.locked[index]));
  const current = isCurrent(files, lock, named);
  const findings = current ? [] : outOfDate(folder, files, lockDifferences(named, pairs, files.lockFile, satisfies));
  const wanted = named.flatMap((requirement, index): Wanted[] => {
    const locked = pairs.locked[index];
    if (locked === undefined || (!current && !fits(requirement, locked, satisfies))) return [];
    return [{ index, requirement, version: locked.version, locked: true, repository: requirement.repository }];
  });
  return { wanted, findings };
}

function afresh(requirement: Requirement, index: number): Wanted {
  return { index, requirement, version: requirement.version, locked: false, repository: requirement.repository };
}

/** Helm writes the URL behind an alias of `helm repo add` into the lock, and hashes that. */
function withoutAlias(requirement: Requirement, locked: Requirement | undefined): Requirement {
  const isAlias = /^(?:@|alias:)/.test(requirement.repository);
  return isAlias && locked !== undefined ? { ...requirement, repository: locked.repository } : requirement;
}

function isCurrent(files: DependencyFiles, lock: ChartLock, named: readonly Requirement[]): boolean {
  if (named.length === 0 && lock.dependencies.length === 0) return true;
  if (lock.digest === lockDigest(named, lock.dependencies)) return true;
  return files.apiVersion === 'v1' && lock.digest === helm2Digest(files.requirements);
}

function outOfDate(
  folder: ChartFolder,
  files: DependencyFiles,
  differences: ReturnType<typeof lockDifferences>,
): Finding[] {
  return differences.map(({ index, message }) =>
    dependencyFinding(folder, files, index, {
      rule: 'resolve/lock-out-of-date',
      message,
      hint: `Run: helm dependency update ${folder.source}`,
    }),
  );
}
